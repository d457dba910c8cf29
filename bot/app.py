"""The composition root: settings -> everything that runs, wired; signals and drain."""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from bot.billing.budget import Budget, Caps
from bot.billing.prices import Prices
from bot.call.counters import Counters
from bot.call.manager import CallManager
from bot.call.preferences import Preferences
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.call.ticks import Ticker
from bot.chat.call_recovery import CallRecovery
from bot.chat.client import Client
from bot.chat.commands import ALL, podcast
from bot.chat.i18n import Catalogues
from bot.chat.permissions import VocalChannel
from bot.config import Settings
from bot.engine.model_check import announce
from bot.engine.open import open_engines
from bot.engine.roles import models_of, own_prices, roles_of
from bot.errors import StoreError, StoreUnavailable
from bot.jobs.analysis_notes import AnalysisNotesOnDisk
from bot.jobs.job_folder import folder_beside
from bot.jobs.podcast_folder import FailedPodcasts
from bot.ops import shard_slots
from bot.ops.health import Health
from bot.ops.http import HttpPages, serving
from bot.ops.identify_limit import IdentifyLimit
from bot.ops.metrics import BotCollector, Links, mean_latency, registry
from bot.ops.retention import Retention
from bot.ops.tls import tls_context
from bot.ops.traces import Spans, tracing
from bot.ports import Store
from bot.privacy.erasure import Erasure
from bot.privacy.holders import shared_holders
from bot.store.database import OPERATOR_HINT
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.talk.vad import make_vad
from bot.tools.builtin import BuiltinTools
from bot.tools.open import open_tools
from bot.tools.rounds import tool_route
from bot.types import Usage
from bot.voice import opus
from bot.voice.link import join
from bot.voice.link.gateway_sessions import GatewaySessions
from bot.voice.receive.stall_guard import StallGuard
from bot.voice.send.pacer import Pacer

log = structlog.get_logger(__name__)

STORE_WITHIN = 2.0
"""Seconds a store may take to count as ready."""

RETENTION_RETRY_SECONDS = 60.0
"""Seconds before retention is tried again after a bug."""


@dataclass(frozen=True, slots=True)
class App:
    """The running parts; `run` it inside `build`."""

    settings: Settings
    client: Client
    calls: CallManager
    store: Store
    retention: Retention

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then let running words end and go.

        Raises LoginError or StartError when Discord refuses or cannot be reached.
        """
        token = self.settings.discord_token.get_secret_value()
        serve = asyncio.create_task(self.client.start(token), name="discord")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        back = asyncio.create_task(self._come_back(), name="come_back")
        retention = asyncio.create_task(self._look_after(), name="retention")
        try:
            await asyncio.wait((serve, stopping), return_when=asyncio.FIRST_COMPLETED)
            back.cancel()
            if stopping.done():
                log.info("draining", calls=len(self.calls.all()))
                await self.calls.drain()
            await self.client.close()
            await serve
        finally:
            for task in (serve, stopping, back, retention):
                task.cancel()
            await asyncio.gather(serve, stopping, back, retention, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until people can use the bot."""
        while not self.client.serving:  # noqa: ASYNC110 (discord.py's wait_until_ready refuses before the login)
            await asyncio.sleep(0.1)

    async def _look_after(self) -> None:
        """Let retention run; a bug in it costs people nothing at once, so it is logged and tried again later."""
        while True:
            try:
                await self.retention.run()
            except Exception:
                log.exception("retention_crashed")
            await asyncio.sleep(RETENTION_RETRY_SECONDS)

    async def _come_back(self) -> None:
        """Take up what the last process left; a bug in that costs those who are here now nothing, so it is logged."""
        try:
            await self._take_up()
        except Exception:
            log.exception("come_back_crashed")

    async def _take_up(self) -> None:
        """Return to the calls, and to the podcasts, that were on when the last process ended."""
        try:
            await CallRecovery(self.client, self.calls, self.store).run()
        except StoreError as error:
            log.warning("calls_unknown", reason=str(error))
        await self.ready()
        await podcast.resume(self.client)


