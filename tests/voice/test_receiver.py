import itertools
import random
import tracemalloc
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from bot.audio import HEAR_BYTES, RTP_STEP
from bot.sandbox import rtp
from bot.types import Frame
from bot.voice.hold import PACKETS, SECONDS
from bot.voice.opus import Encoder
from bot.voice.receiver import Receiver
from tests.voice.room import (
    ANN,
    BEN,
    BOT,
    CAT,
    SECRET,
    TICK,
    Mls,
    Person,
    library,
    listen,
    pitch,
    receiver,
    rtp_datagram,
)

EVE = 666


@pytest.fixture
def mls() -> Mls:
    group = Mls()
    group.join(BOT)
    group.join(ANN, BEN)
    return group


@pytest.fixture
def ann(mls: Mls) -> Person:
    return Person(ANN, 100, mls.sessions[ANN])


@pytest.fixture
def ben(mls: Mls) -> Person:
    return Person(BEN, 200, mls.sessions[BEN])


def of(frames: Iterable[Frame], person: Person) -> list[Frame]:
    return [frame for frame in frames if frame.user_id == person.user_id]


def sounds_like(frames: list[Frame], person: Person) -> float:
    """Return the part of the energy that is at the person's pitch."""
    pcm = np.frombuffer(b"".join(frame.pcm for frame in frames), dtype="<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(pcm)) ** 2
    hertz = np.fft.rfftfreq(len(pcm), 1 / 16_000)
    return float(spectrum[np.abs(hertz - pitch(person.user_id)) < 20].sum() / spectrum.sum())


def assert_in_step(frames: list[Frame]) -> None:
    assert all(len(frame.pcm) == HEAR_BYTES for frame in frames)
    assert [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)] == [RTP_STEP] * (len(frames) - 1)


# What is heard


@pytest.mark.parametrize(("extension", "padding"), [(True, 0), (True, 1), (True, 200), (False, 0), (False, 4)])
def test_two_people_are_heard_each_under_their_name(mls: Mls, ann: Person, ben: Person, extension: bool, padding: int):
    ears = receiver(mls.sessions[BOT], [ann, ben])
    hers, his = (person.say(50, extension=extension, padding=padding) for person in (ann, ben))
    both = zip(hers, his, strict=True)
    frames = listen(ears, [datagram for pair in both for datagram in pair])
    for person in (ann, ben):
        heard = of(frames, person)
        assert len(heard) == 50
        assert_in_step(heard)
        assert sounds_like(heard, person) > 0.9
    assert ears.stats.decoded == 100


