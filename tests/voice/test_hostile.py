"""Hostile and broken input at the receiver, in virtual time. Which test shows which of the rows to live through:

| row | test |
|---|---|
| corrupt Opus from one of five | test_one_of_five_is_broken |
| video and RTX packets | test_one_of_five_is_broken |
| event loop blocked 2 s | test_two_seconds_without_the_loop (hearing), test_link_hostile (speaking) |
| 1-30 % loss, reorder, 200 ms bursts | test_receiver.test_loss_disorder_and_bursts_at_once |
| speaker with no op 5 | test_receiver.test_a_speaker_without_op_5_…, test_a_roomful_without_op_5_… |
| bad tags, junk | test_receiver.test_junk_is_counted_…, test_link_faults.test_hard_frames_… |
| 100,000 packets/s of junk, log lines | test_link_hostile.test_a_flood_of_junk_… |
| 5,000 unknown SSRCs, memory | test_receiver.test_five_thousand_unknown_ssrcs_… |
| replays, old epochs | test_receiver.test_replays_… |
| fuzzed RTP, DAVE, Opus | test_receive_fuzz |
| fuzzed voice-gateway JSON and binary | test_link_faults.test_nonsense_…, test_roster |
| all of it at once, in any order | test_seeds |
"""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from bot.types import Frame
from bot.voice.udp import DatagramSocket, Inbox, Reader
from tests.voice.room import BOT, SECRET, TICK, Mls, Person, receiver, rtp_datagram

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
    ears = receiver(mls.sessions[BOT], people)
    *others, hostile = people
    frames: list[Frame] = []
    for number in range(50):
        for person in others:
            ears.push(person.say()[0], number * TICK)
        for _ in range(2):
            ears.push(broken(hostile, number), number * TICK)
        frames += ears.frames(number * TICK)
    for person in others:
        heard = [frame for frame in frames if frame.user_id == person.user_id]
        assert len(heard) == 50
        assert not any(frame.concealed for frame in heard)
    assert getattr(ears.stats, fate) == 100


def test_two_seconds_without_the_loop(five: tuple[Mls, list[Person]]) -> None:
    """Five people speak while nothing but the reader's thread runs; afterwards all of it is there."""
    mls, people = five
    ears = receiver(mls.sessions[BOT], people)
    inbox = Inbox()
    now = 100.0
    reader = Reader(inbox.push, lambda: now)
    reader.start()
    with DatagramSocket() as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        sock.bind(("127.0.0.1", 0))
        reader.attach(sock)
        sent = 0
        for _ in range(100):
            for person in people:
                server.sendto(person.say()[0], sock.getsockname())
                sent += 1
            until(lambda sent=sent: inbox.received == sent)
            now += TICK
        reader.stop()
        sock.close()
    reader.join()
    for datagram, arrived in inbox.drain():
        ears.push(datagram, arrived)
    frames = ears.frames(now)
    assert inbox.dropped == 0
    for person in people:
        heard = [frame for frame in frames if frame.user_id == person.user_id]
        assert len(heard) == 100
        assert not any(frame.concealed for frame in heard)


def until(done: Callable[[], bool]) -> None:
    """Wait for another thread."""
    patience = threading.Event()
    end = time.monotonic() + 10
    while not done():
        assert time.monotonic() < end
        patience.wait(0.001)
