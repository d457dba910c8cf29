"""What servers and channels set in place of the environment's defaults: one Field per setting, kept in memory.

Everything is read at start, and again when another process changed something. No call waits for the store.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import structlog

from bot.billing.budget import Caps
from bot.call.access import Access
from bot.call.own_voices import OwnVoices
from bot.call.settings import CallSettings
from bot.ports import Store
from bot.types import AWAY_SETTING, LANGUAGES, Setting

log = structlog.get_logger(__name__)

VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
"""Those known; others may exist, so any name is taken."""
PERSONAS = {
    "guest": "Be a curious, warm guest: take part, ask back, keep it short.",
    "expert": "Be exact and thorough; say what is uncertain, and give numbers where there are any.",
    "teacher": "Be a patient language teacher: speak simply, mend one mistake at a time, and have people try again.",
    "interpreter": "Be an interpreter: say what was said in the other language of the room, and nothing else.",
    "moderator": "Be a moderator: sum up, see that everyone has their turn, and keep to the subject.",
    "storyteller": "Be a storyteller: vivid, playful, and always ready for another scene.",
}
"""Personas by name; any other text is a persona of its own."""
AS_SPOKEN = "auto"
MAX_PERSONA_CHARACTERS, MAX_ALIASES, MAX_ALIAS_CHARACTERS = 1_000, 10, 40
SILENCE_RANGE_SECONDS = (0.2, 3.0)
"""Shortest and longest seconds of silence that end what somebody says."""
MAX_RETENTION_DAYS = 3650
MAX_JOIN_AT_PEOPLE = 99
"""People in a voice channel, as many as one takes."""
MAX_CAP_DOLLARS = Decimal(10_000)


Sentence = Callable[..., str]
"""Gives the sentence of a catalogue's code: chat/i18n.py's Words."""


@dataclass(frozen=True, slots=True)
class Field:
    """All that is known of one setting; its label is the catalogue's sentence "setting <name>"."""

    read: Callable[[str], Any]
    "gives the value from its text; raises ValueError"
    attribute: str | None
    "of CallSettings; None: a cap of the budget"
    show: Callable[[Any, Sentence], str] = lambda value, _: str(value)
    "gives the value as people read it"
    per_channel: bool = True
    per_server: bool = True
    mentions: bool = False
    "what is shown holds mentions and no words of people"
    choices: tuple[str, ...] = ()
    "all that it can be; empty: too many to list"


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError
        return text

    return read


def _voice(text: str) -> str:
    if not re.fullmatch(r"[\w.-]{1,40}", text, re.ASCII):
        raise ValueError
    return text


def _language(text: str) -> str | None:
    if text == AS_SPOKEN:
        return None
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise ValueError
    return text


def _persona(text: str) -> str:
    if len(text) > MAX_PERSONA_CHARACTERS:
        raise ValueError
    return PERSONAS.get(text, text)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for part in re.split(r"[,、，]", text) if (name := part.strip()))
    if not names or len(names) > MAX_ALIASES or max(map(len, names)) > MAX_ALIAS_CHARACTERS:
        raise ValueError
    return names


def _silence(text: str) -> float | None:
    if text == AS_SPOKEN:
        return None
    seconds = float(text)
    if not SILENCE_RANGE_SECONDS[0] <= seconds <= SILENCE_RANGE_SECONDS[1]:
        raise ValueError
    return seconds


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= MAX_RETENTION_DAYS:
        raise ValueError
    return days


def _people(text: str) -> int:
    people = int(text)
    if not 0 <= people <= MAX_JOIN_AT_PEOPLE:
        raise ValueError
    return people


def _dollars(text: str) -> Decimal:
    try:
        dollars = Decimal(text)
    except InvalidOperation:
        raise ValueError from None
    if not dollars.is_finite() or not 0 <= dollars <= MAX_CAP_DOLLARS:
        raise ValueError
    return dollars


def _show_persona(text: str, words: Sentence) -> str:
    return next((name for name, known in PERSONAS.items() if known == text), text) or words("value none")


def _show_language(code: str | None, words: Sentence) -> str:
    if code is None:
        return words("value as_spoken")
    return f"{LANGUAGES[code].native} ({code})" if code in LANGUAGES else code


def _show_dollars(dollars: Decimal, words: Sentence) -> str:
    return f"${dollars:.2f}" if dollars else words("value no_cap")


def _tools(text: str) -> frozenset[str]:
    names = frozenset(name for name in text.split(",") if name)
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in names):
        raise ValueError
    return names


ANSWERING = ("auto", "always", "name", "listen")
TRANSCRIPT_PLACES = ("chat", "thread", "off")
MINUTES_CHOICES = ("off", "ask", "auto")
FIELDS: Mapping[str, Field] = {
    "voice": Field(_voice, "voice"),
    "persona": Field(_persona, "persona", _show_persona),
    "language": Field(_language, "language", _show_language),
    "answering": Field(_one_of(*ANSWERING), "answering", choices=ANSWERING),
    "names": Field(_names, "aliases", lambda names, words: ", ".join(names) or words("value none")),
    "join_at": Field(
        _people,
        "join_at",
        lambda people, words: words("value people", count=people) if people else words("value never"),
        per_server=False,
    ),
    "silence": Field(
        _silence,
        "endpointing_delay",
        lambda seconds, words: words("value learned") if seconds is None else f"{seconds:g} s",
    ),
    "transcript": Field(_one_of(*TRANSCRIPT_PLACES), "transcript", choices=TRANSCRIPT_PLACES),
    "minutes": Field(_one_of(*MINUTES_CHOICES), "minutes", choices=MINUTES_CHOICES),
    "budget_server": Field(_dollars, None, _show_dollars, per_channel=False),
    "budget_person": Field(_dollars, None, _show_dollars, per_channel=False),
    "retention": Field(
        _days,
        "retention_days",
        lambda days, words: words("value days", days=days) if days else words("value with_call"),
        per_channel=False,
    ),
    "tools_off": Field(
        _tools,
        "tools_off",
        lambda names, words: ", ".join(sorted(names)) or words("value none"),
        per_channel=False,
    ),
    "access": Field(Access.read, "access", Access.show, per_channel=False, mentions=True),
}


