"""What people wrote in settings is sealed with STORE_KEY: the persona, the names."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.errors import WrongKey
from bot.store.repository import SqlStore
from bot.store.seal import Seal
from bot.types import Setting
from tests.store.make import ANNA, CHANNEL, GUILD, START, cost

KEY, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
CANARY = "a canary that speaks like a pirate, 海賊"
PERSONA = Setting(GUILD, None, "persona", CANARY, ANNA, START)
VOICE = Setting(GUILD, CHANNEL, "voice", "sage", ANNA, START)


async def rows(store: SqlStore) -> str:
    async with store._engine.connect() as connection:
        return str((await connection.execute(text("SELECT name, value FROM settings ORDER BY name"))).all())


async def test_a_persona_is_sealed_bound_to_its_place_and_resealed(url: str) -> None:
    store = await SqlStore.open(url)
    for setting in (PERSONA, replace(PERSONA, channel_id=CHANNEL, value="ahoy canary"), VOICE):
        await store.set(setting)
    assert CANARY in await rows(store), "without a key it stays as it is"
    await store.aclose()

    store = await SqlStore.open(url, KEY)
    assert sorted(setting.value for setting in await store.settings()) == sorted([CANARY, "ahoy canary", "sage"])
    assert await store.older_keys() == ("no key",)
    while await store.reseal(100):
        pass
    assert await store.older_keys() == ()
    shown = await rows(store)
    assert "canary" not in shown and "海賊" not in shown
    assert "sage" in shown
    assert PERSONA in await store.settings()
    [changed] = [one for one in (await store.export(ANNA))["settings_changed"] if one["channel_id"] == "0"]
    assert changed["name"] == "persona"
    async with store._engine.begin() as connection:  # the words of the server's persona in the channel's row
        moved = "SELECT value FROM settings WHERE name = 'sealed:persona' AND channel_id = 0"
        await connection.execute(
            text(f"UPDATE settings SET value = ({moved}) WHERE name = 'sealed:persona' AND channel_id <> 0")
        )
    assert {setting.name: setting.value for setting in await store.settings()} == {"persona": CANARY, "voice": "sage"}
    await store.aclose()
    with pytest.raises(WrongKey):
        await SqlStore.open(url, OTHER)
    with pytest.raises(WrongKey):
        await SqlStore.open(url)


async def test_what_is_damaged_needs_no_old_key(url: str) -> None:
    store = await SqlStore.open(url, KEY)
    await store.set(PERSONA)
    await store.set(replace(PERSONA, channel_id=CHANNEL))
    await store.charge([cost("0.1", ANNA, at=datetime.now(UTC))])
    await store.forget(ANNA)  # makes a key of the day
    async with store._engine.begin() as connection:
        await connection.execute(text("UPDATE settings SET value = value || 'x' WHERE channel_id = 0"))
        await connection.execute(text("UPDATE purse_keys SET key = 'x'"))
    await store.aclose()
    store = await SqlStore.open(url, f"{OTHER},{KEY}")
    await store.reseal(9)
    assert await store.older_keys() == (Seal.of(KEY).key,), "upkeep gives nothing up"
    await store.reseal(9, give_up_damaged=True)
    assert await store.older_keys() == ()
    await store.aclose()
    store = await SqlStore.open(url, OTHER)
    assert [setting.channel_id for setting in await store.settings()] == [CHANNEL]
    await store.aclose()


async def test_changing_and_resetting_leave_one_persona_or_none(url: str) -> None:
    store = await SqlStore.open(url, KEY)
    await store.set(PERSONA)
    later = replace(PERSONA, value="calm", changed_at=START + timedelta(hours=1))
    async with store._engine.begin() as connection:  # what a version of the bot that knows no sealed settings writes
        await connection.execute(
            text("INSERT INTO settings VALUES (:guild, 0, 'persona', 'calm', :by, :at)"),
            {
                "guild": GUILD,
                "by": ANNA,
                "at": later.changed_at.replace(tzinfo=None) if "sqlite" in url else later.changed_at,
            },
        )
    assert await store.settings() == [later]
    await store.set(replace(later, value="merry"))
    assert [setting.value for setting in await store.settings()] == ["merry"]
    assert await store.unset(GUILD, None, "persona") == 1
    assert await store.settings() == []
    await store.aclose()
