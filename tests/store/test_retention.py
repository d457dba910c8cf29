"""What has outlived its time goes, in batches; nothing else does."""

from datetime import timedelta

from bot.store.repository import SqlStore
from bot.types import Setting
from tests.store.make import ANNA, CHANNEL, GUILD, START, cost, said

OTHER = GUILD + 1
DAY = timedelta(days=1)


async def test_old_lines_go_in_batches(store: SqlStore) -> None:
    await store.remember(GUILD, CHANNEL, [said(number) for number in range(5)])
    await store.remember(OTHER, CHANNEL + 1, [said(number) for number in range(5)])
    before = START + timedelta(seconds=3)
    assert [await store.expire(GUILD, before, 2) for _ in range(3)] == [2, 1, 0]
    assert [line.text for line in await store.history(CHANNEL, 9)] == ["line 3", "line 4"]
    assert len(await store.history(CHANNEL + 1, 9)) == 5


async def test_old_charges_keep_their_sum_and_lose_their_names(store: SqlStore) -> None:
    await store.charge([cost("0.01", ANNA, at=START - DAY), cost("0.02", ANNA)])
    assert await store.expire(GUILD, START, 9) == 1
    assert [charge.user_ids for charge in await store.charges(GUILD, START - DAY)] == [(), (ANNA,)]


async def test_lines_that_last_as_long_as_the_call(store: SqlStore) -> None:
    for channel in (CHANNEL, CHANNEL + 1):
        await store.remember(GUILD, channel, [said(1)])
    await store.call_started(GUILD, CHANNEL)
    await store.expire(GUILD, START + DAY, 9, idle_only=True)
    assert [len(await store.history(channel, 9)) for channel in (CHANNEL, CHANNEL + 1)] == [1, 0]


async def test_a_server_left_is_purged_whole_and_alone(store: SqlStore) -> None:
    for guild in (GUILD, OTHER):
        await store.remember(guild, guild + 9, [said(1)])
        await store.consent(guild, ANNA, True)
        await store.charge([cost("0.01", ANNA, guild=guild)])
        await store.set(Setting(guild, None, "voice", "sage", ANNA, START))
        await store.call_started(guild, guild + 9)
    assert await store.guilds() == {GUILD, OTHER}
    assert await store.departed(GUILD, START) == START
    assert await store.departed(GUILD, START + DAY) == START
    await store.returned(GUILD)
    assert await store.departed(GUILD, START + DAY) == START + DAY
    await store.purge(GUILD)
    assert await store.guilds() == {OTHER}
    assert {item["guild_id"] for item in (await store.export(ANNA))["charges"]} == {str(OTHER)}
    assert await store.consents(OTHER) == {ANNA: True}
