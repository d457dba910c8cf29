"""Consent by policy, a person's export, and forgetting to the last byte."""

import random
from pathlib import Path

from bot.store.repository import SqlStore
from bot.types import Forgotten, Setting
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, answer, cost, said


async def test_who_agreed_to_another_text_is_asked_again_who_withdrew_is_not(url: str) -> None:
    first = await SqlStore.open(url, policy="1")
    await first.consent(GUILD, ANNA, True)
    await first.consent(GUILD, BEN, False)
    await first.aclose()
    second = await SqlStore.open(url, policy="2")
    assert await second.consents(GUILD) == {BEN: False}
    await second.consent(GUILD, ANNA, True)
    assert await second.consents(GUILD) == {ANNA: True, BEN: False}
    await second.aclose()


async def fill(store: SqlStore) -> None:
    for guild in (GUILD, GUILD + 1):
        lines = [said(1, ANNA, "mine"), said(2, BEN, "not mine"), answer(3, ANNA, BEN), answer(4, BEN, text="to Ben")]
        await store.remember(guild, guild + 9, lines)
        await store.consent(guild, ANNA, True)
        await store.consent(guild, BEN, True)
        await store.charge([cost("0.01", ANNA, BEN, guild=guild)])
        await store.set(Setting(guild, None, "voice", "sage", ANNA, START))


async def test_export_has_all_of_one_person_and_nothing_of_another(store: SqlStore) -> None:
    await fill(store)
    kept = await store.export(ANNA)
    assert [line["text"] for line in kept["messages"]] == ["mine", "mine"]
    assert [line["text"] for line in kept["answers"]] == ["answer 3", "answer 3"]
    assert {line["guild_id"] for line in kept["messages"]} == {str(GUILD), str(GUILD + 1)}
    assert [len(kept[name]) for name in ("consents", "charges", "settings_changed")] == [2, 2, 2]
    assert str(BEN) not in str(kept)
    assert "not mine" not in str(kept)
    assert "to Ben" not in str(kept)


async def test_forgetting_leaves_sums_and_other_people_whole(store: SqlStore) -> None:
    await fill(store)
    assert await store.forget(ANNA) == Forgotten(messages=4, consents=2, charges=2)
    kept = await store.export(ANNA)
    parts = ("messages", "answers", "consents", "charges", "settings_changed")
    assert [kept[name] for name in parts] == [[]] * 5
    assert [line.text for line in await store.history(GUILD + 9, 9)] == ["not mine", "to Ben"]
    assert [line.audio_id for line in await store.history(GUILD + 9, 9)] == [None, "audio_4"]
    [charge] = await store.charges(GUILD, START)
    assert (charge.user_ids, charge.cost) == ((BEN,), cost("0.01").cost)
    assert len((await store.export(BEN))["messages"]) == 2
    assert [setting.changed_by for setting in await store.settings()] == [None, None]


async def test_forgetting_leaves_no_byte_of_the_words_in_the_file(file: Path) -> None:
    """Lines of every length, written and deleted for a while, so that pages split, merge and overflow."""
    store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
    chance = random.Random(7)
    for batch in range(40):
        lines = []
        for number in range(20):
            mine = chance.random() < 0.5
            text = ("canary-" if mine else "other-") * chance.choice((1, 3, 30, 300, 1500))
            who = ANNA if mine else BEN
            make = said if chance.random() < 0.7 else lambda at, who, text: answer(at, who, text=text)
            lines.append(make(batch * 20 + number, who, text))
        await store.remember(GUILD, CHANNEL, lines)
    assert b"canary" in b"".join(path.read_bytes() for path in file.parent.glob("bot.db*"))
    await store.forget(ANNA)
    for path in file.parent.glob("bot.db*"):
        assert b"canary" not in path.read_bytes(), path.name
        assert str(ANNA).encode() not in path.read_bytes()
    assert len((await store.export(BEN))["messages"]) > 200
    await store.aclose()


async def test_nor_do_words_that_came_while_it_was_forgetting(file: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
    await store.forget(ANNA)
    await store.remember(GUILD, CHANNEL, [said(number, ANNA, "canary" * 50) for number in range(20)])
    await store.forget(ANNA, again=True)
    for path in file.parent.glob("bot.db*"):
        assert b"canary" not in path.read_bytes(), path.name
    await store.aclose()


async def test_clearing_a_channel_leaves_no_byte_either(file: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
    await store.remember(GUILD, CHANNEL, [said(number, text="canary" * 50) for number in range(200)])
    await store.clear(CHANNEL)
    for path in file.parent.glob("bot.db*"):
        assert b"canary" not in path.read_bytes(), path.name
    await store.aclose()


async def test_words_written_while_being_forgotten_go_the_second_time(store: SqlStore) -> None:
    await fill(store)
    await store.forget(ANNA)
    await store.remember(GUILD, CHANNEL, [said(5, ANNA), answer(6, ANNA)])
    await store.consent(GUILD, ANNA, True)
    assert await store.forget(ANNA, again=True) == Forgotten(2, 0, 0)
    assert await store.consents(GUILD) == {ANNA: True, BEN: True}
