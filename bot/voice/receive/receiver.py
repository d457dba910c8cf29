"""From datagrams to frames: the way of every incoming packet, and the consent gate on it.

RTP header -> transport encryption -> padding, extension -> SSRC's person -> consent -> end-to-end encryption ->
order -> Opus. A bad packet is a counter, never an exception. No clock: the caller passes times in seconds.
"""

from typing import Final

from bot.types import Frame
from bot.voice.aead import Aead
from bot.voice.dave import DaveSession
from bot.voice.opus import OpusLibrary
from bot.voice.receive import rtp
from bot.voice.receive.packet_opener import PacketOpener
from bot.voice.receive.participants import Participants
from bot.voice.receive.pending_packets import PendingPacket
from bot.voice.receive.ssrcs import MAX_UNKNOWN_SSRCS, Ssrc, SsrcTable
from bot.voice.receive.stats import ReceiverStats
from bot.voice.receive.streams import Streams
from bot.voice.receive.talkers import Talkers

UNKNOWN_SSRC_IDLE_SECONDS: Final = 1.0
"""An SSRC of nobody known is forgotten after this much silence, to make room for others."""


class Receiver:
    """Everything one call receives."""

    def __init__(self, library: OpusLibrary, max_unknown: int = MAX_UNKNOWN_SSRCS) -> None:
        self.stats = ReceiverStats()
        self._secret_key: bytes | None = None
        self._aead: Aead | None = None
        self._now = 0.0
        "the latest time passed in"
        self._participants = Participants()
        self._ssrcs = SsrcTable(max_unknown)
        self._talkers = Talkers(self._participants)
        self._streams = Streams(library, self.stats)
        self._opener = PacketOpener(self._ssrcs, self._participants, self._talkers, self._streams, self.stats)

    # What the link reports

    def rekey(self, secret_key: bytes, dave: DaveSession | None, protocol_version: int) -> None:
        """Use the connection's key, and the session at the version in force (0: no end-to-end encryption).

        People, their SSRCs and their sound are kept.
        """
        if secret_key != self._secret_key:
            self._secret_key = bytes(secret_key)
            self._aead = Aead(self._secret_key)
            for ssrc in self._ssrcs:
                ssrc.highest_nonce = -1
                ssrc.proven = False
        self._opener.rekey(dave, protocol_version, self._now)

    def map_ssrc(self, ssrc: int, user_id: int) -> None:
        """Record that `ssrc` is `user_id`'s (op 5). Their former SSRC is forgotten."""
        bound = self._opener.bind(ssrc, user_id)
        if user_id not in self._participants.admitted:
            self.stats.no_consent += bound.pending.clear()

    def unmap_user(self, user_id: int) -> None:
        """Forget the SSRC of somebody who left (op 13); what they said before still comes out."""
        ssrc = self._ssrcs.of(user_id)
        if ssrc:
            self._ssrcs.drop(ssrc)
            self.stats.dropped += ssrc.pending.clear()
        self._streams.finish(user_id)
        self._talkers.by_user.forget(user_id)
        self._opener.note_change()

    def forget_ssrcs(self) -> None:
        """Forget every SSRC: a new voice session gives out new ones."""
        for ssrc in list(self._ssrcs):
            if ssrc.user_id is None:
                self._drop_unknown(ssrc)
            else:
                self.unmap_user(ssrc.user_id)

    def set_members(self, user_ids: frozenset[int]) -> None:
        """Set who is in the channel: people only, no bots."""
        if user_ids != self._participants.members:
            self._participants.members = user_ids
            self._opener.note_change()

    def admit(self, user_ids: frozenset[int]) -> None:
        """Hear only these people from now on. What waits from others is dropped."""
        admitted = self._participants.admitted
        if user_ids == admitted:
            return
        for user_id in admitted - user_ids:
            self._streams.drop(user_id)
            ssrc = self._ssrcs.of(user_id)
            if ssrc:
                self.stats.dropped += ssrc.pending.clear()
        self._participants.admitted = user_ids
        self._opener.note_change()

    # Packets in

    def push(self, datagram: bytes, arrived: float) -> None:
        """Take one datagram as it came from the socket."""
        stats = self.stats
        stats.received += 1
        if arrived > self._now:
            self._now = arrived
        packet = rtp.parse(datagram)
        if isinstance(packet, rtp.Reject):
            stats.count(packet)
            return
        if self._aead is None:
            stats.no_secret += 1
            return
        plaintext = self._aead.open(packet.header, packet.body)
        if plaintext is None:
            stats.auth_failed += 1
            return
        payload = rtp.payload(packet, plaintext)
        if isinstance(payload, rtp.Reject):
            stats.count(payload)
            return
        ssrc = self._ssrcs.at(packet.ssrc)
        if ssrc is None:
            stats.too_many_unknown_ssrcs += 1
            return
        if not ssrc.admit(arrived):
            stats.flood += 1
            return
        nonce = int.from_bytes(packet.body[-4:], "big")
        fresh = nonce > ssrc.highest_nonce
        if fresh:
            ssrc.highest_nonce = nonce
        if ssrc.user_id is None:
            self._talkers.by_ssrc.note(packet.ssrc, len(payload), arrived)
            if not self._opener.worth_keeping(self._now):
                stats.unknown_ssrc += 1 + ssrc.pending.clear()
                return
        else:
            self._talkers.by_user.note(ssrc.user_id, len(payload), arrived)
            if ssrc.user_id not in self._participants.admitted:
                stats.no_consent += 1
                return
        self._opener.open(ssrc, PendingPacket(packet.sequence, packet.timestamp, payload, arrived, fresh), self._now)

    # Frames out

    def frames(self, now: float) -> list[Frame]:
        """Return every frame that is ready, in order for each person; several after a burst."""
        self._now = max(self._now, now)
        for ssrc in list(self._ssrcs):
            if ssrc.pending:
                self._opener.retry(ssrc, self._now)
                self._opener.expire(ssrc, now)
            if ssrc.user_id is None and now - ssrc.last_arrival > UNKNOWN_SSRC_IDLE_SECONDS:
                self._drop_unknown(ssrc)
        return self._streams.drain(now)

    def talking(self, now: float) -> frozenset[int]:
        """Return the people whose sound arrives now, by timing and size of packets alone (talkers.py)."""
        return self._talkers.talking(now, self._ssrcs.mapped_users)

    def unopened(self) -> dict[int, int]:
        """Return how many packets of each person no key opened, since the last call."""
        return self._opener.unopened()

    @property
    def waiting(self) -> int:
        """Packets not yet decoded or dropped."""
        return sum(len(ssrc.pending) for ssrc in self._ssrcs) + self._streams.waiting

    def _drop_unknown(self, ssrc: Ssrc) -> None:
        """Forget an SSRC whose person is unknown."""
        self.stats.unattributed += ssrc.pending.clear()
        self._ssrcs.drop(ssrc)
        self._talkers.by_ssrc.forget(ssrc.number)
