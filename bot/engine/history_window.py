"""How much of a channel's history goes into the prompt; pure.

An exchange is what people said in a row and the answer to it. The prompt has whole exchanges only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.billing import tokens
from bot.types import Message

MAX_EXCHANGE_PAUSE = timedelta(seconds=60)
"""A longer pause between unanswered messages starts a new exchange."""


@dataclass(frozen=True, slots=True)
class HistoryWindow:
    """The limits on history in a prompt."""

    tokens: int = 4000
    "of history; a full window costs about a cent per answer at text rates"
    age: timedelta = timedelta(hours=6)
    exchanges: int = 40


EMPTY_WINDOW = HistoryWindow(exchanges=0)


def exchanges(history: Sequence[Message]) -> list[list[Message]]:
    """Split a history, oldest first, before each message that opens a new exchange."""
    found: list[list[Message]] = []
    previous: Message | None = None
    for message in history:
        opens = previous is None or (
            message.role == "user" and (previous.role == "assistant" or message.at - previous.at > MAX_EXCHANGE_PAUSE)
        )
        if opens:
            found.append([])
        found[-1].append(message)
        previous = message
    return found


def choose(
    history: Sequence[Message], now: datetime, window: HistoryWindow
) -> tuple[list[list[Message]], list[Message]]:
    """Return the newest exchanges that fit, oldest first, and the messages that do not."""
    found = exchanges(history)
    left = window.tokens
    first = len(found)
    for index in range(len(found) - 1, max(-1, len(found) - 1 - window.exchanges), -1):
        exchange = found[index]
        left -= sum(tokens.of_message(message.text) for message in exchange)
        if left < 0 or now - exchange[-1].at > window.age:
            break
        first = index
    return found[first:], [message for exchange in found[:first] for message in exchange]
