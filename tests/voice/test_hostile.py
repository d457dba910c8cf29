"""Hostile and broken input at the receiver, in virtual time. Which test shows which of the rows to live through:

| row | test |
|---|---|
| corrupt Opus from one of five | test_one_of_five_is_broken |
| video and RTX packets | test_one_of_five_is_broken |
| event loop blocked 2 s | test_two_seconds_without_the_loop (hearing), test_link_hostile (speaking) |
| 1-30 % loss, reorder, 200 ms bursts | test_receiver.test_loss_disorder_and_bursts_at_once |
| speaker with no op 5 | test_receiver_people.test_a_speaker_without_op_5_…, test_a_roomful_without_op_5_… |
| bad tags, junk | test_junk_is_counted_…, test_link_faults.test_hard_frames_… |
| 100,000 packets/s of junk, log lines | test_link_hostile.test_a_flood_of_junk_… |
| 5,000 unknown SSRCs, memory | test_five_thousand_unknown_ssrcs_… |
| replays, old epochs | test_replays_… |
| fuzzed RTP, DAVE, Opus | test_receive_fuzz |
| fuzzed voice-gateway JSON and binary | test_link_faults.test_nonsense_…, test_roster |
| all of it at once, in any order | test_seeds |
"""

import math
import random
import socket
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.types import Frame
from bot.voice.receive.inbox import Inbox
from bot.voice.receive.stall_guard import StallGuard
from bot.voice.receive.udp import DatagramSocket, UdpReader
from tests.voice.fake_room import ANN, BEN, BOT, CAT, SECRET, TICK, Mls, Person, listen, new_receiver, rtp_datagram

FIVE = range(31, 36)


@pytest.fixture
def five() -> tuple[Mls, list[Person]]:
    mls = Mls()
    mls.join(BOT)
    mls.join(*FIVE)
    return mls, [Person(user_id, 100 * user_id, mls.sessions[user_id]) for user_id in FIVE]


def corrupt(person: Person, _: int) -> bytes:
    return person.packet(b"\xff" * 7)


def of_payload_type(payload_type: int) -> Callable[[Person, int], bytes]:
    """Video (101) and its retransmissions (102) go over the same socket; here even with the person's own SSRC."""

    def make(person: Person, number: int) -> bytes:
        packet = rtp_datagram(person.ssrc, number, 0, bytes(1000), number, secret=SECRET)
        return packet[:1] + bytes([0x80 | payload_type]) + packet[2:]

    return make


@pytest.mark.parametrize(
    ("broken", "fate"),
    [(corrupt, "bad_opus"), (of_payload_type(101), "not_audio"), (of_payload_type(102), "not_audio")],
    ids=["corrupt Opus", "video", "RTX"],
)
def test_one_of_five_is_broken(
    five: tuple[Mls, list[Person]], broken: Callable[[Person, int], bytes], fate: str
) -> None:
    mls, people = five
    receiver = new_receiver(mls.sessions[BOT], people)
    *others, hostile = people
    frames: list[Frame] = []
    for number in range(50):
        for person in others:
            receiver.push(person.say()[0], number * TICK)
        for _ in range(2):
            receiver.push(broken(hostile, number), number * TICK)
        frames += receiver.frames(number * TICK)
    for person in others:
        heard = [frame for frame in frames if frame.user_id == person.user_id]
        assert len(heard) == 50
        assert not any(frame.concealed for frame in heard)
    assert getattr(receiver.stats, fate) == 100


async def test_two_seconds_without_the_loop(five: tuple[Mls, list[Person]]) -> None:
    """Five people speak while the loop stands still; afterwards all of it is there, as it came."""
    mls, people = five
    receiver = new_receiver(mls.sessions[BOT], people)
    inbox = Inbox()
    now = 100.0
    reader = UdpReader(inbox, StallGuard(), lambda: now)
    with (
        ThreadPoolExecutor(1) as guard,
        DatagramSocket() as sock,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
    ):
        sock.bind(("127.0.0.1", 0))
        reader.attach(sock, lambda _: False)
        reader.drain()
        for _ in range(100):
            for person in people:
                server.sendto(person.say()[0], sock.getsockname())
            now += TICK
            guard.submit(reader.relieve).result()
        assert inbox.received >= 450
        reader.drain()
    for datagram, arrived in inbox.drain(math.inf):
        receiver.push(datagram, arrived)
    frames = receiver.frames(now)
    assert inbox.dropped == 0
    for person in people:
        heard = [frame for frame in frames if frame.user_id == person.user_id]
        assert len(heard) == 100
        assert not any(frame.concealed for frame in heard)


def test_junk_is_counted_and_changes_nothing(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    rng = random.Random(1)
    good = ann.say(20)
    datagrams: list[bytes] = []
    for packet in good:
        datagrams += [rng.randbytes(rng.randrange(200)), packet[:-1] + bytes([packet[-1] ^ 1]), packet]
    assert len(listen(receiver, datagrams)) == 20
    assert receiver.stats.auth_failed >= 20


def test_five_thousand_unknown_ssrcs_are_bounded(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    receiver.set_members(frozenset({ANN, BEN}))
    receiver.admit(frozenset({ANN, BEN}))
    for ssrc in range(10_000, 15_000):
        receiver.push(rtp_datagram(ssrc, 1, 1, bytes(120) + b"\x0c\xfa\xfa", ssrc), 0.0)
    assert receiver.waiting <= 64
    assert receiver.stats.too_many_unknown_ssrcs == 5000 - 64
    assert len(listen(receiver, ann.say(10))) == 10
    receiver.frames(5.0)
    assert receiver.waiting == 0
    assert len(receiver._ssrcs) == 1


def test_five_thousand_unknown_ssrcs_cost_little_memory(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    receiver.set_members(frozenset({ANN, BEN}))
    receiver.admit(frozenset({ANN, BEN}))
    flood = [rtp_datagram(ssrc, n, n, bytes(150) + b"\x01\x0c\xfa\xfa", n) for n in range(3) for ssrc in range(1, 5001)]
    tracemalloc.start()
    for n, datagram in enumerate(flood):
        receiver.push(datagram, n / 10_000)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 5_000_000


def test_replays_are_never_heard_again(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    packets = ann.say(300)
    assert len(listen(receiver, packets)) == 300
    assert listen(receiver, packets, start=10.0) == []


def test_replays_are_never_heard_again_without_end_to_end_encryption():
    ann = Person(ANN, 100)
    receiver = new_receiver(None, [ann])
    packets = ann.say(300)
    assert len(listen(receiver, packets)) == 300
    assert listen(receiver, packets, start=10.0) == []
    assert receiver.stats.replayed + receiver.stats.duplicate == 300


def test_replays_from_an_earlier_epoch_are_not_heard(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    packets = ann.say(50)
    assert len(listen(receiver, packets)) == 50
    mls.join(CAT)
    assert len(listen(receiver, ann.say(50), start=2.0)) == 50
    assert listen(receiver, packets, start=4.0, rest=1.0) == []
