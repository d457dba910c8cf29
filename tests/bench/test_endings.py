"""How soon the end of a turn is found, and how often a hesitation is taken for it.

`./dev pytest tests/bench/test_endings.py -n 0` prints figures for fluent and hesitating speech in both languages.
KIKITE_RECORDINGS names a folder of recordings (WAV) to try as well, as Debian's pocketsphinx-testdata has some. Only
what would be a fault is asserted.
"""

import os
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from bot.audio import FRAME_SECONDS, HEAR_BYTES, HEAR_RATE, RTP_STEP
from bot.talk.level import level
from bot.talk.preemptive import PreemptivePolicy
from bot.talk.segmenter import Segmenter
from bot.talk.speech_events import SpeechResumed, Spoke
from bot.talk.vad import make_vad
from bot.types import Frame
from sandbox import clips
from sandbox.media import to_pcm
from tests.bench import BRIEF

HEADING = "endings: hesitating speech; wait: last word -> request (target <= 250 ms p95 on recordings)"
TURNS = 5 if BRIEF else 20
RECORDINGS = os.environ.get("KIKITE_RECORDINGS", "")
SPEECH = {
    "English": ("anna-boss", "anna-cook", "anna-quickest", "anna-wait", "ben-moon", "ben-story", "ben-train"),
    "Japanese": ("yuki-film", "yuki-game", "yuki-weather", "yuki-when", "bot-kikoeta", "bot-rice", "bot-tenki"),
}
ROOM_DBFS = -62.0
AFTER_SECONDS = 1.5
WORD_DB = 30.0
"""A frame less than this below the loud ones still belongs to a word."""


def sayings() -> Iterator[tuple[str, list[bytes]]]:
    for language, names in SPEECH.items():
        yield language, [clips.load(name, HEAR_RATE) for name in names]
    if RECORDINGS:
        yield "recordings", [to_pcm(path, HEAR_RATE) for path in sorted(Path(RECORDINGS).glob("*.wav"))]


def turns(said: Sequence[bytes], hesitating: bool, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, int]]:
    """Yield sound and the frame in which its last word ends. Who hesitates pauses between two sayings."""
    for number in range(TURNS if hesitating else len(said)):
        parts = [np.frombuffer(said[number % len(said)], "<i2")]
        for _ in range(int(rng.integers(1, 3)) if hesitating else 0):
            pause = float(np.clip(rng.lognormal(np.log(0.35), 0.5), 0.1, 1.2))
            parts += [np.zeros(int(pause * HEAR_RATE), "<i2"), np.frombuffer(said[int(rng.integers(len(said)))], "<i2")]
        words = np.concatenate(parts)
        levels = np.array([level(frame) for frame in frames(words)])
        end = int(np.flatnonzero(levels > np.percentile(levels, 90) - WORD_DB)[-1]) + 1
        sound = np.concatenate((words, np.zeros(int(AFTER_SECONDS * HEAR_RATE), "<i2")))
        room = rng.normal(0, 32768 * 10 ** (ROOM_DBFS / 20), len(sound))
        yield np.clip(sound + room, -32768, 32767).astype("<i2"), end


def frames(samples: np.ndarray) -> list[bytes]:
    pcm = samples.astype("<i2").tobytes()
    return [pcm[at : at + HEAR_BYTES] for at in range(0, len(pcm) - HEAR_BYTES + 1, HEAR_BYTES)]


def figures_of(said: Sequence[bytes], hesitating: bool, interpreted: bool) -> str:
    """Let one speaker say it all, turn by turn; return the row of the table."""
    segmenter, policy, ticks = Segmenter(1, make_vad("silero")(), count(1)), PreemptivePolicy(), count()
    cut_off = wasted = spoken = 0
    waits: list[float] = []
    seconds = cost = 0.0
    for sound, end in turns(said, hesitating, np.random.default_rng(7)):
        spoken += 1
        asked: int | None = None
        for number, pcm in enumerate(frames(sound)):
            tick = next(ticks)
            now = tick * FRAME_SECONDS
            begin = time.thread_time()
            events = segmenter.push([Frame(1, tick * RTP_STEP, pcm)], now)
            cost += time.thread_time() - begin
            seconds += FRAME_SECONDS
            for event in events:
                policy.note(event, now)
                if isinstance(event, SpeechResumed) and asked is not None:
                    policy.drop()
                    wasted, asked = wasted + 1, None
                if isinstance(event, Spoke):
                    policy.turn_ended()
                    cut_off += number < end
                    if number >= end:
                        waits.append((min(number, number if asked is None else asked) + 1 - end) * 20)
                    asked = None
            if asked is None and policy.next_request(now, (), risk=interpreted):
                asked = number
    p50, p95 = np.percentile(waits, (50, 95))
    return (
        f"cut off {100 * cut_off / spoken:5.1f}, wasted requests {100 * wasted / spoken:5.1f} per 100 turns; "
        f"wait p50 {p50:4.0f} p95 {p95:4.0f} ms; {1e6 * cost / seconds:5.0f} us/s"
    )


@pytest.mark.parametrize("interpreted", [False, True], ids=["answered", "interpreted"])
@pytest.mark.parametrize("hesitating", [False, True], ids=["fluent", "hesitating"])
def test_endings(hesitating: bool, interpreted: bool, figures: dict[str, list[str]]) -> None:
    kind = f"{'hesitating' if hesitating else 'fluent':10} {'interpreted' if interpreted else 'answered':11}"
    for name, said in sayings():
        row = figures_of(said, hesitating, interpreted)
        figures.setdefault(HEADING, []).append(f"{name:10} {kind} {row}")
        assert "nan" not in row
