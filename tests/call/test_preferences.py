"""Settings: what is taken, what is refused, what holds where, and what another process learns."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.billing.budget import Caps
from bot.call.auto_join_blocks import AutoJoinBlocks
from bot.call.preferences import FIELDS, PERSONAS, Preferences
from bot.call.settings import CallSettings
from bot.store.repository import SqlStore
from bot.types import AWAY_SETTING, Setting
from tests.made_database import made_database

GUILD, OTHER, LOUNGE, ATTIC, MIA = 1, 2, 11, 12, 21
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEFAULTS = CallSettings(voice="marin", language="en", retention_days=30)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(made_database(tmp_path))
    yield store
    await store.aclose()


@pytest.fixture
async def wanted(store: SqlStore) -> Preferences:
    return Preferences(store, DEFAULTS, Caps(Decimal(5), Decimal(0)), lambda: NOW)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("voice", "sage", "sage"),
        ("voice", "some-new.voice_2", "some-new.voice_2"),
        ("language", "auto", None),
        ("language", "pt-BR", "pt-BR"),
        ("persona", "teacher", PERSONAS["teacher"]),
        ("persona", "Be brief.", "Be brief."),
        ("answering", "listen", "listen"),
        ("names", "Kiki, 聞き手、 キキ ,", ("Kiki", "聞き手", "キキ")),
        ("silence", "0.2", 0.2),
        ("silence", "auto", None),
        ("transcript", "thread", "thread"),
        ("retention", "0", 0),
        ("budget_server", "0.5", Decimal("0.5")),
    ],
)
def test_taken(name: str, text: str, value: Any) -> None:
    assert FIELDS[name].read(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("voice", ""),
        ("voice", "a b"),
        ("voice", "x" * 41),
        ("language", "English!"),
        ("language", "日本語"),
        ("persona", "x" * 1001),
        ("answering", "sometimes"),
        ("names", " , "),
        ("names", "x" * 41),
        ("names", ",".join("abcdefghijk")),
        ("silence", "0.1"),
        ("silence", "3.1"),
        ("silence", "nan"),
        ("silence", "long"),
        ("transcript", "everywhere"),
        ("retention", "-1"),
        ("retention", "3651"),
        ("retention", "1.5"),
        ("budget_server", "-1"),
        ("budget_server", "NaN"),
        ("budget_server", "Infinity"),
        ("budget_server", "10001"),
        ("budget_server", "much"),
    ],
)
def test_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whatever it says, people read a sentence of the catalogue)
        FIELDS[name].read(text)


async def test_the_channel_goes_before_the_server_and_that_before_the_environment(wanted: Preferences) -> None:
    await wanted.change(GUILD, None, "voice", "sage", MIA)
    await wanted.change(GUILD, LOUNGE, "voice", "echo", MIA)
    await wanted.change(GUILD, LOUNGE, "silence", "1", MIA)
    places = [(GUILD, LOUNGE), (GUILD, ATTIC), (GUILD, None), (OTHER, LOUNGE)]
    assert [wanted.of(*place).voice for place in places] == ["echo", "sage", "sage", "marin"]
    assert [wanted.of(*place).endpointing_delay for place in places] == [1.0, None, None, None]
    assert wanted.of(GUILD, LOUNGE).language == "en"
    assert wanted.changed(GUILD, LOUNGE)["voice"] == Setting(GUILD, LOUNGE, "voice", "echo", MIA, NOW)
    assert await wanted.reset(GUILD, LOUNGE, "voice") == 1
    assert [wanted.of(GUILD, LOUNGE).voice, wanted.of(GUILD, LOUNGE).endpointing_delay] == ["sage", 1.0]
    assert await wanted.reset(GUILD, LOUNGE) == 1
    assert await wanted.reset(GUILD, None) == 1
    assert wanted.of(GUILD, LOUNGE) == DEFAULTS


@pytest.mark.parametrize(("name", "text"), [("budget_server", "5.01"), ("budget_server", "0"), ("budget_person", "-1")])
async def test_nobody_spends_more_than_the_operator_allows(wanted: Preferences, name: str, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (as above)
        await wanted.change(GUILD, None, name, text, MIA)
    assert wanted.caps(GUILD) == Caps(Decimal(5), Decimal(0))


async def test_caps_of_a_server(wanted: Preferences) -> None:
    await wanted.change(GUILD, None, "budget_server", "2", MIA)
    await wanted.change(GUILD, None, "budget_person", "0.5", MIA)
    assert wanted.caps(GUILD) == Caps(Decimal(2), Decimal("0.5"))
    assert wanted.caps(OTHER) == Caps(Decimal(5), Decimal(0))


@pytest.mark.parametrize("name", ["budget_server", "budget_person", "retention"])
async def test_what_holds_for_a_server_is_not_set_for_a_channel(wanted: Preferences, name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (as above)
        await wanted.change(GUILD, LOUNGE, name, "1", MIA)


async def test_another_process_reads_the_same_and_skips_what_it_does_not_know(
    wanted: Preferences, store: SqlStore
) -> None:
    await wanted.change(GUILD, None, "persona", "teacher", MIA)
    for name, value in (("mood", "blue"), ("silence", "ages")):
        await store.set(Setting(GUILD, None, name, value, MIA, NOW))
    other = Preferences(store, DEFAULTS, Caps(), lambda: NOW)
    await other.load()
    assert other.of(GUILD, None) == wanted.of(GUILD, None)
    assert other.changed(GUILD, None).keys() == {"persona"}


@pytest.mark.parametrize("place", [None, LOUNGE])
async def test_whoever_resets_does_not_call_it_back(wanted: Preferences, store: SqlStore, place: int | None) -> None:
    blocks = AutoJoinBlocks(store, lambda: NOW)
    await blocks.block(GUILD, place)
    await wanted.change(GUILD, place, "voice", "sage", MIA)
    await wanted.change(GUILD, place, "answering", "name", MIA)
    assert await wanted.reset(GUILD, place) == 2
    assert wanted.of(GUILD, place) == DEFAULTS
    [note] = await store.settings()
    assert (note.channel_id, note.name) == (place, AWAY_SETTING)
