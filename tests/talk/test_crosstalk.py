"""Other people's voices in somebody's microphone: found, and nobody's own words taken for one."""

from dataclasses import replace

import numpy as np
import pytest

from bot.audio import HEAR_RATE, RTP_RATE, seconds
from bot.talk.crosstalk import KEPT_SECONDS, Crosstalk
from bot.types import Utterance
from sandbox import clips
from sandbox.people.echo_path import FRAME_SAMPLES_48K, EchoConditions, EchoPath, Samples

ANNA, YUKI = 1, 2
CONDITIONS = [
    EchoConditions(delay=0.06, level=-6.0),
    EchoConditions(delay=0.2, level=-20.0, room=True),
    EchoConditions(delay=0.4, level=-12.0, room=True, canceller=True),
]


def said(user_id: int, began: float, pcm: bytes) -> Utterance:
    length = seconds(pcm, HEAR_RATE)
    return Utterance(user_id, user_id, began, pcm, length, "silence", began + length)


def returned(clip: str, conditions: EchoConditions, own: str = "", own_at: float = 0.6) -> Utterance:
    """Return what Yuki's microphone picks up of a clip, with words of her own over it."""
    sound = _samples(clip)
    padded = np.concatenate([sound, np.zeros(RTP_RATE, np.float32)])
    path = EchoPath(conditions)
    frames = padded[: len(padded) // FRAME_SAMPLES_48K * FRAME_SAMPLES_48K].reshape(-1, FRAME_SAMPLES_48K)
    heard = np.concatenate([path.push(frame) for frame in frames])
    begins, ends = (round(at * RTP_RATE) for at in (conditions.delay, conditions.delay + len(sound) / RTP_RATE + 0.1))
    if own:
        at = begins + round(own_at * RTP_RATE)
        words = _samples(own)[: len(heard) - at]
        heard[at : at + len(words)] += words
    low = heard[begins:ends][: (ends - begins) // 3 * 3].reshape(-1, 3).mean(axis=1)
    return said(YUKI, 10.0 + conditions.delay, (np.clip(low, -1, 1) * 32767).astype("<i2").tobytes())


def _samples(clip: str) -> Samples:
    return (np.frombuffer(clips.load(clip, RTP_RATE), "<i2") / 32768).astype(np.float32)


@pytest.mark.parametrize("conditions", CONDITIONS, ids=["loud and dry", "a room", "a canceller's residue"])
@pytest.mark.parametrize("clip", ["anna-boss", "yuki-game"])
def test_it_is_found_whether_the_voice_is_over_or_not(clip: str, conditions: EchoConditions) -> None:
    voice, copy = said(ANNA, 10.0, clips.load(clip, HEAR_RATE)), returned(clip, conditions)
    crosstalk = Crosstalk()
    assert crosstalk.is_copy(copy, [voice])
    assert not crosstalk.is_copy(voice, [copy]), "the voice itself is not the copy"
    crosstalk.note(voice)
    assert crosstalk.is_copy(copy, [])
    crosstalk.forget(ANNA)
    assert not crosstalk.is_copy(copy, [])


@pytest.mark.parametrize("conditions", CONDITIONS[:2], ids=["loud and dry", "a room"])
def test_own_words_over_it_are_kept(conditions: EchoConditions) -> None:
    crosstalk = Crosstalk()
    crosstalk.note(said(ANNA, 10.0, clips.load("anna-boss", HEAR_RATE)))
    for own in ("yuki-game", "ben-train", "anna-quickest", "yuki-stop"):
        assert not crosstalk.is_copy(returned("anna-boss", conditions, own), []), own


def test_people_who_speak_at_once_are_two() -> None:
    for first, second in (("anna-boss", "yuki-game"), ("ben-train", "ben-moon"), ("anna-stop", "ben-stop")):
        crosstalk = Crosstalk()
        crosstalk.note(said(ANNA, 10.0, clips.load(first, HEAR_RATE)))
        assert not crosstalk.is_copy(said(YUKI, 10.2, clips.load(second, HEAR_RATE)), [])


def test_what_begins_with_own_words_is_no_copy_however_it_goes_on() -> None:
    crosstalk = Crosstalk()
    crosstalk.note(said(ANNA, 10.0, clips.load("anna-boss", HEAR_RATE)))
    begun = said(YUKI, 10.2, clips.load("yuki-game", HEAR_RATE)[: 2 * HEAR_RATE])
    assert not crosstalk.is_copy(begun, [])
    copy = returned("anna-boss", CONDITIONS[0])
    assert not crosstalk.is_copy(copy, []), "the utterance that is known"
    assert crosstalk.is_copy(replace(copy, id=YUKI + 1), []), "the next one"


@pytest.mark.parametrize("later", [0.06, 0.5])
def test_people_who_play_the_same_recording_are_two(later: float) -> None:
    crosstalk = Crosstalk()
    crosstalk.note(said(ANNA, 10.0, clips.load("anna-boss", HEAR_RATE)))
    assert not crosstalk.is_copy(said(YUKI, 10.0 + later, clips.load("anna-boss", HEAR_RATE)), [])


def test_sound_is_kept_for_seconds_only() -> None:
    voice = said(ANNA, 10.0, clips.load("anna-boss", HEAR_RATE))
    crosstalk = Crosstalk()
    crosstalk.note(voice)
    assert voice.ended_at
    crosstalk.expire(voice.ended_at + KEPT_SECONDS + 0.1)
    assert not crosstalk.is_copy(returned("anna-boss", CONDITIONS[0]), [])
