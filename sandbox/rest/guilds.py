"""Routes of servers: members, roles, channels, voice states."""

from typing import Any

from aiohttp import web

from sandbox.guild import payload, permissions
from sandbox.guild.entities import Guild, GuildChannel, Kind, Member, VoiceState
from sandbox.guild.fault import Form, RestFault, missing_access, missing_permissions, unknown
from sandbox.guild.knobs import GUILD_MEMBERS_INTENT
from sandbox.guild.permissions import P
from sandbox.parts import SandboxParts
from sandbox.rest.exchange import answer, nothing, number, query_number, read


def routes(parts: SandboxParts) -> list[web.RouteDef]:
    own = _Guilds(parts)
    one = "/guilds/{guild_id}"
    return [
        web.get(one, own.get),
        web.get(one + "/channels", own.channels),
        web.get(one + "/roles", own.roles),
        web.get(one + "/threads/active", own.threads),
        web.get(one + "/members", own.members),
        web.get(one + "/members/{user_id}", own.member),
        web.patch(one + "/members/@me", own.nickname),
        web.patch(one + "/members/{user_id}", own.edit_member),
        web.get(one + "/voice-states/{user_id}", own.voice_state),
        web.patch(one + "/voice-states/@me", own.edit_voice_state),
    ]


class _Guilds:
    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts
        self._world = parts.world

    async def get(self, request: web.Request) -> web.Response:
        guild = self._guild(request)
        counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}
        return answer(payload.guild(guild) | (counts if request.query.get("with_counts") else {}))

    async def channels(self, request: web.Request) -> web.Response:
        guild = self._guild(request)
        return answer([payload.channel(item) for item in guild.channels.values() if not item.is_thread])

    async def roles(self, request: web.Request) -> web.Response:
        return answer([payload.role(item) for item in self._guild(request).roles.values()])

    async def threads(self, request: web.Request) -> web.Response:
        guild = self._guild(request)
        found = [item for item in guild.channels.values() if item.is_thread and not item.archived]
        return answer({"threads": [payload.channel(item) for item in found], "members": []})

    async def members(self, request: web.Request) -> web.Response:
        """The list needs the members intent as set in the developer portal."""
        guild = self._guild(request)
        if not self._parts.knobs.privileged & GUILD_MEMBERS_INTENT:
            raise missing_access()
        limit = query_number(request, "limit", 1, 1, 1000)
        after = int(request.query.get("after", "0"))
        found = [item for _, item in sorted(guild.members.items()) if item.user.id > after]
        return answer([payload.member(item) for item in found[:limit]])

    async def member(self, request: web.Request) -> web.Response:
        return answer(payload.member(self._member(request, self._guild(request))))

    async def nickname(self, request: web.Request) -> web.Response:
        guild = self._guild(request)
        me = guild.members[self._world.bot.id]
        if not permissions.in_guild(guild, me, timed_out=self._world.timed_out(me)) & P.CHANGE_NICKNAME:
            raise missing_permissions()
        me.nick = (await read(request)).json.get("nick") or None
        data = payload.member(me) | {"guild_id": str(guild.id)}
        self._parts.hub.tell("GUILD_MEMBER_UPDATE", data, guild.id)  # the bot's own update needs no intent
        return answer(payload.member(me))

    async def edit_member(self, request: web.Request) -> web.Response:
        """Move to a voice channel, disconnect, mute, deafen."""
        guild = self._guild(request)
        member = self._member(request, guild)
        data = (await read(request)).json
        allowed = permissions.in_guild(guild, guild.members[self._world.bot.id])
        needs = {"channel_id": P.MOVE_MEMBERS, "mute": P.MUTE_MEMBERS, "deaf": P.DEAFEN_MEMBERS}
        if any(key in data and not allowed & bit for key, bit in needs.items()):
            raise missing_permissions()
        if needs.keys() & data.keys() and member.user.id not in guild.voice_states:
            raise RestFault(400, 40032, "Target user is not connected to voice.")
        member.mute, member.deaf = bool(data.get("mute", member.mute)), bool(data.get("deaf", member.deaf))
        if "mute" in data or "deaf" in data:
            self._parts.rooms.changed(guild, member.user.id)
        if "channel_id" in data:
            await self._move(guild, member, data["channel_id"])
        return answer(payload.member(member))

    async def voice_state(self, request: web.Request) -> web.Response:
        guild = self._guild(request)
        return answer(payload.voice_state(guild, self._state(request, guild)))

    async def edit_voice_state(self, request: web.Request) -> web.Response:
        """On a stage: become a speaker, or request to speak."""
        guild = self._guild(request)
        state = guild.voice_states.get(self._world.bot.id)
        if state is None:
            raise unknown("Voice State")
        data = (await read(request)).json
        channel = guild.channels[state.channel_id]
        self._check_stage(channel, state, data)
        allowed = self._world.allowed(self._world.bot.id, channel)
        if data.get("suppress") is False and state.suppress and not allowed & P.MUTE_MEMBERS:
            raise missing_permissions()
        asks = data.get("request_to_speak_timestamp")
        if asks and not allowed & P.REQUEST_TO_SPEAK:
            raise missing_permissions()
        if "suppress" in data:
            state.suppress = bool(data["suppress"])
        if "request_to_speak_timestamp" in data:
            state.request_to_speak = asks
        if not state.suppress:
            state.request_to_speak = None
        self._parts.rooms.changed(guild, state.user_id)
        return nothing()

    @staticmethod
    def _check_stage(channel: GuildChannel, state: VoiceState, data: dict[str, Any]) -> None:
        if channel.kind is not Kind.STAGE:
            raise RestFault(400, 50024, "Cannot execute action on this channel type")
        if "channel_id" in data and str(data["channel_id"]) != str(state.channel_id):
            form = Form()
            form.add("channel_id", "VOICE_STATE_CHANNEL_MISMATCH", "The user is not in this channel.")
            form.check()

    async def _move(self, guild: Guild, member: Member, channel_id: object) -> None:
        if channel_id is None:
            await self._parts.rooms.leave(guild, member.user.id)
            return
        channel = guild.channels.get(int(str(channel_id)))
        if channel is None or not channel.is_voice:
            raise unknown("Channel")
        await self._parts.rooms.move(guild, member.user.id, channel)

    def _guild(self, request: web.Request) -> Guild:
        guild = self._world.guilds.get(number(request, "guild_id"))
        if guild is None or self._world.bot.id not in guild.members:
            raise unknown("Guild")
        return guild

    def _member(self, request: web.Request, guild: Guild) -> Member:
        user_id = number(request, "user_id")
        if user_id not in self._world.users:
            raise unknown("User")
        if user_id not in guild.members:
            raise unknown("Member")
        return guild.members[user_id]

    def _state(self, request: web.Request, guild: Guild) -> VoiceState:
        me = request.match_info["user_id"] == "@me"
        state = guild.voice_states.get(self._world.bot.id if me else number(request, "user_id"))
        if state is None:
            raise unknown("Voice State")
        return state
