"""The sandbox: one loopback Discord in this event loop.

People act through `Sandbox` itself, moderators through `moderator`. `knobs` make it slow, strict or broken, `gateway`
and `voice` cut connections, and `rest.log` lists the requests it received.
"""

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from aiohttp import web

from sandbox.guild.entities import Guild, GuildChannel, Kind, Overwrite, Role, User
from sandbox.guild.invocation import Refused, Value
from sandbox.guild.knobs import Knobs
from sandbox.guild.message import Attachment, ChatMessage
from sandbox.guild.voice_service import Allotment, VoiceService
from sandbox.guild.world import World
from sandbox.parts import assemble
from sandbox.people.keyboard import Keyboard
from sandbox.people.moderator import Moderator
from sandbox.people.outcome import CommandOutcome
from sandbox.people.person import Person
from sandbox.rest import files
from sandbox.rest.server import API_PATH, MAX_REQUEST_BYTES, Rest
from sandbox.tls import Authority
from sandbox.voice.dave_engines import EngineName
from sandbox.voice.gateway import open_voice

VoiceFactory = Callable[[World, Authority], AbstractAsyncContextManager[VoiceService]]
"""Opens the voice half on a sandbox's world and certificate authority; it closes before they do."""
BOT_PERMISSIONS = 352_157_290_318_848
"""What the bot's own role grants: the permissions of its invite link."""


