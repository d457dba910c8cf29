"""The selective forwarding unit: one UDP port that decrypts senders' packets and re-encrypts them for each listener."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.voice import rtp
from sandbox.voice.conditions import Conditions, PathSimulator
from sandbox.voice.udp import Address, Udp

DISCOVERY_BYTES = 74
"Size of an IP discovery datagram, both ways"
KEEPALIVE_BYTES = 8
REPLAY_WINDOW_PACKETS = 4096
RTX_PAYLOAD_TYPE = 121
"Payload type of a retransmission (RFC 4588): one above that of audio"
RTX_SSRC_OFFSET = 500_000
"Distance from an SSRC to the SSRC of its retransmissions"


@dataclass(slots=True, eq=False)
class Leg:
    """One person's connection to the SFU."""

    user_id: int
    ssrc: int
    key: bytes
    conditions: Conditions
    up: PathSimulator
    down: PathSimulator
    peers: Callable[[], Iterable["Leg"]]
    "who hears this person now; nobody while they are not allowed to speak"
    dave: bool = True
    "the client supports DAVE; clients that do not get no DAVE frames (white paper: magic marker)"
    announced: bool = False
    "op 5 has announced the SSRC"
    address: Address | None = None
    counter: int = 0
    "nonce of the next packet to this person"
    heard_at: float = 0.0
    "loop time of the person's last datagram"
    used: dict[int, bytes] = field(default_factory=dict)
    "nonces received, each with its packet's tag; nonces far below the highest are forgotten, and refused as too old"
    highest: int = -1
    recent: deque[bytes] = field(default_factory=lambda: deque(maxlen=50))
    "the newest datagrams forwarded to this person, for replays"


