"""The jobs for people without Discord: files in, files out, the same work."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from bot.audio import SPEAK_RATE
from bot.config import Settings
from bot.engine.client import build_client
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.pricing import Prices
from bot.engine.studio import Studio
from bot.engine.transcribe import OpenAITranscriber
from bot.errors import BadAudio, BadDocument
from bot.jobs import catchup, documents, media, podcast, workshop
from bot.jobs.analyze import analyze, estimate, length
from bot.jobs.ask import Question, ask
from bot.jobs.bill import price
from bot.jobs.desk import Jobs, folder_beside
from bot.owed import Owed
from bot.ports import Store, Vad
from bot.services import Services
from bot.types import Charge, Message, RoomContext
from bot.usage import Budget

Step = Callable[[str, int, int | None], None]
"""Told of progress: what is done now, how much of it, of how much."""
_NOBODY = 0


class _NoStore:
    """Remembers nothing: there is no server whose memory this would be."""

    async def charge(self, charges: Sequence[Charge]) -> None:
        return

    async def charges(self, guild_id: int, since: datetime) -> list[Charge]:
        return []

    async def history(self, channel_id: int, limit: int) -> list[Message]:
        return []


@dataclass(frozen=True, slots=True)
class Done:
    text: str
    files: tuple[Path, ...]
    cost: Decimal | None
    "US dollars, None if unknown"


@asynccontextmanager
async def workroom(
    settings: Settings, store: Store | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Jobs]:
    """Open what the jobs need of the settings: the model. `store` is for `recap` alone."""
    client = build_client(settings.openai_api_key.get_secret_value(), settings.openai_base_url, tls)
    engine = OpenAIEngine(client, model=settings.openai_model)
    studio = Studio(client, model=settings.openai_model, text_model=settings.text_model, breaker=engine.breaker)
    store = store or cast(Store, _NoStore())
    services = Services(
        engine=engine,
        transcriber=OpenAITranscriber(client, model=settings.transcribe_model),
        store=store,
        owed=Owed(store),
        budget=Budget(Decimal(0), Decimal(0), Prices(settings.prices), lambda: datetime.now(UTC)),
        make_vad=_deaf,
        clock=time.monotonic,
        wall=lambda: datetime.now().astimezone(),
        model=settings.openai_model,
        transcribe_model=settings.transcribe_model,
        studio=studio,
    )
    try:
        yield Jobs(services, studio, folder_beside(settings.database_url))
    finally:
        await engine.aclose()
        await client.close()


async def answer(jobs: Jobs, text: str, file: Path | None, out: Path, voice: str, language: str | None) -> Done:
    """Answer a question; the sound goes to `out` (.ogg, .mp3 or .wav)."""
    recording = b""
    if file is not None:
        try:
            recording = await asyncio.to_thread(media.to_pcm, file)
        except BadAudio:
            document = await asyncio.to_thread(lambda: documents.read(file.read_bytes(), file.name))
            text = f"{text}\n\n{document.text}"
    room = RoomContext("Kikite", "a terminal", {}, jobs.services.wall(), language, voice)
    found = await ask(Question(0, 0, _NOBODY, text, recording), room, jobs.services)
    files: tuple[Path, ...] = ()
    if found.pcm:
        await asyncio.to_thread(_write, out, found.pcm)
        files = (out,)
    return Done(found.text, files, found.cost)


async def listen(jobs: Jobs, file: Path, question: str, out: Path | None, language: str, step: Step) -> Done:
    """Analyse a recording; the text goes to `out` too."""
    step("listening", 0, None)
    expected = estimate(jobs.studio, await length(file))
    async with jobs.bill(0, 0, _NOBODY, expected) as bill:
        found = await analyze(
            file, question, language, jobs.studio, bill, lambda done, all_: step("listening", done, all_)
        )
    if out is not None:
        await asyncio.to_thread(out.write_text, found.text + "\n", encoding="utf-8")
    return Done(found.text, (out,) if out else (), bill.cost)


async def recap(jobs: Jobs, channel_id: int, minutes: int, out: Path, voice: str, language: str) -> Done:
    """Catch up on a channel of the database; the sound goes to `out`."""
    services = jobs.services
    history = await services.store.history(channel_id, catchup.LINES)
    talk = catchup.recent(history, services.wall(), minutes)
    async with jobs.bill(0, channel_id, _NOBODY, catchup.estimate(jobs.studio, talk)) as bill:
        found = await catchup.catch_up(talk, language, voice, jobs.studio, bill)
    if found.pcm:
        await asyncio.to_thread(_write, out, found.pcm)
    return Done(found.text, (out,) if found.pcm else (), bill.cost)


async def cast_pod(
    jobs: Jobs,
    file: Path,
    out: Path,
    container: str,
    voices: list[str],
    language: str,
    agree: Callable[[Decimal | None], bool],
    step: Step,
) -> Done:
    """Make a podcast and its summary in the folder `out`, if `agree` says yes to the price; resumes what was begun."""
    data = await asyncio.to_thread(file.read_bytes)
    document = await asyncio.to_thread(documents.read, data, file.name)
    plan = podcast.plan(document, language, voices, container, 10**12)
    expected = podcast.estimate(jobs.studio, plan)
    if not agree(price(jobs.services, expected)):
        raise BadDocument(hint="Nothing was made.")
    bench = await asyncio.to_thread(workshop.Bench.open, jobs.folder, plan)
    bench.plan.paused = True  # a bot beside this is not to go on with it
    async with jobs.bill(0, 0, _NOBODY, expected) as bill:
        maker = podcast.Podcaster(bench, jobs.studio, bill)
        made = await maker.make(lambda state: step(state.step, state.done, state.parts))
    files = [_moved(path, out) for path in (*made.programme.files, made.summary)]
    bench.clear()
    return Done(files[-1].read_text(encoding="utf-8"), tuple(files), bill.cost)


def _moved(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    target.write_bytes(path.read_bytes())
    return target


def _write(out: Path, pcm: bytes) -> None:
    kinds = {".mp3": ("mp3", "libmp3lame"), ".wav": ("wav", "pcm_s16le")}
    container, codec = kinds.get(out.suffix.lower(), ("ogg", "libopus"))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(media.encode(pcm, SPEAK_RATE, container, codec))


def _deaf() -> Vad:
    raise NotImplementedError("there is no call here")
