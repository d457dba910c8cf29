"""Whether an utterance is meant for the bot."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.talk.name_matching import fold, mentions

Mode = Literal["auto", "always", "name", "listen"]

FOLLOW_UP_SECONDS = 10.0
"""For this long after an answer the same person need not repeat the name."""

_STOP_PHRASES = """
stop, stop it, stop now, stop that, stop talking, stop speaking, be quiet, quiet, be silent, silence, shut up, hush,
shush, enough, that's enough, that is enough, cancel, never mind, nevermind,
ストップ, すとっぷ, やめて, やめろ, やめてください, 止めて, 止めてください, 止まって, とまって, とめて, 待って, まって,
静かに, しずかに, 静かにして, しずかにして,
静かにしてください, 黙って, だまって, 黙れ, もういい, もういいよ, もういいです,
うるさい, キャンセル, stopp, halt, ruhe, sei still, sei leise, hör auf, genug, para, párate, basta, cállate, silencio
"""
_STOP_FILLERS = re.compile(r"\b(?:please|ok|okay|hey|oh|now|just|no|bitte|por favor)\b|ねえ|ちょっと|お願い(?:します)?")
_MAX_STOP_CHARACTERS = 80
"""A longer text is not just a request to stop."""


@dataclass(frozen=True, slots=True)
class LastAddressed:
    """Whom the bot answered last, and when it stopped speaking (seconds on the call's clock)."""

    user_ids: frozenset[int]
    at: float


@dataclass(frozen=True, slots=True)
class Addressed:
    yes: bool
    reason: str
    "alone, always, named, follow_up; listen, not_named, unknown"
    text_needed: bool = False
    "it depends on words that are not transcribed yet: ask again with them"


def addressed(
    mode: Mode,
    names: Sequence[str],
    humans: int,
    spoken: Sequence[tuple[int, str | None]],
    last_answer: LastAddressed | None,
    now: float,
) -> Addressed:
    """Decide about a turn.

    `names` are what the bot answers to. `spoken` is who said what; the text is None until it is transcribed. `now` is
    when the turn began, in seconds on the call's clock.
    """
    if mode == "listen":
        return Addressed(False, "listen")
    if mode == "always":
        return Addressed(True, "always")
    if mode == "auto":
        if humans <= 1:
            return Addressed(True, "alone")
        if (
            last_answer
            and now - last_answer.at <= FOLLOW_UP_SECONDS
            and any(user in last_answer.user_ids for user, _ in spoken)
        ):
            return Addressed(True, "follow_up")
    if any(text and mentions(text, names) for _, text in spoken):
        return Addressed(True, "named")
    if any(text is None for _, text in spoken):
        return Addressed(False, "unknown", text_needed=True)
    return Addressed(False, "not_named")


def is_stop(text: str, names: Sequence[str] = ()) -> bool:
    """Return whether `text` only asks for silence; a "please" or the bot's name is allowed."""
    if len(text) > _MAX_STOP_CHARACTERS:
        return False
    words = [word for word in _plain(text).split() if not mentions(word, names)]
    said = _STOP_FILLERS.sub(" ", " ".join(words)).split() or words
    # "Stop, stop, stop!" counts as one; Japanese may have spaces anywhere.
    return bool(said) and (
        " ".join(said) in _PLAIN_STOP_PHRASES
        or "".join(said) in _PLAIN_STOP_PHRASES
        or set(said) <= _PLAIN_STOP_PHRASES
    )


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]|_", lambda sign: "" if sign[0] in "'’" else " ", fold(text)).split())


_PLAIN_STOP_PHRASES = frozenset(_plain(stop) for stop in _STOP_PHRASES.split(","))
