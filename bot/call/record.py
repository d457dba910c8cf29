"""What has been said in a call: kept in memory for the model, shown to people and given to the store.

A person's line takes its place when the speech ends and gets its words when the transcript comes, so that the order is
the order of speaking.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from bot.call.context import CallContext
from bot.call.shown import HeardLine, SpokenLine
from bot.talk.history import History
from bot.types import Heard, Message, ReplyDone, Spoken, Turn, Typed, Utterance

OPEN = 200
"""Utterances and questions of which it is known which line is theirs."""
MET = 1000
"""People whose names are remembered after they left."""
UNINTELLIGIBLE = "[unintelligible]"
PENDING = "[not written down yet]"


class Record:
    """The lines of one channel, oldest first."""

    def __init__(self, context: CallContext, messages: Iterable[Message]) -> None:
        self._venue = context.venue
        self._display = context.display
        self._outbox = context.outbox
        self._history = History(messages, counts=context.counts)
        self._lines_of: dict[int | Typed, Message] = {}
        "utterance id, or what was typed -> its line"
        self._epoch = context.services.wall() - timedelta(seconds=context.services.clock())
        self._names: dict[int, str] = {}

    def spoke(self, utterance: Utterance) -> None:
        """Keep a place for a person's words."""
        self._line("user", utterance.user_id, PENDING, utterance.started_at, of=utterance.id)

    def written(self, utterance: Utterance, heard: Heard | None) -> None:
        """Fill in a person's words; None: the transcription failed. No words at all leave no line."""
        text = UNINTELLIGIBLE if heard is None else heard.text
        place = self._lines_of.get(utterance.id)
        if place is None:
            return
        if not text:
            self._history.remove(place.id)
            return
        message = replace(place, text=text)
        if not self._history.put(message):
            return
        self._keep(message)
        line = heard or Heard(utterance.id, utterance.user_id, text, 0.0)
        self._display.show(HeardLine(line, message.speaker))

    def asked(self, typed: Typed) -> None:
        """Note what somebody asked in writing."""
        self._keep(self._line("user", typed.user_id, typed.text, typed.at, of=typed))

    def answered(self, spoken: Spoken, done: ReplyDone | None, began: float) -> None:
        """Note what was heard of an answer; an interrupted one is never referred to by its audio."""
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
        """Every line, oldest first."""
        return self._history.messages

    def drop(self, message_ids: Set[str]) -> None:
        """Forget some lines, also where they wait to be kept; words still to come for them come to nothing."""
        for message_id in message_ids:
            self._history.remove(message_id)
        self._lines_of = {part: line for part, line in self._lines_of.items() if line.id not in message_ids}
        self._outbox.drop(message_ids)

    def before(self, turn: Turn) -> tuple[Message, ...]:
        """Return what was said before a turn, its own lines left out."""
        sounds = (typed.utterance_id for typed in turn.typed)
        parts = (*(utterance.id for utterance in turn.utterances), *turn.typed, *sounds)
        own = {line.id for part in parts if (line := self._lines_of.get(part))}
        return tuple(message for message in self._history.messages if message.id not in own)

    def met(self, people: Mapping[int, str]) -> None:
        """Remember the names of those present."""
        self._names.update(people)
        while len(self._names) > MET:
            del self._names[next(iter(self._names))]

    def name(self, user_id: int) -> str:
        """Return a person's display name, also after they left."""
        self.met(self._venue.people())
        return self._names.get(user_id, str(user_id))

    def forget(self, user_id: int | None = None) -> None:
        """Drop what a person said, the answers to it, and their name; None: every line (/memory clear)."""
        if user_id is None:
            self._history.clear()
            self._lines_of.clear()
            return
        self._history.forget(user_id)
        self._names.pop(user_id, None)
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
            if len(self._lines_of) > OPEN:
                del self._lines_of[next(iter(self._lines_of))]
        return message
