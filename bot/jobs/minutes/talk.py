"""Which lines belong to a meeting, how they are numbered, and how many of them one request takes; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.billing.tokens import spoken_seconds
from bot.call.meeting_times import SAME_MEETING_GAP
from bot.call.record import PENDING_TEXT, UNINTELLIGIBLE_TEXT
from bot.engine.quoting import one_line, plain
from bot.types import Message

MAX_MEETING_LINES = 6_000
"""The newest ones; a busy channel says about twenty a minute, so five hours."""
MAX_PART_CHARACTERS = 24_000
"""What one request shows: about 6,000 tokens, few enough that the model overlooks nothing."""
MAX_LINE_CHARACTERS = 2_000
_NAME_MARKS = re.compile(r"[\[\],:：、]+")


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line of a meeting, under the number by which minutes cite it."""

    number: int
    "from 1"
    id: str
    "of the message"
    speaker_id: int
    name: str
    "without the marks that end a name in `shown`"
    text: str
    at: datetime
    "in the time zone of the minutes"
    by_bot: bool
    asked_by: tuple[int, ...] = ()
    "a line of the bot: whom it answers"

    @property
    def shown(self) -> str:
        """The line as the model and people read it: `[12] Ana, 14:02: words`."""
        return f"[{self.number}] {self.name}, {self.at:%H:%M}: {self.text}"

    @property
    def seconds(self) -> float:
        """How long it took to say, estimated from its words."""
        return spoken_seconds(self.text)

    @property
    def people(self) -> frozenset[int]:
        """Whose words it is or answers."""
        return frozenset(self.asked_by if self.by_bot else (self.speaker_id,))


def meeting(history: Sequence[Message], began: datetime | None) -> list[Message]:
    """Return the lines of the newest meeting, oldest first: all since `began`, and those before without a long gap.

    `began` is when the call, or the one it took up, began; None: that is not known.
    """
    first = len(history)
    for index in range(len(history) - 1, -1, -1):
        at = history[index].at
        after = history[first].at if first < len(history) else None
        reached = min(after, began) if after and began else after or began
        if not (began and at >= began) and reached and reached - at > SAME_MEETING_GAP:
            break
        first = index
    return list(history[first:])


def numbered(messages: Sequence[Message], zone: tzinfo | None) -> list[NumberedLine]:
    """Return lines with words, numbered; what was not understood has none."""
    said = [m for m in messages if m.text.strip() and m.text not in (PENDING_TEXT, UNINTELLIGIBLE_TEXT)]
    return [
        NumberedLine(
            number,
            message.id,
            message.speaker_id,
            owner_name(message.speaker),
            one_line(message.text)[:MAX_LINE_CHARACTERS],
            message.at.astimezone(zone),
            message.role == "assistant",
            message.asked_by,
        )
        for number, message in enumerate(said[-MAX_MEETING_LINES:], 1)
    ]


def owner_name(name: str) -> str:
    """Return a name on one line without the marks that could end it: nobody's name looks like another's line."""
    return plain(_NAME_MARKS.sub(" ", name))


def in_parts(lines: Sequence[NumberedLine]) -> list[list[NumberedLine]]:
    """Split a meeting into parts for one request each."""
    parts: list[list[NumberedLine]] = []
    size = MAX_PART_CHARACTERS
    for line in lines:
        length = len(line.shown) + 1
        if size + length > MAX_PART_CHARACTERS:
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += length
    return parts


def talking_time(lines: Sequence[NumberedLine]) -> dict[str, float]:
    """Return for how many seconds each person talked, the longest first, estimated from their words."""
    found: dict[str, float] = {}
    for line in lines:
        if not line.by_bot:
            found[line.name] = found.get(line.name, 0.0) + line.seconds
    return dict(sorted(found.items(), key=lambda item: -item[1]))
