"""What answers with tools cost beyond their first request."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal

from bot.billing.account import Account
from bot.billing.budget import Reservation
from bot.call.answer import Answer
from bot.call.services import Services
from bot.errors import BudgetSpent
from bot.types import ChargeKind, ReplyRequest, Turn, Usage

Charged = tuple[str, Usage, bool]
"""Model, usage, and whether that is an estimate."""


class ToolRounds:
    """The further requests of answers that use tools."""

    def __init__(self, services: Services, account: Account) -> None:
        self._services = services
        self._account = account
        self._held: dict[int, list[Reservation]] = {}
        "number of a turn -> what is held back for them"
        self._beside: dict[int, list[Charged]] = {}
        "number of a turn -> what was spent beside its requests"

    async def refusal(self, request: ReplyRequest) -> BudgetSpent | None:
        """Hold back the price of one more, for all processes, until `close`, or return why the budget forbids it."""
        services = self._services
        reservation = await self._reserve(
            request.turn, lambda seconds: services.by_model(services.engine.estimate(request, seconds))
        )
        return None if reservation.open else reservation.refusal

    async def may_spend(self, turn: Turn, expected: Mapping[str, Usage]) -> bool:
        """Return whether the budget allows something for an answer; hold its price back as above."""
        return (await self._reserve(turn, expected)).open

    async def _reserve(
        self, turn: Turn, expected: Mapping[str, Usage] | Callable[[float], Mapping[str, Usage]]
    ) -> Reservation:
        reservation = self._account.reserve(turn.people, expected, tell=False)
        self._held.setdefault(turn.id, []).append(reservation)
        with suppress(BudgetSpent):
            await self._account.hold(reservation)
        return reservation

    def spent(self, turn: Turn, model: str, usage: Usage, *, estimated: bool) -> None:
        """Note what was spent for an answer beside its requests; `close` books it."""
        self._beside.setdefault(turn.id, []).append((model, usage, estimated))

    def close(self, answer: Answer, kind: ChargeKind, so_far: Decimal | None) -> Decimal | None:
        """Book what other models were asked for; return the US dollars `so_far` with theirs, None if unknown."""
        for held in self._held.pop(answer.turn.id, ()):
            self._account.settle(held)
        elsewhere: list[Charged] = [(used.model, used.usage, False) for used in answer.reply.elsewhere]
        for model, usage, estimated in (*elsewhere, *self._beside.pop(answer.turn.id, ())):
            cost = self._account.book(kind, model, usage, answer.turn.people, estimated=estimated)
            so_far = None if cost is None or so_far is None else so_far + cost
        return so_far
