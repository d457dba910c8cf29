"""The tools that are always there: the clock, who is here, what it cost, and what was said."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.billing import report
from bot.errors import StoreError
from bot.ports import Asking, Store
from bot.tools.tool import Allowed, Run, Tool, ToolFailed
from bot.types import Message, ToolSpec

MAX_FOUND_LINES = 30
MAX_RECAP_LINES = 200
MAX_TOLD_LINE_CHARACTERS = 300
MAX_SEARCHED_GLEANINGS = 1_000
MAX_TOLD_SUMMARIES = 3
MAX_LINES_CHARACTERS = 7_000
"""Of one result; the oldest lines are left out."""
MAX_RECAP_MINUTES = 24 * 60
MAX_SEARCHED_WORDS = 8


class BuiltinTools:
    """Builds them once; `all` returns them."""

    def __init__(
        self,
        store: Store | None,
        wall: Callable[[], datetime],
        pending: Callable[[int], Iterable[Message]] = lambda _: (),
    ) -> None:
        """Without a store there is only the clock.

        `wall` is aware; its zone is the one the model is told. `pending` gives a channel's lines not yet stored.
        """
        self._store = store
        self._wall = wall
        self._pending = pending
        self._tools = (
            _tool(
                "clock",
                "The exact date and time now, here or in another time zone.",
                self._clock,
                time_zone=_text("IANA name, such as Asia/Tokyo; leave out for the zone here"),
            ),
            _tool("who_is_here", "The names of the people who are in the voice channel now.", self._who_is_here),
            _tool("usage", "What this server and the people who ask spent on you today, in US dollars.", self._usage),
            _tool(
                "recap",
                "What was said in this channel in the last minutes, line by line with names and times.",
                self._recap,
                allowed="readers",
                minutes={"type": "integer", "minimum": 1, "maximum": MAX_RECAP_MINUTES},
            ),
            _tool(
                "recall",
                "Finds what was said in this channel earlier, days or weeks back too: the lines that contain all of "
                "the given words, with names and times, and summaries of longer talks. Try fewer or other words if "
                "nothing is found; without words, only the newest summaries.",
                self._recall,
                allowed="readers",
                words=_text("one to three words as they were said, separated by spaces; a name finds who spoke"),
            ),
        )

    def all(self) -> Iterable[Tool]:
        return self._tools if self._store is not None else self._tools[:1]

    @property
    def _kept(self) -> Store:
        assert self._store is not None, "without a store only the clock is offered"
        return self._store

    async def _clock(self, arguments: Mapping[str, Any], asking: Asking) -> str:
        now = self._wall()
        if name := arguments.get("time_zone"):
            try:
                now = now.astimezone(ZoneInfo(str(name)))
            except (ValueError, OSError, KeyError):
                raise ToolFailed("There is no such time zone. Give an IANA name, such as Asia/Tokyo.") from None
        return f"{now:%A, %d %B %Y, %H:%M:%S} (UTC{now:%z})"

    async def _who_is_here(self, arguments: Mapping[str, Any], asking: Asking) -> str:
        return json.dumps(list(asking.place.people().values()), ensure_ascii=False)

    async def _usage(self, arguments: Mapping[str, Any], asking: Asking) -> str:
        midnight = datetime.combine(self._wall().astimezone(UTC).date(), time(), UTC)
        try:
            charges = await self._kept.charges(asking.place.guild_id, midnight)
        except StoreError:
            raise ToolFailed("The figures cannot be read now.") from None
        costs, names = report.add_up(charges, midnight + timedelta(days=1)), asking.place.people()
        theirs = {names[user_id]: _dollars(costs.people[user_id]) for user_id in asking.people if user_id in names}
        told = {"server_today": _dollars(costs.total), "people_today": theirs, "day": "UTC"}
        return json.dumps(told, ensure_ascii=False)

    async def _recap(self, arguments: Mapping[str, Any], asking: Asking) -> str:
        try:
            minutes = min(MAX_RECAP_MINUTES, max(1, int(arguments.get("minutes", 15))))
        except (TypeError, ValueError):
            raise ToolFailed("minutes must be a whole number.") from None
        since = self._wall() - timedelta(minutes=minutes)
        lines = [line for line in await self._lines(asking) if line.at >= since]
        return self._told(lines, asking, "Nothing was said in that time.")

    async def _recall(self, arguments: Mapping[str, Any], asking: Asking) -> str:
        words = str(arguments.get("words") or "").split()[:MAX_SEARCHED_WORDS]
        channel_id = asking.place.channel_id
        try:
            lines = await self._kept.search(channel_id, words, MAX_FOUND_LINES) if words else []
            gleaned = await self._kept.gleanings(channel_id, MAX_SEARCHED_GLEANINGS, words)
        except StoreError:
            raise ToolFailed("The memory cannot be read now.") from None
        summaries = [one for one in gleaned if one.role == "assistant"][-MAX_TOLD_SUMMARIES:]
        return self._told(lines, asking, "No line contains all of these words.", summaries)

    async def _lines(self, asking: Asking) -> list[Message]:
        channel_id = asking.place.channel_id
        try:
            stored = await self._kept.history(channel_id, MAX_RECAP_LINES)
        except StoreError:
            raise ToolFailed("The memory cannot be read now.") from None
        lines = {line.id: line for line in (*stored, *self._pending(channel_id))}
        return sorted(lines.values(), key=lambda line: line.at)

    def _told(self, lines: Iterable[Message], asking: Asking, nothing: str, summaries: Iterable[Message] = ()) -> str:
        """Return lines as JSON, one a line: in it, no name or word can look like another line. Summaries come last."""
        rows: list[str] = []
        size, people = 0, asking.place.people()
        told = [self._line(line, people.get(line.speaker_id, line.speaker)) for line in reversed(list(lines))]
        for row in (*map(self._summary, reversed(list(summaries))), *told):
            size += len(row) + 1
            if size > MAX_LINES_CHARACTERS:
                break
            rows.append(row)
        return "\n".join(reversed(rows)) or nothing

    def _line(self, line: Message, who: str) -> str:
        said = " ".join(line.text.split())[:MAX_TOLD_LINE_CHARACTERS]
        return json.dumps({"at": self._time(line.at), "who": who, "said": said}, ensure_ascii=False)

    def _summary(self, one: Message) -> str:
        until = datetime.fromtimestamp(one.expires_at or 0.0, UTC)
        told = {"from": self._time(one.at), "until": self._time(until), "in_short": " ".join(one.text.split())}
        return json.dumps(told, ensure_ascii=False)

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self._wall().tzinfo):%Y-%m-%d %H:%M}"


def _dollars(item: report.Sum) -> str:
    return f"${item.cost:.4f}"


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _tool(
    name: str,
    description: str,
    run: Run,
    *,
    allowed: Allowed = "everyone",
    required: tuple[str, ...] = (),
    **properties: Any,
) -> Tool:
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return Tool(ToolSpec(name, description, schema), run, allowed)
