"""The state of the sandbox Discord. Pure: no I/O, and the clock is injected."""

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sandbox.guild import permissions
from sandbox.guild.entities import Guild, GuildChannel, Kind, Member, Overwrite, Role, User, VoiceState
from sandbox.guild.permissions import P

DISCORD_EPOCH_MS = 1_420_070_400_000
"""Discord's epoch, the first second of 2015."""


class World:
    """Users, guilds and channels by id, and who is in which voice channel.

    `clock` returns Unix seconds: ids contain the time, as Discord's do.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._last_id = 0
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        "the servers that have the bot"
        self.foreign: dict[int, Guild] = {}
        "servers without it, where people may bring it along as an app of their own"
        self.private: dict[int, GuildChannel] = {}
        "direct messages by channel id"
        self.role_added: Callable[[Guild, Role], None] = lambda guild, role: None
        "tells the bot of a new role"
        self.bot = self.add_user("kikite", "Kikite", bot=True)
        self.application_id = self.bot.id

    def snowflake(self) -> int:
        """Return a new id: milliseconds since Discord's epoch in the upper 42 bits; always increasing."""
        earliest = (int(self.clock() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last_id = max(earliest, self._last_id + 1)
        return self._last_id

    def timestamp(self) -> str:
        """Return the current time as ISO 8601 with microseconds and offset, as Discord writes it."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="microseconds")

    def add_user(self, name: str, global_name: str | None = None, *, bot: bool = False, locale: str = "en-US") -> User:
        """Add a user who is in no guild yet; the unique name is derived from `name`."""
        plain = "".join(c for c in name.lower() if c.isascii() and (c.isalnum() or c in "._")) or "user"
        taken = {user.name for user in self.users.values()}
        while plain in taken:
            plain += str(secrets.randbelow(10))
        user = User(self.snowflake(), plain, global_name, bot, locale)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *, locale: str = "en-US", with_bot: bool = True) -> Guild:
        """Add a guild with its @everyone role, its owner, the bot as a member unless told otherwise, and no channel."""
        owner = self.add_user(f"owner of {name}", "Owner")
        now = self.timestamp()
        guild = Guild(self.snowflake(), name, owner.id, now, locale)
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.EVERYONE_PERMISSIONS, 0)
        (self.guilds if with_bot else self.foreign)[guild.id] = guild
        self.add_member(guild, owner)
        if with_bot:
            self.add_member(guild, self.bot)
        return guild

    def add_role(self, guild: Guild, name: str, allowed: int = 0) -> Role:
        role = Role(self.snowflake(), name, allowed, len(guild.roles))
        guild.roles[role.id] = role
        if guild.announced:
            self.role_added(guild, role)
        return role

    def add_member(self, guild: Guild, user: User, roles: Iterable[Role] = (), nick: str | None = None) -> Member:
        member = Member(user, self.timestamp(), [role.id for role in roles], nick)
        guild.members[user.id] = member
        return member

    def add_channel(
        self,
        guild: Guild,
        name: str,
        kind: Kind = Kind.TEXT,
        *,
        user_limit: int = 0,
        overwrites: Iterable[Overwrite] = (),
        parent_id: int | None = None,
    ) -> GuildChannel:
        channel = GuildChannel(self.snowflake(), kind, name, guild.id, self.timestamp())
        channel.position, channel.user_limit = len(guild.channels), user_limit
        channel.parent_id, channel.overwrites = parent_id, list(overwrites)
        guild.channels[channel.id] = channel
        return channel

    def direct(self, user: User) -> GuildChannel:
        """Return the bot's direct-message channel with a user; the first call creates it."""
        for channel in self.private.values():
            if channel.recipients == [user]:
                return channel
        channel = GuildChannel(self.snowflake(), Kind.DM, "", None, self.timestamp(), recipients=[user])
        self.private[channel.id] = channel
        return channel

    def channel(self, channel_id: int) -> GuildChannel | None:
        """Return a channel, thread or direct message by id."""
        for guild in (*self.guilds.values(), *self.foreign.values()):
            if channel_id in guild.channels:
                return guild.channels[channel_id]
        return self.private.get(channel_id)

    def guild_of(self, channel: GuildChannel) -> Guild | None:
        if channel.guild_id is None:
            return None
        return self.guilds.get(channel.guild_id) or self.foreign.get(channel.guild_id)

    def allowed(self, user_id: int, channel: GuildChannel) -> int:
        """Return the permission bits of a user in a channel, 0 for a user who is not there."""
        guild = self.guild_of(channel)
        if guild is None:
            there = user_id == self.bot.id or any(user.id == user_id for user in channel.recipients)
            return permissions.EVERYONE_PERMISSIONS if there else 0
        member = guild.members.get(user_id)
        return permissions.in_channel(guild, channel, member, timed_out=self.timed_out(member)) if member else 0

    def timed_out(self, member: Member) -> bool:
        return member.timed_out_until > self.clock()

    def may_read(self, user_id: int, channel: GuildChannel) -> bool:
        """Whether a user sees the messages of a channel; those of a voice channel only with Connect."""
        allowed = self.allowed(user_id, channel)
        needed = P.VIEW_CHANNEL | P.CONNECT if channel.is_voice else P.VIEW_CHANNEL
        return allowed & needed == needed or any(state.user_id == user_id for state in self.present(channel.id))

    def present(self, channel_id: int) -> list[VoiceState]:
        """Return the voice states of everyone in a voice channel, in order of arrival."""
        channel = self.channel(channel_id)
        guild = self.guild_of(channel) if channel else None
        return [state for state in guild.voice_states.values() if state.channel_id == channel_id] if guild else []

    def may_enter(self, user_id: int, channel: GuildChannel) -> bool:
        """Whether Discord admits a user to a voice channel: they may see and enter it, and it is not full.

        A full channel still admits users who may move members, and users already inside.
        """
        allowed = self.allowed(user_id, channel)
        needed = P.VIEW_CHANNEL | P.CONNECT
        if not channel.is_voice or allowed & needed != needed:
            return False
        inside = [state.user_id for state in self.present(channel.id)]
        full = channel.user_limit > 0 and len(inside) >= channel.user_limit
        return not full or user_id in inside or bool(allowed & P.MOVE_MEMBERS)
