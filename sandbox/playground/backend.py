"""Everything that runs behind the page: the sandbox, the model or its stand-in, the bot and the people."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import structlog

from bot import app, config
from bot.config import Settings
from bot.engine.local.running import check_local_models
from bot.errors import BotError, ConfigError
from bot.types import CallState
from bot.voice import opus
from sandbox.guild import payload
from sandbox.guild.permissions import P
from sandbox.model.behaviour import Echo
from sandbox.model.dialect import LOCAL_PARTS_SETTINGS, STAND_IN_SETTINGS
from sandbox.model.relay import ModelRelay
from sandbox.model.server import ModelServer
from sandbox.playground.browser_person import BrowserPerson
from sandbox.playground.extra_people import ExtraPeople
from sandbox.playground.loudspeaker import Loudspeaker
from sandbox.playground.timeline import Timeline
from sandbox.server import Sandbox

log = structlog.get_logger(__name__)

Model = ModelServer | ModelRelay
KEY_MISSING_FAULT = "OPENAI_API_KEY is missing"
CLIENT_LOCALES = {"en": "en-US", "ja": "ja"}
OWN_SETTINGS: dict[str, object] = {
    "discord_token": "sandbox",
    "http_port": None,
    "dev_guild_id": None,
    "log_level": "ERROR",
}
"""Settings that the playground fixes. All others are those of `run`."""


class PlaygroundBackend:
    """One playground. `start` and `stop` affect the bot only; the rest lives as long as `open_backend`'s block."""

    def __init__(self, sandbox: Sandbox, model: Model, settings: Settings, folder: Path) -> None:
        self.sandbox = sandbox
        self.model = model
        self.fault: str | None = None
        "why the bot ended, as a sentence for people"
        self.app: app.App | None = None
        self.timeline = Timeline(sandbox.bot.id)
        library = opus.load(settings.opus_library)
        host = sandbox.world.add_role(sandbox.guild, "Host", int(P.MANAGE_GUILD | P.MOVE_MEMBERS))
        self.browser_person = BrowserPerson(
            sandbox, sandbox.add_user("You", [host]), Loudspeaker(library, self.timeline.add_sound)
        )
        self.extra_people = ExtraPeople(sandbox)
        self._settings = settings
        self._folder = folder
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @property
    def live(self) -> bool:
        """True when the real model answers, which costs money."""
        return isinstance(self.model, ModelRelay)

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def state(self) -> str:
        """What the bot is doing: "stopped", "starting", "away" (not in a channel), or the state of its call."""
        if self._serving is None or self._serving.done():
            return "stopped"
        if self.app is None or not self.app.client.serving:
            return "starting"
        call = self.app.calls.get(self.sandbox.guild.id)
        return call.state.value if call and call.state is not CallState.LEAVING else "away"

    async def start(self) -> None:
        """Start the bot unless it is running. Returns once it serves or has failed."""
        if self._serving is not None and not self._serving.done():
            return
        self.fault, self._stop = None, asyncio.Event()
        self._serving = asyncio.create_task(self._serve(self._stop), name="bot")
        while self.state == "starting":  # noqa: ASYNC110 (the client has no event for it)
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does. Idempotent."""
        self._stop.set()
        if self._serving is not None:
            await self._serving

    async def _serve(self, stop: asyncio.Event) -> None:
        try:
            async with app.build(self._settings, self.sandbox.authority.client_context) as running:
                self.app = running
                await running.run(stop)
        except BotError as error:
            self.fault = error.hint
        except Exception as error:
            log.exception("bot_failed")
            self.fault = type(error).__name__
        finally:
            self.app = None

    async def cost(self) -> Decimal:
        """Return the cost of all answers so far in US dollars. Answers without a known price count as 0."""
        if self.app is None:
            return Decimal(0)
        charges = await self.app.store.charges(self.sandbox.guild.id, datetime(2000, 1, 1, tzinfo=UTC))
        return sum((charge.cost or Decimal(0) for charge in charges), Decimal(0))

    def set_language(self, language: str) -> None:
        """Set the language of the person's client and of the server: "en" or "ja"."""
        guild, locale = self.sandbox.guild, CLIENT_LOCALES.get(language, "en-US")
        self.browser_person.user.locale = locale
        if guild.preferred_locale != locale:
            guild.preferred_locale = locale
            self.sandbox.parts.hub.dispatch("GUILD_UPDATE", payload.guild(guild), guild.id)

    async def follow_requests(self) -> None:
        """Add every request to the model to the timeline, until cancelled."""
        seen: set[int] = set()
        while True:
            known = {id(request) for request in self.model.chats}
            for request in self.model.chats:
                if id(request) not in seen:
                    self.timeline.add_request(request)
            seen = known
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self.extra_people.close()
        await self.browser_person.hang_up()
        await self.stop()


@asynccontextmanager
async def open_backend(
    *, stand_in: bool = False, local: bool = False, env_file: Path | None = None
) -> AsyncIterator[PlaygroundBackend]:
    """Open everything and start the bot.

    The settings are those of `run`. If they include OPENAI_API_KEY, the real model answers, unless `stand_in` is set.
    `local`: it really hears and speaks, on this machine.
    Raises ConfigError, and whatever starting the bot raises.
    """
    given = _given(env_file, stand_in or local)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox.open())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kikite-playground-")))
        model = await _model(stack, given)
        alone = LOCAL_PARTS_SETTINGS if local else STAND_IN_SETTINGS if given is None else {}
        own: dict[str, object] = {
            **OWN_SETTINGS,
            **alone,
            "discord_token": sandbox.token,
            "discord_api_base": sandbox.api_base,
            "openai_api_key": model.key,
            "openai_base_url": model.base_url,
            "database_url": f"sqlite+aiosqlite:///{folder}/playground.db",
        }
        settings = config.load(env_file, own)
        check_local_models(settings)
        backend = PlaygroundBackend(sandbox, model, settings, folder)
        stack.push_async_callback(backend.close)
        follower = asyncio.create_task(backend.follow_requests(), name="follow")
        stack.push_async_callback(_cancel, follower)
        await backend.start()
        yield backend


def _given(env_file: Path | None, stand_in: bool) -> Settings | None:
    """Return the settings, or None if only the API key is missing. Raises ConfigError for any other fault."""
    if stand_in:
        return None
    try:
        return config.load(env_file, OWN_SETTINGS)
    except ConfigError as error:
        if error.faults == [KEY_MISSING_FAULT]:
            return None
        raise


async def _model(stack: AsyncExitStack, given: Settings | None) -> Model:
    if given is None:
        model = await stack.enter_async_context(ModelServer.open())
        model.default = Echo()
        return model
    key = given.openai_api_key.get_secret_value()
    return await stack.enter_async_context(ModelRelay.open(key, given.openai_base_url))


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
