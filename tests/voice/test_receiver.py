"""What is heard: in order, without gaps, from packets of every shape and over rough networks."""

import itertools
import random
from typing import Any

import pytest

from bot.audio import HEAR_BYTES, RTP_STEP
from bot.types import Frame
from bot.voice.opus import OpusEncoder
from bot.voice.receive.receiver import Receiver
from sandbox.voice import rtp
from tests.voice.fake_room import (
    ANN,
    BOT,
    SECRET,
    TICK,
    Mls,
    Person,
    assert_in_step,
    library,
    listen,
    new_receiver,
    of,
    sounds_like,
)


@pytest.mark.parametrize(("extension", "padding"), [(True, 0), (True, 1), (True, 200), (False, 0), (False, 4)])
def test_two_people_are_heard_each_under_their_name(mls: Mls, ann: Person, ben: Person, extension: bool, padding: int):
    receiver = new_receiver(mls.sessions[BOT], [ann, ben])
    hers, his = (person.say(50, extension=extension, padding=padding) for person in (ann, ben))
    both = zip(hers, his, strict=True)
    frames = listen(receiver, [datagram for pair in both for datagram in pair])
    for person in (ann, ben):
        heard = of(frames, person)
        assert len(heard) == 50
        assert_in_step(heard)
        assert sounds_like(heard, person) > 0.9
    assert receiver.stats.decoded == 100


def test_a_call_without_end_to_end_encryption_is_heard():
    ann = Person(ANN, 100)
    frames = listen(new_receiver(None, [ann]), ann.say(20))
    assert len(frames) == 20
    assert not any(frame.concealed for frame in frames)


