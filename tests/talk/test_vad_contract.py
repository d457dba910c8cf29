"""The contract of ports.Vad, on every kind that bot/talk/vad.py can make: one line in KINDS adds a kind."""

from collections.abc import Callable

import pytest

from bot.audio import HEAR_BYTES, HEAR_RATE
from bot.ports import Vad
from bot.talk import silero_vad
from bot.talk.vad import make_vad
from sandbox import clips

KINDS = [
    "light",
    pytest.param("silero", marks=pytest.mark.skipif(not silero_vad.available(), reason="no silero wheel here")),
]
SILENCE = bytes(HEAR_BYTES)


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Callable[[], Vad]:
    return make_vad(request.param)


def frames(name: str) -> list[bytes]:
    pcm = clips.load(name, HEAR_RATE)
    return [pcm[at : at + HEAR_BYTES] for at in range(0, len(pcm) - HEAR_BYTES + 1, HEAR_BYTES)]


def heard(vad: Vad, name: str) -> list[float]:
    return [probability(vad, pcm) for pcm in frames(name)]


def probability(vad: Vad, pcm: bytes) -> float:
    [found] = vad.probabilities([pcm])
    return found


def test_a_frame_gets_a_probability(make: Callable[[], Vad]) -> None:
    vad = make()
    for name in ("ben-moon", "keyboard"):
        assert all(0.0 <= probability <= 1.0 for probability in heard(vad, name))


@pytest.mark.parametrize("at_once", [2, 4, 7, 50])
def test_several_frames_at_once_get_what_they_get_one_by_one(make: Callable[[], Vad], at_once: int) -> None:
    sound = [*frames("ben-moon"), *[SILENCE] * 60, *frames("yuki-film"), *frames("keyboard")]
    alone, together = make(), make()
    one_by_one = [probability(alone, pcm) for pcm in sound]
    found = [p for at in range(0, len(sound), at_once) for p in together.probabilities(sound[at : at + at_once])]
    assert found == pytest.approx(one_by_one, abs=1e-4)
    assert not list(together.probabilities([]))


def test_several_speakers_at_once_get_what_they_get_alone(make: Callable[[], Vad]) -> None:
    """Everybody's frames are handed in before any probability is looked at, and some forget what they heard."""
    said = [frames(name) for name in ("ben-moon", "yuki-film", "keyboard", "anna-cook")]
    alone = [make() for _ in said]
    together = [make() for _ in said]
    for begin in range(0, 100, 5):
        found = []
        for speaker, (vad, sound) in enumerate(zip(together, said, strict=True)):
            part = sound[begin : begin + 4 + speaker % 2]
            found += [vad.probabilities(part[:2])]
            if begin == 50 and speaker == 1:
                vad.reset()
            found += [vad.probabilities(part[2:])]
        expected: list[float] = []
        for speaker, (vad, sound) in enumerate(zip(alone, said, strict=True)):
            for number, pcm in enumerate(sound[begin : begin + 4 + speaker % 2]):
                if begin == 50 and speaker == 1 and number == 2:
                    vad.reset()
                expected.append(probability(vad, pcm))
        assert [one for part in found for one in part] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("pcm", [SILENCE, b"\xff\x7f" * (HEAR_BYTES // 2), b"\x00\x80" * (HEAR_BYTES // 2)])
def test_any_frame_of_320_samples_is_taken(make: Callable[[], Vad], pcm: bytes) -> None:
    vad = make()
    assert all(0.0 <= probability(vad, pcm) <= 1.0 for _ in range(100))


def test_silence_is_no_speech(make: Callable[[], Vad]) -> None:
    vad = make()
    assert max(probability(vad, SILENCE) for _ in range(200)) == 0.0


@pytest.mark.parametrize("name", [clip.id for clip in clips.speech()])
def test_speech_is_speech(make: Callable[[], Vad], name: str) -> None:
    """It opens an utterance, and most of it keeps the utterance open."""
    probabilities = heard(make(), name)
    assert max(probabilities) > 0.5
    assert sum(probability >= 0.35 for probability in probabilities) > 0.3 * len(probabilities)


def test_speech_ends(make: Callable[[], Vad]) -> None:
    vad = make()
    heard(vad, "ben-moon")
    assert max([probability(vad, SILENCE) for _ in range(50)][-25:]) < 0.35


def test_reset_forgets_what_was_said(make: Callable[[], Vad]) -> None:
    vad = make()
    for pcm in frames("ben-moon")[:60]:
        probability(vad, pcm)
    vad.reset()
    assert probability(vad, SILENCE) < 0.1


def test_after_a_reset_speech_is_still_heard(make: Callable[[], Vad]) -> None:
    vad = make()
    heard(vad, "keyboard")
    vad.reset()
    assert max(heard(vad, "ben-moon")) > 0.5


def test_speakers_share_no_state(make: Callable[[], Vad]) -> None:
    """What one hears does not change what the other does."""
    alone = heard(make(), "ben-moon")
    first, second = make(), make()
    mixed: list[float] = []
    for speech, noise in zip(frames("ben-moon"), frames("music") * 10, strict=False):
        mixed.append(probability(first, speech))
        probability(second, noise)
    assert mixed == pytest.approx(alone)
