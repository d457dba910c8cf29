"""What comes back from a loudspeaker: real clips, codec, VAD, segmenter and floor (tests/bench/echo.py has more)."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bot.audio import FRAME_SECONDS, HEAR_BYTES, HEAR_RATE, RTP_STEP, SPEAK_BYTES, SPEAK_RATE
from bot.talk.echo import EchoGate
from bot.talk.echo_model import REVERBERATION_FRAMES, EchoModel, fitted
from bot.talk.echo_spectrum import BAND_EDGES_HZ
from bot.talk.played import LOUD_SAMPLE, REFERENCE_FRAME_SAMPLES, PlayedSound, Samples
from bot.types import Frame, Sent
from sandbox import clips
from sandbox.people.echo_path import EchoConditions
from tests.bench.echo_room import EchoRoom, Line, Played, at_level, decode, encode

QUESTION = Line(0.3, 1, "ben-moon")


def room(*people: EchoConditions | None, answer: str = "bot-moon") -> EchoRoom:
    return EchoRoom(people, (answer, "bot-rice"), "light")


@pytest.mark.parametrize(
    "echo",
    [
        EchoConditions(delay=0.06, level=-6),
        EchoConditions(delay=0.4, level=-20, room=True),
        EchoConditions(delay=0.21, level=-12, room=True, canceller=True, noise=-72),
    ],
    ids=["near", "far", "canceller"],
)
def test_the_answer_is_heard_to_its_end_and_not_answered(echo: EchoConditions) -> None:
    played = room(echo).play([QUESTION], 16)
    assert len(played.requests) == 1
    assert [heard / whole for _, heard, whole in played.answers] == [1.0]
    assert "echo" in played.outcomes


def test_little_of_the_bots_first_sound_comes_back() -> None:
    """A canceller lets so little of it through that it is not found at once: the bot must not give way meanwhile."""
    scene = EchoRoom([EchoConditions(delay=0.06, level=-18, canceller=True, noise=-72)])
    played = scene.play([Line(0.5, 1, "ben-moon")], 8)
    assert not played.stops
    assert "echo" in played.outcomes


def test_an_echo_that_is_weak_at_first_is_known_by_its_delay_that_stays() -> None:
    """Search after search finds one delay, though with no more strength than chance may have."""
    echo = EchoConditions(0.0738641, -27.341, canceller=True, noise=-80.981, seed=648532814)
    played = EchoRoom([echo], ("bot-tenki",)).play([Line(0.5, 1, "ben-moon")], 7)
    assert not played.stops
    assert "echo" in played.outcomes


def test_three_loudspeakers_in_one_room() -> None:
    people = [EchoConditions(delay, -14, room=True, seed=user) for user, delay in enumerate((0.09, 0.2, 0.33))]
    played = room(*people).play([QUESTION], 16)
    assert len(played.requests) == 1
    assert [heard / whole for _, heard, whole in played.answers] == [1.0]


def test_the_delay_is_found_again_when_the_person_changes_devices() -> None:
    scene = EchoRoom(
        [EchoConditions(0.1, -12)], ("bot-moon",), "light", changes={300: (1, EchoConditions(0.28, -9, room=True))}
    )
    played = scene.play([QUESTION], 16)
    assert len(played.requests) == 1
    assert [heard / whole for _, heard, whole in played.answers] == [1.0]


@pytest.mark.parametrize(("lively", "at", "louder"), [(True, 420, 12), (False, 470, 9)])
def test_who_turns_the_bot_up_in_the_middle_of_an_answer_still_hears_it_to_its_end(
    lively: bool, at: int, louder: int
) -> None:
    """`at`: the tick; `louder`: dB. All bands are louder than expected then, but nothing between the harmonics is."""
    echo = EchoConditions(0.2, -18, lively, canceller=not lively, noise=-75)
    changes = {at: (1, replace(echo, level=echo.level + louder))}
    played = EchoRoom([echo], ("bot-moon", "bot-rice"), "light" if lively else "silero", changes).play([QUESTION], 16)
    assert len(played.requests) == 1
    assert [heard / whole for _, heard, whole in played.answers] == [1.0]


def test_packets_that_come_late_and_all_at_once_do_not_hide_the_echo() -> None:
    people = [EchoConditions(0.1, -12, room=True), EchoConditions(0.26, -18, room=True, seed=2)]
    stalls = {first: first + length for first, length in ((230, 15), (246, 15), (262, 18), (400, 25))}
    played = EchoRoom(people, ("bot-moon", "bot-rice"), "light", stalls=stalls).play([QUESTION], 16)
    assert len(played.requests) == 1
    assert [heard / whole for _, heard, whole in played.answers] == [1.0]


@pytest.mark.parametrize(("level", "lively", "canceller"), [(0, True, False), (-6, True, True), (-6, True, False)])
def test_speech_over_the_echo_stops_the_answer(level: int, lively: bool, canceller: bool) -> None:
    """`level`: speech relative to the echo, in dB; the clip begins with 0.1 s of silence."""
    echo = EchoConditions(0.18, -10, lively, canceller)
    over = Line(6.5, 1, "anna-wait", -20 - 10 + level)
    played = room(echo).play([QUESTION, over], 16)
    [(at, decision), *_] = played.stops
    assert decision == "BargeIn"
    assert over.at < at <= over.at + 1.1
    assert len(played.requests) == 2
    assert played.loops([QUESTION, over]) == 0


def test_who_speaks_in_the_first_second_of_an_echo_is_not_learned_as_a_part_of_it() -> None:
    over = Line(5.18, 1, "anna-boss", -29)
    played = EchoRoom([EchoConditions(0.224, -9, noise=-80)], ("bot-moon", "bot-rice")).play([QUESTION, over], 8.5)
    [(at, decision), *_] = played.stops
    assert decision == "BargeIn"
    assert over.at < at <= over.at + 1.1


def test_without_an_echo_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [QUESTION, Line(5.5, 1, "anna-wait"), Line(7.2, 2, "cough"), Line(16.0, 2, "anna-quickest")]
    played = room(None, None).play(lines, 21)
    assert "echo" not in played.outcomes
    monkeypatch.setattr(EchoGate, "take", lambda _gate, frames, _now: frames)
    monkeypatch.setattr(EchoGate, "recognise", lambda *_: False)
    without = room(None, None).play(lines, 21)
    assert played.stops == without.stops
    assert [decision for _, decision in played.stops] == ["BargeIn"]
    assert (played.ducks, played.answers, sounds(played)) == (without.ducks, without.answers, sounds(without))


def sounds(played: Played) -> list[list[bytes]]:
    """Of each request."""
    return [[utterance.pcm for utterance in turn] for turn in played.requests]


@pytest.mark.parametrize("heard", [0.0, 0.1])
@pytest.mark.parametrize("played", [0.0, 0.1])
def test_digital_silence_is_measured_too(heard: float, played: float) -> None:
    """The bot pauses for longer than the sound that is compared, or a noise gate lets nothing through."""
    noise = np.random.default_rng(1).standard_normal(40 * REFERENCE_FRAME_SAMPLES).astype(np.float32)
    fit = fitted(heard * noise[-14 * REFERENCE_FRAME_SAMPLES :], played * noise[: 34 * REFERENCE_FRAME_SAMPLES])
    assert np.isfinite([fit.likeness, fit.surplus]).all()
    assert fit.likeness < 0.5


def test_who_answers_right_after_the_bots_last_word_is_no_echo() -> None:
    """What was played last is then compared with little: chance resemblance must not do."""
    lines = [QUESTION, Line(14.4, 2, "ben-story")]
    played = EchoRoom([None, None], ("bot-moon", "bot-rice"), "silero").play(lines, 19)
    assert "echo" not in played.outcomes
    assert len(played.requests) == 2


def test_who_repeats_the_bots_words_later_is_answered() -> None:
    """The same sound a second after it was played is no echo: somebody plays a recording of it."""
    lines = [QUESTION, Line(9.5, 1, "bot-rice")]
    played = room(None, answer="bot-rice").play(lines, 16)
    assert len(played.requests) == 2


ECHO_FRAMES, LEARNED_FRAMES = 10, 150
"""Frames after which the echo comes back, and in which it is learned."""


def passed(own: Samples) -> Iterator[tuple[int, Frame]]:
    """Yield what passes of the echo of an answer and a person's own sound (16 kHz, -1 to 1), once the echo is known."""
    answer = clips.load("bot-moon", SPEAK_RATE)
    echo = np.append(0.1 * decode(clips.load("bot-moon", HEAR_RATE)), np.zeros_like(own))
    gate = EchoGate(played := PlayedSound())
    size = HEAR_BYTES // 2
    for tick in range(len(own) // size):
        played.add([Sent(tick * FRAME_SECONDS, answer[tick * SPEAK_BYTES : (tick + 1) * SPEAK_BYTES])])
        back = np.zeros(size, np.float32)
        if tick >= ECHO_FRAMES:
            back += echo[(tick - ECHO_FRAMES) * size : (tick - ECHO_FRAMES + 1) * size]
        frame = Frame(1, tick * RTP_STEP, encode(back + own[tick * size : (tick + 1) * size]))
        for ready in gate.take([frame], tick * FRAME_SECONDS):
            if tick > LEARNED_FRAMES and any(ready.pcm):
                yield tick, ready
        gate.recognise(speaking=not gate.known, pausing=False)
    assert gate.known


def own_sound(dbfs: float, seconds: float = 9.0) -> Samples:
    noise = np.random.default_rng(1).standard_normal(round(seconds * HEAR_RATE))
    return (noise * 10 ** (dbfs / 20)).astype(np.float32)


@pytest.mark.parametrize("dbfs", [-90, -56, -52])
def test_the_noise_of_a_microphone_is_no_voice_in_the_pauses_of_the_bot(dbfs: float) -> None:
    assert not list(passed(own_sound(dbfs)))


def test_a_single_burst_over_the_echo_is_no_voice_but_several_are() -> None:
    bursts = own_sound(-90)
    bursts[4 * HEAR_RATE : 4 * HEAR_RATE + HEAR_RATE // 50] += 10 * own_sound(-50, 0.02)
    assert not list(passed(bursts))
    bursts[5 * HEAR_RATE : 5 * HEAR_RATE + HEAR_RATE // 4] += 10 * own_sound(-50, 0.25)
    assert {tick // 50 for tick, _ in passed(bursts)} == {5}


def test_a_voice_that_is_quieter_than_the_echo_passes_too() -> None:
    """At -6 dB it hardly adds to any band, but stands between the harmonics of the bot's voice."""
    echo, own = 0.1 * decode(clips.load("bot-moon", HEAR_RATE)), own_sound(-90)
    loud = echo[np.abs(echo) > 0.05 * np.abs(echo).max()]
    voice = at_level(decode(clips.load("ben-story", HEAR_RATE)), 20 * np.log10(np.sqrt(np.mean(np.square(loud)))) - 6)
    own[4 * HEAR_RATE : 5 * HEAR_RATE] += voice[:HEAR_RATE]
    assert len([tick for tick, _ in passed(own) if 205 <= tick < 255]) >= 20


def test_a_word_that_begins_as_the_echo_ends_keeps_its_first_sound() -> None:
    """Frames that wait for the next judgement when the echo can last no longer are judged then."""
    samples = np.frombuffer(clips.load("bot-moon", SPEAK_RATE), "<i2")
    last_loud = int(np.flatnonzero(samples > LOUD_SAMPLE)[-1]) * 2 // SPEAK_BYTES
    first = last_loud + ECHO_FRAMES + REVERBERATION_FRAMES
    own = own_sound(-90, 0.02 * (first + 25))
    own[first * HEAR_BYTES // 2 : (first + 15) * HEAR_BYTES // 2] += 10 * own_sound(-50, 0.3)
    assert first in [frame.timestamp // RTP_STEP for _, frame in passed(own)]


def test_a_voice_is_not_learned_as_noise_and_noise_falls_where_nothing_is_sent() -> None:
    """A client with a noise gate sends digital silence in every gap of a voice: there the noise must fall."""
    echo = np.ones((4, len(BAND_EDGES_HZ) - 1), np.float32)
    model = EchoModel(echo.copy(), echo)
    model.noise = 0.1 * echo[0]
    for _ in range(50):
        assert min(model.judge(20 * echo, echo, 0 * echo)) > 0.1
    assert model.noise == pytest.approx(0.1)
    model.judge(np.full_like(echo, 1e-9), echo, 0 * echo)
    assert model.noise.max() < 0.05
    quiet = model.noise
    for _ in range(20):
        model.judge(echo, echo, 0 * echo)
        model.adapt()
    assert (model.noise > 2 * quiet).all()
