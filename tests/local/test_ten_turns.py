"""Ten turns with real ears and a real voice through the whole bot; a stand-in writes the answers.

LOCAL_MODELS_DIR=… ./dev --extra local --extra local-ja pytest -n 0 -s -m long tests/local -k ten_turns
"""

import os
from pathlib import Path
from statistics import median

import pytest

from bot.audio import HEAR_RATE, RTP_RATE, seconds
from bot.engine.local.recogniser import MoonshineRecogniser
from sandbox import clips
from sandbox.media import resample
from sandbox.model.behaviour import Speak
from tests.e2e.conftest import Harness, harness, until
from tests.local.test_local_figures import child_processes, memory, told
from tests.local.test_local_parts import local
from tests.local.weights import RECOGNISER
from tests.local.word_errors import error_rate

__all__ = ["harness"]

QUESTIONS = (
    *("anna-cook", "anna-quickest", "anna-boss", "anna-wait", "ben-moon"),
    *("ben-train", "ben-story", "ben-pause", "anna-cook", "ben-moon"),
)
ANSWERS = (
    "There are two ways to do that.",
    "Fried rice with egg and spinach is quick, and you need just one pan.",
    "That is true, but the boss has three lives, and you have only one.",
    "Of course, go ahead.",
    "The moon is so far away that light takes more than a second to get there.",
)


def cpu_seconds() -> dict[str, float]:
    """Return the time that each child process has taken."""
    ticks = os.sysconf("SC_CLK_TCK")
    fields = {part: (folder / "stat").read_text().rpartition(")")[2].split() for part, folder in child_processes()}
    return {part: (int(one[11]) + int(one[12])) / ticks for part, one in fields.items()}


@pytest.mark.long
async def test_ten_turns(harness: Harness, models: Path) -> None:
    listener = MoonshineRecogniser(models / RECOGNISER)
    said = [clips.get(one).sentence for one in QUESTIONS]
    clean = [listener.words(clips.load(one, HEAR_RATE), ()) for one in QUESTIONS]
    heard: list[str] = []
    spoken, asked, late = list[str](), list[str](), list[float]()
    length, made = 0.0, 0.0
    async with harness.bot(**local(models), answering="always", cue="off"):
        anna, bot = await harness.sandbox.person("Anna"), harness.sandbox.bot.id
        await harness.join(anna)
        before = cpu_seconds()
        for number, question in enumerate(QUESTIONS):
            answer = ANSWERS[number % len(ANSWERS)]
            harness.model.default = Speak(answer)
            since, lines = anna.recorder.last_sound(bot) or anna.recorder.began, len(told(harness))
            sound = clips.load(question, RTP_RATE)
            over = (await anna.say(sound)).last
            length += seconds(sound, RTP_RATE)
            await until(lambda number=number: sum("-#" in line for line in harness.lines()) > number, 60)
            await anna.recorder.quiet(bot, 1.0)
            words = anna.recorder.words(bot, since + 0.001)
            made += seconds(words, RTP_RATE)
            spoken.append(listener.words(resample(words, RTP_RATE, HEAR_RATE), ()))
            asked.append(answer)
            heard.append(" ".join(told(harness)[lines:]))
            first = next(frame.at for frame in anna.recorder.frames(bot) if frame.at > since)
            late.append(first - over)
            print(f"\n{said[number]}\n    {heard[-1]}\n{answer}\n    {spoken[-1]}   after {late[-1]:.2f} s")
        took = {part: spent - before[part] for part, spent in cpu_seconds().items()}
        print(f"word errors of what people said: clean {error_rate(said, clean):.1%}", end=", ")
        print(f"in the call {error_rate(said, heard):.1%}")
        print(f"word errors of what the bot said, as the same recogniser hears it: {error_rate(asked, spoken):.1%}")
        print(f"recogniser: {took['recogniser'] / length:.2f} s of CPU for a second of speech", end=", ")
        print(f"voice: {took['voice'] / made:.2f}")
        print(f"from the last packet to the first sound: median {median(late):.2f} s, at most {max(late):.2f} s")
        print(f"memory at its highest: {memory()}")
    assert not harness.model.transcriptions and not harness.model.speeches
    assert error_rate(said, heard) < 0.5 and error_rate(asked, spoken) < 0.5
