"""What a call holds of people, their sound and their words, and how it lets go of it."""

from collections.abc import Callable, Mapping, Set

from bot.call.context import CallContext
from bot.call.listener import Listener
from bot.call.record import Record
from bot.call.responder import Responder
from bot.ports.holder import Holder
from bot.privacy.consent import Consents
from bot.talk.floor import Floor
from bot.types import Message


class Holdings(Holder):
    """The holdings of one call."""

    def __init__(
        self,
        context: CallContext,
        consents: Consents,
        listener: Listener,
        floor: Floor,
        responder: Responder,
        record: Record,
        people_changed: Callable[[], None],
    ) -> None:
        """`people_changed` is called when somebody is not to be heard any more."""
        self._context = context
        self._consents = consents
        self._listener = listener
        self._floor = floor
        self._responder = responder
        self._record = record
        self._people_changed = people_changed

    def withdraw(self, guild_id: int, user_id: int) -> Mapping[int, Set[str]]:
        """Drop a person's sound wherever it is by now, and their words that are not written; nothing is heard of them.

        What they typed stays, and what is written.
        """
        venue = self._context.venue
        if guild_id != venue.guild_id:
            return {}
        return {venue.channel_id: self._record.withdraw(user_id, self._drop_sound(user_id))}

    def forget_person(self, user_id: int) -> None:
        """Drop what a person said and what it was answered, also what waits; not heard until they agree again."""
        self._drop_sound(user_id, typed=True)
        self._context.outbox.exclude(user_id)
        self._context.display.drop_answers(user_id)
        self._record.forget(user_id)
        self._responder.transcripts.forget(user_id)
        self._responder.echoed_words.forget(user_id)

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        """Forget some lines, and the sound of the last answer if its line is one of them."""
        if channel_id != self._context.venue.channel_id:
            return
        answers = [message.id for message in self._record.messages if message.role == "assistant"]
        if answers and answers[-1] in line_ids:
            self._responder.unsay()
        self._responder.transcripts.drop(self._record.utterances(line_ids))
        self._record.drop(line_ids)

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        """Replace a line, also where it waits for the store."""
        if channel_id == self._context.venue.channel_id:
            self._responder.transcripts.drop(self._record.utterances({after.id}))
            self._record.correct(after)

    def clear_channel(self, channel_id: int) -> None:
        """Forget every line, and the sound of the last answer."""
        if channel_id != self._context.venue.channel_id:
            return
        self._responder.unsay()
        self._record.forget()
        self._responder.transcripts.forget()
        self._responder.echoed_words.forget()
        self._context.outbox.clear(channel_id)

    async def settled(self) -> None:
        await self._context.outbox.settled()

    def bar(self, user_ids: Set[int], captions: Holder) -> None:
        """Drop the sound of people who may not be answered any more; what they agreed to and what is known stay."""
        for user_id in user_ids:
            _, unwritten = self._let_go(user_id, "not_allowed")
            self._record.drop(self._record.lines(unwritten))
            captions.withdraw(self._context.venue.guild_id, user_id)

    def _drop_sound(self, user_id: int, *, typed: bool = False) -> set[int]:
        """Drop a person's sound, with `typed` also their questions; return the ids of their unanswered utterances."""
        self._consents.decide(user_id, False)
        dropped, unwritten = self._let_go(user_id, "no_consent", typed=typed)
        self._context.display.drop_words(user_id)
        self._people_changed()
        return dropped | unwritten

    def _let_go(self, user_id: int, why: str, *, typed: bool = False) -> tuple[set[int], set[int]]:
        """Return the ids of the utterances that waited, and of those that were being written down."""
        context = self._context
        self._listener.withdrawn(user_id, context.services.clock(), why)
        dropped, unwritten = self._responder.withdraw(user_id, typed=typed)
        dropped += self._floor.withdraw(user_id)
        for utterance in dropped:
            context.verdicts.judge(utterance, why)
        return {utterance.id for utterance in dropped}, unwritten
