"""Transcribes what people say, concurrently with the answer and without delaying it.

Each utterance goes to the budget, the transcriber, the record and the accounts.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.billing.budget import Reservation
from bot.call.accounts import Accounts
from bot.call.context import CallContext
from bot.call.dictation import Dictation
from bot.call.growing_speech import GrowingSpeech
from bot.call.record import Record
from bot.types import Heard, Turn, Utterance

LAST_TRANSCRIPTS_SECONDS = 5.0
MAX_LAST_TRANSCRIPTS_SECONDS = 15.0
"""How long the last transcripts may take when the call ends."""
MAX_REMEMBERED_TRANSCRIPTS = 100
"""Transcripts that `of` can still return."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A transcription begun before the utterance was certain to be over."""

    utterance: Utterance
    reservation: Reservation
    task: asyncio.Task[Heard | None]


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
        self.dictation = Dictation(context, accounts)
        self._record = record
        self._accounts = accounts
        self._on_words = on_words
        self._own = own
        self._tasks: dict[int, asyncio.Task[str | None]] = {}
        self._whose: dict[int, int] = {}
        "utterance id -> whose words"
        self._ahead: dict[int, _Ahead] = {}
        "by utterance id"

    def start(self, utterance: Utterance, group: asyncio.TaskGroup, voice: int = 0) -> None:
        """Transcribe an utterance, if the budget allows it; `voice` is who is heard in it, 0: whoever sent it."""
        begun = self._ahead.get(utterance.id)
        # A closed one was refused for want of money, by what other processes spend.
        if begun and begun.reservation.open and begun.utterance.voiced == utterance.voiced:
            del self._ahead[utterance.id]
        else:
            self._drop(utterance.id)
            begun = None
        speech = self.dictation.parts.close(utterance)
        reservation = self._accounts.reserve_words(utterance, begun.reservation if begun else None)
        if not reservation.open:
            self.dictation.failure = reservation.refusal
            return
        self._record.spoke(utterance)
        while len(self._tasks) >= MAX_REMEMBERED_TRANSCRIPTS:
            oldest = next(iter(self._tasks))
            del self._tasks[oldest], self._whose[oldest]
        writing = self._write(utterance, reservation, speech, begun.task if begun else None)
        self._tasks[utterance.id] = group.create_task(writing, name=f"transcript:{utterance.id}")
        self._whose[utterance.id] = voice or utterance.user_id

    async def ahead(self, utterance: Utterance, group: asyncio.TaskGroup) -> str | None:
        """Transcribe before the endpointing delay ends, and return the words; None: money is short, or it failed.

        `start` uses them unless speech resumes. What is over and being written down already is not written down twice.
        Raises CancelledError if speech resumes.
        """
        if task := self._tasks.get(utterance.id):
            await asyncio.wait([task])
            return None if task.cancelled() or task.exception() else task.result()
        self._drop(utterance.id)
        reservation = self._accounts.reserve_ahead(utterance)
        if reservation is None:
            return None
        writing = self.dictation.write(utterance, reservation)
        task = group.create_task(writing, name=f"transcript-ahead:{utterance.id}")
        self._ahead[utterance.id] = _Ahead(utterance, reservation, task)
        settle = self._accounts.account.settle
        task.add_done_callback(lambda done: settle(reservation) if done.cancelled() else None)
        heard = await task
        return heard.text if heard else None

    def begun(self, utterance_id: int) -> bool:
        """Whether an utterance that is over was given to be written down."""
        return utterance_id in self._tasks

    def pending(self, utterance_id: int) -> bool:
        """Whether the transcript of an utterance is still running."""
        task = self._tasks.get(utterance_id)
        return task is not None and not task.done()

    def patience(self, least: float) -> float:
        """Return the seconds to wait for words: `least`, or what their server is known to need."""
        return max(least, self.dictation.patience)

    async def of(self, utterance_ids: Iterable[int], timeout: float) -> dict[int, str | None]:
        """Return the words by utterance id; None if the transcription failed or took longer than `timeout` seconds."""
        tasks = {number: self._tasks[number] for number in utterance_ids if number in self._tasks}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=timeout)
        return {
            number: task.result() if task.done() and not task.cancelled() and not task.exception() else None
            for number, task in tasks.items()
        }

    async def words(self, utterance_ids: Iterable[int], timeout: float) -> dict[int, str | None]:
        """Return the words by utterance id, of transcriptions that run, are done, or were begun ahead.

        None: there is none, it failed, or it took longer than `timeout` seconds.
        """
        found: dict[int, str | None] = dict.fromkeys(utterance_ids)
        waited: set[asyncio.Task[str | None] | asyncio.Task[Heard | None]] = set()
        due = asyncio.get_running_loop().time() + timeout
        # One that was begun ahead gives way to another, when more was said than it had.
        while tasks := {number: task for number in found if (task := self._newest(number)) and task not in waited}:
            await asyncio.wait(tasks.values(), timeout=due - asyncio.get_running_loop().time())
            waited.update(tasks.values())
            for number, task in tasks.items():
                if task.done() and not task.cancelled() and not task.exception():
                    result = task.result()
                    found[number] = result.text if isinstance(result, Heard) else result
        return found

    def wordless(self, turn: Turn, but: Utterance) -> bool:
        """Whether it is known that in a turn nobody said or typed a word, except perhaps in this utterance of it."""
        if turn.typed or but not in turn.utterances:
            return False
        tasks = [self._tasks.get(one.id) for one in turn.utterances if one is not but]
        return all(task and task.done() and not task.cancelled() and task.result() == "" for task in tasks)

    def withdraw(self, user_id: int) -> set[int]:
        """Cancel the transcriptions of a person; return the ids of the utterances whose words are not known."""
        self.dictation.parts.forget(user_id)
        for utterance_id in [number for number, begun in self._ahead.items() if begun.utterance.user_id == user_id]:
            self._drop(utterance_id)
        running = {number for number, speaker in self._whose.items() if speaker == user_id and self.pending(number)}
        for utterance_id in running:
            self._tasks[utterance_id].cancel()
            self._accounts.not_transcribed(utterance_id)
        return running

    def forget(self, user_id: int | None = None) -> None:
        """Drop the words of a person that are done; None: everybody's."""
        self.dictation.parts.forget(user_id)
        for utterance_id, speaker in list(self._whose.items()):
            task = self._tasks[utterance_id]
            if user_id in (None, speaker) and task.done():
                del self._tasks[utterance_id], self._whose[utterance_id]

    def drop(self, utterance_ids: Iterable[int]) -> None:
        """Drop the words of some utterances, where they are done."""
        for utterance_id in utterance_ids:
            if (task := self._tasks.get(utterance_id)) and task.done():
                del self._tasks[utterance_id], self._whose[utterance_id]

    async def finish(self) -> None:
        """Wait for running transcriptions, cancel late ones, and release what they had reserved of the budget."""
        self.dictation.parts.forget()
        for utterance_id in list(self._ahead):
            self._drop(utterance_id)
        open_tasks = [task for task in self._tasks.values() if not task.done()]
        if open_tasks:
            patience = min(MAX_LAST_TRANSCRIPTS_SECONDS, self.patience(LAST_TRANSCRIPTS_SECONDS))
            _, late = await asyncio.wait(open_tasks, timeout=patience)
            for task in late:
                task.cancel()
        self._accounts.transcribed_all()

    async def _write(
        self,
        utterance: Utterance,
        reservation: Reservation,
        speech: GrowingSpeech,
        begun: asyncio.Task[Heard | None] | None,
    ) -> str | None:
        heard = await begun if begun else await self.dictation.write(utterance, reservation, speech)
        if heard:
            heard = self._own(utterance, heard)
        if heard is None and not reservation.open:
            self._accounts.refused(utterance, reservation)
            self._record.unpaid(utterance)
        else:
            self._record.written(utterance, heard)
        self._accounts.transcribed(utterance, heard)
        self._on_words(utterance, heard)
        return heard.text if heard else None

    def _newest(self, utterance_id: int) -> asyncio.Task[str | None] | asyncio.Task[Heard | None] | None:
        begun = self._ahead.get(utterance_id)
        return self._tasks.get(utterance_id) or (begun.task if begun else None)

    def _drop(self, utterance_id: int) -> None:
        if (begun := self._ahead.pop(utterance_id, None)) and not begun.task.cancel():
            answered = not begun.task.cancelled() and not begun.task.exception() and begun.task.result()
            if answered and not self.dictation.streams:
                self._accounts.transcript_wasted(begun.utterance)
            self._accounts.account.settle(begun.reservation)