def test_a_call_without_end_to_end_encryption_is_heard():
    ann = Person(ANN, 100)
    frames = listen(receiver(None, [ann]), ann.say(20))
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
    ears = receiver(mls.sessions[BOT], [ann])
    packets = ann.say(10)
    frames = listen(ears, [packets[i] for i in order])
    start = frames[0].timestamp
    assert [(frame.timestamp - start) // RTP_STEP for frame in frames if frame.concealed] == concealed
    whole = [i for i in range(10) if i in order]
    assert [(frame.timestamp - start) // RTP_STEP for frame in frames if not frame.concealed] == whole


def test_redundancy_restores_a_lost_packet_better_than_guessing(mls: Mls, ann: Person):
    frames = listen(receiver(mls.sessions[BOT], [ann]), ann.say(9) + ann.say(2)[1:])
    assert frames[9].concealed
    assert sounds_like(frames[9:10] * 5, ann) > 0.5


def test_a_burst_after_a_stall_loses_nothing(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    packets = ann.say(110)
    frames = listen(ears, packets[:5])
    for packet in packets[5:]:
        ears.push(packet, 2.2)
    frames += ears.frames(2.2)
    assert len(frames) == 110
    assert_in_step(frames)


def test_the_last_packet_behind_a_lost_one_is_not_lost(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    packets = ann.say(6)
    assert len(listen(ears, packets[:4], rest=0)) == 4
    ears.push(packets[5], 0.1)
    assert ears.frames(0.1) == []
    assert [frame.concealed for frame in ears.frames(0.17)] == [True, False]


def test_a_pause_shows_in_the_timestamps_and_is_not_filled(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    first = ann.say(5) + ann.hush()
    ann.pause(100)
    frames = listen(ears, first + ann.say(5))
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)]
    assert steps == [RTP_STEP] * 9 + [101 * RTP_STEP] + [RTP_STEP] * 4
    assert ears.stats.concealed == 0


def test_corrupt_opus_of_one_leaves_the_others_intact(mls: Mls, ann: Person, ben: Person):
    ears = receiver(mls.sessions[BOT], [ann, ben])
    noise = [ann.packet(b"\xff" * 7) for _ in range(10)]
    frames = listen(ears, [datagram for pair in zip(noise, ben.say(10), strict=True) for datagram in pair])
    assert len(of(frames, ben)) == 10
    assert sounds_like(of(frames, ben), ben) > 0.9
    assert ears.stats.bad_opus == 10


def test_a_new_ssrc_of_the_same_person_goes_on(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    frames = listen(ears, ann.say(10))
    ann.ssrc, ann.sequence, ann.timestamp = 101, 9, 77
    ears.map(101, ANN)
    frames += listen(ears, ann.say(10), start=1.0)
    assert len(frames) == 20
    assert [b.timestamp > a.timestamp for a, b in itertools.pairwise(frames)] == [True] * 19


# Keys and names that come late


def test_op_5_after_the_sound_loses_nothing(mls: Mls, ann: Person, ben: Person):
    mls.deaf.add(BOT)
    mls.join(CAT)
    cat = Person(CAT, 300, mls.sessions[CAT])
    ears = receiver(mls.sessions[BOT], [ann, ben])
    ears.members(frozenset({ANN, BEN, CAT}))
    ears.admit(frozenset({ANN, BEN, CAT}))
    assert listen(ears, cat.say(15), rest=0) == []
    mls.catch_up(BOT)
    ears.map(300, CAT)
    frames = listen(ears, cat.say(5), start=0.3)
    assert len(of(frames, cat)) == 20
    assert_in_step(of(frames, cat))


def test_a_join_and_a_leave_in_mid_speech_lose_nothing(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    frames: list[Frame] = []
    now = 0.0
    for step in range(30):
        if step in (10, 20):
            mls.deaf.add(BOT)
            mls.join(CAT) if step == 10 else mls.leave(CAT)
        if step in (12, 22):
            mls.catch_up(BOT)
        frames += listen(ears, ann.say(10), start=now, rest=0)
        now += 10 * TICK
    frames += ears.frames(now + 1)
    assert len(frames) == 300
    assert_in_step(frames)
    assert ears.stats.held > 0


def test_a_speaker_without_op_5_is_found_by_key(mls: Mls, ann: Person, ben: Person):
    ears = receiver(mls.sessions[BOT], [])
    ears.members(frozenset({ANN, BEN}))
    ears.admit(frozenset({ANN, BEN}))
    both = zip(ann.say(10), ben.say(10), strict=True)
    frames = listen(ears, [datagram for pair in both for datagram in pair])
    for person in (ann, ben):
        assert len(of(frames, person)) == 10
        assert sounds_like(of(frames, person), person) > 0.9
    assert ears.stats.attributed == 2


def test_a_name_that_is_wrong_is_put_right_by_key(mls: Mls, ann: Person, ben: Person):
    ears = receiver(mls.sessions[BOT], [ann, ben])
    ears.map(ann.ssrc, BEN)
    frames = listen(ears, ann.say(10))
    assert len(of(frames, ann)) == 10
    assert of(frames, ben) == []


def test_what_no_key_opens_is_held_for_a_while_then_counted(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    stranger = Person(ANN, 100, Mls_alone().sessions[ANN])
    for n, packet in enumerate(stranger.say(40)):
        ears.push(packet, n * TICK)
        assert ears.frames(n * TICK) == []
        assert ears.waiting <= PACKETS + 1
    assert ears.frames(40 * TICK + SECONDS) == []
    assert ears.waiting == 0
    assert ears.stats.undecryptable == 40
    assert ears.unopened() == {ANN: 40}
    assert ears.unopened() == {}


def Mls_alone() -> Mls:
    """Return a group of other keys."""
    group = Mls()
    group.join(BOT)
    group.join(ANN)
    return group


def test_replays_are_never_heard_again(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    packets = ann.say(300)
    assert len(listen(ears, packets)) == 300
    assert listen(ears, packets, start=10.0) == []


def test_replays_are_never_heard_again_without_end_to_end_encryption():
    ann = Person(ANN, 100)
    ears = receiver(None, [ann])
    packets = ann.say(300)
    assert len(listen(ears, packets)) == 300
    assert listen(ears, packets, start=10.0) == []
    assert ears.stats.replayed + ears.stats.duplicate == 300


# Plain packets


def test_a_plain_packet_in_an_encrypted_call_is_not_heard(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    listen(ears, [], start=100.0)
    assert listen(ears, ann.say(5, seal=False), start=100.0, rest=1.0) == []
    assert ears.stats.undecryptable == 5


def test_a_downgrade_and_an_upgrade_lose_nothing(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    frames = listen(ears, ann.say(10), rest=0)
    frames += listen(ears, ann.say(5, seal=False), start=0.2, rest=0)
    ears.rekey(SECRET, mls.sessions[BOT], 0)
    frames += listen(ears, ann.say(10, seal=False), start=0.3, rest=0)
    frames += listen(ears, ann.say(5), start=0.5, rest=0)
    ears.rekey(SECRET, mls.sessions[BOT], 1)
    frames += listen(ears, ann.say(10), start=0.6)
    assert len(frames) == 40
    assert_in_step(frames)
    assert sounds_like(frames, ann) > 0.9


# Consent


def test_who_is_not_admitted_is_not_heard_nor_kept(mls: Mls, ann: Person, ben: Person):
    ears = receiver(mls.sessions[BOT], [ann, ben], admitted=[ANN])
    for packet in ben.say(20):
        ears.push(packet, 0.0)
        assert ears.waiting == 0
    assert ears.frames(1.0) == []
    assert ears.stats.no_consent == 20
    ears.admit(frozenset({ANN, BEN}))
    assert len(listen(ears, ben.say(5), start=1.0)) == 5


def test_who_is_not_admitted_is_not_decoded_without_op_5_either(mls: Mls, ann: Person, ben: Person):
    ears = receiver(mls.sessions[BOT], [ann], admitted=[ANN])
    ears.members(frozenset({ANN, BEN}))
    assert listen(ears, ann.say(5) + ben.say(20)) != []
    assert ears.stats.opened == 5
    assert ears.stats.stranger == 20


def test_withdrawing_drops_what_waits(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    for packet in ann.say(5):
        ears.push(packet, 0.0)
    ears.admit(frozenset())
    assert ears.frames(1.0) == []
    assert ears.stats.dropped == 5


@pytest.mark.parametrize(("admitted", "heard"), [([ANN, BEN], 10), ([ANN], 0)])
def test_a_plain_packet_without_a_name_is_kept_only_if_all_who_may_have_sent_it_agreed(admitted: list[int], heard: int):
    ann = Person(ANN, 100)
    ears = receiver(None, [], admitted)
    ears.members(frozenset({ANN, BEN}))
    for packet in ann.say(10):
        ears.push(packet, 0.0)
    assert ears.waiting == heard
    ears.map(100, ANN)
    assert len(ears.frames(0.1)) == heard


@pytest.mark.parametrize("how", ["withdraws", "leaves"])
def test_timestamps_never_go_back_when_somebody_comes_back(mls: Mls, ann: Person, how: str):
    ears = receiver(mls.sessions[BOT], [ann])
    frames = listen(ears, ann.say(10))
    if how == "withdraws":
        ears.admit(frozenset())
        ears.admit(frozenset({ANN}))
    else:
        ears.unmap(ANN)
        ann.ssrc, ann.sequence, ann.timestamp = 900, 5, 17
        ears.map(900, ANN)
    frames += listen(ears, ann.say(10), start=3.0)
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)]
    assert steps[:9] + steps[10:] == [RTP_STEP] * 18
    assert steps[9] / 48_000 == pytest.approx(3.0 - 9 * TICK, abs=TICK)


def test_an_ssrc_that_passed_on_unseen_is_put_right_by_key(mls: Mls, ann: Person, ben: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    ears.members(frozenset({ANN, BEN}))
    ears.admit(frozenset({ANN, BEN}))
    assert len(listen(ears, ann.say(5))) == 5
    ben.ssrc = ann.ssrc
    frames = listen(ears, ben.say(100), start=1.0)
    assert len(of(frames, ben)) >= 70
    assert of(frames, ann) == []


def test_what_was_said_before_leaving_comes_out(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    for packet in ann.say(5):
        ears.push(packet, 0.0)
    ears.unmap(ANN)
    assert len(ears.frames(0.0)) == 5


# Who talks


@pytest.mark.parametrize("admitted", [True, False])
def test_talking_is_known_with_and_without_consent(mls: Mls, ann: Person, ben: Person, admitted: bool):
    ears = receiver(mls.sessions[BOT], [ann, ben], admitted=[ANN] if admitted else [])
    listen(ears, ann.say(5), rest=0)
    assert ears.talking(0.1) == {ANN}
    assert ears.talking(0.5) == frozenset()


def test_silence_frames_are_not_talking(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    listen(ears, ann.hush(100), rest=0)
    assert ears.talking(2.0) == frozenset()


def test_a_bot_does_not_talk(mls: Mls, ann: Person, ben: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    ears.map(ben.ssrc, BEN)
    listen(ears, ben.say(5), rest=0)
    assert ears.talking(0.1) == frozenset()


@pytest.mark.parametrize(("admitted", "after_16_s"), [([ANN], {ANN}), ([], set())])
def test_an_open_microphone_without_consent_holds_the_floor_for_a_while(
    mls: Mls, ann: Person, admitted: list[int], after_16_s: set[int]
):
    ears = receiver(mls.sessions[BOT], [ann], admitted=admitted)
    talking: dict[float, frozenset[int]] = {}
    for n, packet in enumerate(ann.say(800)):
        ears.push(packet, n * TICK)
        ears.frames(n * TICK)
        talking[n * TICK] = ears.talking(n * TICK)
    assert talking[10.0] == {ANN}
    assert talking[15.98] == after_16_s
    listen(ears, ann.say(5), start=17.0, rest=0)
    assert ears.talking(17.1) == {ANN}


# Hostile input


def test_junk_is_counted_and_changes_nothing(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    rng = random.Random(1)
    good = ann.say(20)
    datagrams: list[bytes] = []
    for packet in good:
        datagrams += [rng.randbytes(rng.randrange(200)), packet[:-1] + bytes([packet[-1] ^ 1]), packet]
    assert len(listen(ears, datagrams)) == 20
    assert ears.stats.forged >= 20


def test_five_thousand_unknown_ssrcs_are_bounded(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    ears.members(frozenset({ANN, BEN}))
    ears.admit(frozenset({ANN, BEN}))
    for ssrc in range(10_000, 15_000):
        ears.push(rtp_datagram(ssrc, 1, 1, bytes(120) + b"\x0c\xfa\xfa", ssrc), 0.0)
    assert ears.waiting <= 64
    assert ears.stats.too_many_strangers == 5000 - 64
    assert len(listen(ears, ann.say(10))) == 10
    ears.frames(5.0)
    assert ears.waiting == 0
    assert len(ears._sources) == 1


def test_every_packet_meets_one_fate(mls: Mls, ann: Person, ben: Person):
    ears = Receiver(library())
    ears.push(ann.say()[0], 0.0)
    assert ears.stats.no_secret == 1
    assert ears.stats.fates() == ears.stats.received


# A rough network, a full channel


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_loss_disorder_and_bursts_at_once(mls: Mls, ann: Person, loss: float, seed: int):
    """Each packet may be lost, delayed by up to 5 places, or stuck in a burst of 200 ms; all of it padded."""
    rng = random.Random(seed)
    ears = receiver(mls.sessions[BOT], [ann])
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
            ears.push(arrivals[0][1], arrivals[0][0])
            arrivals.pop(0)
        frames += ears.frames(now)
    span = (frames[-1].timestamp - frames[0].timestamp) // RTP_STEP + 1
    assert span >= 499
    assert len(frames) >= 0.98 * span
    assert sum(frame.concealed for frame in frames) <= (1.3 * loss + 0.04) * span
    assert sounds_like(frames, ann) > 0.7
    assert all(b.timestamp > a.timestamp for a, b in itertools.pairwise(frames))


def test_a_roomful_without_op_5_whose_keys_lag_is_told_apart():
    """Eight people begin at once, the ninth has not agreed; nobody's SSRC is known, and the bot's keys come late."""
    crowd = range(20, 29)
    mls = Mls()
    mls.join(BOT)
    mls.deaf.add(BOT)
    mls.join(*crowd)
    people = [Person(user, 1000 + user, mls.sessions[user]) for user in crowd]
    *agreed, unheard = people
    ears = receiver(mls.sessions[BOT], [])
    ears.members(frozenset(crowd))
    ears.admit(frozenset(person.user_id for person in agreed))
    spoken = [person.say(50) for person in people]
    frames: list[Frame] = []
    for tick in range(50):
        if tick == 10:
            assert frames == []
            mls.catch_up(BOT)
        for person in spoken:
            ears.push(person[tick], tick * TICK)
        frames += ears.frames(tick * TICK)
        if tick == 11:
            assert {frame.user_id for frame in frames} == {person.user_id for person in agreed}
    for person in agreed:
        assert len(of(frames, person)) == 50
        assert sounds_like(of(frames, person), person) > 0.8
    assert of(frames, unheard) == []
    assert ears.talking(1.0) == frozenset(crowd)
    assert ears.stats.attributed == 8


def test_replays_from_an_earlier_epoch_are_not_heard(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    packets = ann.say(50)
    assert len(listen(ears, packets)) == 50
    mls.join(CAT)
    assert len(listen(ears, ann.say(50), start=2.0)) == 50
    assert listen(ears, packets, start=4.0, rest=1.0) == []


def test_packets_of_ten_and_sixty_milliseconds_become_frames(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    short = [ann.packet(b"\xf0\xff\xfe", step=RTP_STEP // 2) for _ in range(9)]  # CELT, 10 ms (RFC 6716 section 3.1)
    long = [ann.packet(b"\x18\x00", step=3 * RTP_STEP) for _ in range(4)]  # SILK, 60 ms
    frames = listen(ears, short, rest=1.0)
    assert len(frames) == 5
    frames += listen(ears, long, start=2.0)
    assert len(frames) == 5 + 12
    assert all(len(frame.pcm) == HEAR_BYTES for frame in frames)


def test_sixty_milliseconds_of_speech_are_heard_as_said(mls: Mls, ann: Person):
    """A lost packet takes three frames with it; who packs so sends no redundancy for it."""
    ears = receiver(mls.sessions[BOT], [ann])
    encoder = Encoder(library())
    packets = [ann.packet(merged([encoder.encode(ann.tone()) for _ in range(3)]), step=3 * RTP_STEP) for _ in range(50)]
    del packets[20]
    frames: list[Frame] = []
    for number, packet in enumerate(packets):
        for tick in range(3):
            if not tick:
                ears.push(packet, 3 * number * TICK)
            frames += ears.frames((3 * number + tick) * TICK)
    frames += ears.frames(60.0)
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
        {"payload_type": rtp.OPUS | rtp.MARKED},
    ],
    ids=["two-byte extension", "extension without elements", "contributors", "all of it", "marker"],
)
def test_every_shape_of_packet_is_heard(mls: Mls, ann: Person, shape: dict[str, Any]):
    """Sealed by the sandbox's own hand."""
    ears = receiver(mls.sessions[BOT], [ann])
    encoder = Encoder(library())
    datagrams = [
        rtp.seal(SECRET, n, n, 960 * n, ann.ssrc, mls.sessions[ANN].encrypt_opus(encoder.encode(ann.tone())), **shape)
        for n in range(50)
    ]
    frames = listen(ears, datagrams)
    assert (len(frames), ears.stats.concealed) == (50, 0)
    assert sounds_like(frames, ann) > 0.9


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_probe_without_sound_is_no_sound(mls: Mls, ann: Person, encrypted: bool):
    """Voice servers measure a line with packets of padding alone; nobody is told that they could not be opened."""
    if not encrypted:
        ann = Person(ANN, 100)
    ears = receiver(mls.sessions[BOT] if encrypted else None, [ann])
    probes = [ann.packet(b"", padding=100, seal=False) for _ in range(30)]
    assert listen(ears, [*ann.say(10), *probes], rest=2.0)[10:] == []
    assert ears.stats.empty == 30
    assert ears.unopened() == {}


def test_the_sound_that_dtx_leaves_out_is_quiet(mls: Mls, ann: Person):
    """Opus without a frame's data: the configuration alone, now and then."""
    ears = receiver(mls.sessions[BOT], [ann])
    frames = listen(ears, [*ann.say(25), *(ann.packet(b"\x48") for _ in range(5)), *ann.say(25)])
    assert_in_step(frames)
    assert (len(frames), ears.stats.bad_opus) == (55, 0)


def test_five_thousand_unknown_ssrcs_cost_little_memory(mls: Mls, ann: Person):
    ears = receiver(mls.sessions[BOT], [ann])
    ears.members(frozenset({ANN, BEN}))
    ears.admit(frozenset({ANN, BEN}))
    flood = [rtp_datagram(ssrc, n, n, bytes(150) + b"\x01\x0c\xfa\xfa", n) for n in range(3) for ssrc in range(1, 5001)]
    tracemalloc.start()
    for n, datagram in enumerate(flood):
        ears.push(datagram, n / 10_000)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 5_000_000
