"""What a call could not write while the store was away: written later, once, unless it was to be forgotten."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from bot.errors import StoreUnavailable
from bot.ports import Store
from bot.store.outbox import Outbox
from bot.types import Charge, Message
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN, FakeStore, FakeVenue
from tests.store.make import CHANNEL, GUILD, cost, said

pytestmark = pytest.mark.looptime


def lines(store: FakeStore) -> list[str]:
    return [kept.text for kept in store.kept if isinstance(kept, Message)]


def charges(store: FakeStore) -> list[Charge]:
    return [kept for kept in store.kept if isinstance(kept, Charge)]


async def talk_into_nothing(fake: FakeCall) -> None:
    """Talk while the store is away, and end the call before it is back."""
    fake.store.error = StoreUnavailable("gone")
    await fake.says(ANNA, 1.0, then=5.0)
    await fake.calls.leave(fake.venue.guild_id)
    assert not fake.live
    assert fake.store.kept == []


async def test_it_is_written_when_the_store_is_back_though_the_call_is_over() -> None:
    async with fake_call() as fake:
        await talk_into_nothing(fake)
        assert len(fake.calls.outbox) == 5, "two lines, two charges, and that the call is over"
        await asyncio.sleep(600)
        fake.store.error = None
        await asyncio.sleep(60)
        assert len(fake.calls.outbox) == 0
        assert [text.split()[0] for text in lines(fake.store)] == ["hello", "one"]
        ids = Counter(kept.id for kept in fake.store.kept)
        assert len(ids) == 4
        assert set(ids.values()) == {1}


async def test_the_next_call_there_knows_it_while_it_waits() -> None:
    async with fake_call() as fake:
        await talk_into_nothing(fake)
        for channel, known in ((7, ["hello there"]), (8, [])):
            venue = FakeVenue(ANNA, channel_id=channel)
            call = await fake.calls.join(venue, ANNA)
            assert [message.text for message in call.record.messages][:1] == known
            await fake.calls.leave(fake.venue.guild_id)


@pytest.mark.parametrize("drop", ["forget", "clear"])
async def test_what_waits_is_forgotten_and_cleared_like_what_is_written(drop: str) -> None:
    async with fake_call() as fake:
        await talk_into_nothing(fake)
        with pytest.raises(StoreUnavailable):  # the store itself is told when it works again
            await (fake.erasure.forget_person(ANNA) if drop == "forget" else fake.erasure.clear_channel(7))
        fake.store.error = None
        await asyncio.sleep(60)
        assert lines(fake.store) == []
        booked = charges(fake.store)
        assert len(booked) == 2
        assert {charge.user_ids for charge in booked} == {() if drop == "forget" else (ANNA,)}


async def test_whoever_deletes_lines_does_so_after_those_on_their_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_call() as fake:
        await talk_into_nothing(fake)
        store, lines_on_their_way = fake.store, asyncio.Event()

        async def slow(_guild: int, _channel: int, messages: list[Message]) -> None:
            lines_on_their_way.set()
            await asyncio.sleep(5.0)
            store.kept += messages

        monkeypatch.setattr(store, "remember", slow, raising=False)
        store.error = None
        await lines_on_their_way.wait()
        ids = {line.id for line in fake.calls.outbox.pending_lines(7)}
        assert len(ids) == 2
        await fake.erasure.drop_lines(7, ids)
        assert ids.isdisjoint(kept.id for kept in store.kept), "they were there for the store to delete them"


async def test_who_withdraws_while_the_store_is_away_is_not_heard_in_the_next_call_either() -> None:
    async with fake_call() as fake:
        guild = fake.venue.guild_id
        fake.store.error = StoreUnavailable("gone")
        await fake.calls.consent(guild, ANNA, False)
        await fake.calls.leave(guild)
        for error in (fake.store.error, None):
            fake.store.error = error
            call = await fake.calls.join(FakeVenue(ANNA, BEN), BEN)
            assert call.agreed() == {BEN}
            await fake.calls.leave(guild)
        await asyncio.sleep(60)
        assert [consent for consent in fake.store.consented if consent[1] == ANNA][-1] == (guild, ANNA, False)
        assert fake.store.on == {}, "nobody is to come back to a call that is over"
        await fake.calls.consent(guild, ANNA, True)
        fake.store.error = StoreUnavailable("gone")
        await fake.calls.consent(guild, ANNA, False)
        fake.store.error = None
        await fake.calls.consent(guild, ANNA, True)
        await asyncio.sleep(60)
        assert fake.store.consented[-1] == (guild, ANNA, True), "the last word counts"


async def test_what_one_person_says_is_written_in_that_order_however_slow_the_store() -> None:
    class Slow(FakeStore):
        def __init__(self, refused: bool | None) -> None:
            super().__init__()
            self.consent, self.refused = self._consent, refused

        async def _consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
            await asyncio.sleep(3.0 if agreed else 1.0)
            if agreed is self.refused:
                raise StoreUnavailable("locked")
            self.consented.append((guild_id, user_id, agreed))

    for refused in (None, True):
        store = Slow(refused)
        outbox = Outbox(cast(Store, store))
        said = [outbox.consent(GUILD, who, agreed) for who, agreed in ((ANNA, True), (BEN, False), (ANNA, False))]
        await asyncio.gather(*said, return_exceptions=True)
        outbox.close()
        await outbox.run()
        assert [agreed for _, who, agreed in store.consented if who == ANNA][-1] is False
        assert store.consented[0] == (GUILD, BEN, False), "others need not wait"


async def test_a_store_that_hangs_makes_nobody_wait_for_another() -> None:
    async with fake_call() as fake:
        fake.store.hanging = True
        said = [asyncio.create_task(fake.calls.consent(guild, BEN, True)) for guild in range(20, 30)]
        await asyncio.sleep(1.0)
        assert fake.store.asked.count("consent") == 11, "all at once, beside the one of the call"
        for task in said:
            task.cancel()
        await asyncio.wait(said)
        fake.store.hanging = False


async def test_words_that_last_as_long_as_the_call_do_not_outlast_it_here_either() -> None:
    async with fake_call(retention_days=0) as fake:
        await talk_into_nothing(fake)
        fake.store.error = None
        await asyncio.sleep(60)
        assert lines(fake.store) == []
        assert len(charges(fake.store)) == 2


async def test_at_the_end_the_store_is_asked_once_more() -> None:
    async with fake_call() as fake:
        await talk_into_nothing(fake)
        fake.store.error = None
    assert len(fake.store.kept) == 4


async def test_a_store_that_never_answers_does_not_keep_the_process() -> None:
    with capture_logs() as logs:
        async with fake_call() as fake:
            await talk_into_nothing(fake)
            fake.store.error = None
            started = asyncio.get_running_loop().time()

            async def hang(*_: Any) -> None:
                await asyncio.Event().wait()

            fake.store.remember = hang  # pyright: ignore[reportAttributeAccessIssue]
        assert asyncio.get_running_loop().time() - started < 10
    assert [(line["event"], line["count"]) for line in logs if line["event"] == "outbox_discarded"] == [
        ("outbox_discarded", 4)
    ]
    assert fake.calls.outbox.counts["kept_dropped"] == 4


async def test_it_is_bounded_and_what_falls_out_is_counted() -> None:
    store = FakeStore()
    outbox = Outbox(cast(Store, store), max_entries=3)
    for number in range(5):
        outbox.add(GUILD, CHANNEL, said(number))
    assert (len(outbox), outbox.counts["kept_dropped"]) == (3, 2)
    outbox.close()
    await outbox.run()
    assert lines(store) == ["line 0", "line 1", "line 2"]


async def test_one_that_cannot_be_written_does_not_hold_up_the_others() -> None:
    class Picky(FakeStore):
        def __init__(self) -> None:
            super().__init__()
            self.remember = self._remember

        async def _remember(self, _guild: int, _channel: int, messages: list[Message]) -> None:
            if any(message.text == "line 2" for message in messages):
                raise ValueError("a bug")
            self.kept += messages

    store = Picky()
    outbox = Outbox(cast(Store, store))
    for number in range(5):
        outbox.add(GUILD, CHANNEL, said(number))
    outbox.add(GUILD, CHANNEL, cost("0.01", BEN))
    outbox.close()
    await outbox.run()
    assert lines(store) == ["line 0", "line 1", "line 3", "line 4"]
    assert [charge.cost for charge in charges(store)] == [Decimal("0.01")]
    assert outbox.counts["kept_dropped"] == 1
