"""How soon words stand in the captions after they were said, while six people speak at once."""

import asyncio
import itertools
import re
import time
from pathlib import Path
from statistics import median, quantiles

import pytest

from bot.audio import HEAR_RATE, seconds
from sandbox import clips
from sandbox.model.behaviour import TranscribeAs
from sandbox.model.log import ReceivedRequest
from sandbox.model.server import ModelServer
from sandbox.people.person import RTP_RATE, Person
from sandbox.server import Sandbox
from tests.e2e import process
from tests.e2e.conftest import Harness
from tests.e2e.process import environment

HEADING = (
    "captions, six people at once (targets: words <= 2.0 s p95 after they were said; final <= 1.5 s after the pause)"
)
NAMES = ("Ada", "Bea", "Cem", "Dia", "Eli", "Fay")
CLIPS = ("ben-story", "ben-moon", "ben-train", "anna-cook", "anna-boss", "yuki-weather")
ROUNDS = 3
PAUSE_SECONDS = 5.0
STEP = 0.1
"""Seconds of speech from one look to the next."""


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_words_while_they_are_said(tmp_path: Path, figures: dict[str, list[str]]) -> None:
    """Each transcription gets a word of its own: when it is first read tells when the sound before it is.

    A line that still grows ends with "…". An utterance is written down as a whole once its pause is over: from then to
    the line without "…", less the time of that transcription, is the wait for the final text.
    """
    numbers, asked = itertools.count(), dict[str, ReceivedRequest]()

    def heard(request: ReceivedRequest) -> TranscribeAs:
        word = f"word{next(numbers)}x"
        asked[word] = request
        return TranscribeAs(word)

    async with Sandbox.open() as sandbox, ModelServer.open() as model:
        model.default_transcription = heard
        harness = Harness(sandbox, model, tmp_path)
        async with process.running(
            environment(sandbox, model, tmp_path) | {"ANSWERING": "listen"}, tmp_path, fresh=True
        ) as bot:
            await bot.ready()
            people = [await sandbox.person(name) for name in NAMES]
            await harness.join(people[0])
            for person in people[1:]:
                await person.join(sandbox.lounge.id)
            outcome = await sandbox.command(people[0].user, "captions", {}, channel_id=sandbox.general.id)
            await outcome.settled()
            thread = next(item for item in sandbox.guild.channels.values() if item.is_thread)
            seen: dict[str, tuple[str, float]] = {}
            final: dict[str, float] = {}

            async def watch() -> None:
                while True:
                    shown = "\n".join(message.content for message in sandbox.messages(thread.id))
                    for name, words in re.findall(r"\*\*(\w+)\*\* (.*)", shown):
                        for word in words.split():
                            seen.setdefault(word, (name, time.monotonic()))
                        if not words.endswith("…"):
                            final.setdefault(words, time.monotonic())
                    await asyncio.sleep(0.02)

            async def say(person: Person, clip: str) -> None:
                await person.say(4 * clips.load(clip, RTP_RATE))

            watching = asyncio.create_task(watch())
            for _ in range(ROUNDS):
                await asyncio.gather(*map(say, people, CLIPS))
                await asyncio.sleep(PAUSE_SECONDS)
            watching.cancel()
    waits: list[float] = []
    known: dict[str, float] = {}
    "person -> until when their words could be read"
    for word, request in asked.items():
        if word in seen:
            ended, (name, at) = request.arrived_at, seen[word]
            begun = max(known.get(name, 0.0), ended - seconds(request.pcm, HEAR_RATE))
            waits += [at - ended + STEP * step for step in range(round((ended - begun) / STEP))]
            known[name] = ended
    assert set(known) == set(NAMES)
    finals = [at - done for word, at in final.items() if (done := asked[word].done_at) is not None]
    assert len(finals) >= ROUNDS * len(NAMES)
    p95 = quantiles(waits, n=20)[-1]
    figures.setdefault(HEADING, []).append(
        f"{len(asked)} requests, {len(seen)} read: median {median(waits):.2f} s, p95 {p95:.2f} s; "
        f"{len(finals)} final texts: median {median(finals):.2f} s, p95 {quantiles(finals, n=20)[-1]:.2f} s"
    )