@asynccontextmanager
async def build(
    settings: Settings, tls: ssl.SSLContext | None = None, stop: asyncio.Event | None = None
) -> AsyncIterator[App]:
    """Open everything in the order it is needed; it is closed in reverse.

    `tls` is for Discord and the model alike (default: the system's authorities and SSL_CERT_FILE). `stop` is what `run`
    will be given: it also ends the wait of a hot spare, and is set when all processes are asked to drain. Raises
    ConfigError, StartError, OpusMissing, StoreError, and slots.Unneeded to a spare that was stopped.
    """
    tls, stop = tls or tls_context(settings.ssl_cert_file), stop or asyncio.Event()
    slots_of = shard_slots.layout(settings)
    async with AsyncExitStack() as stack:
        pages = HttpPages()
        if settings.http_port is not None:
            await stack.enter_async_context(serving(settings.http_host, settings.http_port, pages))
        library = opus.load(settings.opus_library)
        log.info("opus", source=library.source, version=library.version)
        catalogues = Catalogues.load()
        store = await open_store(settings, catalogues.policy)
        stack.push_async_callback(store.aclose)
        slot: shard_slots.ShardSlot | None = None
        if shard_slots.postgres(settings.database_url):
            pages.standby = True
            slot = await stack.enter_async_context(shard_slots.claimed(settings.database_url, slots_of, stop, stop.set))
            pages.standby = False
        elif settings.shards_per_process:
            shard_slots.dsn(settings.database_url)
        caps = Caps(settings.budget_server_day, settings.budget_person_day)
        preferences = Preferences(store, call_settings(settings), caps, lambda: datetime.now(UTC))
        await preferences.load()
        guard = StallGuard()
        pacer = stack.enter_context(Pacer(guard))
        sessions = stack.enter_context(GatewaySessions())
        spans = await stack.enter_async_context(tracing(roles_of(settings), os.environ))
        services = await stack.enter_async_context(_services(settings, store, preferences, tls, spans))
        store.counts = services.counters.calls
        folder = folder_beside(settings)
        erasure = Erasure(store, shared_holders(services.engine, services.outbox))
        erasure.register(FailedPodcasts(folder), AnalysisNotesOnDisk(folder))
        calls = await stack.enter_async_context(CallManager(services, preferences.of, erasure))
        links = Links()

        async def connect(channel: VocalChannel) -> join.Link:
            opened = await join.connect(
                channel, library=library, pacer=pacer, guard=guard, sessions=sessions, clock=services.clock
            )
            links.opened(opened)
            return opened

        ledger = IdentifyLimit(store)
        shards = slot.shards if slot else ()
        if settings.shard_count:
            shards = shard_slots.called_first(shards, settings.shard_count, await store.calls())
        client = Client(settings, calls, services, catalogues, connect, ALL, tls, preferences, shards, ledger.take)
        health = Health(pacer)
        await stack.enter_async_context(health.beating())
        gauges = partial(_gauges, client)
        pages.registry = registry(BotCollector(calls, links, services.counters, pacer, health.lag, gauges))
        pages.trouble, pages.unready = health.trouble, partial(_unready, client, store)
        retention = Retention(store, preferences, erasure, client.is_in, lambda: datetime.now(UTC))
        yield App(settings, client, calls, store, retention)


def _gauges(client: Client) -> dict[str, float]:
    """Return what the metrics show of the main gateway; latency only once a heartbeat was answered."""
    gauges = {"ready": float(client.serving), "shards": float(len(client.shards)), "servers": float(len(client.guilds))}
    latency = mean_latency(shard.latency for shard in client.shards.values())
    return gauges | ({} if latency is None else {"latency_seconds": latency})


async def _unready(client: Client, store: Store) -> str | None:
    """Return why people cannot use the bot as they should."""
    if not client.serving:
        return "the gateway is not ready" if client.synced else "the commands are not in sync"
    try:
        async with asyncio.timeout(STORE_WITHIN):
            await store.calls()
    except (StoreError, TimeoutError):
        return "the store does not answer"
    return None


def call_settings(settings: Settings) -> CallSettings:
    """Return how calls are held where no server has said otherwise."""
    return CallSettings(
        answering=settings.answering,
        aliases=() if settings.bot_name else ("Kikite", "聞き手"),
        consent=settings.consent,
        language=settings.language,
        voice=settings.voice,
        cue=settings.cue == "on",
        preemptive=settings.speculation == "on",
        retention_days=settings.retention_days,
    )


async def open_store(settings: Settings, policy: str) -> SqlStore:
    """Open what DATABASE_URL and STORE_KEY name; `policy` is the version of what people agree to.

    Raises ConfigError, StoreUnavailable, WrongKey.
    """
    key = settings.store_key.get_secret_value() if settings.store_key else None
    try:
        return await SqlStore.open(settings.database_url, key, policy)
    except StoreUnavailable as error:
        raise StoreUnavailable(str(error), hint=OPERATOR_HINT) from error


@asynccontextmanager
async def _services(
    settings: Settings, store: Store, preferences: Preferences, tls: ssl.SSLContext, spans: Spans | None
) -> AsyncIterator[Services]:
    prices = Prices(own_prices(settings))
    # The first look at the price list reads all of it, which must not happen between a question and its answer.
    models = models_of(settings)
    await asyncio.to_thread(prices, models["model"], Usage())
    counters = Counters()
    outbox, wall = Outbox(store, counts=counters.calls), lambda: datetime.now().astimezone()
    builtin = BuiltinTools(store, wall, outbox.pending_lines)
    async with (
        open_engines(settings, tls, counters.calls, store) as engines,
        open_tools(builtin, settings.tools_file, counters.calls) as tools,
    ):
        checking = asyncio.create_task(announce(engines.check, engines.roles), name="check_models")
        try:
            yield Services(
                engine=engines.reply,
                transcriber=engines.write_down,
                store=store,
                outbox=outbox,
                counters=counters,
                budget=Budget(
                    settings.budget_server_day,
                    settings.budget_person_day,
                    prices,
                    lambda: datetime.now(UTC),
                    preferences.caps,
                    prices.dearest,
                    store,
                ),
                make_vad=make_vad(settings.vad),
                clock=time.monotonic,
                ticker=Ticker(time.monotonic),
                wall=wall,
                model=models["model"],
                speech_model=models["speech_model"],
                trace=spans.turn if spans else None,
                studio=engines.write,
                tools=tools,
                tool_route=tool_route(engines.tools, settings),
            )
        finally:
            checking.cancel()
