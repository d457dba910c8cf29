"""Many requests at once, as calls and jobs ask for them: reserved, held, answered, booked, settled."""

import asyncio
from decimal import Decimal

import pytest

from bot.billing import budget
from bot.billing.account import Account
from bot.billing.budget import Budget
from bot.errors import BudgetSpent
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.types import Usage
from tests.store.make import ANNA, CHANNEL, GUILD, START

CAP, PRICE = Decimal(1), Decimal("0.1")


async def ask_at_once(store: SqlStore, wanted: int, *, person: bool = False) -> int:
    """Ask `wanted` times at once; return how many requests the budget let out."""
    caps = (Decimal(0), CAP) if person else (CAP, Decimal(0))
    purse = Budget(*caps, lambda *_: PRICE, lambda: START, store=store)
    outbox = Outbox(store)
    account = Account(
        purse, GUILD, CHANNEL, lambda: START,
        lambda charge: outbox.add(GUILD, CHANNEL, charge), release=lambda hold: outbox.add(GUILD, CHANNEL, hold),
    )  # fmt: skip
    writing = asyncio.create_task(outbox.run())

    async def ask() -> bool:
        reservation = account.reserve((ANNA,), {"m": Usage(1)})
        try:
            if not reservation.open:
                return False
            await account.hold(reservation)
            await asyncio.sleep(0.05)  # the answer
            account.book("reply", "m", Usage(1), (ANNA,))
            return True
        except BudgetSpent:
            return False
        finally:
            account.settle(reservation)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budget, "HOLD_SECONDS", 120.0)  # a machine under load
        went = await asyncio.gather(*(ask() for _ in range(wanted)))
    outbox.close()
    await writing
    return sum(went)
