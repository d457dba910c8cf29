"""Helpers for tests of the sandbox's voice servers."""

import asyncio

from sandbox.guild.entities import GuildChannel, Kind
from sandbox.people.person import Person
from sandbox.server import Sandbox
from sandbox.voice.dave_engines import EngineName
from sandbox.voice.gateway import VoiceGateway


def voice_of(sandbox: Sandbox) -> VoiceGateway:
    assert isinstance(sandbox.voice, VoiceGateway)
    return sandbox.voice


async def agreed(*people: Person, besides: str = "", timeout: float = 5.0) -> str:
    """Wait until all have the same privacy code (other than `besides`) and use its key; return the code.

    Waits three times as long as it usually takes at most. Raises TimeoutError.
    """
    async with asyncio.timeout(3 * timeout):
        while True:
            codes = {person.privacy_code for person in people}
            clients = [person.client for person in people if person.client]
            if len(codes) == 1 and not codes & {"", besides} and not any(client.dave.changing for client in clients):
                return codes.pop()
            await asyncio.sleep(0.02)


async def seated(sandbox: Sandbox, *engines: EngineName | None) -> tuple[GuildChannel, list[Person]]:
    """Put people into a new voice channel, and wait until they agree on a group."""
    channel = sandbox.add_channel("Room", Kind.VOICE)
    people = [await sandbox.person(name, engine) for name, engine in zip("ABCDEFGH", engines, strict=False)]
    for person in people:
        await person.join(channel.id)
    await agreed(*people)
    return channel, people
