"""Makes the pictures of the README: the bot's own messages, rendered by simcord's preview in a local browser.

    ./dev true && VIRTUAL_ENV=.venv .uv/bin/uv pip install "simcord[screenshot]>=3.2,<4"
    ./dev python docs/pictures.py [BROWSER]

BROWSER is the path of a Chromium (default: /usr/bin/chromium). Nothing is reached but loopback.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import simcord
from simcord.preview import _capture

from bot.billing.budget import Budget, Caps
from bot.billing.prices import Prices
from bot.call.call import CallStatus
from bot.call.counters import Counters
from bot.call.preferences import Preferences
from bot.call.settings import CallSettings
from bot.chat.client import Client
from bot.chat.commands import ALL
from bot.chat.i18n import Catalogues
from bot.chat.venue import DiscordVenue
from bot.config import Settings
from bot.privacy.erasure import Erasure
from bot.store.repository import SqlStore
from bot.tools.registry import ToolRegistry
from bot.types import CallState, Charge, Heard, Spoken, Usage

OUT = Path(__file__).parent / "pictures"
BROWSER = sys.argv[1] if len(sys.argv) > 1 else "/usr/bin/chromium"
TALK = {
    "en-US": (
        ("Ada", "Kikite, how far away is the moon?"),
        ("Kikite", "About 384,000 kilometres. Light takes a little"),
        ("Ben", "And how long would I have to drive?"),
        ("Kikite", "At 100 kilometres an hour, day and night: about five months and"),
    ),
    "ja": (
        ("あかり", "聞き手、月までどのくらい？"),
        ("聞き手", "およそ38万キロです。光でも1秒"),
        ("ベン", "車で走ったらどのくらいかかる？"),
        ("聞き手", "時速100キロで昼も夜も走り続けて、およそ5か月"),
    ),
}


@dataclass
class Scene:
    """A call that stands still: what panel and transcript ask of Calls and Services."""

    store: SqlStore
    counters: Counters = field(default_factory=Counters)
    venue: DiscordVenue | None = None
    agreed_ids: frozenset[int] = frozenset()
    tools: ToolRegistry = field(default_factory=ToolRegistry)
    budget: Budget = field(default_factory=lambda: Budget(Decimal(2), Decimal(0), Prices(), lambda: datetime.now(UTC)))
    barred: frozenset[int] = frozenset()

    @property
    def record(self) -> Any:
        assert self.venue
        return SimpleNamespace(people=self.venue.people, name=self.venue.people().get)

    @property
    def erasure(self) -> Erasure:
        return Erasure(self.store)

    def get(self, guild_id: int) -> Any:
        return self if self.venue else None

    def all(self) -> list[Any]:
        return []

    def agreed(self) -> frozenset[int]:
        return self.agreed_ids

    def status(self) -> CallStatus:
        assert self.venue
        people = self.venue.people()
        return CallStatus(CallState.SPEAKING, 754.0, 9, Decimal("0.0412"), 0, people, self.agreed_ids)

    def wall(self) -> datetime:
        return datetime.now(UTC)


async def launch(capture: Any) -> Any:
    """Start the browser that is there instead of one that would have to be fetched."""
    if capture._browser is None:
        from playwright.async_api import async_playwright

        capture._playwright = await async_playwright().start()
        capture._browser = await capture._playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    return capture._browser


async def nothing(*_: object) -> None: ...


async def take(locale: str) -> None:
    """Take the pictures of one language."""
    language = locale.split("-")[0]
    first, bot_name, second = TALK[locale][0][0], TALK[locale][1][0], TALK[locale][2][0]
    with tempfile.TemporaryDirectory() as folder:
        store = await SqlStore.open(f"sqlite+aiosqlite:///{folder}/bot.db")
        settings = Settings(_env_file=None, discord_token="none", openai_api_key="none")  # pyright: ignore
        scene: Any = Scene(store)
        preferences = Preferences(
            store, CallSettings(), Caps(Decimal(2), Decimal(0)), lambda: datetime(2025, 12, 30, tzinfo=UTC)
        )
        client = Client(settings, scene, scene, Catalogues.load(), None, ALL, preferences=preferences)  # pyright: ignore
        client.on_voice_state_update = nothing  # nobody calls it here, and it does not come by itself
        async with simcord.run(client, shard_count=1) as env:
            guild = env.create_guild("Kikite", preferred_locale=locale)
            lounge = guild.create_voice_channel("Lounge" if language == "en" else "ラウンジ")
            ada, ben = (guild.add_member(env.create_user(name)) for name in (first, second))
            cleo = guild.add_member(env.create_user("Cleo" if language == "en" else "クロエ"))
            for person in (ada, ben, cleo):
                await person.join_voice(lounge)
            channel: Any = client.get_channel(lounge.id)
            await channel.guild.me.edit(nick=bot_name)
            await env.settle()
            venue = scene.venue = client.venue(channel)
            venue.channel_status.changed = lambda *_: None  # simcord knows no status line
            scene.agreed_ids = frozenset({ada.id, ben.id})
            async with env.preview(
                lounge, viewers=[ada], layout="channel", width=900, height=600, locale=locale
            ) as view:
                audience = venue.audience
                await audience.state(CallState.LISTENING)
                (_, q1), (_, a1), (_, q2), (_, a2) = TALK[locale]
                await audience.heard(Heard(1, ada.id, q1, 2.0), first)
                await audience.said(Spoken(1, a1, 4.2, Decimal("0.0061"), interrupted=True))
                await audience.heard(Heard(2, ben.id, q2, 2.0), second)
                await audience.saying(2, a2)
                await audience.state(CallState.SPEAKING)
                await venue.idle()
                await view.refresh()
                await view.screenshot(OUT / f"call.{language}.png", mode="viewport")
            text = guild.create_text_channel("general")
            role = guild.create_role("Hosts", permissions=discord.Permissions(manage_guild=True))
            mia = guild.add_member(env.create_user("Mia"), roles=[role])
            await store.charge(list(charges(guild.id, lounge.id, ada.id, ben.id)))
            client.words_to = lambda _: client.catalogues.of(locale)  # simcord's people all read English
            for command, options in (("usage", {"period": "week"}), ("settings show", {})):
                await preferences.change(guild.id, None, "persona", "teacher", mia.id)
                async with env.preview(text, viewers=[mia], width=900, height=900, locale=locale) as view:
                    result = await mia.slash(text, command, **options)
                    await view.refresh()
                    await view.screenshot(OUT / f"{command.split()[0]}.{language}.png", target=result)
        await store.aclose()


def charges(guild_id: int, channel_id: int, ada: int, ben: int) -> Iterator[Charge]:
    """Yield a week of talk."""
    now = datetime.now(UTC)
    for day in range(7):
        for number in range(3 + day * 5 % 8):
            at, people = now - timedelta(days=day, minutes=number), (ada, ben)[: 1 + number % 2]
            use = Usage(text_in=400, audio_in=90, audio_out=160)
            yield Charge(at, guild_id, channel_id, people, "reply", "gpt-audio-1.5", use, Decimal("0.0141"))
            use = Usage(audio_in=90)
            yield Charge(
                at, guild_id, channel_id, people[:1], "transcription", "gpt-transcribe", use, Decimal("0.0007")
            )


async def main() -> None:
    OUT.mkdir(exist_ok=True)
    _capture.ManagedCapture._ensure_browser = launch
    for locale in TALK:
        await take(locale)


if __name__ == "__main__":
    asyncio.run(main())
