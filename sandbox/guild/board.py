"""The messages of every channel: posts, edits, deletions, and the events for them."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

from sandbox.guild import rendering
from sandbox.guild.entities import GuildChannel
from sandbox.guild.fault import Json, unknown
from sandbox.guild.hub import Hub
from sandbox.guild.message import ChatMessage, Revision
from sandbox.guild.permissions import P
from sandbox.guild.rendering import Cdn
from sandbox.guild.session import GatewaySession, Intent
from sandbox.guild.world import World

Found = TypeVar("Found")


class Board:
    """All messages by id. Deleted ones are kept, marked."""

    def __init__(self, world: World, hub: Hub, cdn: Cdn) -> None:
        self._world = world
        self._hub = hub
        self.cdn = cdn
        self.messages: dict[int, ChatMessage] = {}
        self._changed = asyncio.Event()

    async def until(self, matches: Callable[[], Found | None]) -> Found:
        """Return what `matches` finds, now or after a message is posted, edited or deleted."""
        while (found := matches()) is None:
            await self._changed.wait()
        return found

    def find(self, channel_id: int, message_id: int) -> ChatMessage:
        """Return a message that everyone in a channel sees.

        Raises RestFault 10008, also for ephemeral messages.
        """
        found = self.messages.get(message_id)
        if found is None or found.deleted or found.channel_id != channel_id or found.ephemeral:
            raise unknown("Message")
        return found

    def listed(self, channel_id: int, *, deleted: bool = False, ephemeral: bool = False) -> list[ChatMessage]:
        """Return a channel's messages, newest last."""
        return [
            message
            for message in self.messages.values()
            if message.channel_id == channel_id
            and (deleted or not message.deleted)
            and (ephemeral or not message.ephemeral)
        ]

    def post(self, message: ChatMessage) -> ChatMessage:
        """Add a message; an ephemeral one sends no event."""
        self.messages[message.id] = message
        self._revise(message)
        channel = self._channel(message)
        if not message.ephemeral:
            channel.last_message_id = message.id
            self._send("MESSAGE_CREATE", message)
        return message

    def edited(self, message: ChatMessage, *, visibly: bool = True) -> None:
        """Record a change in place. `visibly` False: the first content replaced "is thinking…"."""
        if visibly:
            message.edited_at = self._world.timestamp()
        self._revise(message)
        if not message.ephemeral:
            self._send("MESSAGE_UPDATE", message)

    def delete(self, message: ChatMessage) -> None:
        message.deleted = True
        self._wake()
        if not message.ephemeral:
            data = {"id": str(message.id), "channel_id": str(message.channel_id)}
            self._send_deletion("MESSAGE_DELETE", data, message)

    def delete_many(self, messages: Iterable[ChatMessage]) -> None:
        gone = list(messages)
        for message in gone:
            message.deleted = True
        self._wake()
        data: Json = {"ids": [str(message.id) for message in gone], "channel_id": str(gone[0].channel_id)}
        self._send_deletion("MESSAGE_DELETE_BULK", data, gone[0])

    def json(self, message: ChatMessage, *, reveal: bool = True) -> Json:
        """Return the message object of REST."""
        return rendering.message(self._world, self.cdn, message, reveal=reveal, answered=self._answered(message))

    def _send(self, event: str, message: ChatMessage) -> None:
        def render(session: GatewaySession) -> Json:
            reveal = bool(session.intents & Intent.MESSAGE_CONTENT) or rendering.revealed(self._world, message)
            answered = self._answered(message)
            return rendering.message(self._world, self.cdn, message, reveal=reveal, event=True, answered=answered)

        if self._bot_sees(message):
            self._hub.dispatch(event, render, message.guild_id)

    def _answered(self, message: ChatMessage) -> ChatMessage | None:
        found = self.messages.get(message.reference_id) if message.reference_id is not None else None
        return found if found is not None and not found.deleted else None

    def _send_deletion(self, event: str, data: Json, message: ChatMessage) -> None:
        if message.guild_id is not None:
            data["guild_id"] = str(message.guild_id)
        if self._bot_sees(message):
            self._hub.dispatch(event, data, message.guild_id)

    def _bot_sees(self, message: ChatMessage) -> bool:
        """Whether the bot may see the channel: it gets no events of hidden ones."""
        return bool(self._world.allowed(self._world.bot.id, self._channel(message)) & P.VIEW_CHANNEL)

    def _channel(self, message: ChatMessage) -> GuildChannel:
        channel = self._world.channel(message.channel_id)
        if channel is None:
            raise unknown("Channel")
        return channel

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _revise(self, message: ChatMessage) -> None:
        self._wake()
        names = tuple(item.filename for item in message.attachments)
        message.revisions.append(Revision(self._world.clock(), message.content, tuple(message.components), names))
