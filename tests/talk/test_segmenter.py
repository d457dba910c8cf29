"""One person's frames in, utterances out; rows in letters (letters.py)."""

from collections.abc import Sequence
from itertools import count

import numpy as np
import pytest

from bot.audio import HEAR_BYTES, HEAR_RATE, seconds
from bot.talk.segmenter import Segmenter, SegmenterSettings
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted, Spoke
from bot.types import Frame, Utterance
from tests.talk.drawing import TICK, LetterVad, arrivals, expand, frame

HOUR = 48_000 * 3600


def segmenter(**settings: float) -> Segmenter:
    return Segmenter(7, LetterVad(), count(1), SegmenterSettings(**settings))


def run(row: str, ticks: int = 0, **settings: float) -> list[tuple[int, SpeechEvent]]:
    """Return every event with its tick."""
    row = expand(row)
    hears = segmenter(**settings)
    coming = arrivals(7, row, max(ticks, len(row)))
    return [(tick, event) for tick, frames in enumerate(coming) for event in hears.push(frames, tick * TICK)]


def story(events: list[tuple[int, SpeechEvent]]) -> str:
    """Return events as letters with their ticks: started, paused, resumed, Spoke, X discarded."""
    signs = {SpeechStarted: "s", SpeechPaused: "p", SpeechResumed: "r", Spoke: "S", Discarded: "X"}
    return " ".join(f"{signs[type(event)]}{tick}" for tick, event in events)


def utterances(events: list[tuple[int, SpeechEvent]]) -> list[Utterance]:
    return [event.utterance for _, event in events if isinstance(event, Spoke)]


def letters(utterance: Utterance) -> str:
    """Return an utterance's sound as the letters it came from."""
    pcm = utterance.pcm
    return "".join(chr(pcm[at]) if pcm[at] else "." for at in range(0, len(pcm), HEAR_BYTES))


STORIES = [
    ("a sentence", "s50", "s2 p55 S74"),
    ("a click opens nothing", "s2.30s2", ""),
    ("half a click more is too short", "s8", "s2 p13 X32"),
    ("a pause", "s50.12s50", "s2 p55 r62 p117 S136"),
    ("an end", "s50.26s50", "s2 p55 S74 s78 p131 S150"),
    ("no packets, Opus silence and denied sound count alike", "s50 .8 o8 n9", "s2 p55 S74"),
    ("late packets take their silence back", "s50 n8 >12 s30", "s2 p55 r70 p105 S124"),
    ("packets that are late in the middle of speech are no silence", "s50 >30 s30", "s2 p115 S134"),
    ("nor if they never come, for half a second", "s50 !24 s30", "s2 p109 S130"),
    ("longer, they are an end", "s50 !60", "s2 p80 S99"),
    ("an end of which one packet of silence came is an end at once", "s50 o1 !40", "s2 p55 S74"),
    ("late silence does not", "s50 .4 o5 .4 o30", "s2 p55 S74"),
    ("noise is told once", "n200", "X229"),
    ("short noise is not told", "n10", ""),
]


@pytest.mark.parametrize(("name", "row", "expected"), STORIES, ids=[name for name, *_ in STORIES])
def test_it_knows_for_how_long_it_has_nothing_to_report(name: str, row: str, expected: str) -> None:
    hears, quiet_until = segmenter(), 0
    row = expand(row)
    for tick, frames in enumerate(arrivals(7, row, len(row) + 30)):
        events = hears.push(frames, tick * TICK)
        assert tick >= quiet_until or not any(isinstance(event, SpeechPaused | Spoke) for event in events)
        if hears.speaking:
            quiet_until = max(quiet_until, tick + round(hears.reports_in / TICK))


@pytest.mark.parametrize(
    ("row", "expected"), [(row, told) for _, row, told in STORIES], ids=[why for why, *_ in STORIES]
)
def test_events(row: str, expected: str) -> None:
    assert story(run(row, len(expand(row)) + 60)) == expected


def test_preroll_and_tail() -> None:
    """400 ms before the first voiced sound, 200 ms after the last."""
    (said,) = utterances(run("n100 s50 n100"))
    assert letters(said) == "n" * 20 + "s" * 50 + "n" * 10
    assert said.started_at == pytest.approx(100 * TICK)
    assert said.voiced == pytest.approx(1.0)
    assert said.ended_by == "silence"


def test_gaps_become_silence() -> None:
    (said,) = utterances(run("s30 .10 s30", 120))
    assert letters(said) == "s" * 30 + "." * 10 + "s" * 30 + "." * 5


def test_neighbours_share_no_sound() -> None:
    first, second = utterances(run("s30 n30 s30 n30"))
    assert letters(first) == "s" * 30 + "n" * 10
    assert letters(second) == "n" * 20 + "s" * 30 + "n" * 10


def test_burst_counts_in_audio_time() -> None:
    """A second that arrives in one tick is a second."""
    hears = segmenter()
    events = hears.push([frame(7, tick, letter) for tick, letter in enumerate(expand("s30 o30"))], now=5.0)
    (said,) = [event.utterance for event in events if isinstance(event, Spoke)]
    assert said.started_at == pytest.approx(5.0 - 59 * TICK)


