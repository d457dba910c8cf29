"""Whose sound it is, and who may be heard: keys and names that come late, consent, who talks."""

import itertools

import pytest

from bot.audio import RTP_STEP
from bot.types import Frame
from bot.voice.receive.pending_packets import MAX_PENDING_PACKETS, MAX_PENDING_SECONDS
from tests.voice.fake_room import (
    ANN,
    BEN,
    BOT,
    CAT,
    SECRET,
    TICK,
    Mls,
    Person,
    assert_in_step,
    listen,
    new_receiver,
    of,
    sounds_like,
)

# Keys and names that come late


def test_op_5_after_the_sound_loses_nothing(mls: Mls, ann: Person, ben: Person):
    mls.deaf.add(BOT)
    mls.join(CAT)
    cat = Person(CAT, 300, mls.sessions[CAT])
    receiver = new_receiver(mls.sessions[BOT], [ann, ben])
    receiver.set_members(frozenset({ANN, BEN, CAT}))
    receiver.admit(frozenset({ANN, BEN, CAT}))
    assert listen(receiver, cat.say(15), rest=0) == []
    mls.catch_up(BOT)
    receiver.map_ssrc(300, CAT)
    frames = listen(receiver, cat.say(5), start=0.3)
    assert len(of(frames, cat)) == 20
    assert_in_step(of(frames, cat))


def test_a_join_and_a_leave_in_mid_speech_lose_nothing(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    frames: list[Frame] = []
    now = 0.0
    for step in range(30):
        if step in (10, 20):
            mls.deaf.add(BOT)
            mls.join(CAT) if step == 10 else mls.leave(CAT)
        if step in (12, 22):
            mls.catch_up(BOT)
        frames += listen(receiver, ann.say(10), start=now, rest=0)
        now += 10 * TICK
    frames += receiver.frames(now + 1)
    assert len(frames) == 300
    assert_in_step(frames)
    assert receiver.stats.held > 0


def test_a_speaker_without_op_5_is_found_by_key(mls: Mls, ann: Person, ben: Person):
    receiver = new_receiver(mls.sessions[BOT], [])
    receiver.set_members(frozenset({ANN, BEN}))
    receiver.admit(frozenset({ANN, BEN}))
    both = zip(ann.say(10), ben.say(10), strict=True)
    frames = listen(receiver, [datagram for pair in both for datagram in pair])
    for person in (ann, ben):
        assert len(of(frames, person)) == 10
        assert sounds_like(of(frames, person), person) > 0.9
    assert receiver.stats.attributed == 2


def test_a_roomful_without_op_5_whose_keys_lag_is_told_apart():
    """Eight people begin at once, the ninth has not agreed; nobody's SSRC is known, and the bot's keys come late."""
    crowd = range(20, 29)
    mls = Mls()
    mls.join(BOT)
    mls.deaf.add(BOT)
    mls.join(*crowd)
    people = [Person(user, 1000 + user, mls.sessions[user]) for user in crowd]
    *agreed, unheard = people
    receiver = new_receiver(mls.sessions[BOT], [])
    receiver.set_members(frozenset(crowd))
    receiver.admit(frozenset(person.user_id for person in agreed))
    spoken = [person.say(50) for person in people]
    frames: list[Frame] = []
    for tick in range(50):
        if tick == 10:
            assert frames == []
            mls.catch_up(BOT)
        for person in spoken:
            receiver.push(person[tick], tick * TICK)
        frames += receiver.frames(tick * TICK)
        if tick == 11:
            assert {frame.user_id for frame in frames} == {person.user_id for person in agreed}
    for person in agreed:
        assert len(of(frames, person)) == 50
        assert sounds_like(of(frames, person), person) > 0.8
    assert of(frames, unheard) == []
    assert receiver.talking(1.0) == frozenset(crowd)
    assert receiver.stats.attributed == 8


def test_a_name_that_is_wrong_is_put_right_by_key(mls: Mls, ann: Person, ben: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann, ben])
    receiver.map_ssrc(ann.ssrc, BEN)
    frames = listen(receiver, ann.say(10))
    assert len(of(frames, ann)) == 10
    assert of(frames, ben) == []


