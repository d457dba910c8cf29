"""Transcribes what people say, concurrently with the answer and without delaying it.

Each utterance goes to the budget, the transcriber, the record and the accounts.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from bot.call.accounts import Accounts
from bot.call.context import CallContext
from bot.call.record import Record
from bot.errors import BotError
from bot.types import Heard, Utterance

log = structlog.get_logger(__name__)

MAX_TRANSCRIPTIONS = 8
"""Concurrent transcriptions of one call. Others wait."""
LAST_TRANSCRIPTS_SECONDS = 5.0
"""How long the last transcripts may take when the call ends."""
MAX_REMEMBERED_TRANSCRIPTS = 100
"""Transcripts that `of` can still return."""


class Transcripts:
    """The transcripts of one call. Their tasks run in the call's TaskGroup."""

    def __init__(
        self,
        context: CallContext,
        record: Record,
        accounts: Accounts,
        on_words: Callable[[Utterance, Heard | None], None],
        own: Callable[[Utterance, Heard], Heard],
    ) -> None:
        """`on_words` gets each transcript, or None if it failed; `own` returns it without the bot's own words."""
        self.failure: BotError | None = None
        "the error of the newest transcription; None: it succeeded"
        self._venue = context.venue
        self._transcriber = context.services.transcriber
        self._settings = context.settings
        self._record = record
        self._accounts = accounts
        self._on_words = on_words
        self._own = own
        self._slots = asyncio.Semaphore(MAX_TRANSCRIPTIONS)
        self._tasks: dict[int, asyncio.Task[str | None]] = {}
        self._speakers: dict[int, int] = {}
        "utterance id of a running transcription -> whose words"
        self._ahead: dict[int, tuple[Utterance, asyncio.Task[Heard | None]]] = {}
        "transcriptions begun before the utterance was certain to be over"

    def start(self, utterance: Utterance, group: asyncio.TaskGroup) -> None:
        """Transcribe an utterance, if the budget allows it."""
        if not self._accounts.may_transcribe(utterance):
            return
        self._record.spoke(utterance)
        while len(self._tasks) >= MAX_REMEMBERED_TRANSCRIPTS:
            self._tasks.pop(next(iter(self._tasks)))
        begun = self._ahead.get(utterance.id)
        if begun and begun[0].voiced == utterance.voiced:
            del self._ahead[utterance.id]
        else:
            self._drop(utterance.id)
            begun = None
        writing = self._write(utterance, begun[1] if begun else None)
        task = self._tasks[utterance.id] = group.create_task(writing, name=f"transcript:{utterance.id}")
        self._speakers[utterance.id] = utterance.user_id
        task.add_done_callback(lambda _: self._speakers.pop(utterance.id, None))

    async def ahead(self, utterance: Utterance, group: asyncio.TaskGroup) -> str | None:
        """Transcribe before the endpointing delay ends, and return the words. `start` uses them unless speech resumes.

        Raises CancelledError if speech resumes.
        """
        self._drop(utterance.id)
        task = group.create_task(self._transcribe(utterance), name=f"transcript-ahead:{utterance.id}")
        self._ahead[utterance.id] = utterance, task
        heard = await task
        return heard.text if heard else None

    def pending(self, utterance_id: int) -> bool:
        """Whether the transcript of an utterance is still running."""
        task = self._tasks.get(utterance_id)
        return task is not None and not task.done()

    async def of(self, utterance_ids: Iterable[int], timeout: float) -> dict[int, str | None]:
        """Return the words by utterance id; None if the transcription failed or took longer than `timeout` seconds."""
        tasks = {number: self._tasks[number] for number in utterance_ids if number in self._tasks}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=timeout)
        return {
            number: task.result() if task.done() and not task.cancelled() and not task.exception() else None
            for number, task in tasks.items()
        }

    def withdraw(self, user_id: int) -> set[int]:
        """Cancel the transcriptions of a person; return the ids of the utterances whose words are not known."""
        for utterance_id in [number for number, (begun, _) in self._ahead.items() if begun.user_id == user_id]:
            self._drop(utterance_id)
        running = {number for number, speaker in self._speakers.items() if speaker == user_id}
        for utterance_id in running:
            self._tasks[utterance_id].cancel()
            self._accounts.not_transcribed(utterance_id)
        return running

    async def finish(self) -> None:
        """Wait for running transcriptions, cancel late ones, and release what they had reserved of the budget."""
        for utterance_id in list(self._ahead):
            self._drop(utterance_id)
        open_tasks = [task for task in self._tasks.values() if not task.done()]
        if open_tasks:
            _, late = await asyncio.wait(open_tasks, timeout=LAST_TRANSCRIPTS_SECONDS)
            for task in late:
                task.cancel()
        self._accounts.transcribed_all()

    async def _write(self, utterance: Utterance, begun: asyncio.Task[Heard | None] | None) -> str | None:
        heard = await begun if begun else await self._transcribe(utterance)
        if heard:
            heard = self._own(utterance, heard)
        self._record.written(utterance, heard)
        self._accounts.transcribed(utterance, heard)
        self._on_words(utterance, heard)
        return heard.text if heard else None

    async def _transcribe(self, utterance: Utterance) -> Heard | None:
        async with self._slots:
            names = [self._venue.bot_name, *self._venue.people().values()]
            try:
                heard = await self._transcriber.transcribe(utterance, self._settings().language, names)
                self.failure = None
                return heard
            except asyncio.CancelledError:
                self._accounts.transcript_wasted(utterance)  # the request was sent, and may be charged
                raise
            except BotError as error:
                self.failure = error
                log.warning("transcription_failed", utterance=utterance.id, reason=error.code)
                return None

    def _drop(self, utterance_id: int) -> None:
        if (begun := self._ahead.pop(utterance_id, None)) and not begun[1].cancel():
            self._accounts.transcript_wasted(begun[0])
