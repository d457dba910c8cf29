"""What has been said in a call: kept in memory for the model, shown to people and given to the store.

A person's line takes its place when the speech ends and gets its words when the transcript comes, so that the order is
the order of speaking.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from bot.ports import Venue
from bot.scribe import Scribe
from bot.services import Services
from bot.types import Heard, Message, ReplyDone, Spoken, Turn, Typed, Utterance

REMEMBERED = 200
"""Lines kept in memory; the engine takes a window of them by tokens and age."""
UNINTELLIGIBLE = "[unintelligible]"
PENDING = "[not written down yet]"


class Record:
    """The lines of one channel, oldest first."""

    def __init__(self, venue: Venue, scribe: Scribe, services: Services, messages: Iterable[Message]) -> None:
        self._venue = venue
        self._scribe = scribe
        self._lines = {message.id: message for message in messages}
        self._lines_of: dict[int | Typed, str] = {}
        "utterance id, or what was typed -> message id"
        self._epoch = services.wall() - timedelta(seconds=services.clock())
        self._names: dict[int, str] = {}

    def spoke(self, utterance: Utterance) -> None:
        """Keep a place for a person's words."""
        self._line("user", utterance.user_id, PENDING, utterance.started_at, of=utterance.id)

    def written(self, utterance: Utterance, heard: Heard | None) -> None:
        """Fill in a person's words; None: the transcription failed. No words at all leave no line."""
        text = UNINTELLIGIBLE if heard is None else heard.text
        message_id = self._lines_of.get(utterance.id, "")
        if message_id not in self._lines:
            return
        if not text:
            del self._lines[message_id]
            return
        message = self._lines[message_id] = replace(self._lines[message_id], text=text)
        self._scribe.keep(message)
        line = heard or Heard(utterance.id, utterance.user_id, text, 0.0)
        self._scribe.show(lambda audience: audience.heard(line, message.speaker))

    def asked(self, typed: Typed) -> None:
        """Note what somebody asked in writing."""
        self._scribe.keep(self._line("user", typed.user_id, typed.text, typed.at, of=typed))

    def answered(self, spoken: Spoken, done: ReplyDone | None, began: float) -> None:
        """Note what was heard of an answer; an interrupted one is never referred to by its audio."""
        self._scribe.show(lambda audience: audience.said(spoken))
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
        )
        self._scribe.keep(message)

    def before(self, turn: Turn) -> tuple[Message, ...]:
        """Return what was said before a turn, its own lines left out."""
        own = {self._lines_of.get(part) for part in (*(u.id for u in turn.utterances), *turn.typed)}
        return tuple(message for message in self._lines.values() if message.id not in own)

    def name(self, user_id: int) -> str:
        """Return a person's display name, also after they left."""
        self._names.update(self._venue.people())
        return self._names.get(user_id, str(user_id))

    def forget(self) -> None:
        """Drop every line (/memory clear)."""
        self._lines.clear()
        self._lines_of.clear()

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
    ) -> Message:
        speaker = self._venue.bot_name if role == "assistant" else self.name(speaker_id)
        when = self._epoch + timedelta(seconds=at)
        message = Message(role, speaker_id, speaker, text, when, audio_id, expires_at, interrupted)
        self._lines[message.id] = message
        if of is not None:
            self._lines_of[of] = message.id
        for kept in (self._lines, self._lines_of):
            while len(kept) > REMEMBERED:
                del kept[next(iter(kept))]  # pyright: ignore[reportArgumentType]
        return message
