"""Requests for the tests of this room."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bot.audio import HEAR_RATE
from bot.types import Message, ReplyRequest, RoomContext, Turn, Typed, Utterance

BOT, AKI, BEN = 1, 2, 3
NOW = datetime(2026, 11, 22, 21, 4, 30, tzinfo=timezone(timedelta(hours=9)))
UNIX = NOW.timestamp()
ROOM = RoomContext(bot_name="Kikite", channel_name="Lounge", people={AKI: "Aki", BEN: "Ben"}, now=NOW)


def speech(seconds: float = 1.0, user_id: int = AKI, *, id: int = 1, at: float = 10.0, sample: int = 1000) -> Utterance:
    pcm = sample.to_bytes(2, "little", signed=True) * int(seconds * HEAR_RATE)
    return Utterance(id, user_id, at, pcm, voiced=seconds, ended_by="silence")


def said(text: str, user_id: int = AKI, *, ago: float = 60, speaker: str = "") -> Message:
    name = speaker or ROOM.people[user_id]
    return Message("user", user_id, name, text, NOW.astimezone(UTC) - timedelta(seconds=ago))


def answered(
    text: str, audio_id: str | None = None, *, ago: float = 50, left: float = 3000, cut: bool = False
) -> Message:
    return Message(
        "assistant",
        BOT,
        "Kikite",
        text,
        NOW.astimezone(UTC) - timedelta(seconds=ago),
        audio_id=audio_id,
        expires_at=UNIX + left if audio_id else None,
        interrupted=cut,
    )


def request(*utterances: Utterance, typed: str = "", history: tuple[Message, ...] = (), **room: Any) -> ReplyRequest:
    written = (Typed(BEN, typed, 11.0),) if typed else ()
    if not utterances and not typed:
        utterances = (speech(),)
    context = RoomContext(**{name: room.get(name, getattr(ROOM, name)) for name in RoomContext.__dataclass_fields__})
    return ReplyRequest(Turn(7, 70, utterances, closed_at=12.0, typed=written), history, context)
