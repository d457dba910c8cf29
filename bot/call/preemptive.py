"""The answer that is asked for before it is certain that the turn is over: kept unheard, and dropped if it is not."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.call.accounts import Accounts
from bot.call.answer import Answer
from bot.call.attention import Attention
from bot.call.transcripts import Transcripts
from bot.types import Turn, Utterance


class PreemptiveAnswer:
    """At most one such answer."""

    def __init__(
        self,
        attention: Attention,
        transcripts: Transcripts,
        books: Accounts,
        start: Callable[[Sequence[Utterance]], Answer | None],
    ) -> None:
        """`start` sends the request, if there is nothing that comes first."""
        self._attention = attention
        self._transcripts = transcripts
        self._books = books
        self._start = start
        self._reply: Answer | None = None
        self._listening: asyncio.Task[None] | None = None
        "finds out by the words whether the bot is meant"

    def ask(self, utterances: Sequence[Utterance], group: asyncio.TaskGroup) -> None:
        """Ask the model now where it is certain that the bot is meant; for the words, where they decide.

        What may be "stop" is not answered before its words are known: they are asked for beside the answer.
        """
        meant = self._attention.meant(utterances, {})
        if meant.yes:
            self._reply = self._start(utterances)
            last = utterances[-1]
            if self._reply and self._attention.may_be_stop(last) and self._books.may_transcribe_ahead(last):
                self._listening = group.create_task(self._listen(last, group), name="prepare")
        elif meant.text_needed and all(map(self._books.may_transcribe_ahead, utterances)):
            self._listening = group.create_task(self._ask_by_words(utterances, group), name="prepare")

    def drop(self) -> None:
        """The person goes on: it is never heard."""
        if self._listening:
            self._listening.cancel()
            self._listening = None
        if self._reply:
            dropped, self._reply = self._reply, None
            dropped.cut()
            self._books.dropped(dropped)

    def adopt(self, turn: Turn) -> Answer | None:
        """Take the answer, if it is one to this turn; else it is dropped."""
        reply = self._reply
        if reply is None:
            return None
        if turn.typed or [u.id for u in reply.turn.utterances] != [u.id for u in turn.utterances]:
            self.drop()
            return None
        self._reply = self._listening = None  # the words that are on their way are this turn's
        reply.turn = replace(turn, id=reply.turn.id)  # the number that its lines in the log have
        return reply

    async def _listen(self, utterance: Utterance, group: asyncio.TaskGroup) -> None:
        await self._transcripts.ahead(utterance, group)

    async def _ask_by_words(self, utterances: Sequence[Utterance], group: asyncio.TaskGroup) -> None:
        """Ask the model once the words say that the bot is meant, unless the silence was over before."""
        texts = await asyncio.gather(*(self._transcripts.ahead(utterance, group) for utterance in utterances))
        words = {utterance.id: text for utterance, text in zip(utterances, texts, strict=True)}
        stop = any(self._attention.is_stop(text) for text in texts)
        if not (self._reply or stop) and self._attention.meant(utterances, words).yes:
            self._reply = self._start(utterances)