class Preferences:
    """The settings in force. `load` before use."""

    def __init__(self, store: Store, defaults: CallSettings, caps: Caps, now: Callable[[], datetime]) -> None:
        """`defaults` and `caps` are what the environment says; a server may only lower a cap that is set there."""
        self._store = store
        self.own_voices = OwnVoices(store, now)
        self._defaults = defaults
        self._default_caps = caps
        self._now = now
        self._settings: dict[tuple[int, int | None], dict[str, tuple[Setting, Any]]] = {}
        self._cache: dict[tuple[int, int | None], CallSettings] = {}
        "what `of` returned since the last change: every call asks on every tick"

    async def load(self) -> None:
        """Read everything. Raises StoreUnavailable, and leaves all as it was."""
        fresh: dict[tuple[int, int | None], dict[str, tuple[Setting, Any]]] = {}
        for setting in self.own_voices.load(await self._store.settings()):
            if setting.name == AWAY_SETTING:
                continue  # no wish, but a note of bot/call/auto_join_blocks.py
            try:
                value = FIELDS[setting.name].read(setting.value)
            except (KeyError, ValueError):
                # Written by another version: the default serves, and nothing is lost.
                log.warning("setting_unreadable", name=setting.name, guild=setting.guild_id)
                continue
            fresh.setdefault((setting.guild_id, setting.channel_id), {})[setting.name] = setting, value
        self._settings = fresh
        self._cache.clear()

    def of(self, guild_id: int, channel_id: int | None) -> CallSettings:
        """Return how a server wants its calls in a channel."""
        place = guild_id, channel_id
        settings = self._cache.get(place)
        if settings is None:
            in_force = self._in_force(*place).items()
            found = {key: value for name, (_, value) in in_force if (key := FIELDS[name].attribute)}
            settings = self._cache[place] = replace(self._defaults, **found)
        return settings

    def caps(self, guild_id: int) -> Caps:
        """Return what a server and a person there may spend a day."""
        found = self._settings.get((guild_id, None), {})
        own = [found[name][1] if name in found else None for name in ("budget_server", "budget_person")]
        limits = (self._default_caps.server, self._default_caps.person)
        return Caps(*(_lower(wanted, limit) for wanted, limit in zip(own, limits, strict=True)))

    def values(self, guild_id: int, channel_id: int | None) -> dict[str, Any]:
        """Return the value in force of every field, by name."""
        settings, caps = self.of(guild_id, channel_id), self.caps(guild_id)
        money = {"budget_server": caps.server, "budget_person": caps.person}
        return {
            name: getattr(settings, field.attribute) if field.attribute else money[name]
            for name, field in FIELDS.items()
        }

    def changed(self, guild_id: int, channel_id: int | None) -> dict[str, Setting]:
        """Return what is not as the environment says, by name."""
        return {name: setting for name, (setting, _) in self._in_force(guild_id, channel_id).items()}

    def limit(self, name: str) -> Decimal:
        """Return the operator's cap that a setting must stay below; 0: there is none."""
        caps = {"budget_server": self._default_caps.server, "budget_person": self._default_caps.person}
        return caps.get(name, Decimal(0))

    async def change(self, guild_id: int, channel_id: int | None, name: str, value: str, by: int) -> None:
        """Set one setting of a server (channel None) or a channel.

        Raises ValueError when it cannot be that, or is above the operator's cap; StoreUnavailable.
        """
        field = FIELDS[name]
        read = field.read(value)
        if not (field.per_server if channel_id is None else field.per_channel):
            raise ValueError
        limit = self.limit(name)
        if limit and (read > limit or read == 0):
            raise ValueError
        setting = Setting(guild_id, channel_id, name, value, by, self._now())
        await self._store.set(setting)
        self._settings.setdefault((guild_id, channel_id), {})[name] = setting, read
        self._cache.clear()

    async def reset(self, guild_id: int, channel_id: int | None, name: str | None = None) -> int:
        """Go back to the default in one setting or all, and return how many changed. Raises StoreUnavailable."""
        names = FIELDS.keys() if name is None else {name}  # what else the store has of a place is no wish
        gone = await self._store.unset(guild_id, channel_id, *names)
        for wish in names:
            self._settings.get((guild_id, channel_id), {}).pop(wish, None)
        self._cache.clear()
        return gone

    def _in_force(self, guild_id: int, channel_id: int | None) -> dict[str, tuple[Setting, Any]]:
        server = self._settings.get((guild_id, None), {})
        return server if channel_id is None else server | self._settings.get((guild_id, channel_id), {})


def _lower(wanted: Decimal | None, limit: Decimal) -> Decimal:
    """Return the lower of two caps, where 0 is none."""
    if wanted is None:
        return limit
    return min(wanted, limit) if wanted and limit else wanted or limit