@pytest.mark.parametrize(
    ("order", "concealed"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], []),
        ([0, 2, 1, 3, 4, 5, 6, 7, 9, 8], []),
        ([0, 3, 1, 2, 4, 7, 5, 6, 8, 9], []),
        ([0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 9], []),
        ([0, 1, 3, 4, 5, 6, 7, 8, 9], [2]),
        ([0, 1, 4, 5, 6, 7, 8, 9], [2, 3]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 9], [8]),
        ([0, 1, 8, 9], [3, 4, 5, 6, 7]),
    ],
)
def test_disorder_is_put_right_and_loss_is_filled(mls: Mls, ann: Person, order: list[int], concealed: list[int]):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    packets = ann.say(10)
    frames = listen(receiver, [packets[i] for i in order])
    start = frames[0].timestamp
    assert [(frame.timestamp - start) // RTP_STEP for frame in frames if frame.concealed] == concealed
    whole = [i for i in range(10) if i in order]
    assert [(frame.timestamp - start) // RTP_STEP for frame in frames if not frame.concealed] == whole


def test_redundancy_restores_a_lost_packet_better_than_guessing(mls: Mls, ann: Person):
    frames = listen(new_receiver(mls.sessions[BOT], [ann]), ann.say(9) + ann.say(2)[1:])
    assert frames[9].concealed
    assert sounds_like(frames[9:10] * 5, ann) > 0.5


def test_a_burst_after_a_stall_loses_nothing(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    packets = ann.say(110)
    frames = listen(receiver, packets[:5])
    for packet in packets[5:]:
        receiver.push(packet, 2.2)
    frames += receiver.frames(2.2)
    assert len(frames) == 110
    assert_in_step(frames)


def test_the_last_packet_behind_a_lost_one_is_not_lost(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    packets = ann.say(6)
    assert len(listen(receiver, packets[:4], rest=0)) == 4
    receiver.push(packets[5], 0.1)
    assert receiver.frames(0.1) == []
    assert [frame.concealed for frame in receiver.frames(0.17)] == [True, False]


def test_a_pause_shows_in_the_timestamps_and_is_not_filled(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    first = ann.say(5) + ann.silence()
    ann.pause(100)
    frames = listen(receiver, first + ann.say(5))
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)]
    assert steps == [RTP_STEP] * 9 + [101 * RTP_STEP] + [RTP_STEP] * 4
    assert receiver.stats.concealed == 0


def test_corrupt_opus_of_one_leaves_the_others_intact(mls: Mls, ann: Person, ben: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann, ben])
    noise = [ann.packet(b"\xff" * 7) for _ in range(10)]
    frames = listen(receiver, [datagram for pair in zip(noise, ben.say(10), strict=True) for datagram in pair])
    assert len(of(frames, ben)) == 10
    assert sounds_like(of(frames, ben), ben) > 0.9
    assert receiver.stats.bad_opus == 10


def test_a_new_ssrc_of_the_same_person_goes_on(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    frames = listen(receiver, ann.say(10))
    ann.ssrc, ann.sequence, ann.timestamp = 101, 9, 77
    receiver.map_ssrc(101, ANN)
    frames += listen(receiver, ann.say(10), start=1.0)
    assert len(frames) == 20
    assert [b.timestamp > a.timestamp for a, b in itertools.pairwise(frames)] == [True] * 19


def test_every_packet_meets_one_fate(mls: Mls, ann: Person, ben: Person):
    receiver = Receiver(library())
    receiver.push(ann.say()[0], 0.0)
    assert receiver.stats.no_secret == 1
    assert receiver.stats.fates() == receiver.stats.received


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_loss_disorder_and_bursts_at_once(mls: Mls, ann: Person, loss: float, seed: int):
    """Each packet may be lost, delayed by up to 5 places, or stuck in a burst of 200 ms; all of it padded."""
    rng = random.Random(seed)
    receiver = new_receiver(mls.sessions[BOT], [ann])
    arrivals: list[tuple[float, bytes]] = []
    stuck_until = 0.0
    for n, packet in enumerate(ann.say(500, padding=3)):
        at = n * TICK
        if rng.random() < 0.02:
            stuck_until = at + 0.2
        if rng.random() < 0.03:
            at += rng.uniform(0, 5) * TICK
        if rng.random() >= loss or n in (0, 499):
            arrivals.append((max(at, stuck_until), packet))
    arrivals.sort(key=lambda item: item[0])
    frames: list[Frame] = []
    for tick in range(540):
        now = tick * TICK
        while arrivals and arrivals[0][0] <= now:
            receiver.push(arrivals[0][1], arrivals[0][0])
            arrivals.pop(0)
        frames += receiver.frames(now)
    span = (frames[-1].timestamp - frames[0].timestamp) // RTP_STEP + 1
    assert span >= 499
    assert len(frames) >= 0.98 * span
    assert sum(frame.concealed for frame in frames) <= (1.3 * loss + 0.04) * span
    assert sounds_like(frames, ann) > 0.7
    assert all(b.timestamp > a.timestamp for a, b in itertools.pairwise(frames))


def test_packets_of_ten_and_sixty_milliseconds_become_frames(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    short = [ann.packet(b"\xf0\xff\xfe", step=RTP_STEP // 2) for _ in range(9)]  # CELT, 10 ms (RFC 6716 section 3.1)
    long = [ann.packet(b"\x18\x00", step=3 * RTP_STEP) for _ in range(4)]  # SILK, 60 ms
    frames = listen(receiver, short, rest=1.0)
    assert len(frames) == 5
    frames += listen(receiver, long, start=2.0)
    assert len(frames) == 5 + 12
    assert all(len(frame.pcm) == HEAR_BYTES for frame in frames)


def test_sixty_milliseconds_of_speech_are_heard_as_said(mls: Mls, ann: Person):
    """A lost packet takes three frames with it; who packs so sends no redundancy for it."""
    receiver = new_receiver(mls.sessions[BOT], [ann])
    encoder = OpusEncoder(library())
    packets = [ann.packet(merged([encoder.encode(ann.tone()) for _ in range(3)]), step=3 * RTP_STEP) for _ in range(50)]
    del packets[20]
    frames: list[Frame] = []
    for number, packet in enumerate(packets):
        for tick in range(3):
            if not tick:
                receiver.push(packet, 3 * number * TICK)
            frames += receiver.frames((3 * number + tick) * TICK)
    frames += receiver.frames(60.0)
    assert_in_step(frames)
    assert len(frames) == 150
    assert sum(frame.concealed for frame in frames) == 3
    assert sounds_like(frames, ann) > 0.9


def merged(packets: list[bytes]) -> bytes:
    """Return one packet of several frames of one configuration (RFC 6716 section 3.2.5, code 3, VBR)."""
    assert len({packet[0] >> 2 for packet in packets}) == 1
    assert all(packet[0] & 3 == 0 and len(packet) < 253 for packet in packets)
    lengths = bytes(len(packet) - 1 for packet in packets[:-1])
    head = bytes([packets[0][0] | 3, 0x80 | len(packets)])
    return head + lengths + b"".join(packet[1:] for packet in packets)


@pytest.mark.parametrize(
    "shape",
    [
        {"extension": rtp.TWO_BYTE_EXTENSION},
        {"extension": bytes.fromhex("bede0000")},
        {"contributors": (7, 8, 9)},
        {"contributors": (7,), "extension": rtp.TWO_BYTE_EXTENSION, "padding": 255},
        {"payload_type": rtp.OPUS_PAYLOAD_TYPE | rtp.RTP_MARKER_BIT},
    ],
    ids=["two-byte extension", "extension without elements", "contributors", "all of it", "marker"],
)
def test_every_shape_of_packet_is_heard(mls: Mls, ann: Person, shape: dict[str, Any]):
    """Sealed by the sandbox's own hand."""
    receiver = new_receiver(mls.sessions[BOT], [ann])
    encoder = OpusEncoder(library())
    datagrams = [
        rtp.seal(SECRET, n, n, 960 * n, ann.ssrc, mls.sessions[ANN].encrypt_opus(encoder.encode(ann.tone())), **shape)
        for n in range(50)
    ]
    frames = listen(receiver, datagrams)
    assert (len(frames), receiver.stats.concealed) == (50, 0)
    assert sounds_like(frames, ann) > 0.9


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_probe_without_sound_is_no_sound(mls: Mls, ann: Person, encrypted: bool):
    """Voice servers measure a line with packets of padding alone; nobody is told that they could not be opened."""
    if not encrypted:
        ann = Person(ANN, 100)
    receiver = new_receiver(mls.sessions[BOT] if encrypted else None, [ann])
    probes = [ann.packet(b"", padding=100, seal=False) for _ in range(30)]
    assert listen(receiver, [*ann.say(10), *probes], rest=2.0)[10:] == []
    assert receiver.stats.empty == 30
    assert receiver.unopened() == {}


def test_the_sound_that_dtx_leaves_out_is_quiet(mls: Mls, ann: Person):
    """Opus without a frame's data: the configuration alone, now and then."""
    receiver = new_receiver(mls.sessions[BOT], [ann])
    frames = listen(receiver, [*ann.say(25), *(ann.packet(b"\x48") for _ in range(5)), *ann.say(25)])
    assert_in_step(frames)
    assert (len(frames), receiver.stats.bad_opus) == (55, 0)
