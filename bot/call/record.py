"""What has been said in a call: in memory for the model, and passed on to the display and the store.

A person's line gets its position when the speech ends and its words when the transcript arrives. This keeps the lines
in the order of speaking.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from bot.call.context import CallContext
from bot.call.shown import HeardLine, SpokenLine
from bot.talk.history import History
from bot.talk.labels import Labels
from bot.types import Heard, Message, ReplyDone, Spoken, Turn, Typed, Utterance

MAX_TRACKED_LINES = 200
"""Utterances and typed questions whose line can still be found."""
UNINTELLIGIBLE_TEXT = "[unintelligible]"
PENDING_TEXT = "[not written down yet]"


class Record:
    """The lines of one channel, oldest first."""

    def __init__(self, context: CallContext, messages: Sequence[Message]) -> None:
        self.on_written: Callable[[Utterance, Heard | None], None] = lambda *_: None
        "told of each transcript; None: it failed"
        self.on_corrected: Callable[[int, Message], None] = lambda *_: None
        "told of each utterance whose line its speaker put right"
        self._venue = context.venue
        self._display = context.display
        self._outbox = context.outbox
        self._history = History(messages, counts=context.counts)
        self._lines_of: dict[int | Typed, Message] = {}
        "utterance id or typed question -> its line"
        self._epoch = context.services.wall() - timedelta(seconds=context.services.clock())
        self._labels = Labels(lambda: context.venue.bot_name, messages)

    def spoke(self, utterance: Utterance) -> None:
        """Add a line for an utterance whose transcript is still to come."""
        self._line("user", utterance.user_id, PENDING_TEXT, utterance.started_at, of=utterance.id)

    def written(self, utterance: Utterance, heard: Heard | None) -> None:
        """Fill in an utterance's transcript; None: the transcription failed. An empty transcript removes the line."""
        text = UNINTELLIGIBLE_TEXT if heard is None else heard.text
        line = self._lines_of.get(utterance.id)
        if line is None:
            return
        self.on_written(utterance, heard)
        if not text:
            self._history.remove(line.id)
            return
        message = replace(line, text=text)
        if not self._history.put(message):
            return
        self._keep(message)
        shown = heard or Heard(utterance.id, utterance.user_id, text, 0.0)
        self._display.show(HeardLine(shown, message.speaker))

    def unpaid(self, utterance: Utterance) -> None:
        """Remove an utterance's line: there is no money to write it down."""
        if line := self._lines_of.pop(utterance.id, None):
            self.on_written(utterance, None)
            self._history.remove(line.id)

    def asked(self, typed: Typed) -> None:
        """Add a typed question."""
        self._keep(self._line("user", typed.user_id, typed.words, typed.at, of=typed))

    def answered(self, spoken: Spoken, done: ReplyDone | None, began: float) -> None:
        """Add the part of an answer that was heard. An interrupted answer gets no audio id: that covers all of it."""
        self._display.show(SpokenLine(spoken))
        if not spoken.text:
            return
        whole = done if done and done.complete and not spoken.interrupted and spoken.spoken else None
        message = self._line(
            "assistant",
            self._venue.bot_id,
            spoken.text,
            began,
            audio_id=whole.audio_id if whole else None,
            expires_at=whole.expires_at if whole else None,
            interrupted=spoken.interrupted,
            asked_by=spoken.asked_by,
            message_id=spoken.id,
        )
        self._keep(message)

    @property
    def messages(self) -> tuple[Message, ...]:
        """All lines, oldest first."""
        return self._history.messages

    def utterances(self, message_ids: Set[str]) -> set[int]:
        """Return the ids of the utterances of some lines."""
        return {part for part, line in self._lines_of.items() if isinstance(part, int) and line.id in message_ids}

    def drop(self, message_ids: Set[str]) -> None:
        """Forget some lines, here and in the outbox. Later transcripts for them are ignored."""
        for message_id in message_ids:
            self._history.remove(message_id)
        self._lines_of = {part: line for part, line in self._lines_of.items() if line.id not in message_ids}
        self._outbox.drop(message_ids)

    def lines(self, utterance_ids: Set[int]) -> set[str]:
        """Return the ids of the lines of these utterances."""
        return {line.id for number in utterance_ids if (line := self._lines_of.get(number))}

    def withdraw(self, user_id: int, utterance_ids: Set[int]) -> set[str]:
        """Forget the lines of these utterances, and those of a person that are not written yet; return their ids."""
        ids = self.lines(utterance_ids)
        for line_ids in self._outbox.withdraw(self._venue.guild_id, user_id).values():
            ids |= line_ids
        self.drop(ids)
        return ids

    def correct(self, message: Message) -> None:
        """Replace a line whose speaker put it right, here and in the outbox."""
        if self._history.put(message):
            self._lines_of = {part: message if line.id == message.id else line for part, line in self._lines_of.items()}
            for number in self.utterances({message.id}):
                self.on_corrected(number, message)
        self._outbox.correct(message)

    @property
    def met(self) -> Set[int]:
        """Everyone who is or was in the channel, or wrote to it, as far as they are remembered."""
        return self._labels.people

    def before(self, turn: Turn) -> tuple[Message, ...]:
        """Return every line except the turn's own, each with its speaker's present label."""
        sounds = (typed.utterance_id for typed in turn.typed)
        parts = (*(utterance.id for utterance in turn.utterances), *turn.typed, *sounds)
        own = {line.id for part in parts if (line := self._lines_of.get(part))}
        return self._labels.on(message for message in self._history.messages if message.id not in own)

    def people(self) -> Mapping[int, str]:
        """Return the people in the channel now: Discord snowflake -> label (bot/talk/labels.py)."""
        # By id, that is by age: who is met first does not depend on the order in which Discord lists them.
        return {user_id: self._labels.of(user_id, name) for user_id, name in sorted(self._venue.people().items())}

    def name(self, user_id: int) -> str:
        """Return a person's label, even after they have left."""
        return self.people().get(user_id) or self._labels.known(user_id) or str(user_id)

    def meet(self, user_id: int, name: str) -> str:
        """Return the label of somebody by their display name: they write, but may never have been in the channel."""
        return self.people().get(user_id) or self._labels.of(user_id, name)

    def forget(self, user_id: int | None = None) -> None:
        """Forget a person's lines, the answers to them, and their name; None: every line (/memory clear)."""
        if user_id is None:
            self._history.clear()
            self._lines_of.clear()
            return
        self._history.forget(user_id)
        self._labels.forget(user_id)
        self._lines_of = {part: line for part, line in self._lines_of.items() if line.speaker_id != user_id}

    def _keep(self, message: Message) -> None:
        self._outbox.add(self._venue.guild_id, self._venue.channel_id, message)

    def _line(
        self,
        role: Literal["user", "assistant"],
        speaker_id: int,
        text: str,
        at: float,
        *,
        of: int | Typed | None = None,
        audio_id: str | None = None,
        expires_at: float | None = None,
        interrupted: bool = False,
        asked_by: tuple[int, ...] = (),
        message_id: str | None = None,
    ) -> Message:
        speaker = self._venue.bot_name if role == "assistant" else self.name(speaker_id)
        when = self._epoch + timedelta(seconds=at)
        message = Message(role, speaker_id, speaker, text, when, audio_id, expires_at, interrupted, asked_by=asked_by)
        if message_id:
            message = replace(message, id=message_id)
        self._history.append(message)
        if of is not None:
            self._lines_of[of] = message
            if len(self._lines_of) > MAX_TRACKED_LINES:
                del self._lines_of[next(iter(self._lines_of))]
        return message
