"""Writes down what people said, beside the reply and never in its way."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from bot.call.settings import CallSettings
from bot.errors import BotError
from bot.ports import Transcriber
from bot.types import Heard, Utterance

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Transcriptions of one call on their way at the same time; more wait."""
FINISH_WITHIN = 5.0
"""Seconds the last words have when the call ends."""
REMEMBERED = 100
"""Finished transcripts kept for whoever still asks."""


class Transcripts:
    """The transcripts of one call. Tasks live in the call's TaskGroup."""

    def __init__(
        self,
        transcriber: Transcriber,
        settings: Callable[[], CallSettings],
        names: Callable[[], Sequence[str]],
        done: Callable[[Utterance, Heard | None], None],
        wasted: Callable[[Utterance], None],
    ) -> None:
        """`done` is told each transcript, None where it failed; `wasted` what was begun ahead and of no use."""
        self._transcriber = transcriber
        self._settings = settings
        self._names = names
        self._done = done
        self._wasted = wasted
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[int, asyncio.Task[str | None]] = {}
        self.failure: BotError | None = None
        "what the newest transcription failed of; None: it worked"
        self._ahead: dict[int, tuple[Utterance, asyncio.Task[Heard | None]]] = {}
        "begun before it was certain that the utterance was over"

    async def ahead(self, utterance: Utterance, group: asyncio.TaskGroup) -> str | None:
        """Begin before the silence is over, and return the words; if no more is said, they are those of `start`.

        Raises CancelledError when more is said.
        """
        self._drop(utterance.id)
        task = group.create_task(self._ask(utterance), name=f"transcript-ahead:{utterance.id}")
        self._ahead[utterance.id] = utterance, task
        heard = await task
        return heard.text if heard else None

    def start(self, utterance: Utterance, group: asyncio.TaskGroup) -> None:
        """Have an utterance written down."""
        while len(self._tasks) >= REMEMBERED:
            self._tasks.pop(next(iter(self._tasks)))
        begun = self._ahead.get(utterance.id)
        if begun and begun[0].voiced == utterance.voiced:
            del self._ahead[utterance.id]
        else:
            self._drop(utterance.id)
            begun = None
        writing = self._write(utterance, begun[1] if begun else None)
        self._tasks[utterance.id] = group.create_task(writing, name=f"transcript:{utterance.id}")

    def pending(self, utterance_id: int) -> bool:
        """Whether the words of an utterance are still to come."""
        task = self._tasks.get(utterance_id)
        return task is not None and not task.done()

    async def of(self, utterance_ids: Iterable[int], timeout: float) -> dict[int, str | None]:
        """Return the words of these utterances; None where they failed or took too long."""
        tasks = {number: self._tasks[number] for number in utterance_ids if number in self._tasks}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=timeout)
        return {
            number: task.result() if task.done() and not task.cancelled() and not task.exception() else None
            for number, task in tasks.items()
        }

    async def finish(self) -> None:
        """Let what is on its way be written down, and give up on what takes too long."""
        for utterance_id in list(self._ahead):
            self._drop(utterance_id)
        open_tasks = [task for task in self._tasks.values() if not task.done()]
        if open_tasks:
            _, late = await asyncio.wait(open_tasks, timeout=FINISH_WITHIN)
            for task in late:
                task.cancel()

    async def _write(self, utterance: Utterance, begun: asyncio.Task[Heard | None] | None) -> str | None:
        heard = await begun if begun else await self._ask(utterance)
        self._done(utterance, heard)
        return heard.text if heard else None

    async def _ask(self, utterance: Utterance) -> Heard | None:
        async with self._slots:
            try:
                heard = await self._transcriber.transcribe(utterance, self._settings().language, self._names())
                self.failure = None
                return heard
            except BotError as error:
                self.failure = error
                log.warning("transcription_failed", utterance=utterance.id, reason=error.code)
                return None

    def _drop(self, utterance_id: int) -> None:
        if begun := self._ahead.pop(utterance_id, None):
            begun[1].cancel()
            self._wasted(begun[0])
