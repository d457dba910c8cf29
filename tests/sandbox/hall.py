"""What tests of the voice half share."""

import asyncio

from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from bot.sandbox.voice_gateway import VoiceGateway


def voice_of(sandbox: Sandbox) -> VoiceGateway:
    assert isinstance(sandbox.voice, VoiceGateway)
    return sandbox.voice


async def agreed(*people: Person, timeout: float = 5.0) -> str:
    """Wait until all have the same privacy code, and it has come into force, and return it."""
    async with asyncio.timeout(timeout):
        while True:
            codes = {person.privacy_code for person in people}
            clients = [person.client for person in people if person.client]
            if len(codes) == 1 and "" not in codes and not any(client.changing for client in clients):
                return codes.pop()
            await asyncio.sleep(0.02)
