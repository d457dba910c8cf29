"""How late packets leave while the event loop builds request bodies, with 1, 20 and 100 calls.

Short by default; `./dev pytest -n0 -m long tests/bench/test_pacer.py` runs 30 s each. Nothing here asserts a timing.
"""

import asyncio
import base64
import json
import time

import nacl.secret
import pytest

from bot.audio import FRAME_SECONDS, SPEAK_BYTES
from bot.voice import opus
from bot.voice.send.pacer import Pacer
from bot.voice.send.sender import Sender

BODY = bytes(15 * 32_000)
"""PCM of 15 s of speech, what a request carries."""
HEADING = "Pacer: ms late while the loop builds bodies (discord.py fed with PCM falls behind at 50 replies)"


class Sink:
    """Stands for a socket: seals each packet as discord.py does, and notes when it went."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, packet: bytes) -> None:
        box = nacl.secret.Aead(bytes(32))
        box.encrypt(packet, bytes(12), len(self.times).to_bytes(24))
        self.times.append(time.perf_counter())

    def late(self) -> list[float]:
        """Return by how much each packet missed the steps of 20 ms of the most punctual one."""
        off = [at - number * FRAME_SECONDS for number, at in enumerate(self.times)]
        return [value - min(off) for value in off]


async def _speak(up: bool) -> None:
    """Nobody is told."""


async def _build_bodies() -> None:
    """Base64 and JSON of half a megabyte, ten times a second."""
    while True:
        json.dumps({"data": base64.b64encode(BODY).decode()})
        await asyncio.sleep(0.1)


async def _tick(senders: list[Sender]) -> None:
    due = time.perf_counter()
    while True:
        for sender in senders:
            sender.pump()
        due += FRAME_SECONDS
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def _run(calls: int, seconds: float) -> dict[str, float]:
    library = opus.load()
    sound = b"\x10\x20" * (SPEAK_BYTES // 2) * int(seconds / FRAME_SECONDS + 100)
    sinks = [Sink() for _ in range(calls)]
    with Pacer() as pacer:
        senders = [
            Sender(pacer, lambda: opus.OpusEncoder(library), send=sink, speak=_speak, connected=lambda: True)
            for sink in sinks
        ]
        tasks = [asyncio.create_task(_build_bodies()), asyncio.create_task(_tick(senders))]
        playbacks = []
        fed = []
        for number, sender in enumerate(senders):
            await asyncio.sleep(0.0037 * (number % 5))  # replies do not begin in step
            playbacks.append(sender.play())
            fed.append(time.perf_counter())
            playbacks[-1].feed(sound)
        await asyncio.sleep(seconds)
        underruns = sum(playback.underruns for playback in playbacks)
        for sender in senders:
            await sender.close()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    first = sorted(sink.times[0] - at for sink, at in zip(sinks, fed, strict=True))
    late = sorted(value for sink in sinks for value in sink.late())
    return {
        "packets": len(late),
        "late p50": late[len(late) // 2] * 1000,
        "late p99": late[int(len(late) * 0.99)] * 1000,
        "late max": late[-1] * 1000,
        "fed to sent p50": first[len(first) // 2] * 1000,
        "fed to sent max": first[-1] * 1000,
        "underruns": underruns,
        "skipped": sum(sender.skipped for sender in senders),
    }


@pytest.mark.parametrize("calls", [1, 20, 100])
@pytest.mark.parametrize("seconds", [1, pytest.param(30, marks=pytest.mark.long)])
def test_lateness(calls: int, seconds: int, figures: dict[str, list[str]]) -> None:
    measured = asyncio.run(_run(calls, seconds))
    line = ", ".join(f"{name} {value:.4g}" for name, value in measured.items())
    figures.setdefault(HEADING, []).append(f"{calls:4} calls: {line}")
    assert measured["packets"] >= calls
