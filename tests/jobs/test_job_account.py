"""The money of long jobs, over processes: what is held back for one, for how long, and why one is refused."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.billing.budget import Budget, Caps
from bot.errors import BudgetHeld, BudgetSpent, BudgetTooSmall
from bot.jobs import podcast
from bot.jobs.job_account import HOLD_RENEWAL_SECONDS, JobAccount
from bot.jobs.services import JobServices
from bot.store.holds import HOLD_LIFETIME
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.types import Hold, Usage
from tests.fakes import FakeEngine, FakeStore, FakeTranscriber, services
from tests.jobs.conftest import JobSetup, podcasting
from tests.jobs.test_podcast import folder_for, made, spoken
from tests.store.databases import made_postgres, postgres, url
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, cost

__all__ = ["made_postgres", "postgres", "url"]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.billing.budget.HOLD_SECONDS", 120.0)  # a machine under load


def price(_model: str, usage: Usage) -> Decimal:
    return Decimal(usage.text_in)


class OneProcess:
    """What a process has: a connection and a budget of its own. A token costs a dollar."""

    def __init__(self, store: SqlStore, server: str = "5", person: str = "0") -> None:
        self.now = START
        self.caps = Caps(Decimal(server), Decimal(person))
        self.store, self.outbox = store, Outbox(store)
        self.budget = Budget(Decimal(0), Decimal(0), price, self.clock, lambda _guild: self.caps, store=store)

    def clock(self) -> datetime:
        return self.now

    def job(self, dollars: int, user_id: int = ANNA, name: str = "", *, must_fit: bool = True) -> JobAccount:
        jobs = JobServices(
            FakeEngine(), self.budget, lambda: 0.0, self.clock, "m", store=self.store, outbox=self.outbox
        )  # fmt: skip
        return JobAccount(jobs, GUILD, CHANNEL, user_id, {"m": Usage(dollars)}, name=name, must_fit=must_fit)

    async def refuses(self, dollars: int, user_id: int = BEN, *, must_fit: bool = True) -> type[BudgetSpent] | None:
        """Return why a job is not begun; None: it is, and costs nothing."""
        try:
            async with self.job(dollars, user_id, must_fit=must_fit):
                pass
        except BudgetSpent as error:
            return type(error)
        finally:
            self.outbox.close()
            await self.outbox.run()
        return None


def dead(name: str) -> Hold:
    """What a job held whose process was killed."""
    return Hold(GUILD, (ANNA,), Decimal(4), Decimal(5), (Decimal(0),), START, name)


async def test_a_job_holds_what_is_left_of_it_for_as_long_as_it_runs(url: str) -> None:
    store, other = await SqlStore.open(url), await SqlStore.open(url)
    here, there = OneProcess(store), OneProcess(other)
    async with here.job(3) as account:
        assert await there.refuses(3) is BudgetHeld, "what does not fit beside the other job"
        assert await here.refuses(3) is BudgetHeld
        assert await there.refuses(2) is None
        account.spend("m", Usage(2), False)
        assert here.budget.left(GUILD) == 2, "what is spent is not held back, too"
        for process in (here, there):
            process.now += HOLD_LIFETIME * 0.9
        await account.write()
        for process in (here, there):
            process.now += HOLD_LIFETIME * 0.9
        assert await there.refuses(2) is None, "2 spent, 1 held"
        assert await there.refuses(3) is BudgetHeld, "held for longer than a request takes"
        assert await there.refuses(4) is BudgetTooSmall
        account.spend("m", Usage(2), False)
        assert here.budget.left(GUILD) == 1, "dearer than expected: nothing is held any more"
        await account.write()
        assert await there.refuses(1) is None
        here.now = there.now = START + timedelta(days=1)
        assert await there.refuses(5) is None, "a new day"
    assert here.budget.left(GUILD) == 5
    await store.aclose()
    await other.aclose()


async def test_over_midnight_a_person_is_held_to_their_cap(url: str) -> None:
    store, other = await SqlStore.open(url), await SqlStore.open(url)
    here, there = OneProcess(store, "0", "5"), OneProcess(other, "0", "5")
    here.now = there.now = datetime.combine(START.date(), datetime.max.time(), START.tzinfo)
    async with here.job(3) as account:
        here.now += timedelta(minutes=1)
        there.now += timedelta(minutes=1)
        account.spend("m", Usage(1), False)
        await account.write()
        assert await there.refuses(2, ANNA) is None
        assert await there.refuses(3, ANNA) is BudgetHeld
        assert await there.refuses(5, BEN) is None
    await store.aclose()
    await other.aclose()


async def test_after_a_kill_a_job_goes_on_with_what_was_held_for_it_and_others_wait(url: str) -> None:
    store = await SqlStore.open(url)
    assert await store.hold(dead("podcast"), price)
    again = OneProcess(store)
    assert await again.refuses(2) is BudgetHeld
    async with again.job(4, name="podcast") as account:
        account.spend("m", Usage(1), False)
    again.outbox.close()
    await again.outbox.run()
    assert await again.refuses(4) is None, "1 spent, nothing held"
    assert await store.hold(dead("other"), price)
    again = OneProcess(store)
    assert await again.refuses(1) is BudgetHeld
    again.now += HOLD_LIFETIME
    assert await again.refuses(4) is None, "not for the whole day"
    assert await again.refuses(5) is BudgetTooSmall
    await store.charge([cost("4", ANNA)])
    assert await again.refuses(1) is BudgetSpent
    await store.aclose()


async def test_what_a_job_spent_is_kept_however_often_it_is_cancelled(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await SqlStore.open(url)
    here, waits = OneProcess(store), asyncio.Event()

    async def hang(_: object) -> None:
        waits.set()
        await asyncio.Event().wait()

    async def spend() -> None:
        async with here.job(3) as account:
            account.spend("m", Usage(2), False)
            await account.write()

    with monkeypatch.context() as patch:
        patch.setattr(store, "charge", hang)
        job = asyncio.create_task(spend())
        for _ in range(2):
            await asyncio.wait_for(waits.wait(), 30.0)
            waits.clear()
            job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
    here.outbox.close()
    await here.outbox.run()
    again = OneProcess(store)
    assert await again.refuses(4) is BudgetTooSmall
    assert await again.refuses(3) is None, "2 spent, nothing held"
    await store.aclose()


@pytest.mark.looptime
async def test_a_job_that_takes_long_renews_what_it_holds() -> None:
    store = FakeStore()
    shared = services(FakeEngine(), FakeTranscriber(), store, Decimal(5))
    async with JobAccount(JobServices.of(shared), GUILD, CHANNEL, ANNA, {"m": Usage(1)}):
        await asyncio.sleep(HOLD_RENEWAL_SECONDS * 2.5)
        assert store.asked.count("renew") == 2
    await asyncio.sleep(HOLD_RENEWAL_SECONDS * 2)
    assert store.asked.count("renew") == 2


async def test_a_cap_that_is_lowered_ends_a_podcast_at_the_next_part_and_it_goes_on_when_there_is_money(
    job_setup: JobSetup,
) -> None:
    job_setup.model.default = podcasting
    folder = folder_for(job_setup)
    lowered: list[Caps] = []
    job_setup.budget._caps = lambda _guild: lowered[-1] if lowered else Caps(Decimal(5))

    def lower(state: podcast.State) -> None:
        if state.step == "voices" and state.done == 1:
            lowered.append(Caps(Decimal("0.001")))

    with pytest.raises(BudgetSpent):
        async with job_setup.jobs.bill(1, 2, 3) as bill:
            await podcast.Podcaster(folder, job_setup.studio, bill).make(lower)
    paid = len(spoken(job_setup))
    assert 1 <= paid <= podcast.MAX_CONCURRENT_PARTS + 1, "those under way"
    assert folder.done() == paid, "what is paid is kept"
    lowered.append(Caps())
    await made(job_setup, folder)
    assert len(spoken(job_setup)) == 9
