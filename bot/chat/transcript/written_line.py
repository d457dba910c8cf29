"""One line of the chat: what it should say, and the messages that say it."""

import asyncio
from collections.abc import Collection
from typing import Protocol

import discord


class PostedMessage(Protocol):
    """What a line needs of its discord.Message."""

    async def edit(self, *, content: str, view: discord.ui.View = ...) -> object: ...

    async def delete(self) -> None: ...


class TextChannel(Protocol):
    """What the writer needs of a discord.abc.Messageable."""

    @property
    def id(self) -> int: ...

    async def send(
        self, content: str, *, silent: bool, suppress_embeds: bool, nonce: int, view: discord.ui.View = ...
    ) -> PostedMessage: ...


class WrittenLine:
    """One line; `text` is what it should say."""

    __slots__ = ("asked_by", "growing", "late", "posted", "queued_at", "row", "shown", "speaker", "text")

    def __init__(self, text: str, *, growing: bool, speaker: int = 0) -> None:
        self.text = text
        self.speaker = speaker
        "the person whose words they are; 0: nobody's"
        self.asked_by: Collection[int] = ()
        "the people whom it answers"
        self.growing = growing
        "its text will change, so it gets a message of its own"
        self.queued_at = asyncio.get_running_loop().time()
        self.late = ""
        "the small print that says when it was said"
        self.posted: list[PostedMessage] = []
        self.shown: list[str] = []
        self.row: discord.ui.View | None = None
        "buttons for its last message, not shown yet"

    @property
    def full_text(self) -> str:
        return self.text + self.late
