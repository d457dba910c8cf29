"""How late packets leave while the event loop builds request bodies, with 1 to 100 calls, and what a packet costs.

Short by default; `./dev pytest -n0 -m long tests/bench/test_pacer.py` runs 30 s each. Nothing here asserts a timing.
"""

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import discord
import discord.opus
import numpy as np
import pytest

from bot.audio import FRAME_SECONDS, RTP_RATE, SPEAK_BYTES, SPEAK_RATE
from bot.engine.request_body import RequestBody, audio_part
from bot.voice import opus
from bot.voice.aead import ENCRYPTION_MODE
from bot.voice.send.pacer import Pacer
from bot.voice.send.playback import OpusPlayback
from bot.voice.send.sealer import Sealer
from bot.voice.send.sender import Sender
from sandbox import clips
from tests.bench import BRIEF

BODY = bytes(15 * 32_000)
"""PCM of 15 s of speech, what a request carries."""
KEY = bytes(32)
HEADING = "Pacer: ms late while the loop builds bodies (discord.py fed with PCM falls behind at 50 replies)"


class Sink:
    """Stands for a socket: seals each packet, and notes when it went."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._sealer = Sealer()

    def __call__(self, packet: bytes) -> None:
        self._sealer.seal(packet, 1, KEY, None)
        self.times.append(time.perf_counter())

    def late(self) -> list[float]:
        """Return by how much each packet missed the steps of 20 ms of the most punctual one."""
        off = [at - number * FRAME_SECONDS for number, at in enumerate(self.times)]
        return [value - min(off) for value in off]


async def _speak(up: bool) -> None:
    """Nobody is told."""


async def _build_bodies() -> None:
    """Half a megabyte of sound, ten times a second."""
    while True:
        async for _ in RequestBody({"content": [audio_part(BODY, "")]}):
            pass
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
    assert all(task.cancelled() for task in tasks)
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


class Discords(discord.VoiceClient):
    """discord.py's own, with nobody at the other end."""

    def __init__(self) -> None:
        self._connection: Any = SimpleNamespace(
            **{"ssrc": 1, "secret_key": list(KEY), "mode": ENCRYPTION_MODE, "dave_session": None},
            send_packet=lambda _packet: None,
        )
        self.sequence = self.timestamp = self._incr_nonce = 0
        self.encoder = discord.opus.Encoder()


def _cost(send: Callable[[bytes], None], frames: list[bytes]) -> float:
    """Return the microseconds of CPU for a frame."""
    begin = time.thread_time()
    for frame in frames:
        send(frame)
    return 1e6 * (time.thread_time() - begin) / len(frames)


def _frames(sound: bytes, size: int) -> list[bytes]:
    return [sound[at : at + size] for at in range(0, len(sound) - size + 1, size)]


def test_a_packet_costs_less_than_in_discord_py(figures: dict[str, list[str]]) -> None:
    """From PCM to the sealed packet, one after the other: encoding, the queue, sealing; no waiting and no socket."""
    library, sink, calls = opus.load(), Sink(), 0
    discord.opus.load_opus(library.path)
    theirs, playback = Discords(), OpusPlayback(opus.OpusEncoder(library))

    def ours(frame: bytes) -> None:
        nonlocal calls
        playback.feed(frame)
        packet = playback.take()
        assert packet
        calls += 1
        sink(packet)

    mono = clips.load("bot-rice", SPEAK_RATE)
    stereo = np.repeat(np.frombuffer(clips.load("bot-rice", RTP_RATE), "<i2"), 2).tobytes()
    spoken, played = _frames(mono, SPEAK_BYTES), _frames(stereo, theirs.encoder.FRAME_SIZE)
    rounds = [(_cost(ours, spoken), _cost(theirs.send_audio_packet, played)) for _ in range(3 if BRIEF else 10)]
    cost, peer = map(min, zip(*rounds, strict=True))
    line = f"{cost:.0f} us, discord.py from PCM (48 kHz stereo) {peer:.0f}, ratio {cost / peer:.2f} (target 0.25)"
    figures.setdefault("Sending: CPU per packet, encoded and sealed", []).append(line)
    assert calls == len(rounds) * len(spoken)


@pytest.mark.parametrize("calls", [1, 20, 50, 100])
@pytest.mark.parametrize("seconds", [1, pytest.param(30, marks=pytest.mark.long)])
def test_lateness(calls: int, seconds: int, figures: dict[str, list[str]]) -> None:
    measured = asyncio.run(_run(calls, seconds))
    line = ", ".join(f"{name} {value:.4g}" for name, value in measured.items())
    figures.setdefault(HEADING, []).append(f"{calls:4} calls: {line}")
    assert measured["packets"] >= calls
