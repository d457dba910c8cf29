"""What holds whatever people do: rows of letters made up by Hypothesis."""

import re
from itertools import count, pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.audio import FRAME_SECONDS, HEAR_BYTES, HEAR_RATE, seconds
from bot.talk.segmenter import Segmenter, SegmenterSettings
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted, Spoke
from bot.types import Frame
from tests.talk.drawing import TICK, LetterVad, Room, arrivals, expand

runs = st.tuples(st.sampled_from("ssss..no>"), st.integers(1, 60)).map(lambda run: f"{run[0]}{run[1]}")
rows = st.lists(runs, max_size=25).map("".join).map(expand)
unheard = st.lists(st.tuples(st.sampled_from("x."), st.integers(1, 90)), max_size=10).map(
    lambda parts: "x." + expand("".join(f"{letter}{times}" for letter, times in parts))
)


def spoken(row: str, longest: float) -> list[SpeechEvent]:
    hears = Segmenter(7, LetterVad(), count(1), SegmenterSettings(max_length=longest))
    length = len(row) + 80
    events = [
        event for tick, come in enumerate(arrivals(7, row, length)) for event in hears.push(numbered(come), tick * TICK)
    ]
    return events + hears.left(length * TICK)


def numbered(frames: list[Frame]) -> list[Frame]:
    """Write each frame's place in the row into it, so that what comes out can be traced."""
    return [
        Frame(
            frame.user_id,
            frame.timestamp,
            frame.pcm[:2] + (frame.timestamp // 960).to_bytes(4, "little") + frame.pcm[6:],
        )
        if any(frame.pcm)
        else frame
        for frame in frames
    ]


def places(pcm: bytes) -> list[int]:
    """Return where in the row the frames of an utterance came from; gaps and silence are left out."""
    return [
        int.from_bytes(pcm[at + 2 : at + 6], "little")
        for at in range(0, len(pcm), HEAR_BYTES)
        if any(pcm[at : at + HEAR_BYTES])
    ]


@settings(max_examples=150, deadline=None)
@given(rows, st.sampled_from([1.0, 3.0, 30.0]))
@example(expand("s1.3>3.23s20"), 1.0)
def test_segmenter(row: str, longest: float) -> None:
    events = spoken(row, longest)
    said = [event.utterance for event in events if isinstance(event, Spoke)]
    assert all(a.id < b.id for a, b in pairwise(said)), "ids ascend"
    assert all(a.started_at < b.started_at for a, b in pairwise(said)), "in the order they began"
    heard = [place for utterance in said for place in places(utterance.pcm)]
    assert all(a < b for a, b in pairwise(heard)), "no sound twice, none out of order"
    assert all(seconds(utterance.pcm, HEAR_RATE) <= longest + 0.5 for utterance in said)
    assert all(len(utterance.pcm) % HEAR_BYTES == 0 for utterance in said)
    kept = set(heard)
    for first, last in parts(events):
        between = {place for place in range(first, last + 1) if row[place] in "sn>"}
        assert between <= kept, "nothing is lost between parts"
    starts_and_ends_alternate(events)


def parts(events: list[SpeechEvent]) -> list[tuple[int, int]]:
    """Return from where to where utterances go on that were cut for their length."""
    found: list[tuple[int, int]] = []
    begun: int | None = None
    last = 0
    for event in events:
        if isinstance(event, Spoke):
            here = places(event.utterance.pcm)
            begun, last = (here[0] if begun is None else begun), here[-1]
        ended = isinstance(event, Discarded) or (isinstance(event, Spoke) and event.utterance.ended_by != "length")
        if ended and begun is not None:
            # A rest without a voice is no part: then this ends where the voice did.
            found.append((begun, last))
            begun = None
    return found


def starts_and_ends_alternate(events: list[SpeechEvent]) -> None:
    speaking = paused = False
    for event in events:
        match event:
            case SpeechStarted():
                assert not speaking
                speaking, paused = True, False
            case SpeechPaused():
                assert speaking
                assert not paused
                paused = True
            case SpeechResumed():
                assert speaking
                assert paused
                paused = False
            case Spoke(utterance):
                assert speaking
                speaking = utterance.ended_by == "length"
            case Discarded():
                speaking = False  # noise outside of speech is told too
    assert not speaking


@settings(max_examples=80, deadline=None)
@given(rows, rows, unheard)
def test_floor(anna: str, ben: str, carl: str) -> None:
    room = Room({"anna": anna, "ben": ben, "carl": carl}, think=25, reply=60)
    scene = room.play(max(len(anna), len(ben), len(carl)) + 250)
    answered = [utterance for turn in scene.turns for utterance in turn]
    for turn in scene.turns:
        assert [(u.started_at, u.id) for u in turn] == sorted((u.started_at, u.id) for u in turn)
    yields = scene.times("Yield")
    assert len(answered) == len({utterance.id for utterance in answered}) or yields, "nothing is answered twice"
    assert scene.asked - scene.wasted <= len(scene.turns)
    for tick in (match.start() + 1 for match in re.finditer(r"[^bd][bd]", scene.bot)):
        for row in (anna, ben):
            # Somebody in the middle of speech: 100 ms of it before, and more to come.
            middle = row[max(0, tick - 5) : tick + 1]
            assert middle != "s" * 6, "it never begins while a human speaks"
        if tick < 15 / TICK:
            assert "x" not in carl[tick : tick + 1], "heard or not"


@given(st.lists(st.integers(-(2**40), 2**40), max_size=60))
def test_any_timestamps(steps: list[int]) -> None:
    hears = Segmenter(7, LetterVad(), count(1), SegmenterSettings(max_length=2.0))
    at = 0
    said = 0.0
    for tick, step in enumerate(steps):
        at += step
        for event in hears.push([Frame(7, at, b"s" * HEAR_BYTES)], tick * TICK):
            if isinstance(event, Spoke):
                said += seconds(event.utterance.pcm, HEAR_RATE)
    for event in hears.left(len(steps) * TICK):
        if isinstance(event, Spoke):
            said += seconds(event.utterance.pcm, HEAR_RATE)
    assert said <= len(steps) * (1.0 + FRAME_SECONDS), "silence made up for gaps is bounded"
