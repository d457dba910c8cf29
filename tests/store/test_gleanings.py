"""What is gleaned from lines: kept sealed, in no backup, and gone with the lines it rests on."""

import gzip
import os
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.store.repository import SqlStore
from bot.types import Message
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, answer, said

LINES = [said(number, text=f"word {number}") for number in range(10)]
SUMMARY = Message(
    "assistant", 0, "", "Anna wants a canary", LINES[2].at, expires_at=LINES[5].at.timestamp(), asked_by=(ANNA,)
)
NAMES = Message("user", BEN, "", "Canarissa", LINES[7].at, audio_id=LINES[7].id)


async def fill(store: SqlStore) -> None:
    await store.remember(GUILD, CHANNEL, [*LINES, answer(20, BEN)])
    await store.glean(GUILD, CHANNEL, SUMMARY)
    await store.glean(GUILD, CHANNEL, NAMES)
    await store.glean(GUILD, CHANNEL + 1, replace(SUMMARY, id="elsewhere"))


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ("drop 1", [SUMMARY, NAMES]),
        ("drop 2", [NAMES]),
        ("drop 5", [NAMES]),
        ("drop 7", [SUMMARY]),
        ("correct 4", [NAMES]),
        ("correct 7", [SUMMARY]),
        ("forget ANNA", [NAMES]),
        ("forget BEN", [SUMMARY]),
        ("clear", []),
        ("purge", []),
        ("expire 1", [SUMMARY, NAMES]),
        ("expire 3", [NAMES]),
        ("expire 9", []),
    ],
)
async def test_it_goes_with_what_it_rests_on(store: SqlStore, how: str, left: list[Message]) -> None:
    await fill(store)
    assert await store.gleanings(CHANNEL, 9) == [SUMMARY, NAMES]
    assert len(await store.history(CHANNEL, 99)) == 11
    verb, _, what = how.partition(" ")
    match verb:
        case "drop":
            assert await store.drop(CHANNEL, {LINES[int(what)].id}) == 1
        case "correct":
            assert await store.correct(GUILD, CHANNEL, replace(LINES[int(what)], text="other", edited=True))
        case "forget":
            assert (await store.forget({"ANNA": ANNA, "BEN": BEN}[what])).messages == {"ANNA": 10, "BEN": 1}[what]
        case "clear":
            assert await store.clear(CHANNEL) == 11
        case "purge":
            await store.purge(GUILD)
        case _:
            await store.expire(GUILD, START + timedelta(seconds=int(what)), 99)
    assert await store.gleanings(CHANNEL, 9) == left
    assert bool(await store.gleanings(CHANNEL + 1, 9)) == (
        (verb not in ("purge", "expire") and what != "ANNA") or how == "expire 1"
    )


@pytest.mark.timeout(30)
async def test_all_of_many_go_with_the_line_that_they_rest_on(store: SqlStore) -> None:
    await fill(store)
    for number in range(60):
        await store.glean(GUILD, CHANNEL, replace(NAMES, id=f"name-{number}"))
    assert await store.drop(CHANNEL, {LINES[7].id}) == 1
    assert await store.gleanings(CHANNEL, 99) == [SUMMARY]


async def test_a_newer_one_takes_the_place_and_words_find_it(store: SqlStore) -> None:
    await fill(store)
    newer = replace(SUMMARY, id="newer", text="Änna wants two")
    await store.glean(GUILD, CHANNEL, newer, SUMMARY.id)
    assert await store.gleanings(CHANNEL, 9) == [newer, NAMES]
    assert await store.gleanings(CHANNEL, 9, ["anna", "TWO"]) == [newer]
    kept = await store.export(ANNA)
    assert {one["text"] for one in kept["summaries"]} == {"Änna wants two", "Anna wants a canary"}
    assert {one["channel_id"] for one in kept["summaries"]} == {str(CHANNEL), str(CHANNEL + 1)}
    assert (await store.export(BEN))["names_put_right"][0]["text"] == "Canarissa"


async def test_it_is_sealed_and_in_no_backup(url: str, tmp_path: Path) -> None:
    store = await SqlStore.open(url, b64encode(os.urandom(32)).decode())
    await fill(store)
    file = tmp_path / "backup.gz"
    saved = await store.backup(file)
    assert "-" + str(CHANNEL) not in gzip.decompress(file.read_bytes()).decode()
    assert (await store.restore(file)).rows == saved.rows
    assert await store.gleanings(CHANNEL, 9) == []
    await fill(store)
    if url.startswith("sqlite"):
        found = b"".join(one.read_bytes() for one in tmp_path.rglob("bot.db*"))
        assert b"canary" not in found
        assert b"Canarissa" not in found
    await store.aclose()
