"""Who is in which voice channel, and the events for it: the main gateway's side of voice."""

import secrets

from sandbox.guild import payload
from sandbox.guild.entities import Guild, GuildChannel, Kind, VoiceState
from sandbox.guild.hub import Hub
from sandbox.guild.permissions import P
from sandbox.guild.voice_service import Allotment, VoiceService
from sandbox.guild.world import World


class Rooms:
    """Moves users in and out of voice channels.

    The bot gets its seat by VOICE_SERVER_UPDATE; people (people/person.py) get theirs as a return value.
    """

    def __init__(self, world: World, hub: Hub) -> None:
        self._world = world
        self._hub = hub
        self.voice: VoiceService | None = None
        "set once the voice half is open"
        self.server_first = False
        "VOICE_SERVER_UPDATE comes before VOICE_STATE_UPDATE: Discord promises no order"

    async def enter(
        self, user_id: int, channel: GuildChannel, session_id: str, *, self_mute: bool = False, self_deaf: bool = False
    ) -> Allotment | None:
        """Put a user into a channel, move them, or take over their session's seat.

        Returns the seat, or None when they were already there with that session: then only mute and deafen change.
        """
        guild = self._guild(channel)
        before = guild.voice_states.get(user_id)
        state = VoiceState(user_id, channel.id, session_id, self_mute, self_deaf)
        state.suppress = self._suppressed(user_id, channel)
        stays = before is not None and (before.channel_id, before.session_id) == (channel.id, session_id)
        if before is not None and stays:
            state.suppress, state.request_to_speak = before.suppress, before.request_to_speak
        if before is None or before.channel_id != channel.id:
            guild.voice_states.pop(user_id, None)  # goes to the end: order of arrival
        guild.voice_states[user_id] = state
        if not self.server_first:
            self._tell(guild, state)
        seat = None if stays else await self.allot(user_id, guild)
        if self.server_first:
            self._tell(guild, state)
        return seat

    async def allot(self, user_id: int, guild: Guild) -> Allotment:
        """Give a user who is in a channel a (new) seat; the bot gets VOICE_SERVER_UPDATE."""
        state = guild.voice_states[user_id]
        assert self.voice is not None
        seat = await self.voice.allot(guild.id, state.channel_id, user_id, state.session_id)
        if user_id == self._world.bot.id:
            self.announce(guild.id, seat)
        return seat

    def announce(self, guild_id: int, seat: Allotment) -> None:
        """Send VOICE_SERVER_UPDATE to the bot."""
        data = {"guild_id": str(guild_id), "endpoint": seat.endpoint, "token": seat.token}
        self._hub.tell("VOICE_SERVER_UPDATE", data, guild_id)

    async def leave(self, guild: Guild, user_id: int) -> None:
        """Take a user out of voice. Idempotent."""
        state = guild.voice_states.pop(user_id, None)
        if state is None:
            return
        data = payload.voice_state(guild, state, gone=True)
        self._hub.dispatch("VOICE_STATE_UPDATE", data, guild.id)
        if self.voice is not None:
            await self.voice.released(guild.id, user_id)

    async def move(self, guild: Guild, user_id: int, channel: GuildChannel) -> Allotment | None:
        """Move a user, as a moderator does: even into a full channel."""
        state = guild.voice_states[user_id]
        return await self.enter(
            user_id, channel, state.session_id, self_mute=state.self_mute, self_deaf=state.self_deaf
        )

    def changed(self, guild: Guild, user_id: int) -> None:
        """Send the event of a voice state that was changed in place."""
        if state := guild.voice_states.get(user_id):
            self._tell(guild, state)

    def review(self, guild: Guild) -> None:
        """After a change of permissions: suppress who may no longer speak, unsuppress who may; stages excepted."""
        for state in guild.voice_states.values():
            channel = guild.channels[state.channel_id]
            now = self._suppressed(state.user_id, channel)
            if channel.kind is not Kind.STAGE and state.suppress != now:
                state.suppress = now
                self._tell(guild, state)

    async def left_session(self, session_id: str) -> None:
        """A gateway session ended: take its user out of voice."""
        for guild in self._world.guilds.values():
            for state in [s for s in guild.voice_states.values() if s.session_id == session_id]:
                await self.leave(guild, state.user_id)

    @staticmethod
    def new_session() -> str:
        """Return a session id like those of people's clients."""
        return secrets.token_hex(16)

    def _suppressed(self, user_id: int, channel: GuildChannel) -> bool:
        """On a stage everybody starts in the audience, including moderators."""
        return channel.kind is Kind.STAGE or not self._world.allowed(user_id, channel) & P.SPEAK

    def _tell(self, guild: Guild, state: VoiceState) -> None:
        self._hub.dispatch("VOICE_STATE_UPDATE", payload.voice_state(guild, state), guild.id)

    def _guild(self, channel: GuildChannel) -> Guild:
        guild = self._world.guild_of(channel)
        assert guild is not None
        return guild
