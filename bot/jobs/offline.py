"""The same jobs without Discord, from files to files."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from mimetypes import guess_type
from pathlib import Path

from bot.audio import SPEAK_RATE, clock
from bot.billing.account import price
from bot.billing.budget import Budget
from bot.billing.prices import Prices
from bot.config import Settings
from bot.engine.open import open_engines
from bot.engine.roles import models_of, own_prices
from bot.errors import AudioTooLong, FileError
from bot.files import documents
from bot.files.recordings.facts import QUESTION_LIMITS, RECORDING_LIMITS
from bot.jobs import catchup, podcast, podcast_folder
from bot.jobs.analysis_notes import AnalysisNotesOnDisk
from bot.jobs.analyze import Analysis, analyze, estimate, opened, steps
from bot.jobs.ask import Question, ask
from bot.jobs.context import JobContext
from bot.jobs.enclosed import NOTHING_ENCLOSED, Enclosed, read_enclosed
from bot.jobs.encoder import encode
from bot.jobs.job_folder import folder_beside
from bot.jobs.services import JobServices
from bot.jobs.terminal_place import TerminalPlace
from bot.ports import Store
from bot.store.outbox import Outbox
from bot.tools.builtin import BuiltinTools
from bot.tools.open import open_tools
from bot.tools.rounds import tool_route
from bot.types import RoomContext

SOUND_SUFFIXES = {
    ".ogg": ("ogg", "libopus"),
    ".opus": ("ogg", "libopus"),
    ".mp3": ("mp3", "libmp3lame"),
    ".wav": ("wav", "pcm_s16le"),
}
"""Suffix of a file's name -> its container and codec."""
_UNLIMITED_BYTES = 10**12
"""Size limit of a podcast's file: none, because nobody uploads it."""
_MOST_BYTES = max(RECORDING_LIMITS.size, documents.MAX_DOCUMENT_BYTES)
"""Of a file that is read."""
Step = Callable[[str, int, int | None], None]
"""Called on progress with the step's name, the number of finished parts, and of all parts (None: unknown)."""
_NO_USER_ID = 0
TOOL_WAIT_SECONDS = 20.0
"""Seconds for the servers of tools to start."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a job made, to be shown and written."""

    text: str
    files: Mapping[Path, bytes]
    cost: Decimal | None
    "US dollars; None: unknown"
    notes: tuple[documents.Note, ...] = ()
    "on how the file was read"
    release: Callable[[], None] = lambda: None
    "lets go of what spares the next run the price, once nothing of this one is lost"


