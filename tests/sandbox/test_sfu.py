"""The SFU, datagram by datagram."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from sandbox.voice import rtp
from sandbox.voice.conditions import Conditions, NetworkPath, PathSimulator
from sandbox.voice.sfu import Leg, Sfu
from tests.settling import settled

KEY = bytes(range(32))


@dataclass
class End(asyncio.DatagramProtocol):
    """A person's UDP socket under the test's control."""

    leg: Leg
    got: list[bytes] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.got.append(data)

    def send(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.sendto(data)

    def say(self, counter: int) -> None:
        self.send(rtp.seal(self.leg.key, counter, counter, 960 * counter, self.leg.ssrc, b"opus"))

    def packets(self) -> list[rtp.SealedPacket]:
        return [packet for data in self.got if (packet := rtp.unseal(self.leg.key, data))]


@pytest.fixture
async def sfu() -> AsyncIterator[Sfu]:
    made = Sfu("seed")
    await made.start()
    yield made
    made.close()
    await asyncio.sleep(0)


@pytest.fixture
async def ends(sfu: Sfu) -> AsyncIterator[list[End]]:
    """Anna (1) and Ben (2), who hear each other."""
    ends: list[End] = []
    for user_id in (1, 2):
        knobs = Conditions(padding=0.0)
        up, down = PathSimulator(knobs.up, "up"), PathSimulator(knobs.down, f"down {user_id}")
        leg = Leg(user_id, 1000 + user_id, bytes([user_id]) * 32, knobs, up, down, peers=list, announced=True)
        end = End(leg)
        end.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda end=end: end, remote_addr=("127.0.0.1", sfu.port)
        )
        leg.address = end.transport.get_extra_info("sockname")
        sfu.add(leg)
        ends.append(end)
    ends[0].leg.peers = lambda: [ends[1].leg]
    ends[1].leg.peers = lambda: [ends[0].leg]
    yield ends
    for end in ends:
        assert end.transport is not None
        end.transport.close()


async def settle(sfu: Sfu, ends: list[End]) -> None:
    """Let datagrams arrive. Each look is a round of the loop, in which one that is under way goes on."""
    await settled(lambda: ([len(end.got) for end in ends], {who: dict(kinds) for who, kinds in sfu.counts.items()}), 3)


async def test_ip_discovery(sfu: Sfu, ends: list[End]) -> None:
    anna = ends[0]
    anna.send(b"\0\1\0\x46" + anna.leg.ssrc.to_bytes(4, "big") + bytes(66))
    await settle(sfu, ends)
    (answer,) = anna.got
    assert anna.leg.address is not None
    assert len(answer) == 74
    assert answer[:8] == b"\0\2\0\x46" + anna.leg.ssrc.to_bytes(4, "big")
    assert answer[8:72].rstrip(b"\0") == b"127.0.0.1"
    assert int.from_bytes(answer[72:], "big") == anna.leg.address[1]


async def test_a_packet_is_sealed_anew_with_extension_and_fresh_nonces(sfu: Sfu, ends: list[End]) -> None:
    anna, ben = ends
    for counter in range(10, 14):
        anna.say(counter)
    await settle(sfu, ends)
    assert all(data[0] == 0x90 for data in ben.got), "version 2 with an extension"
    assert not any(rtp.unseal(anna.leg.key, data) for data in ben.got)
    packets = ben.packets()
    assert [(p.sequence, p.timestamp, p.ssrc, p.payload) for p in packets] == [
        (counter, 960 * counter, anna.leg.ssrc, b"opus") for counter in range(10, 14)
    ]
    assert [packet.counter for packet in packets] == [1, 2, 3, 4]


async def test_dave_frames_are_kept_from_those_who_do_not_know_them(sfu: Sfu, ends: list[End]) -> None:
    anna, ben = ends
    for counter, dave in enumerate((True, False)):
        ben.leg.dave = dave
        for at, frame in enumerate((b"plain", b"sealed" + rtp.DAVE_MARKER)):
            number = 2 * counter + at
            anna.send(rtp.seal(anna.leg.key, number, number, number, anna.leg.ssrc, frame))
        await settle(sfu, ends)
    assert [packet.payload for packet in ben.packets()] == [b"plain", b"sealed" + rtp.DAVE_MARKER, b"plain"]


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.3, 40, 90), (1.0, 200, 200)])
async def test_the_share_of_padded_packets(sfu: Sfu, ends: list[End], share: float, least: int, most: int) -> None:
    anna, ben = ends
    ben.leg.conditions.padding = share
    for counter in range(200):
        anna.say(counter)
    await settle(sfu, ends)
    assert least <= sum(bool(data[0] & 0x20) for data in ben.got) <= most
    assert [packet.payload for packet in ben.packets()] == [b"opus"] * 200


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("data", "violation"),
    [
        pytest.param(flipped(rtp.seal(KEY, 5, 5, 5, 1001, b"x"), 14), "forged", id="ciphertext"),
        pytest.param(flipped(rtp.seal(KEY, 5, 5, 5, 1001, b"x"), 2), "forged", id="header"),
        pytest.param(rtp.seal(bytes(32), 5, 5, 5, 1001, b"x"), "forged", id="other key"),
        pytest.param(rtp.seal(KEY, 5, 5, 5, 1001, b"x", payload_type=101), "payload type", id="video"),
        pytest.param(rtp.seal(KEY, 5, 5, 5, 1001, b"x", payload_type=0xF8), "payload type", id="marker bit"),
        pytest.param(rtp.seal(KEY, 3, 5, 5, 1001, b"x"), "nonce reused", id="nonce"),
        pytest.param(rtp.seal(KEY, 3, 3, 960 * 3, 1001, b"opus"), "doubled", id="twice"),
    ],
)
async def test_senders_are_held_to_the_rules(sfu: Sfu, ends: list[End], data: bytes, violation: str) -> None:
    anna, ben = ends
    anna.leg.key = KEY
    anna.say(3)
    anna.send(data)
    await settle(sfu, ends)
    assert sfu.counts[1] == {"forwarded": 1, violation: 1}
    assert len(ben.got) == 1


@pytest.mark.parametrize("data", [b"x", bytes(31), bytes(2000), rtp.seal(KEY, 1, 1, 1, 77, b"x")])
async def test_strangers_are_counted_together(sfu: Sfu, ends: list[End], data: bytes) -> None:
    ends[0].send(data)
    await settle(sfu, ends)
    assert sfu.counts == {0: {"unknown SSRC": 1}}


async def test_somebody_elses_address_and_a_sender_not_announced(sfu: Sfu, ends: list[End]) -> None:
    anna, ben = ends
    anna.send(rtp.seal(ben.leg.key, 1, 1, 1, ben.leg.ssrc, b"x"))
    anna.leg.announced = False
    anna.say(1)
    await settle(sfu, ends)
    assert sfu.counts == {2: {"other address": 1}, 1: {"unannounced": 1, "forwarded": 1}}


async def test_very_old_nonces_are_refused_though_forgotten(sfu: Sfu, ends: list[End]) -> None:
    leg = ends[0].leg
    for counter in range(0, 40_000, 3):
        packet = rtp.SealedPacket(rtp.OPUS_PAYLOAD_TYPE, 0, 0, leg.ssrc, b"", counter)
        assert sfu._fault(leg, b"\x80\x78", packet) is None
    assert (
        sfu._fault(leg, b"\x80\x78", rtp.SealedPacket(rtp.OPUS_PAYLOAD_TYPE, 0, 0, leg.ssrc, b"", 3)) == "nonce reused"
    )
    assert len(leg.used) <= 2 * 4096


async def test_an_idle_nat_lets_nothing_in_until_something_goes_out(sfu: Sfu, ends: list[End]) -> None:
    anna, ben = ends
    ben.leg.conditions.nat_timeout = 10.0
    ben.send(bytes(8))
    await settle(sfu, ends)
    anna.say(1)
    await settle(sfu, ends)
    assert len(ben.got) == 1
    ben.leg.heard_at -= 11.0
    anna.say(2)
    await settle(sfu, ends)
    assert len(ben.got) == 1
    ben.send(bytes(8))
    await settle(sfu, ends)
    anna.say(3)
    await settle(sfu, ends)
    assert len(ben.got) == 2
    assert sfu.counts[2] == {"keepalives": 2, "undeliverable": 1}


class TestWeather:
    """Of 1000 packets, 20 ms apart."""

    @staticmethod
    def arrivals(path: NetworkPath, seed: str = "seed") -> list[list[float]]:
        weather = PathSimulator(path, seed)
        return [weather.due(i * 0.02) for i in range(1000)]

    def test_a_clear_path_changes_nothing(self) -> None:
        assert NetworkPath().clear
        assert self.arrivals(NetworkPath()) == [[i * 0.02] for i in range(1000)]

    def test_the_same_seed_brings_the_same_weather(self) -> None:
        path = NetworkPath(loss=0.1, reorder=0.1, jitter=0.1, double=0.1, burst=0.1)
        assert self.arrivals(path) == self.arrivals(path)
        assert self.arrivals(path) != self.arrivals(path, "another")

    def test_loss_and_doubles(self) -> None:
        counts = [len(due) for due in self.arrivals(NetworkPath(loss=0.2, double=0.2))]
        assert 150 <= counts.count(0) <= 250
        assert 120 <= counts.count(2) <= 200

    def test_delay_and_jitter_keep_the_order(self) -> None:
        due = [due[0] for due in self.arrivals(NetworkPath(delay=0.1, jitter=0.2))]
        late = [moment - i * 0.02 for i, moment in enumerate(due)]
        assert 0.1 <= min(late) < 0.15 < 0.25 < max(late) <= 0.3
        assert due == sorted(due)

    def test_reorder_lets_up_to_five_overtake(self) -> None:
        due = [due[0] for due in self.arrivals(NetworkPath(reorder=0.1))]
        overtakers = [sum(later < mine for later in due[i + 1 :]) for i, mine in enumerate(due)]
        assert 1 <= max(overtakers) <= 5

    def test_a_burst_comes_all_at_once(self) -> None:
        due = [due[0] for due in self.arrivals(NetworkPath(burst=0.01))]
        assert due == sorted(due)
        assert max(due.count(moment) for moment in set(due)) >= 10

    def test_a_dead_path_delivers_nothing(self) -> None:
        assert self.arrivals(NetworkPath(dead=True)) == [[]] * 1000
