"""Money: steps, reservations, many calls at once, other days, other processes; never more than one request over."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bot.billing.account import Account
from bot.billing.budget import MAX_FULL_ANSWER_SECONDS, Allowance, Budget, Caps, Reservation
from bot.billing.prices import Prices
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.types import Charge, Usage
from tests.store.databases import made_postgres, postgres, url

__all__ = ["made_postgres", "postgres", "url"]

FULL, SHORT, TEXT, OFF = Allowance.FULL, Allowance.SHORT, Allowance.TEXT, Allowance.OFF
HOME, AWAY, ANNA, BEN = 1, 2, 11, 12
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def budget(clock: Clock, server: str = "1", person: str = "0") -> Budget:
    return Budget(Decimal(server), Decimal(person), price, clock)


def price(_model: str, usage: Usage) -> Decimal:
    """About what gpt-audio costs: $10 and $20 for a million text and audio tokens in, $64 a million audio out."""
    return Decimal(usage.text_in * 10 + usage.audio_in * 20 + usage.audio_out * 64) / 1_000_000


def charge(clock: Clock, dollars: str | Decimal, *people: int, guild: int = HOME) -> Charge:
    return Charge(clock(), guild, 5, people, "reply", "m", Usage(), Decimal(dollars))


@pytest.mark.parametrize(
    ("spent", "allowed"),
    [
        ("0", FULL),
        ("0.79", FULL),
        ("0.80", SHORT),
        ("0.94", SHORT),
        ("0.95", TEXT),
        ("0.99", TEXT),
        ("1", OFF),
        ("9", OFF),
    ],
)
def test_steps_of_a_server(clock: Clock, spent: str, allowed: Allowance) -> None:
    purse = budget(clock)
    purse.book(charge(clock, spent, ANNA))
    assert purse.reserve(HOME, [ANNA], Decimal("0.01")).allowance is allowed
    assert purse.reserve(AWAY, [ANNA], Decimal("0.01")).allowance is FULL


@pytest.mark.parametrize(("people", "allowed"), [([ANNA], OFF), ([BEN], FULL), ([ANNA, BEN], OFF), ([], FULL)])
def test_a_persons_cap_is_theirs_alone(clock: Clock, people: list[int], allowed: Allowance) -> None:
    purse = budget(clock, "0", "0.5")
    purse.book(charge(clock, "0.5", ANNA))
    assert purse.reserve(HOME, people, Decimal("0.01")).allowance is allowed


def test_shared_costs_are_shared_evenly(clock: Clock) -> None:
    purse = budget(clock, "0", "1")
    purse.book(charge(clock, "1", ANNA, BEN))
    assert [purse.left(HOME, person) for person in (ANNA, BEN, None)] == [Decimal("0.5"), Decimal("0.5"), None]


def test_what_is_on_its_way_counts_until_it_is_settled(clock: Clock) -> None:
    purse = budget(clock)
    first = purse.reserve(HOME, [ANNA], Decimal("0.9"))
    assert purse.reserve(HOME, [BEN], Decimal("0.9")).allowance is SHORT
    assert purse.reserve(HOME, [BEN], Decimal("0.9")).allowance is OFF
    purse.settle(first)
    purse.settle(first)
    assert purse.left(HOME) == Decimal("0.1")


def test_each_step_is_told_once_a_day_to_each(clock: Clock) -> None:
    purse = budget(clock, "1", "0.5")

    def news(person: int, spent: str) -> Allowance | None:
        purse.book(charge(clock, spent, person))
        reservation = purse.reserve(HOME, [person], None)
        purse.settle(reservation)
        return reservation.news

    assert [news(ANNA, spent) for spent in ("0.1", "0.3", "0", "0.08", "0.02", "0.1")] == [
        None,
        SHORT,
        None,
        TEXT,
        OFF,
        None,
    ]
    assert [news(BEN, spent) for spent in ("0.1", "0.1", "0.15", "0.05", "0.1")] == [None, SHORT, TEXT, OFF, None]
    clock.now += timedelta(days=1)
    assert [news(ANNA, spent) for spent in ("0.4", "0.1")] == [SHORT, OFF]


def test_a_new_day_begins_at_midnight_utc_wherever_the_bot_runs(clock: Clock) -> None:
    clock.now = datetime(2026, 11, 23, 8, 59, tzinfo=timezone(timedelta(hours=9)))  # 23:59 in UTC
    purse = budget(clock)
    purse.book(charge(clock, "1", ANNA))
    late = purse.reserve(AWAY, [ANNA], Decimal("0.3"))
    assert purse.left(HOME) == 0
    clock.now += timedelta(minutes=2)
    assert purse.left(HOME) == 1
    assert purse.left(AWAY) == Decimal("0.7"), "a request on its way over midnight still counts"
    purse.settle(late)
    assert purse.left(AWAY) == 1


def unpriced(clock: Clock, tokens: int) -> Charge:
    return Charge(clock(), HOME, 5, (ANNA,), "reply", "mystery", Usage(audio_out=tokens), None)


@pytest.mark.parametrize("rate", [None, 100, 1], ids=["none", "dear", "cheap"])
def test_an_unknown_price_counts_as_the_dearest_known_one(clock: Clock, rate: int | None) -> None:
    prices = Prices({"mine": {"audio_out": Decimal(rate)}} if rate else None)
    purse = Budget(Decimal(1), Decimal(1), prices, clock, dearest=prices.dearest)
    purse.book(unpriced(clock, 2000))
    dearest = Decimal(100 if rate == 100 else 80)  # gpt-4o-realtime-preview's
    assert purse.left(HOME) == purse.left(HOME, ANNA) == 1 - 2000 * dearest / 1_000_000
    purse.book(unpriced(clock, 8_000))
    assert purse.reserve(HOME, [ANNA], None).allowance is (OFF if rate == 100 else SHORT)
    account = Account(purse, AWAY, 5, clock)
    held = account.reserve([ANNA], {"mystery": Usage(audio_out=1_000)})
    assert (held.estimate, held.guessed) == (1_000 * dearest / 1_000_000, True)
    assert not account.reserve([BEN], {"mystery": Usage(audio_out=1)}).guessed, "people are told once a day"
    clock.now += timedelta(days=1)
    assert account.reserve([BEN], {"mystery": Usage(audio_out=1)}).guessed


@pytest.mark.parametrize("model", ["mystery", "gpt-audio-1.5"])
def test_nothing_is_said_of_guesses_where_none_counts(clock: Clock, model: str) -> None:
    prices = Prices()
    cap = Decimal(0) if model == "mystery" else Decimal(1)
    purse = Budget(cap, Decimal(0), prices, clock, dearest=prices.dearest)
    assert not Account(purse, HOME, 5, clock).reserve([ANNA], {model: Usage(audio_out=9)}).guessed


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(days=1), timedelta(days=400)])
def test_a_clock_that_goes_back_empties_nothing(clock: Clock, back: timedelta) -> None:
    clock.now = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    purse = budget(clock)
    purse.book(charge(clock, "0.7", ANNA))
    clock.now += back
    purse.book(charge(clock, "0.4", ANNA))
    for _ in range(3):
        clock.now -= back
        assert purse.left(HOME) == Decimal("0.3")
        clock.now += back
        assert purse.left(HOME) == Decimal("0.6")


def test_a_server_has_caps_of_its_own(clock: Clock) -> None:
    purse = Budget(
        Decimal(1), Decimal(0), price, clock, lambda guild: Caps(Decimal("0.1")) if guild == HOME else Caps()
    )
    for guild, allowed in ((HOME, OFF), (AWAY, FULL)):
        purse.book(charge(clock, "5", ANNA, guild=guild))
        assert purse.reserve(guild, [ANNA], None).allowance is allowed


def test_forgetting_a_person_leaves_the_servers_sum(clock: Clock) -> None:
    purse = budget(clock, "1", "1")
    open_request = purse.reserve(HOME, [ANNA], Decimal("0.1"))
    purse.book(charge(clock, "0.4", ANNA))
    purse.settle(open_request)
    assert purse.left(HOME) == purse.left(HOME, ANNA) == Decimal("0.6")


def test_purses_name_nobody(clock: Clock) -> None:
    anna = 2**62 + 77
    purse = budget(clock, "1", "1")
    purse.reserve(HOME, [anna], Decimal("0.1"))
    purse.book(charge(clock, "0.95", anna))
    purse.reserve(HOME, [anna], Decimal("0.1"))
    assert str(anna) not in repr(vars(purse._purses))
    assert purse.left(HOME, anna) == 0


@pytest.mark.parametrize("key", [None, base64.b64encode(bytes(32)).decode()], ids=["open", "sealed"])
async def test_forgetting_empties_no_purse_here_or_in_another_process(clock: Clock, url: str, key: str | None) -> None:
    clock.now = datetime.now(UTC)  # which the store goes by
    store = await SqlStore.open(url, key)
    here = budget(clock, "1", "1")
    spent = [charge(clock, "0.4", ANNA, BEN), charge(clock, "0.2", ANNA), unpriced(clock, 9)]
    for item in spent:
        here.book(item)
    await store.charge([*spent, charge(clock, "0.9", ANNA, guild=AWAY)])
    await store.forget(ANNA)
    await store.forget(ANNA, again=True)
    there = budget(clock, "1", "1")
    for purse in (here, there):
        await purse.load(HOME, store)
        assert [purse.left(HOME, person) for person in (ANNA, BEN, None)] == [
            Decimal("0.6"),
            Decimal("0.8"),
            Decimal("0.4"),
        ]
    await there.load(AWAY, store)
    assert there.left(AWAY, ANNA) == Decimal("0.1")
    long_ago = clock.now - timedelta(days=9)
    assert sorted(item.user_ids for item in await store.charges(HOME, long_ago)) == [(), (), (BEN,)]
    assert await store.purse_key(clock.now.date()) is not None
    await store.tidy(clock.now + timedelta(days=1), 9)
    assert await store.purse_key(clock.now.date()) is None
    assert not any(item.nameless for item in await store.charges(HOME, long_ago))
    await store.aclose()


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(url)
    yield store
    await store.aclose()


@pytest.mark.parametrize("when", ["while it waits", "before it is booked"])
async def test_forgetting_empties_no_purse_of_what_is_not_stored_yet(clock: Clock, store: SqlStore, when: str) -> None:
    clock.now = datetime.now(UTC)  # which the store goes by
    outbox, here, there = Outbox(store), budget(clock, "1", "1"), budget(clock, "1", "1")
    if when == "before it is booked":
        outbox.exclude(ANNA)
    spent = charge(clock, "0.6", ANNA, BEN)
    here.book(spent)
    outbox.add(HOME, 5, spent)
    outbox.forget(ANNA)
    await outbox.settled()
    await store.forget(ANNA)
    assert len(outbox) == 0, "nothing here knows whose it was"
    for purse in (here, there):
        await purse.load(HOME, store)
        assert [purse.left(HOME, who) for who in (ANNA, BEN, None)] == [Decimal("0.7"), Decimal("0.7"), Decimal("0.4")]
    (booked,) = await store.charges(HOME, clock.now - timedelta(days=1))
    assert booked.user_ids == (BEN,)


async def test_what_two_processes_spend_adds_up(clock: Clock, store: SqlStore) -> None:
    here, there = budget(clock, "2"), budget(clock, "2")
    written, waiting = charge(clock, "0.5", ANNA), charge(clock, "0.3", ANNA)
    here.book(waiting)
    there.book(written)
    await store.charge([written])
    await here.load(HOME, store)
    assert here.left(HOME) == Decimal("1.2")
    await store.charge([waiting])
    for purse in (here, there):
        await purse.load(HOME, store)
        assert purse.left(HOME) == Decimal("1.2")


async def test_what_another_process_spent_is_known_at_the_next_call(clock: Clock, store: SqlStore) -> None:
    here, there = budget(clock), budget(clock)
    spent = charge(clock, "0.9", ANNA)
    here.book(spent)
    await store.charge([spent, charge(clock, "3", ANNA, guild=AWAY)])
    for _ in range(2):  # reading it twice counts it once
        await there.load(HOME, store)
        await here.load(HOME, store)
    assert [purse.left(HOME) for purse in (here, there)] == [Decimal("0.1")] * 2
    assert there.left(AWAY) == 1


async def test_many_calls_at_once_overrun_by_one_request_at_most(clock: Clock) -> None:
    """500 turns of 20 calls; each answer costs anything up to the longest that was allowed."""
    chance = random.Random(3)
    purse = budget(clock, "2")
    asked = lambda seconds: price("m", Usage(text_in=604, text_out=round(seconds * 5), audio_out=round(seconds * 20)))  # noqa: E731
    spent, dearest = Decimal(0), Decimal(0)

    async def call() -> None:
        nonlocal spent, dearest
        for _ in range(25):
            held: Reservation = purse.reserve(HOME, [ANNA], asked)
            if held.open:
                await asyncio.sleep(0)
                cost = held.estimate * Decimal(chance.randint(10, 100)) / 100
                purse.settle(held)
                purse.book(charge(clock, cost, ANNA))
                spent, dearest = spent + cost, max(dearest, held.estimate)
            await asyncio.sleep(0)

    await asyncio.gather(*(call() for _ in range(20)))
    assert Decimal(2) <= spent <= Decimal(2) + dearest
    assert dearest <= asked(MAX_FULL_ANSWER_SECONDS)


async def test_fifty_jobs_at_once_overrun_by_one_request_at_most(clock: Clock, store: SqlStore) -> None:
    """Each reads the store first, as jobs do, while others write what they spent."""
    chance = random.Random(5)
    purse = budget(clock, "1", "0.7")
    costs: list[Decimal] = []

    async def job(number: int) -> None:
        for _ in range(4):
            await purse.load(HOME, store)
            held = purse.reserve(HOME, [ANNA if number % 3 else BEN], Decimal("0.05"))
            if held.open:
                await asyncio.sleep(chance.random() / 50)
                spent = charge(clock, Decimal(chance.randint(1, 5)) / 100, *held.user_ids)
                purse.settle(held)
                purse.book(spent)
                costs.append(spent.cost or Decimal(0))
                await store.charge([spent])

    await asyncio.gather(*(job(number) for number in range(50)))
    assert Decimal("0.95") <= sum(costs) <= Decimal("1.05")
    fresh = budget(clock, "1", "0.7")
    await fresh.load(HOME, store)
    assert [fresh.left(HOME, person) for person in (None, ANNA, BEN)] == [
        purse.left(HOME, person) for person in (None, ANNA, BEN)
    ]


def test_a_day_of_speech_without_end_spends_the_cap_and_one_request(clock: Clock) -> None:
    """Somebody talks for 24 h, 10 s at a time: transcripts and answers of the length allowed, speculation on top."""
    clock.now = datetime(2026, 11, 22, tzinfo=UTC)
    purse = budget(clock, "5", "3")
    told, spent, dearest = [], Decimal(0), Decimal(0)
    for number in range(24 * 360):
        for usage_of in (
            lambda _: Usage(audio_in=100),
            lambda length: Usage(audio_in=100, audio_out=round(length * 20)),
        ):
            held = purse.reserve(
                HOME, [ANNA if number % 2 else BEN], lambda length, of=usage_of: price("m", of(length))
            )
            if step := held.news:
                told.append((held.purse, step))
            if held.open:
                purse.settle(held)
                purse.book(charge(clock, held.estimate, *held.user_ids))
                spent, dearest = spent + held.estimate, max(dearest, held.estimate)
        clock.now += timedelta(seconds=10)
        if clock.now.day != 22:
            break
    assert Decimal(5) <= spent <= Decimal(5) + dearest
    assert [step for purse_of, step in told if purse_of == (HOME, None)] == [SHORT, TEXT, OFF]
