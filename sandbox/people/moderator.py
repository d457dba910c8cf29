"""What moderators and owners do to a server, and the events that the bot gets for it."""

import asyncio

from sandbox.guild import payload
from sandbox.guild.entities import Guild, GuildChannel, Kind, Overwrite, Role, User
from sandbox.guild.fault import Json
from sandbox.guild.session import GatewaySession
from sandbox.guild.voice_service import Allotment
from sandbox.parts import SandboxParts
from sandbox.rest import channels


class Moderator:
    """Changes the world and sends the matching events."""

    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts

    def created(self, channel: GuildChannel) -> None:
        """Send the event of an added channel."""
        self._parts.hub.dispatch("CHANNEL_CREATE", payload.channel(channel), channel.guild_id)

    def joined(self, guild: Guild, user: User) -> None:
        """Send the event of an added member."""
        data = payload.member(guild.members[user.id]) | {"guild_id": str(guild.id)}
        self._parts.hub.dispatch("GUILD_MEMBER_ADD", data, guild.id)

    def invited(self, guild: Guild) -> None:
        """Send the event of a server that the bot was invited to."""
        guild.announced = True
        self._parts.hub.dispatch("GUILD_CREATE", lambda session: self._guild_create(session, guild), guild.id)

    def recovered(self, guild: Guild) -> None:
        """Send the event of a server that is available again after an `outage`."""
        back = {"unavailable": False}
        self._parts.hub.dispatch("GUILD_CREATE", lambda session: self._guild_create(session, guild) | back, guild.id)

    def outage(self, guild: Guild) -> None:
        """Make a server unavailable, as an outage of Discord does."""
        self._parts.hub.dispatch("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild.id)

    async def remove(self, guild: Guild, user: User) -> None:
        """Remove a member from a server, or have them leave it."""
        await self._parts.rooms.leave(guild, user.id)
        del guild.members[user.id]
        data = {"guild_id": str(guild.id), "user": payload.user(user)}
        self._parts.hub.dispatch("GUILD_MEMBER_REMOVE", data, guild.id)

    async def expel(self, guild: Guild) -> None:
        """Remove the bot from a server."""
        await self._parts.rooms.leave(guild, self._parts.world.bot.id)
        self._parts.hub.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild.id)
        del self._parts.world.guilds[guild.id]

    async def disconnect(self, user: User) -> None:
        """Disconnect a user, or the bot, from voice in every server."""
        for guild in self._parts.world.guilds.values():
            await self._parts.rooms.leave(guild, user.id)

    async def move(self, user: User, channel: GuildChannel) -> Allotment | None:
        """Move a user, or the bot, into another voice channel."""
        return await self._parts.rooms.move(self._guild(channel), user.id, channel)

    async def delete_channel(self, channel: GuildChannel) -> None:
        await channels.delete_channel(self._parts, self._guild(channel), channel)

    def close_thread(self, thread: GuildChannel, *, lock: bool) -> None:
        """Archive a thread; `lock`: so that only who may manage threads can open it again."""
        thread.archived, thread.locked = True, lock
        self._parts.hub.dispatch("THREAD_UPDATE", payload.channel(thread), thread.guild_id)

    def overwrite(self, channel: GuildChannel, target: User | Role, *, allow: int = 0, deny: int = 0) -> None:
        """Set a role's or a member's permissions in a channel; the bot gets CHANNEL_UPDATE."""
        rest = [item for item in channel.overwrites if item.id != target.id]
        channel.overwrites = [*rest, Overwrite(target.id, isinstance(target, User), allow, deny)]
        self._parts.hub.dispatch("CHANNEL_UPDATE", payload.channel(channel), channel.guild_id)
        self._parts.rooms.review(self._guild(channel))

    def added(self, guild: Guild, role: Role) -> None:
        """Send the event of an added role."""
        data = {"guild_id": str(guild.id), "role": payload.role(role)}
        self._parts.hub.dispatch("GUILD_ROLE_CREATE", data, guild.id)

    def permit(self, guild: Guild, role: Role, allowed: int) -> None:
        """Set a role's permissions; the bot gets GUILD_ROLE_UPDATE."""
        role.permissions = allowed
        data = {"guild_id": str(guild.id), "role": payload.role(role)}
        self._parts.hub.dispatch("GUILD_ROLE_UPDATE", data, guild.id)
        self._parts.rooms.review(guild)

    def mute(self, guild: Guild, user: User, *, mute: bool = False, deaf: bool = False) -> None:
        """Server-mute and server-deafen a user, or undo it."""
        guild.members[user.id].mute, guild.members[user.id].deaf = mute, deaf
        self._parts.rooms.changed(guild, user.id)

    def time_out(self, guild: Guild, user: User, seconds: float) -> None:
        """Time a member out, or end that with 0 seconds."""
        member = guild.members[user.id]
        member.timed_out_until = self._parts.world.clock() + seconds if seconds else 0.0
        data = payload.member(member) | {"guild_id": str(guild.id)}
        send = self._parts.hub.tell if user == self._parts.world.bot else self._parts.hub.dispatch
        send("GUILD_MEMBER_UPDATE", data, guild.id)
        self._parts.rooms.review(guild)

    def limit(self, channel: GuildChannel, user_limit: int) -> None:
        """Set the user limit of a voice channel."""
        channel.user_limit = user_limit
        self._parts.hub.dispatch("CHANNEL_UPDATE", payload.channel(channel), channel.guild_id)

    def rename(self, guild: Guild, user: User, nick: str | None) -> None:
        """Set a user's nickname in a server. The bot gets the event of its own nickname without any intent."""
        guild.members[user.id].nick = nick
        data = payload.member(guild.members[user.id]) | {"guild_id": str(guild.id)}
        send = self._parts.hub.tell if user == self._parts.world.bot else self._parts.hub.dispatch
        send("GUILD_MEMBER_UPDATE", data, guild.id)

    def let_speak(self, guild: Guild, user: User, *, speaks: bool = True) -> None:
        """On a stage: make a user a speaker, or send them back to the audience."""
        state = guild.voice_states[user.id]
        if guild.channels[state.channel_id].kind is Kind.STAGE:
            state.suppress, state.request_to_speak = not speaks, None
            self._parts.rooms.changed(guild, user.id)

    async def new_voice_server(self, guild: Guild, *, outage: float | None = None) -> None:
        """Move the bot to a new voice server, as a change of region does.

        With `outage` the old server goes first: endpoint null, then after `outage` seconds the new one.
        """
        if outage is not None:
            self._parts.rooms.announce(guild.id, Allotment(None, "gone"))
            await asyncio.sleep(outage)
        await self._parts.rooms.allot(self._parts.world.bot.id, guild)

    def _guild_create(self, session: GatewaySession, guild: Guild) -> Json:
        return self._parts.gateway.guild_create(session, guild)

    def _guild(self, channel: GuildChannel) -> Guild:
        guild = self._parts.world.guild_of(channel)
        assert guild is not None
        return guild
