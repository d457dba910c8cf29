"""Routes of channels, their threads, and the status line of voice channels."""

from aiohttp import web

from sandbox.guild import payload
from sandbox.guild.entities import Guild, GuildChannel, Kind
from sandbox.guild.fault import Form, Json, RestFault, missing_access, missing_permissions, unknown
from sandbox.guild.message import ChatMessage, MessageFlag
from sandbox.guild.permissions import P
from sandbox.parts import SandboxParts
from sandbox.rest.exchange import answer, nothing, number, read

MAX_STATUS_CHARACTERS = 500


def routes(parts: SandboxParts) -> list[web.RouteDef]:
    own = _Channels(parts)
    one = "/channels/{channel_id}"
    return [
        web.get(one, own.get),
        web.patch(one, own.edit),
        web.delete(one, own.delete),
        web.put(one + "/voice-status", own.voice_status),
        web.post(one + "/threads", own.thread),
        web.post(one + "/messages/{message_id}/threads", own.thread),
        web.put(one + "/thread-members/{user_id}", own.thread_member),
        web.delete(one + "/thread-members/{user_id}", own.thread_member),
    ]


class _Channels:
    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts

    async def get(self, request: web.Request) -> web.Response:
        return answer(payload.channel(self._channel(request)[0]))

    async def edit(self, request: web.Request) -> web.Response:
        channel, guild, allowed = self._in_guild(request)
        data = (await read(request)).json
        own_thread = channel.is_thread and channel.owner_id == self._parts.world.bot.id
        if not allowed & (P.MANAGE_THREADS if channel.is_thread else P.MANAGE_CHANNELS) and not own_thread:
            raise missing_permissions()
        form = Form()
        if "name" in data:
            form.length("name", data["name"], 1, 100)
        if channel.is_voice and not 0 <= int(data.get("user_limit") or 0) <= 99:
            form.add("user_limit", "NUMBER_TYPE_MAX", "int value should be between 0 and 99.")
        form.check()
        channel.name = data.get("name", channel.name)
        if channel.is_voice:
            channel.user_limit = int(data.get("user_limit", channel.user_limit) or 0)
        if channel.is_thread:
            channel.archived = bool(data.get("archived", channel.archived))
        event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        self._parts.hub.dispatch(event, payload.channel(channel), guild.id)
        return answer(payload.channel(channel))

    async def delete(self, request: web.Request) -> web.Response:
        channel, guild, allowed = self._in_guild(request)
        if not allowed & (P.MANAGE_THREADS if channel.is_thread else P.MANAGE_CHANNELS):
            raise missing_permissions()
        await delete_channel(self._parts, guild, channel)
        return answer(payload.channel(channel))

    async def voice_status(self, request: web.Request) -> web.Response:
        """Needs Set Voice Channel Status, and Manage Channels too unless the bot is in the channel."""
        channel, guild, allowed = self._in_guild(request)
        if channel.kind is not Kind.VOICE:
            raise RestFault(400, 50024, "Cannot execute action on this channel type")
        state = guild.voice_states.get(self._parts.world.bot.id)
        inside = state is not None and state.channel_id == channel.id
        if not allowed & P.SET_VOICE_CHANNEL_STATUS or not (inside or allowed & P.MANAGE_CHANNELS):
            raise missing_permissions()
        status = (await read(request)).json.get("status")
        form = Form()
        if status is not None:
            form.length("status", status, 0, MAX_STATUS_CHARACTERS)
        form.check()
        channel.status = status or None
        data = {"id": str(channel.id), "guild_id": str(guild.id), "status": channel.status}
        self._parts.hub.dispatch("VOICE_CHANNEL_STATUS_UPDATE", data, guild.id)
        return nothing()

    async def thread(self, request: web.Request) -> web.Response:
        """Open a thread, on its own or on a message."""
        channel, guild, allowed = self._in_guild(request)
        data = (await read(request)).json
        message = self._starter(request, channel)
        own = Kind.NEWS_THREAD if channel.kind is Kind.NEWS else Kind.PUBLIC_THREAD
        kind = own if message is not None else data.get("type", Kind.PRIVATE_THREAD)
        form = Form()
        form.length("name", data.get("name"), 1, 100)
        if kind not in (Kind.NEWS_THREAD, Kind.PUBLIC_THREAD, Kind.PRIVATE_THREAD):
            form.choice("type", (10, 11, 12))
        if data.get("auto_archive_duration", 1440) not in (60, 1440, 4320, 10080):
            form.choice("auto_archive_duration", (60, 1440, 4320, 10080))
        form.check()
        if channel.kind not in (Kind.TEXT, Kind.NEWS) or (channel.kind is Kind.NEWS) is not (kind == Kind.NEWS_THREAD):
            raise RestFault(400, 50024, "Cannot execute action on this channel type")
        public = kind != Kind.PRIVATE_THREAD
        if not allowed & (P.CREATE_PUBLIC_THREADS if public else P.CREATE_PRIVATE_THREADS):
            raise missing_permissions()
        world = self._parts.world
        thread = world.add_channel(guild, data["name"], Kind(kind), parent_id=channel.id)
        thread.owner_id = world.bot.id
        if message is not None:
            del guild.channels[thread.id]
            thread.id = message.id  # a thread on a message has the message's id
            guild.channels[thread.id] = thread
            message.flags |= MessageFlag.HAS_THREAD
            self._parts.board.edited(message, visibly=False)
        elif public:
            notice = ChatMessage(
                world.snowflake(), channel.id, guild.id, world.bot, world.timestamp(), thread.name, kind=18
            )
            self._parts.board.post(notice)
        about = payload.channel(thread)
        self._parts.hub.dispatch("THREAD_CREATE", about | {"newly_created": True}, guild.id)
        return answer(about | {"member": self._thread_member(thread)}, 201)

    async def thread_member(self, request: web.Request) -> web.Response:
        channel, _, _ = self._in_guild(request)
        if not channel.is_thread:
            raise RestFault(400, 50024, "Cannot execute action on this channel type")
        return nothing()

    def _starter(self, request: web.Request, channel: GuildChannel) -> ChatMessage | None:
        if "message_id" not in request.match_info:
            return None
        message = self._parts.board.find(channel.id, number(request, "message_id"))
        if message.flags & MessageFlag.HAS_THREAD:
            raise RestFault(400, 160004, "A thread has already been created for this message")
        return message

    def _thread_member(self, thread: GuildChannel) -> Json:
        return {
            "id": str(thread.id),
            "user_id": str(self._parts.world.bot.id),
            "join_timestamp": thread.created_at,
            "flags": 0,
        }

    def _channel(self, request: web.Request) -> tuple[GuildChannel, int]:
        channel = self._parts.world.channel(number(request, "channel_id"))
        if channel is None:
            raise unknown("Channel")
        allowed = self._parts.world.allowed(self._parts.world.bot.id, channel)
        if not allowed & P.VIEW_CHANNEL:
            raise missing_access()
        return channel, allowed

    def _in_guild(self, request: web.Request) -> tuple[GuildChannel, Guild, int]:
        channel, allowed = self._channel(request)
        guild = self._parts.world.guild_of(channel)
        if guild is None:
            raise RestFault(400, 50003, "Cannot execute action on a DM channel")
        return channel, guild, allowed


async def delete_channel(parts: SandboxParts, guild: Guild, channel: GuildChannel) -> None:
    """Remove a channel, its threads, and everyone in it from voice."""
    for state in parts.world.present(channel.id):
        await parts.rooms.leave(guild, state.user_id)
    for thread in [item for item in guild.channels.values() if item.parent_id == channel.id and item.is_thread]:
        del guild.channels[thread.id]
    del guild.channels[channel.id]
    event = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
    parts.hub.dispatch(event, payload.channel(channel), guild.id)
