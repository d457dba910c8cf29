"""The answer that is asked for before it is certain that the turn is over: unheard, and dropped if people go on."""

import asyncio
from collections.abc import Sequence

from bot.call.accounts import Accounts
from bot.call.answer import Answer
from bot.call.attention import Attention
from bot.call.context import CallContext
from bot.call.launcher import Launcher
from bot.call.stop_words import StopWords
from bot.call.transcripts import Transcripts
from bot.call.turns import Turns
from bot.errors import BudgetSpent
from bot.types import Turn, Utterance


class PreemptiveAnswer:
    """At most one such answer."""

    def __init__(
        self,
        context: CallContext,
        attention: Attention,
        stop_words: StopWords,
        transcripts: Transcripts,
        accounts: Accounts,
        turns: Turns,
        launcher: Launcher,
    ) -> None:
        self._context = context
        self._reads = context.services.reads
        self._attention = attention
        self._stop_words = stop_words
        self._transcripts = transcripts
        self._accounts = accounts
        self._turns = turns
        self._launcher = launcher
        self._answer: Answer | None = None
        self._people: frozenset[int] = frozenset()
        "whose sound it answers"
        self._listening: asyncio.Task[None] | None = None
        "gets the words early"
        self._group: asyncio.TaskGroup | None = None

    def use(self, group: asyncio.TaskGroup) -> None:
        """Ask in tasks of `group`."""
        self._group = group

    def ask(self, utterances: Sequence[Utterance]) -> None:
        """The turn probably ends here: have an answer ready, unheard, if nothing else is on its way."""
        self.drop()
        possible = self._turns.idle and not self._context.services.engine.fault
        if possible and self._context.settings().preemptive and self._group:
            self._ask(utterances, self._group)

    def _ask(self, utterances: Sequence[Utterance], group: asyncio.TaskGroup) -> None:
        """Ask the model now if the bot is certainly meant; ask for the words first where they decide that.

        Where the last utterance may be "stop", its words are asked for beside the answer: they must be known before
        the answer sounds.
        """
        self._people = frozenset(utterance.user_id for utterance in utterances)
        if self._turns.interpreter.on and len(utterances) > 1:
            return  # each of them is interpreted by itself
        meant = self._attention.judge(utterances, {})
        sure = meant.yes or self._turns.interpreter.on
        if sure and not self._reads:
            self._start(utterances)
            last = utterances[-1]
            if self._answer and self._stop_words.may_be_stop(last):
                self._listening = group.create_task(self._listen(last, group), name="preempt")
        elif sure or meant.text_needed:
            self._listening = group.create_task(self._ask_by_words(utterances, group), name="preempt")

    def drop(self) -> None:
        """People go on, or nobody is to be answered: it is never heard."""
        if self._listening:
            self._listening.cancel()
            self._listening = None
        if self._answer:
            dropped, self._answer = self._answer, None
            dropped.cut()
            self._accounts.charge_unheard(dropped)

    def withdraw(self, user_id: int) -> None:
        """Drop it if it answers a person's sound."""
        if user_id in self._people:
            self.drop()

    def may_sound_early(self, utterance: Utterance) -> bool:
        """Whether to say again at once what was probably said to its end; not what may be "stop"."""
        asked = self._answer is not None and [one.id for one in self._answer.turn.utterances] == [utterance.id]
        return asked and self._turns.interpreter.on and not self._stop_words.may_be_stop(utterance)

    def adopt(self, turn: Turn) -> Answer | None:
        """Give the answer away if it fits this turn; else drop it."""
        answer = self._answer
        if answer is None:
            return None
        other = turn.typed or answer.turn.languages != turn.languages
        # The request that is sent now may find money again; if not, people are told.
        refused = isinstance(answer.reply.error, BudgetSpent)
        if other or refused or [u.id for u in answer.turn.utterances] != [u.id for u in turn.utterances]:
            self.drop()
            return None
        self._answer = self._listening = None  # the words that were asked for early are this turn's
        answer.serve(turn)
        return answer

    def _start(self, utterances: Sequence[Utterance]) -> None:
        interpreting = self._turns.interpreter.on
        turn = self._turns.to_interpret(utterances[0]) if interpreting else self._turns.number(utterances)
        self._answer = self._launcher.answer(turn, preemptive=True)

    async def _listen(self, utterance: Utterance, group: asyncio.TaskGroup) -> None:
        await self._transcripts.ahead(utterance, group)

    async def _ask_by_words(self, utterances: Sequence[Utterance], group: asyncio.TaskGroup) -> None:
        """Ask the model once the words say that the bot is meant, unless the turn has closed by then."""
        texts = await asyncio.gather(*(self._transcripts.ahead(utterance, group) for utterance in utterances))
        words = {utterance.id: text for utterance, text in zip(utterances, texts, strict=True)}
        stop = any(self._stop_words.is_stop(text) for text in texts)
        sure = self._turns.interpreter.on or self._attention.judge(utterances, words).yes
        meant = sure and (not self._reads or any(texts))
        if meant and not (self._answer or stop) and self._turns.idle:
            self._start(utterances)