def test_what_no_key_opens_is_held_for_a_while_then_counted(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    impostor = Person(ANN, 100, Mls_alone().sessions[ANN])
    for n, packet in enumerate(impostor.say(40)):
        receiver.push(packet, n * TICK)
        assert receiver.frames(n * TICK) == []
        assert receiver.waiting <= MAX_PENDING_PACKETS + 1
    assert receiver.frames(40 * TICK + MAX_PENDING_SECONDS) == []
    assert receiver.waiting == 0
    assert receiver.stats.undecryptable == 40
    assert receiver.unopened() == {ANN: 40}
    assert receiver.unopened() == {}


def Mls_alone() -> Mls:
    """Return a group of other keys."""
    group = Mls()
    group.join(BOT)
    group.join(ANN)
    return group


# Plain packets


def test_a_plain_packet_in_an_encrypted_call_is_not_heard(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    listen(receiver, [], start=100.0)
    assert listen(receiver, ann.say(5, seal=False), start=100.0, rest=1.0) == []
    assert receiver.stats.undecryptable == 5


def test_a_downgrade_and_an_upgrade_lose_nothing(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    frames = listen(receiver, ann.say(10), rest=0)
    frames += listen(receiver, ann.say(5, seal=False), start=0.2, rest=0)
    receiver.rekey(SECRET, mls.sessions[BOT], 0)
    frames += listen(receiver, ann.say(10, seal=False), start=0.3, rest=0)
    frames += listen(receiver, ann.say(5), start=0.5, rest=0)
    receiver.rekey(SECRET, mls.sessions[BOT], 1)
    frames += listen(receiver, ann.say(10), start=0.6)
    assert len(frames) == 40
    assert_in_step(frames)
    assert sounds_like(frames, ann) > 0.9


# Consent


def test_who_is_not_admitted_is_not_heard_nor_kept(mls: Mls, ann: Person, ben: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann, ben], admitted=[ANN])
    for packet in ben.say(20):
        receiver.push(packet, 0.0)
        assert receiver.waiting == 0
    assert receiver.frames(1.0) == []
    assert receiver.stats.no_consent == 20
    receiver.admit(frozenset({ANN, BEN}))
    assert len(listen(receiver, ben.say(5), start=1.0)) == 5


def test_who_is_not_admitted_is_not_decoded_without_op_5_either(mls: Mls, ann: Person, ben: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann], admitted=[ANN])
    receiver.set_members(frozenset({ANN, BEN}))
    assert listen(receiver, ann.say(5) + ben.say(20)) != []
    assert receiver.stats.opened == 5
    assert receiver.stats.unknown_ssrc == 20


def test_withdrawing_drops_what_waits(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    for packet in ann.say(5):
        receiver.push(packet, 0.0)
    receiver.admit(frozenset())
    assert receiver.frames(1.0) == []
    assert receiver.stats.dropped == 5


@pytest.mark.parametrize(("admitted", "heard"), [([ANN, BEN], 10), ([ANN], 0)])
def test_a_plain_packet_without_a_name_is_kept_only_if_all_who_may_have_sent_it_agreed(admitted: list[int], heard: int):
    ann = Person(ANN, 100)
    receiver = new_receiver(None, [], admitted)
    receiver.set_members(frozenset({ANN, BEN}))
    for packet in ann.say(10):
        receiver.push(packet, 0.0)
    assert receiver.waiting == heard
    receiver.map_ssrc(100, ANN)
    assert len(receiver.frames(0.1)) == heard


@pytest.mark.parametrize("how", ["withdraws", "leaves"])
def test_timestamps_never_go_back_when_somebody_comes_back(mls: Mls, ann: Person, how: str):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    frames = listen(receiver, ann.say(10))
    if how == "withdraws":
        receiver.admit(frozenset())
        receiver.admit(frozenset({ANN}))
    else:
        receiver.unmap_user(ANN)
        ann.ssrc, ann.sequence, ann.timestamp = 900, 5, 17
        receiver.map_ssrc(900, ANN)
    frames += listen(receiver, ann.say(10), start=3.0)
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)]
    assert steps[:9] + steps[10:] == [RTP_STEP] * 18
    assert steps[9] / 48_000 == pytest.approx(3.0 - 9 * TICK, abs=TICK)


def test_an_ssrc_that_passed_on_unseen_is_put_right_by_key(mls: Mls, ann: Person, ben: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    receiver.set_members(frozenset({ANN, BEN}))
    receiver.admit(frozenset({ANN, BEN}))
    assert len(listen(receiver, ann.say(5))) == 5
    ben.ssrc = ann.ssrc
    frames = listen(receiver, ben.say(100), start=1.0)
    assert len(of(frames, ben)) >= 70
    assert of(frames, ann) == []


def test_what_was_said_before_leaving_comes_out(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    for packet in ann.say(5):
        receiver.push(packet, 0.0)
    receiver.unmap_user(ANN)
    assert len(receiver.frames(0.0)) == 5


# Who talks


@pytest.mark.parametrize("admitted", [True, False])
def test_talking_is_known_with_and_without_consent(mls: Mls, ann: Person, ben: Person, admitted: bool):
    receiver = new_receiver(mls.sessions[BOT], [ann, ben], admitted=[ANN] if admitted else [])
    listen(receiver, ann.say(5), rest=0)
    assert receiver.talking(0.1) == {ANN}
    assert receiver.talking(0.5) == frozenset()


def test_silence_frames_are_not_talking(mls: Mls, ann: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    listen(receiver, ann.silence(100), rest=0)
    assert receiver.talking(2.0) == frozenset()


def test_a_bot_does_not_talk(mls: Mls, ann: Person, ben: Person):
    receiver = new_receiver(mls.sessions[BOT], [ann])
    receiver.map_ssrc(ben.ssrc, BEN)
    listen(receiver, ben.say(5), rest=0)
    assert receiver.talking(0.1) == frozenset()


@pytest.mark.parametrize(("admitted", "after_16_s"), [([ANN], {ANN}), ([], set())])
def test_an_open_microphone_without_consent_holds_the_floor_for_a_while(
    mls: Mls, ann: Person, admitted: list[int], after_16_s: set[int]
):
    receiver = new_receiver(mls.sessions[BOT], [ann], admitted=admitted)
    talking: dict[float, frozenset[int]] = {}
    for n, packet in enumerate(ann.say(800)):
        receiver.push(packet, n * TICK)
        receiver.frames(n * TICK)
        talking[n * TICK] = receiver.talking(n * TICK)
    assert talking[10.0] == {ANN}
    assert talking[15.98] == after_16_s
    listen(receiver, ann.say(5), start=17.0, rest=0)
    assert receiver.talking(17.1) == {ANN}