@asynccontextmanager
async def open_jobs(
    settings: Settings, store: Store | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[JobContext]:
    """Open the model that the settings name, for jobs. Only `recap` needs a `store`."""
    wall = lambda: datetime.now().astimezone()  # noqa: E731
    async with (
        open_engines(settings, tls) as engines,
        open_tools(BuiltinTools(store, wall), settings.tools_file, settle=TOOL_WAIT_SECONDS) as tools,
    ):
        services = JobServices(
            tools=tools,
            tool_route=tool_route(engines.tools, settings),
            engine=engines.reply,
            budget=Budget(Decimal(0), Decimal(0), Prices(own_prices(settings)), lambda: datetime.now(UTC)),
            clock=time.monotonic,
            wall=wall,
            **models_of(settings),
            store=store,
            outbox=Outbox(store) if store is not None else None,
        )
        yield JobContext(services, engines.write, folder_beside(settings))


async def answer(
    jobs: JobContext, text: str, file: Path | None, out: Path, voice: str, language: str | None, step: Step
) -> Done:
    """Answer a question; the sound is for `out`, whose name ends in one of SOUND_SUFFIXES."""
    enclosed = await _enclosed(jobs, file) if file is not None else NOTHING_ENCLOSED
    step("asking", 0, None)
    room = RoomContext("Kikite", "a terminal", {}, jobs.services.wall(), language, voice)
    question = Question(0, 0, _NO_USER_ID, text, enclosed.sound, document=enclosed.words, place=TerminalPlace())
    found = await ask(question, room, jobs.services)
    return Done(found.text, await _sound(found.pcm, out), found.cost, enclosed.notes)


async def listen(jobs: JobContext, file: Path, question: str, out: Path | None, language: str, step: Step) -> Done:
    """Analyse a recording; the text is for `out`, too. The notes on a long one are kept until it is told."""
    recording = await asyncio.to_thread(_bytes, file)
    notes = AnalysisNotesOnDisk(jobs.folder)
    async with jobs.box.reading() as place, opened(place, recording, file.name) as heard:
        step("listening", 0, steps(heard.facts.seconds))
        async with jobs.bill(0, 0, _NO_USER_ID, estimate(jobs.studio, heard.facts.seconds)) as bill:
            found = await analyze(
                recording,
                heard,
                question,
                language,
                jobs.studio,
                bill,
                lambda done, all_: step("listening", done, all_),
                notes=notes,
            )
    text = "\n\n".join([found.text, *_told(found)])
    files = {out: f"{text}\n".encode()} if out else {}
    return Done(text, files, bill.cost, release=lambda: notes.drop(found.notes_key))


def _told(found: Analysis) -> list[str]:
    """Return what people should know about how the recording was heard."""
    told = ["(The file is cut off: this is about what there is of it.)"] if found.cut else []
    if found.silences:
        spans = ", ".join(f"{clock(begin)}–{clock(end)}" for begin, end in found.silences)
        told.append(f"(Silent, and not sent: {spans}.)")
    return told


async def recap(
    jobs: JobContext, channel_id: int, minutes: int, out: Path, voice: str, language: str, step: Step
) -> Done:
    """Recap a channel of the database; the sound is for `out`, whose name ends in one of SOUND_SUFFIXES."""
    services = jobs.services
    assert services.store is not None, "a recap is of what the database remembers"
    history = await services.store.history(channel_id, catchup.MAX_CATCHUP_LINES)
    talk = catchup.recent(history, services.wall(), minutes)
    step("summing", 0, None)
    async with jobs.bill(0, channel_id, _NO_USER_ID, catchup.estimate(jobs.studio, talk)) as bill:
        found = await catchup.catch_up(talk, language, voice, jobs.studio, bill)
    return Done(found.text, await _sound(found.pcm, out), bill.cost)


async def make_podcast(
    jobs: JobContext,
    file: Path,
    out: Path,
    container: str,
    voices: list[str],
    language: str,
    agree: Callable[[Decimal | None], None],
    step: Step,
) -> Done:
    """Make a podcast and its summary for the folder `out`, or as the file `out` and a .md file beside it.

    Continues an unfinished podcast of the same text. `agree` gets the price, and raises when the user declines it.
    """
    data = await asyncio.to_thread(_bytes, file)
    async with jobs.box.reading() as place:
        document = await place.document(data, file.name, aloud=True)
    plan = podcast.plan(document, language, voices, container, _UNLIMITED_BYTES)
    folder = await asyncio.to_thread(podcast_folder.PodcastFolder.open, jobs.folder, plan)
    expected = podcast.estimate(jobs.studio, folder.plan, folder.done())
    agree(price(jobs.services.budget, expected))
    folder.plan.paused = True  # so that a bot with the same folder does not continue it too
    async with jobs.bill(0, 0, _NO_USER_ID, expected) as bill:
        maker = podcast.Podcaster(folder, jobs.studio, bill)
        made = await maker.make(lambda state: step(state.step, state.done, state.parts))
    named = out.suffix.lower() in SOUND_SUFFIXES
    targets = (
        [out, out.with_suffix(documents.MARKDOWN_SUFFIX)]
        if named
        else [out / f"podcast.{container}", out / "summary.md"]
    )
    whole = [file.data for file in (*made.programme.files, made.summary)]
    files = dict(zip(targets, whole, strict=True))
    return Done(made.summary.data.decode(), files, maker.cost, document.notes, folder.clear)


async def _enclosed(jobs: JobContext, file: Path) -> Enclosed:
    """Return the content of a file that comes with a question."""
    data = await asyncio.to_thread(_bytes, file)
    async with jobs.box.reading() as place:
        try:
            return await read_enclosed(place, data, file.name, guess_type(file.name)[0] or "")
        except AudioTooLong as error:
            minutes = int(QUESTION_LIMITS.seconds // 60)
            hint = f"That recording is too long to go with a question: at most {minutes} minutes. Use analyze instead."
            raise AudioTooLong(str(error), hint=hint) from error


async def _sound(pcm: bytes, out: Path) -> dict[Path, bytes]:
    """Return the file for `out`; none without sound."""
    if not pcm:
        return {}
    container, codec = SOUND_SUFFIXES[out.suffix.lower()]
    return {out: await asyncio.to_thread(encode, pcm, SPEAK_RATE, container, codec)}


def _bytes(file: Path) -> bytes:
    """Return a file's bytes, and no more of a huge one than shows that it is too large. Raises FileError."""
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(_MOST_BYTES + 1)
    except OSError as error:
        said = f"{file} can't be read ({error.strerror or type(error).__name__})."
        raise FileError(said, hint=said) from error
