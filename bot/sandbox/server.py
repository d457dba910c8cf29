"""The sandbox: one loopback Discord in this event loop."""

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from bot.sandbox.dave_engines import EngineName
from bot.sandbox.entities import Channel, Guild, Kind, Overwrite, Role, User
from bot.sandbox.person import Person
from bot.sandbox.tls import Authority
from bot.sandbox.voice_gateway import open_voice
from bot.sandbox.voice_service import Allotment, VoiceService
from bot.sandbox.world import World

VoiceFactory = Callable[["Sandbox"], AbstractAsyncContextManager[VoiceService]]
"""Opens the voice half for a sandbox whose world and authority stand; closed before them."""


class Sandbox:
    """A Discord on 127.0.0.1; open it with `async with Sandbox.open() as sandbox`."""

    voice: VoiceService

    def __init__(self, *, http: bool) -> None:
        self.http = http
        "plain http and ws instead of TLS, for the main half; voice is always wss"
        self.authority = Authority()
        self.ca_file = self.authority.ca_file
        self.world = World(time.time)
        self.bot = self.world.bot
        self.guild: Guild = self.world.add_guild("Sandbox")
        self._people: list[Person] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, *, http: bool = False, voice: VoiceFactory = open_voice) -> AsyncIterator["Sandbox"]:
        """Start listening on a free port; everything ends with the block."""
        sandbox = cls(http=http)
        async with AsyncExitStack() as stack:
            stack.callback(sandbox.authority.close)
            sandbox.voice = await stack.enter_async_context(voice(sandbox))
            stack.push_async_callback(sandbox._send_home)
            yield sandbox

    def add_user(
        self,
        name: str,
        roles: Iterable[Role] = (),
        *,
        locale: str = "en-US",
        bot: bool = False,
        nick: str | None = None,
    ) -> User:
        """Add a member of `guild`."""
        user = self.world.add_user(name, name, bot=bot, locale=locale)
        self.world.add_member(self.guild, user, roles, nick)
        return user

    def add_channel(
        self, name: str, kind: Kind = Kind.TEXT, *, user_limit: int = 0, overwrites: Iterable[Overwrite] = ()
    ) -> Channel:
        return self.world.add_channel(self.guild, name, kind, user_limit=user_limit, overwrites=overwrites)

    async def person(
        self,
        name: str,
        engine: EngineName | None = "davey",
        *,
        roles: Iterable[Role] = (),
        bot: bool = False,
        locale: str = "en-US",
    ) -> Person:
        """Add a member of `guild` with a voice client; `engine` is their DAVE implementation, None for none at all."""
        person = Person(self, self.add_user(name, roles, bot=bot, locale=locale), engine)
        self._people.append(person)
        return person

    async def _send_home(self) -> None:
        for person in self._people:
            await person.hang_up()

    # Seam for the people of the voice half (person.py):

    async def enter_voice(
        self, user: User, channel: Channel, *, self_mute: bool = False, self_deaf: bool = False
    ) -> tuple[str, Allotment]:
        """Put a person into a voice channel (or move them) and tell everyone; returns their session id and seat.

        Raises PermissionError when Discord would not let them in.
        """
        raise NotImplementedError

    async def update_voice(self, user: User, *, self_mute: bool = False, self_deaf: bool = False) -> None:
        """Change a person's own mute and deafen while they stay where they are."""
        raise NotImplementedError

    async def leave_voice(self, user: User) -> None:
        """Take a person (or the bot: that is a kick) out of their voice channel and tell everyone."""
        raise NotImplementedError
