"""One line of the chat: what it should say, and the messages that say it."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import discord

from bot.chat.requests import is_edge_fault


class PostedMessage(Protocol):
    """What a line needs of its discord.Message."""

    async def edit(self, *, content: str, view: discord.ui.View = ...) -> object: ...

    async def delete(self) -> None: ...


class TextChannel(Protocol):
    """What the writer needs of a discord.abc.Messageable."""

    @property
    def id(self) -> int: ...

    async def send(
        self,
        content: str,
        *,
        silent: bool,
        suppress_embeds: bool,
        nonce: int,
        view: discord.ui.View = ...,
        files: Sequence[discord.File] = ...,
    ) -> PostedMessage: ...


class WrittenLine:
    """One line; `text` is what it should say."""

    __slots__ = (
        "asked_by",
        "growing",
        "kept",
        "late",
        "places",
        "posted",
        "queued_at",
        "row",
        "shown",
        "shown_row",
        "speaker",
        "text",
        "together",
    )

    def __init__(self, text: str, *, growing: bool, speaker: int = 0, kept: bool = False) -> None:
        self.text = text
        self.speaker = speaker
        "the person whose words they are, or whom they name; 0: nobody"
        self.asked_by: Collection[int] = ()
        "the people whom it answers"
        self.growing = growing
        "its text will change, so it gets a message of its own"
        self.kept = kept
        "people must read it: while the bot may not write it waits"
        self.queued_at = asyncio.get_running_loop().time()
        self.late = ""
        "the small print that says when it was said"
        self.posted: list[PostedMessage] = []
        self.shown: list[str] = []
        self.places: set[int] = set()
        "ids of the channels in which they are: one, unless it had to change midway"
        self.row: discord.ui.View | None = None
        "buttons for its last message"
        self.shown_row: discord.ui.View | None = None
        "those that it has"
        self.together: list[WrittenLine] | None = None
        "the lines that it is put together from; None: it is one"

    @property
    def full_text(self) -> str:
        return self.text + self.late

    @property
    def lines(self) -> "list[WrittenLine]":
        """The lines to post anew in its place, once it is taken away."""
        return [self] if self.together is None else self.together

    def drop(self, unwanted: "Callable[[WrittenLine], bool]") -> None:
        """Do not post these anew."""
        kept = [line for line in self.lines if not unwanted(line)]
        if len(kept) < len(self.lines):
            self.together = kept

    def shows(self, part: str, posted: PostedMessage, place: int) -> None:
        """Take one more message, that shows a part of the text in a channel."""
        self.posted.append(posted)
        self.shown.append(part)
        self.places.add(place)

    async def shorten(self, count: int) -> None:
        """Delete the messages beyond the first `count`. Raises REQUEST_ERRORS."""
        while len(self.posted) > count:
            await self.posted[-1].delete()
            self.posted.pop()
            self.shown.pop()

    async def take_away(self) -> None:
        """Delete the messages, so that it can be posted anew. Raises REQUEST_ERRORS if Discord cannot be reached."""
        while self.posted:
            try:
                await self.shorten(0)
            except discord.HTTPException as error:
                if is_edge_fault(error):
                    raise
                self.posted.pop()  # it has to stay, or is gone
                self.shown.pop()
        self.places.clear()
        self.shown_row = None
        self.late, self.queued_at = "", asyncio.get_running_loop().time()
