"""What waits for an answer, and which of it is the next turn."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

from bot.call.accounts import Accounts
from bot.call.attention import Attention
from bot.call.context import CallContext
from bot.call.stop_words import StopWords
from bot.call.transcripts import Transcripts
from bot.call.typed_lines import TypedLines
from bot.errors import Unreachable
from bot.talk.addressing import Addressed
from bot.types import Turn, Typed, Utterance

WORDS_WAIT_SECONDS = 5.0
"""Seconds a transcript may take where its words decide whether the bot is meant, unless its server is slower."""


class Turns:
    """The utterances and questions of one call that wait."""

    def __init__(
        self,
        context: CallContext,
        attention: Attention,
        stop_words: StopWords,
        transcripts: Transcripts,
        accounts: Accounts,
    ) -> None:
        self.interpreter = context.interpreter
        self._venue = context.venue
        self._clock = context.services.clock
        self._outbox = context.outbox
        self._verdicts = context.verdicts
        self._attention = attention
        self._stop_words = stop_words
        self._transcripts = transcripts
        self._accounts = accounts
        self.lines = TypedLines(context, accounts, self.wake, self._was_read)
        self._numbers = count(1)
        self._utterances: list[Utterance] = []
        self._typed: list[Typed] = []
        self._meant: set[int] = set()
        "ids of utterances that are certainly for the bot: part of an answer that had to be dropped"
        self._answering = False
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        """Return how much waits."""
        return len(self._utterances) + len(self._typed)

    @property
    def idle(self) -> bool:
        """Whether nothing waits, and no answer is on its way."""
        return not (self._answering or len(self))

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Hold this while an answer is on its way."""
        self._answering = True
        try:
            yield
        finally:
            self._answering = False

    def wake(self) -> None:
        """Have `wait` return."""
        self._wake.set()

    async def wait(self) -> None:
        """Return when something may wait."""
        await self._wake.wait()
        self._wake.clear()

    def offer(self, utterances: Sequence[Utterance] = (), typed: Sequence[Typed] = ()) -> None:
        """Let these wait for their answer, except those of forgotten people; what has a voice is read aloud first."""
        self._utterances += (utterance for utterance in utterances if utterance.user_id not in self._outbox.excluded)
        for one in typed:
            if not one.read_in:
                self._typed.append(one)
            elif not self.lines.add(one):
                self._was_read(one)
        self.wake()

    def _was_read(self, typed: Typed) -> None:
        """A written line was read aloud, or is not to be: now it may be answered."""
        if typed.addressed or self._attention.meant(typed):
            self.offer(typed=[replace(typed, read_in="")])

    def put_back(self, typed: Sequence[Typed], utterances: Sequence[Utterance] = ()) -> None:
        """Let these wait again, before the others."""
        self._typed = [*typed, *self._typed]
        self._utterances = [*utterances, *self._utterances]
        self._meant |= {utterance.id for utterance in utterances}
        self.wake()

    def stop(self) -> bool:
        """Drop what waits. Return whether there was anything."""
        waited = self.lines.stop() or len(self) > 0
        self._judge_stopped(self._utterances)
        self._utterances.clear()
        self._typed.clear()
        return waited

    def drop_before_stop(self) -> None:
        """Drop what was said before somebody asked for silence."""
        self._utterances, stopped = self._stop_words.split_at_stop(self._utterances)
        self._judge_stopped(stopped)

    def drop(self, utterance_id: int) -> None:
        """Drop an utterance that turned out to be none."""
        self._utterances = [utterance for utterance in self._utterances if utterance.id != utterance_id]

    def withdraw(self, user_id: int, *, typed: bool) -> list[Utterance]:
        """Drop what a person said, with `typed` also what they asked in writing; return the utterances."""
        dropped = [utterance for utterance in self._utterances if utterance.user_id == user_id]
        self._utterances = [utterance for utterance in self._utterances if utterance.user_id != user_id]
        self._typed = [one for one in self._typed if not (one.heard(user_id) or (typed and one.user_id == user_id))]
        return dropped

    def number(self, utterances: Sequence[Utterance], typed: Sequence[Typed] = ()) -> Turn:
        """Return these as the next turn."""
        now = self._clock()
        return Turn(next(self._numbers), self._venue.channel_id, tuple(utterances), now, tuple(typed))

    async def next(self) -> Turn | None:
        """Take all that waits and return it as a turn, if the bot is meant; one utterance, while it interprets."""
        if self.interpreter.on:
            return self._next_to_interpret()
        words: dict[int, str | None] = {}
        while (unknown := [u.id for u in self._utterances if u.id not in words]) and self._unclear(words):
            words |= dict.fromkeys(unknown) | await self._transcripts.of(
                unknown, self._transcripts.patience(WORDS_WAIT_SECONDS)
            )
        self.drop_before_stop()
        utterances, self._utterances = self._utterances, []
        typed, self._typed = self._typed, []
        meant = self._attention.judge(utterances, words)
        if typed or self._certain(utterances) or (utterances and meant.yes):
            self._meant.clear()
            return self.number(utterances, typed)
        self._dismiss(utterances, meant)
        return None

    def to_interpret(self, utterance: Utterance) -> Turn:
        """Return an utterance as the next turn to interpret."""
        return self.interpreter.turn(
            next(self._numbers), self._venue.channel_id, utterance, len(self._utterances), self._clock()
        )

    def _next_to_interpret(self) -> Turn | None:
        """Return the oldest utterance as a turn; what was asked in writing goes first, and is answered."""
        self._meant.clear()
        self.drop_before_stop()
        if self._typed:
            typed, self._typed = self._typed, []
            return self.number((), typed)
        return self.to_interpret(self._utterances.pop(0)) if self._utterances else None

    def _certain(self, utterances: Sequence[Utterance]) -> bool:
        return any(utterance.id in self._meant for utterance in utterances)

    def _unclear(self, words: Mapping[int, str | None]) -> bool:
        """Return whether only more words can tell if the bot is meant."""
        if self._certain(self._utterances):
            return False
        return self._attention.judge(self._utterances, words).text_needed

    def _dismiss(self, utterances: Sequence[Utterance], meant: Addressed) -> None:
        """Judge what is not answered."""
        refused = {utterance.id for utterance in utterances if self._accounts.unpaid(utterance)}
        if meant.text_needed and len(refused) < len(utterances):
            # The words never came. Somebody may have called the bot and waits: say what is wrong.
            self._accounts.news.failed(self._transcripts.dictation.failure or Unreachable())
        for utterance in utterances:
            if meant.text_needed and utterance.id in refused:
                self._verdicts.judge(utterance, "over_budget")
            else:
                self._verdicts.judge(utterance, "not_addressed", reason=meant.reason)

    def _judge_stopped(self, utterances: Sequence[Utterance]) -> None:
        for utterance in utterances:
            self._verdicts.judge(utterance, "stopped")
