"""Caps over two processes: what one holds back for a request in flight the other counts, too."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from bot.billing.account import Account
from bot.billing.budget import Budget
from bot.call.extras import Extras
from bot.errors import BudgetSpent, StoreUnavailable
from bot.jobs.job_account import JobAccount
from bot.jobs.services import JobServices
from bot.store.holds import HOLD_LIFETIME
from bot.store.repository import SqlStore
from bot.types import Hold, Usage
from bot.types.ids import new_id
from tests.fakes import FakeEngine, FakeStore, FakeTranscriber, services
from tests.store.asking import CAP, PRICE, ask_at_once
from tests.store.make import ANNA, BEN, GUILD, START, cost
from tests.store.test_processes import other


def hold(dollars: str, *people: int, server: str = "0", person: str = "0", after: timedelta = timedelta(0)) -> Hold:
    return Hold(
        GUILD, people, Decimal(dollars), Decimal(server), (Decimal(person),) * len(people), START + after, new_id()
    )


def cheap(_model: str, _usage: Usage) -> Decimal:
    return Decimal("0.25")


async def held(store: SqlStore) -> int:
    async with store._engine.connect() as connection:
        return (await connection.execute(text("SELECT count(DISTINCT id) FROM holds"))).scalar_one()


@pytest.mark.parametrize("person", [False, True], ids=["server", "person"])
async def test_fifty_at_once_over_two_processes_overrun_by_one_request(url: str, person: bool) -> None:
    store = await SqlStore.open(url)
    with other(url) as ask:
        await ask("tell")  # it stands
        here, there = await asyncio.gather(
            ask_at_once(store, 25, person=person), ask("rush 25 person" if person else "rush 25")
        )
    spent = sum(charge.cost or 0 for charge in await store.charges(GUILD, START))
    print(f"{here} requests here and {there} there: {spent} dollars of {CAP}")
    assert spent == (here + there) * PRICE
    assert CAP <= spent <= CAP + PRICE
    assert await held(store) == 0
    await store.aclose()


async def test_what_is_held_counts_until_it_is_released_or_its_process_is_long_gone(store: SqlStore) -> None:
    first = hold("1", ANNA, server="1")
    assert await store.hold(first, cheap)
    assert not await store.hold(hold("0.1", BEN, server="1"), cheap)
    assert await store.hold(hold("0.1", BEN), cheap), "without a cap nothing is refused"
    await store.release([first.id])
    late = hold("0.9", ANNA, server="1")
    assert await store.hold(late, cheap), "0.1 is held"
    assert not await store.hold(hold("0.1", server="1"), cheap)
    assert await store.hold(hold("0.1", server="1", after=HOLD_LIFETIME), cheap)
    await store.tidy(START + 2 * HOLD_LIFETIME, 100)
    assert await held(store) == 0


async def test_what_is_under_way_over_midnight_counts_on_the_new_day(store: SqlStore) -> None:
    midnight = timedelta(hours=12)
    late = hold("1", ANNA, person="1", after=midnight - timedelta(seconds=1))
    assert await store.hold(late, cheap)
    assert not await store.hold(hold("0.1", ANNA, person="1", after=midnight), cheap)
    assert await store.hold(hold("0.1", BEN, person="1", after=midnight), cheap)
    await store.release([late.id])
    assert await store.hold(hold("0.1", ANNA, person="1", after=midnight), cheap)


async def test_a_clock_that_was_ahead_holds_nothing_for_long(store: SqlStore) -> None:
    """A process held money while its clock was a day ahead, and was killed."""
    assert await store.hold(hold("1", ANNA, server="1", after=timedelta(days=1)), cheap)
    assert await store.hold(hold("1", BEN, server="1"), cheap)
    assert not await store.hold(hold("1", ANNA, server="1"), cheap)
    late = hold("0.1", ANNA, server="1", after=-HOLD_LIFETIME / 2)
    assert not await store.hold(late, cheap), "another process's clock may be a little behind"


async def test_shares_unknown_prices_and_the_forgotten_count(store: SqlStore) -> None:
    await store.charge([cost("0.5", ANNA, BEN), cost("0.25", ANNA)])
    assert await store.hold(hold("0", ANNA, person="0.51"), cheap), "half of one and all of the other: 0.5"
    assert not await store.hold(hold("0", ANNA, person="0.5"), cheap)
    assert await store.hold(hold("0", BEN, person="0.26"), cheap)
    unpriced = cost("0", ANNA)
    object.__setattr__(unpriced, "cost", None)
    await store.charge([unpriced])
    assert not await store.hold(hold("0", ANNA, person="0.75"), cheap), "an unknown price counts 0.25"
    assert await store.hold(hold("0", ANNA, person="0.76"), cheap)
    assert not await store.hold(hold("0", server="1"), cheap)
    await store.charge([cost("5", ANNA, at=START + timedelta(days=day)) for day in (-1, 1, 400)])
    assert await store.hold(hold("0", ANNA, person="0.76"), cheap), "what other days have does not count"


async def test_forgetting_empties_no_purse_and_holds_name_nobody(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Now:
        @staticmethod
        def now(_zone: object) -> object:
            return START

    monkeypatch.setattr("bot.store.people.datetime", Now)
    await store.charge([cost("1", ANNA)])
    assert await store.hold(hold("0.5", BEN, person="1"), cheap)
    await store.forget(ANNA)
    assert not await store.hold(hold("0.1", ANNA, person="1"), cheap)
    async with store._engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM holds"))).all()
    assert rows
    assert str(BEN) not in str([tuple(row) for row in rows]).replace(str(GUILD), "")


@pytest.mark.parametrize("later", [timedelta(seconds=31), timedelta(days=-1)], ids=["later", "its clock went back"])
async def test_without_the_store_each_process_counts_for_itself_and_asks_again_later(later: timedelta) -> None:
    store, now = FakeStore(), [START]
    store.others_hold_all = True
    budget = Budget(CAP, Decimal(0), lambda *_: PRICE, lambda: now[0], store=store)  # pyright: ignore[reportArgumentType]
    store.error = StoreUnavailable("gone")
    for _ in range(3):
        reservation = budget.reserve(GUILD, (ANNA,), PRICE)
        await budget.hold(reservation)
        assert reservation.open
    assert store.asked == ["hold"]
    now[0] += later
    store.error = None
    reservation = budget.reserve(GUILD, (ANNA,), PRICE)
    with pytest.raises(BudgetSpent):
        await budget.hold(reservation)
    assert not reservation.open
    assert store.asked == ["hold", "hold", "charges"]


@pytest.mark.parametrize("who", ["job", "caption"])
async def test_who_is_cancelled_while_the_store_is_asked_holds_nothing(who: str) -> None:
    store = FakeStore()
    store.hanging_at = "hold"
    shared = services(FakeEngine(), FakeTranscriber(), store, CAP)
    account = Account(shared.budget, GUILD, 1, shared.wall)
    usage = {"m": Usage(text_in=10)}

    async def ask() -> None:
        if who == "caption":
            await Extras(account).reserve((ANNA,), usage)
        else:
            async with JobAccount(JobServices.of(shared), GUILD, 1, ANNA, usage):
                pass

    task = asyncio.create_task(ask())
    while "hold" not in store.asked:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert shared.budget.left(GUILD) == CAP
