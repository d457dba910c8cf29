"""A sandbox whose people walk straight into its voice half, past the main gateway."""

import asyncio

from bot.sandbox.entities import Channel, User, VoiceState
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from bot.sandbox.voice_gateway import VoiceGateway
from bot.sandbox.voice_service import Allotment


class Hall(Sandbox):
    @property
    def gateway(self) -> VoiceGateway:
        assert isinstance(self.voice, VoiceGateway)
        return self.voice

    async def enter_voice(
        self, user: User, channel: Channel, *, self_mute: bool = False, self_deaf: bool = False
    ) -> tuple[str, Allotment]:
        session_id = f"session of {user.id}"
        self.guild.voice_states[user.id] = VoiceState(user.id, channel.id, session_id, self_mute, self_deaf)
        return session_id, await self.gateway.allot(self.guild.id, channel.id, user.id, session_id)

    async def leave_voice(self, user: User) -> None:
        self.guild.voice_states.pop(user.id, None)
        await self.gateway.released(self.guild.id, user.id)


async def agreed(*people: Person, timeout: float = 5.0) -> str:
    """Wait until all have the same privacy code, and it has come into force, and return it."""
    async with asyncio.timeout(timeout):
        while True:
            codes = {person.privacy_code for person in people}
            clients = [person.client for person in people if person.client]
            if len(codes) == 1 and "" not in codes and not any(client.changing for client in clients):
                return codes.pop()
            await asyncio.sleep(0.02)