@pytest.mark.parametrize("jump", [-HOUR, HOUR, 2**40, 960 * 24])
def test_timestamps_that_jump(jump: int) -> None:
    """A new SSRC counts from anywhere: whatever it says, sound is kept and memory is bounded."""
    hears = segmenter()
    events: list[SpeechEvent] = []
    for tick in range(100):
        at = frame(7, tick, "s")
        moved = Frame(7, HOUR + at.timestamp + (jump if tick >= 50 else 0), at.pcm)
        events += hears.push([moved], tick * TICK)
    events += hears.left(2.0)
    said = [event.utterance for event in events if isinstance(event, Spoke)]
    assert sum(letters(utterance).count("s") for utterance in said) == 100
    assert sum(seconds(utterance.pcm, HEAR_RATE) for utterance in said) < 3


def test_cut_at_the_quietest_point() -> None:
    """Loud, a soft second from 24 s, loud again: the cut is in the soft part and nothing is lost."""
    rng = np.random.default_rng(1)
    loudness = np.full(1700, 8000.0)
    loudness[1200:1250] = 50
    hears = Segmenter(7, _Always(), count(1))
    sent: list[bytes] = []
    said: list[Utterance] = []
    for tick, loud in enumerate(loudness):
        sent.append((rng.standard_normal(320) * loud).clip(-32000, 32000).astype("<i2").tobytes())
        events = hears.push([Frame(7, tick * 960, sent[-1])], tick * TICK)
        said += [event.utterance for event in events if isinstance(event, Spoke)]
    said += [event.utterance for event in hears.left(34.0) if isinstance(event, Spoke)]
    assert [utterance.ended_by for utterance in said] == ["length", "left"]
    assert 1200 * HEAR_BYTES <= len(said[0].pcm) <= 1250 * HEAR_BYTES
    assert b"".join(utterance.pcm for utterance in said) == b"".join(sent)
    assert said[1].started_at == pytest.approx(seconds(said[0].pcm, HEAR_RATE), abs=TICK)


class _Always:
    def probabilities(self, frames: Sequence[bytes]) -> Sequence[float]:
        return [1.0] * len(frames)

    def reset(self) -> None:
        pass


def test_a_short_rest_after_the_cut_is_kept() -> None:
    """30.1 s: the rest would be too short for an utterance of its own."""
    said = utterances(run("s1505 .30", max_length=30.0))
    assert [utterance.ended_by for utterance in said] == ["length", "silence"]
    assert sum(letters(utterance).count("s") for utterance in said) == 1505


def test_peek_is_what_it_will_be() -> None:
    row = expand("s50 o30")
    hears = segmenter()
    peeked: Utterance | None = None
    for tick, frames in enumerate(arrivals(7, row, 80)):
        for event in hears.push(frames, tick * TICK):
            if isinstance(event, SpeechPaused):
                peeked = hears.peek()
                assert event.utterance == peeked
            if isinstance(event, Spoke):
                assert peeked is not None
                assert event.utterance.id == peeked.id
                assert event.utterance.pcm.startswith(peeked.pcm)
                assert set(event.utterance.pcm[len(peeked.pcm) :]) == {0}, "nothing but silence follows"
                assert len(event.utterance.pcm) - len(peeked.pcm) <= 4 * HEAR_BYTES
    assert hears.peek() is None


def test_peek_of_a_click_is_nothing() -> None:
    hears = segmenter()
    for tick in range(8):
        hears.push([frame(7, tick, "s")], tick * TICK)
    assert hears.speaking
    assert hears.peek() is None


VOICED = [
    ("speech", "s25", 0.5),
    ("with a closure in it", "s15.3s10", 0.44),
    ("after a pause it counts anew", "s25.10s5", 0.1),
    ("over when it has paused", "s25.9", 0.0),
    ("laughter", "s4.4s4.4s4.4s4.4s4.4s4", 0.08),
]


@pytest.mark.parametrize(("row", "expected"), [(row, told) for _, row, told in VOICED], ids=[why for why, *_ in VOICED])
def test_voiced_for(row: str, expected: float) -> None:
    hears = segmenter()
    row = expand(row)
    for tick, frames in enumerate(arrivals(7, row, len(row))):
        hears.push(frames, tick * TICK)
    assert hears.voiced_for == pytest.approx(expected)


def test_leaving_ends_what_is_open() -> None:
    hears = segmenter()
    for tick in range(30):
        hears.push([frame(7, tick, "s")], tick * TICK)
    (event,) = hears.left(0.6)
    assert isinstance(event, Spoke)
    assert event.utterance.ended_by == "left"
    assert hears.left(0.7) == []


def test_verdicts_carry_their_number() -> None:
    ((_, short),) = [told for told in run("s8 .30") if isinstance(told[1], Discarded)]
    ((_, noise),) = [told for told in run("n100 .30") if isinstance(told[1], Discarded)]
    assert isinstance(short, Discarded)
    assert isinstance(noise, Discarded)
    assert (short.verdict.outcome, dict(short.verdict.detail)) == ("too_short", {"seconds": 0.16})
    assert noise.verdict.outcome == "no_speech"
    assert noise.verdict.detail["dbfs"] == pytest.approx(-1.3, abs=0.1)
