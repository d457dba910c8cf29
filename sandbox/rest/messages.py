"""Routes of messages in channels."""

from dataclasses import replace

from aiohttp import web

from sandbox.guild import payload
from sandbox.guild.compose import Author, MessageBody
from sandbox.guild.entities import GuildChannel, Kind
from sandbox.guild.fault import Form, Json, RestFault, missing_access, missing_permissions, unknown
from sandbox.guild.message import ChatMessage, MessageFlag
from sandbox.guild.permissions import P
from sandbox.guild.rendering import revealed
from sandbox.parts import SandboxParts
from sandbox.rest.exchange import answer, nothing, number, query_number, read

_FORWARD_TYPE = 1
"""Of a message reference; 0 is a reply."""
_BULK_DELETE_MAX_AGE_SECONDS = 14 * 86_400


def routes(parts: SandboxParts) -> list[web.RouteDef]:
    own = Messages(parts)
    every, one = "/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"
    return [
        web.get(every, own.history),
        web.post(every, own.create),
        web.post(every + "/bulk-delete", own.delete_many),
        web.get(one, own.get),
        web.patch(one, own.edit),
        web.delete(one, own.delete),
        web.post("/channels/{channel_id}/typing", own.typing),
    ]


class Messages:
    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts
        self._bot = parts.world.bot

    async def create(self, request: web.Request) -> web.Response:
        channel, allowed = self._channel(request)
        self._may_send(channel, allowed)
        body = await read(request)
        return answer(self._json(self.post(channel, body, Author(self._bot, allowed))))

    def post(self, channel: GuildChannel, body: MessageBody, author: Author) -> ChatMessage:
        """Write a message as `author`. Raises RestFault."""
        world = self._parts.world
        repeated = self._repeated(channel, body.json)
        if repeated is not None:
            return repeated
        voice = int(body.json.get("flags") or 0) & MessageFlag.IS_VOICE_MESSAGE  # it has its own permission
        if body.files and not voice and not author.allowed & P.ATTACH_FILES:
            raise missing_permissions()
        answered = self._answered(channel, body.json, author.allowed)
        message = ChatMessage(world.snowflake(), channel.id, channel.guild_id, author.user, world.timestamp())
        message.nonce = body.json.get("nonce")
        if answered is not None and (body.json["message_reference"].get("type") or 0) == _FORWARD_TYPE:
            message.forwarded, answered = replace(answered), None
            message.flags |= MessageFlag.HAS_SNAPSHOT
        if answered is not None:
            message.kind, message.reference_id = 19, answered.id
        replied_to = answered.author.id if answered else None
        self._parts.composer.fill(message, body, author, replied_to=replied_to)
        channel.archived = False
        return self._parts.board.post(message)

    async def edit(self, request: web.Request) -> web.Response:
        channel, allowed = self._channel(request)
        message = self._parts.board.find(channel.id, number(request, "message_id"))
        body = await read(request)
        if message.author != self._bot:
            raise RestFault(403, 50005, "Cannot edit a message authored by another user")
        if channel.archived:
            raise RestFault(400, 50083, "This thread is archived")
        self._parts.composer.change(message, body, Author(self._bot, allowed))
        self._parts.board.edited(message)
        return answer(self._json(message))

    async def delete(self, request: web.Request) -> web.Response:
        channel, allowed = self._channel(request)
        message = self._parts.board.find(channel.id, number(request, "message_id"))
        if message.author != self._bot and not allowed & P.MANAGE_MESSAGES:
            raise missing_permissions()
        self._parts.board.delete(message)
        return nothing()

    async def delete_many(self, request: web.Request) -> web.Response:
        channel, allowed = self._channel(request)
        ids = (await read(request)).json.get("messages") or []
        form = Form()
        form.count("messages", ids, 2, 100)
        form.check()
        if not allowed & P.MANAGE_MESSAGES:
            raise missing_permissions()
        oldest = (int((self._parts.world.clock() - _BULK_DELETE_MAX_AGE_SECONDS) * 1000) - 1_420_070_400_000) << 22
        if any(int(item) < oldest for item in ids):
            raise RestFault(400, 50034, "You can only bulk delete messages that are under 14 days old.")
        wanted = {int(item) for item in ids}
        self._parts.board.delete_many(m for m in self._parts.board.listed(channel.id) if m.id in wanted)
        return nothing()

    async def get(self, request: web.Request) -> web.Response:
        channel, allowed = self._channel(request)
        if not allowed & P.READ_MESSAGE_HISTORY:
            raise missing_permissions()
        return answer(self._json(self._parts.board.find(channel.id, number(request, "message_id"))))

    async def history(self, request: web.Request) -> web.Response:
        """Newest first; `before`, `after`, `around` are ids."""
        channel, allowed = self._channel(request)
        limit = query_number(request, "limit", 50, 1, 100)
        found = self._parts.board.listed(channel.id) if allowed & P.READ_MESSAGE_HISTORY else []
        query = request.query
        if "before" in query:
            found = [item for item in found if item.id < int(query["before"])][-limit:]
        elif "after" in query:
            found = [item for item in found if item.id > int(query["after"])][:limit]
        elif "around" in query:
            middle = int(query["around"])
            older = [item for item in found if item.id <= middle][-(limit // 2 + 1) :]
            found = (older + [item for item in found if item.id > middle])[:limit]
        else:
            found = found[-limit:]
        return answer([self._json(item) for item in reversed(found)])

    async def typing(self, request: web.Request) -> web.Response:
        channel, allowed = self._channel(request)
        self._may_send(channel, allowed)
        data: Json = {
            "channel_id": str(channel.id),
            "user_id": str(self._bot.id),
            "timestamp": int(self._parts.world.clock()),
        }
        if (guild := self._parts.world.guild_of(channel)) is not None:
            data |= {"guild_id": str(guild.id), "member": payload.member(guild.members[self._bot.id])}
        self._parts.hub.dispatch("TYPING_START", data, channel.guild_id)
        return nothing()

    def _channel(self, request: web.Request) -> tuple[GuildChannel, int]:
        """Return the channel and the bot's permissions there.

        Raises RestFault 10003 for a channel that does not exist, 50001 for one the bot may not see.
        """
        channel = self._parts.world.channel(number(request, "channel_id"))
        if channel is None:
            raise unknown("Channel")
        allowed = self._parts.world.allowed(self._bot.id, channel)
        closed = channel.is_voice and not allowed & P.CONNECT
        if not allowed & P.VIEW_CHANNEL or closed:
            raise missing_access()
        if channel.kind in (Kind.CATEGORY, Kind.FORUM):
            raise RestFault(400, 50008, "Cannot send messages in a non-text channel")
        return channel, allowed

    @staticmethod
    def _may_send(channel: GuildChannel, allowed: int) -> None:
        needed = P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES
        if not allowed & needed:
            raise missing_permissions()
        if channel.archived and channel.locked and not allowed & P.MANAGE_THREADS:
            raise RestFault(403, 50083, "Thread is archived")

    def _repeated(self, channel: GuildChannel, data: Json) -> ChatMessage | None:
        """With enforce_nonce a second message with the same nonce returns the first one, for some minutes."""
        if not data.get("enforce_nonce") or data.get("nonce") is None:
            return None
        recent = self._parts.board.listed(channel.id)[-20:]
        same = [item for item in recent if item.nonce == data["nonce"] and item.author == self._bot]
        return same[-1] if same else None

    def _answered(self, channel: GuildChannel, data: Json, allowed: int) -> ChatMessage | None:
        reference = data.get("message_reference")
        if not reference:
            return None
        if not allowed & P.READ_MESSAGE_HISTORY:
            raise RestFault(400, 160002, "Cannot reply without permission to read message history")
        try:
            forwards = reference.get("type") == _FORWARD_TYPE
            place = int(reference.get("channel_id") or 0) if forwards else channel.id
            return self._parts.board.find(place, int(reference.get("message_id") or 0))
        except RestFault:
            if reference.get("fail_if_not_exists") is False:
                return None
            form = Form()
            form.add("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            form.check()
            return None

    def _json(self, message: ChatMessage) -> Json:
        """The message-content intent, as set in the developer portal, guards REST too."""
        reveal = bool(self._parts.knobs.privileged & (1 << 15)) or revealed(self._parts.world, message)
        return self._parts.board.json(message, reveal=reveal)
