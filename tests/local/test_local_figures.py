"""Figures of the real parts: speed, memory, and word errors over the whole packet path beside the clean clips.

LOCAL_MODELS_DIR=… ./dev --extra local --extra local-ja pytest -n 0 -s -m long tests/local
"""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.audio import HEAR_RATE, seconds
from bot.config import load
from bot.engine.open import open_engines
from bot.types import Utterance
from sandbox import clips
from tests.e2e.conftest import Harness, harness, until
from tests.e2e.test_conversation import OUT
from tests.engine.make import AKI
from tests.local.test_local_parts import local
from tests.local.word_errors import error_rate

__all__ = ["harness"]

ENGLISH = [
    clip for clip in clips.speech() if clip.language == "en" and clip.voice in ("Anna", "Ben") and "stop" not in clip.id
]
SPOKEN = [clip.sentence for clip in ENGLISH]


def child_processes() -> Iterator[tuple[str, Path]]:
    """Yield the part and the folder in /proc of each child process."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"bot.engine.local.child" in command:
            yield ("recogniser" if b"recogniser" in command else "voice"), process


def memory() -> str:
    """Return the resident memory of the child processes, at its highest."""
    found: list[str] = []
    for part, process in child_processes():
        peak = re.search(r"VmHWM:\s+(\d+)", (process / "status").read_text())
        found.append(f"{part} {int(peak[1]) / 1024:.0f} MB" if peak else part)
    return ", ".join(sorted(found))


@pytest.mark.long
async def test_figures_of_the_parts(models: Path) -> None:
    settings = load(overrides={"discord_token": "none", "text_base_url": "http://127.0.0.1:1/v1", **local(models)})
    async with open_engines(settings) as engines:
        heard: list[str] = []
        await engines.transcribe.transcribe(Utterance(1, AKI, 0.0, bytes(32_000), 1.0, "silence"), None, ())
        took, length = 0.0, 0.0
        for clip in ENGLISH:
            pcm = clips.load(clip.id, HEAR_RATE)
            began = time.monotonic()
            told = await engines.transcribe.transcribe(
                Utterance(1, AKI, 0.0, pcm, seconds(pcm, HEAR_RATE), "silence"), None, ["Kikite", "Anna"]
            )
            took, length = took + time.monotonic() - began, length + told.seconds
            heard.append(told.text)
        print(f"\nrecogniser: {took / length:.3f} s for a second of speech")
        print(f"word errors on clean clips: {error_rate(SPOKEN, heard):.1%}")
        took, length = 0.0, 0.0
        for sentence in SPOKEN:
            began = time.monotonic()
            made = await engines.write.say("", sentence, lambda *_: None, voice="0", verbatim=True)
            took, length = took + time.monotonic() - began, length + made.seconds
        print(f"voice: {took / length:.3f} s for a second of speech")
        print(f"memory at its highest: {memory()}")
        assert error_rate(SPOKEN, heard) < 0.5


def told(harness: Harness) -> list[str]:
    """Return what the chat says that Anna said."""
    return [line.removeprefix("**Anna**") for line in harness.lines() if line.startswith("**Anna**")]


@pytest.mark.long
async def test_word_errors_over_the_packet_path(harness: Harness, models: Path) -> None:
    heard: list[str] = []
    async with harness.bot(**local(models), answering="listen"):
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        for clip in ENGLISH:
            before = len(told(harness))
            await anna.say(clips.load(clip.id, OUT))
            await until(lambda before=before: len(told(harness)) > before, 20)
            await asyncio.sleep(2.5)  # a second utterance of the same sentence would come by then
            heard.append(" ".join(told(harness)[before:]))
            print(f"{clip.sentence}\n    {heard[-1]}")
    print(f"word errors over the packet path: {error_rate(SPOKEN, heard):.1%}")
    assert error_rate(SPOKEN, heard) < 0.5