class Sandbox:
    """A Discord on 127.0.0.1; open it with `async with Sandbox.open() as sandbox`."""

    voice: VoiceService

    def __init__(self, *, http: bool) -> None:
        self.http = http
        "plain http and ws instead of TLS for REST and the main gateway; voice is always wss"
        self.authority = Authority()
        self.ca_file = self.authority.ca_file
        self.world = World(time.time)
        self.bot = self.world.bot
        self.token = _token(self.bot.id)
        self.knobs = Knobs()
        self.guild: Guild = self.world.add_guild("Sandbox")
        own = self.world.add_role(self.guild, "Kikite", BOT_PERMISSIONS)
        self.guild.members[self.bot.id].roles.append(own.id)
        self.general = self.world.add_channel(self.guild, "general")
        self.lounge = self.world.add_channel(self.guild, "Lounge", Kind.VOICE)
        self.den = self.world.add_channel(self.guild, "Den", Kind.VOICE)
        self.stage = self.world.add_channel(self.guild, "Stage", Kind.STAGE)
        self.parts = assemble(self.world, self.knobs, self.token)
        self.gateway = self.parts.gateway
        self.rest = Rest(self.parts)
        self.moderator = Moderator(self.parts)
        self.world.role_added = self.moderator.added
        self.guild.announced = True
        self._keyboard = Keyboard(self.parts)
        self._people: list[Person] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, *, http: bool = False, voice: VoiceFactory = open_voice) -> AsyncIterator["Sandbox"]:
        """Listen on a free port until the block ends."""
        sandbox = cls(http=http)
        async with AsyncExitStack() as stack:
            stack.callback(sandbox.authority.close)
            sandbox.voice = await stack.enter_async_context(voice(sandbox.world, sandbox.authority))
            sandbox.parts.rooms.voice = sandbox.voice
            await sandbox._listen(stack)
            stack.push_async_callback(sandbox._hang_up_all)
            yield sandbox

    async def _listen(self, stack: AsyncExitStack) -> None:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_get("/", self.gateway.handle)
        app.add_routes(files.routes(self.parts.cdn, self.knobs))
        app.add_subapp(API_PATH, self.rest.application())
        app.router.add_route("*", "/api/{other:.*}", Rest.other_version)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        context = None if self.http else self.authority.server_context
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        stack.push_async_callback(self.gateway.close)
        secure, port = "" if self.http else "s", runner.addresses[0][1]
        self.parts.cdn.base = f"http{secure}://127.0.0.1:{port}"
        self.gateway.url = f"ws{secure}://127.0.0.1:{port}"

    @property
    def api_base(self) -> str:
        """The value for DISCORD_API_BASE."""
        return self.parts.cdn.base + API_PATH

    # Users, channels and guilds

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
        self.moderator.joined(self.guild, user)
        return user

    def add_channel(
        self, name: str, kind: Kind = Kind.TEXT, *, user_limit: int = 0, overwrites: Iterable[Overwrite] = ()
    ) -> GuildChannel:
        channel = self.world.add_channel(self.guild, name, kind, user_limit=user_limit, overwrites=overwrites)
        self.moderator.created(channel)
        return channel

    def add_guild(self, name: str, *, locale: str = "en-US") -> Guild:
        """Invite the bot to another server, with a text and a voice channel."""
        guild = self.world.add_guild(name, locale=locale)
        guild.members[self.bot.id].roles.append(self.world.add_role(guild, "Kikite", BOT_PERMISSIONS).id)
        self.world.add_channel(guild, "general")
        self.world.add_channel(guild, "Lounge", Kind.VOICE)
        self.moderator.invited(guild)
        return guild

    def add_foreign_guild(self, name: str) -> Guild:
        """Make a server that does not have the bot, with a text channel; people may bring the bot as their own app."""
        guild = self.world.add_guild(name, with_bot=False)
        self.world.add_channel(guild, "general")
        return guild

    async def person(
        self,
        name: str,
        engine: EngineName | None = "davey",
        *,
        roles: Iterable[Role] = (),
        bot: bool = False,
        locale: str = "en-US",
    ) -> Person:
        """Add a member of `guild` with a voice client. `engine` is their DAVE implementation; None: no DAVE."""
        person = Person(self, self.add_user(name, roles, bot=bot, locale=locale), engine)
        self._people.append(person)
        return person

    async def _hang_up_all(self) -> None:
        for person in self._people:
            await person.hang_up()

    # Actions of people

    async def command(
        self,
        user: User,
        name: str,
        options: Mapping[str, Value] | None = None,
        *,
        channel_id: int | None = None,
        by_user: bool = False,
        timed_out: float = 0.0,
    ) -> CommandOutcome:
        """Use a slash command ("join", "call status") in a channel (#general) and wait for the first response.

        `by_user`: as an app that the person brought along. `timed_out`: as they press enter, a moderator times them
        out for so many seconds.

        Options are checked against the synced commands. Raises Refused for what a client would not send, and NoAnswer
        when no response comes within 3 s. Wait for a deferred response with `CommandOutcome.settled`.
        """
        channel = self._channel(channel_id)
        return await self._keyboard.command(user, name, options or {}, channel, by_user=by_user, timed_out=timed_out)

    async def autocomplete(
        self,
        user: User,
        name: str,
        focused: str,
        typed: Mapping[str, Value] | None = None,
        *,
        channel_id: int | None = None,
    ) -> CommandOutcome:
        """Type into the option `focused`; the outcome's `choices` are the proposals."""
        return await self._keyboard.complete(user, name, focused, typed or {}, self._channel(channel_id))

    async def menu(
        self, user: User, name: str, target: int | ChatMessage | User, *, timed_out: float = 0.0
    ) -> CommandOutcome:
        """Choose a menu entry on a message (or its id) or on a person; `timed_out` as for `command`."""
        if isinstance(target, int):
            target = self.message(target)
        where = target.channel_id if isinstance(target, ChatMessage) else None
        return await self._keyboard.menu(user, name, target, self._channel(where), timed_out=timed_out)

    async def click(
        self, user: User, message: int | ChatMessage, custom_id: str, values: Sequence[str] = ()
    ) -> CommandOutcome:
        """Press a button of a message, or choose `values` in a select."""
        found = self.message(message) if isinstance(message, int) else message
        return await self._keyboard.click(user, found, custom_id, values)

    async def submit(self, outcome: CommandOutcome, fields: Mapping[str, str | Sequence[str]]) -> CommandOutcome:
        """Fill in and send the form that an outcome opened; `fields` by custom id."""
        return await self._keyboard.submit(outcome, fields)

    async def write(
        self,
        user: User,
        channel_id: int,
        text: str = "",
        attachments: Iterable[tuple[str, bytes]] = (),
        *,
        reply_to: ChatMessage | None = None,
        forward: ChatMessage | None = None,
        voice_seconds: float | None = None,
    ) -> ChatMessage:
        """Write into a channel; attachments are (name, bytes). With `voice_seconds` the only one is a voice message."""
        return self._keyboard.write(
            user,
            self._channel(channel_id),
            text,
            attachments,
            reply_to=reply_to,
            forward=forward,
            voice_seconds=voice_seconds,
        )

    def direct(self, user: User) -> GuildChannel:
        """Return the direct-message channel of the bot and a person."""
        return self.world.direct(user)

    def file(self, name: str, data: bytes) -> Attachment:
        """Pick a file for an option of `command`."""
        return self._keyboard.file(name, data, self.general)

    # What people see

    def messages(self, channel_id: int, *, deleted: bool = False, ephemeral: bool = False) -> list[ChatMessage]:
        """Return a channel's messages with their revisions, newest last."""
        return self.parts.board.listed(channel_id, deleted=deleted, ephemeral=ephemeral)

    async def posted(
        self, channel_id: int, matches: Callable[[ChatMessage], bool], seconds: float = 60.0
    ) -> ChatMessage:
        """Return the first message of a channel that matches, now or as soon as one does. Raises TimeoutError."""

        def first() -> ChatMessage | None:
            return next((item for item in self.messages(channel_id) if matches(item)), None)

        async with asyncio.timeout(seconds):
            return await self.parts.board.until(first)

    def message(self, message_id: int) -> ChatMessage:
        """Return a message by id, including ephemeral and deleted ones. Raises Refused."""
        if message_id not in self.parts.board.messages:
            raise Refused("there is no such message")
        return self.parts.board.messages[message_id]

    def commands(self, guild_id: int | None = None) -> list[dict[str, object]]:
        """Return the commands synced for a guild, or the global ones."""
        return self.parts.registry.listed(guild_id)

    def _channel(self, channel_id: int | None) -> GuildChannel:
        channel = self.general if channel_id is None else self.world.channel(channel_id)
        if channel is None:
            raise Refused("there is no such channel")
        return channel

    # VoiceEntrance (people/person.py)

    async def enter_voice(
        self, user: User, channel: GuildChannel, *, self_mute: bool = False, self_deaf: bool = False
    ) -> tuple[str, Allotment]:
        """Put a person into a voice channel, or move them, and send the events. Returns their session id and seat.

        Raises PermissionError when Discord would not admit them.
        """
        if not self.world.may_enter(user.id, channel):
            raise PermissionError(f"{channel.name} does not admit {user.name}")
        session_id = self.parts.rooms.new_session()
        seat = await self.parts.rooms.enter(user.id, channel, session_id, self_mute=self_mute, self_deaf=self_deaf)
        assert seat is not None  # a new session always gets one
        return session_id, seat

    async def leave_voice(self, user: User) -> None:
        """Take a person out of their voice channel and send the events. For the bot this is a kick."""
        await self.moderator.disconnect(user)


def _token(bot_id: int) -> str:
    """Return a token in the shape of Discord's: the id, a timestamp, a signature."""
    first = base64.urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{first}.G{secrets.token_urlsafe(4)[:5]}.{secrets.token_urlsafe(29)[:38]}"