class Sfu:
    """Forwards audio, and counts every violation of the protocol."""

    def __init__(self, seed: str) -> None:
        self.counts: dict[int, Counter[str]] = {}
        "user id (0: unknown sender) -> forwarded, keepalives, discoveries, lost on purpose, and violations by name"
        self._legs: dict[int, Leg] = {}
        self._random = random.Random(seed)
        self._udp: Udp | None = None
        self._loop = asyncio.get_running_loop()

    async def start(self) -> None:
        self._udp = await Udp.open(self.take, local=("127.0.0.1", 0))
        self.port = self._udp.port

    def close(self) -> None:
        if self._udp:
            self._udp.close()

    def add(self, leg: Leg) -> None:
        self._legs[leg.ssrc] = leg

    def remove(self, leg: Leg) -> None:
        self._legs.pop(leg.ssrc, None)

    def _count(self, user_id: int, what: str) -> None:
        self.counts.setdefault(user_id, Counter())[what] += 1

    # Inbound:

    def take(self, data: bytes, addr: Address) -> None:
        """Process one received datagram."""
        if len(data) == DISCOVERY_BYTES and data[:4] == b"\0\1\0\x46":
            self._discover(data, addr)
        elif len(data) == KEEPALIVE_BYTES:
            for leg in self._legs.values():
                if leg.address == addr:
                    leg.heard_at = self._loop.time()
                    self._count(leg.user_id, "keepalives")
        elif leg := self._legs.get(rtp.ssrc_of(data) or 0):
            self._over_path(leg.up, lambda: self._received(leg, data, addr), leg)
        else:
            self._count(0, "unknown SSRC")

    def _discover(self, data: bytes, addr: Address) -> None:
        """Send a client its own address: type 2, length 70, SSRC, 64 bytes of text, port."""
        leg = self._legs.get(int.from_bytes(data[4:8], "big"))
        if leg is None:
            self._count(0, "discovery of unknown SSRC")
            return
        self._count(leg.user_id, "discoveries")
        leg.heard_at = self._loop.time()
        if not (leg.conditions.up.dead or leg.conditions.down.dead):
            answer = b"\0\2\0\x46" + data[4:8] + addr[0].encode().ljust(64, b"\0") + addr[1].to_bytes(2, "big")
            self._send(answer, addr)

    def _received(self, leg: Leg, data: bytes, addr: Address) -> None:
        if addr != leg.address:
            self._count(leg.user_id, "other address")
            return
        leg.heard_at = self._loop.time()
        packet = rtp.unseal(leg.key, data)
        fault = self._fault(leg, data, packet)
        if fault or packet is None:
            self._count(leg.user_id, fault or "forged")
            return
        if not leg.announced:
            self._count(leg.user_id, "unannounced")
        self._count(leg.user_id, "forwarded")
        for peer in leg.peers():
            if peer.dave or not packet.payload.endswith(rtp.DAVE_MARKER):
                self.forward(peer, packet)

    @staticmethod
    def _fault(leg: Leg, data: bytes, packet: rtp.SealedPacket | None) -> str | None:
        """Return which rule a packet breaks: authentication, payload type 120, each nonce only once.

        The network can double a packet, so an identical packet is not a reused nonce.
        """
        if packet is None:
            return "forged"
        if data[1] != rtp.OPUS_PAYLOAD_TYPE:
            return "payload type"
        tag = data[-20:-4]
        if leg.used.get(packet.counter) == tag:
            return "doubled"
        if packet.counter in leg.used or packet.counter <= leg.highest - REPLAY_WINDOW_PACKETS:
            return "nonce reused"
        leg.used[packet.counter] = tag
        leg.highest = max(leg.highest, packet.counter)
        if len(leg.used) > 2 * REPLAY_WINDOW_PACKETS:
            leg.used = {c: tag for c, tag in leg.used.items() if c > leg.highest - REPLAY_WINDOW_PACKETS}
        return None

    # Outbound:

    def forward(self, leg: Leg, packet: rtp.SealedPacket) -> None:
        """Send a packet to a listener, encrypted with their key and a new nonce."""
        conditions = leg.conditions
        if conditions.unforwarded:
            self._count(leg.user_id, "lost on purpose")
            return
        padding = self._random.randint(1, 40) if self._random.random() < conditions.padding else 0
        odd = bool(conditions.oddities) and self._random.random() < conditions.oddities
        extension = rtp.TWO_BYTE_EXTENSION if odd else rtp.ONE_BYTE_EXTENSION
        leg.counter += 1
        data = rtp.seal(
            leg.key,
            leg.counter,
            packet.sequence,
            packet.timestamp,
            packet.ssrc,
            packet.payload,
            payload_type=packet.payload_type | (rtp.RTP_MARKER_BIT if odd else 0),
            contributors=(packet.ssrc, 1) if odd else (),
            extension=extension if conditions.extension else b"",
            padding=padding,
        )
        leg.recent.append(data)
        self.deliver(leg, data)
        if odd:
            self._send_extras(leg, packet)

    def _send_extras(self, leg: Leg, packet: rtp.SealedPacket) -> None:
        """Send what else a voice server sends: a sender report, and a retransmission on its own SSRC."""
        report = bytes([0x80, rtp.SENDER_REPORT, 0, 6]) + packet.ssrc.to_bytes(4, "big")
        self.deliver(leg, report + self._random.randbytes(40))
        leg.counter += 1
        original = packet.sequence.to_bytes(2, "big") + packet.payload
        data = rtp.seal(
            leg.key,
            leg.counter,
            packet.sequence,
            packet.timestamp,
            packet.ssrc + RTX_SSRC_OFFSET,
            original,
            payload_type=RTX_PAYLOAD_TYPE,
        )
        self.deliver(leg, data)

    def deliver(self, leg: Leg, data: bytes) -> None:
        """Send bytes to a listener unchanged, over their simulated path."""
        now = self._loop.time()
        nat = leg.conditions.nat_timeout
        if leg.address is None or (nat is not None and now > leg.heard_at + nat):
            self._count(leg.user_id, "undeliverable")
            return
        address = leg.address
        self._over_path(leg.down, lambda: self._send(data, address), leg)

    def _over_path(self, simulator: PathSimulator, act: Callable[[], None], leg: Leg) -> None:
        if simulator.path.clear:
            act()
            return
        now = self._loop.time()
        due = simulator.due(now)
        if not due:
            self._count(leg.user_id, "lost on purpose")
        for when in due:
            self._loop.call_at(when, act)

    def _send(self, data: bytes, address: Address) -> None:
        if self._udp:
            self._udp.send(data, address)
