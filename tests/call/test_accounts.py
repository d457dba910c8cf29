"""What an answer costs: speculation, retries and transcripts are all on the bill, and held back before they are."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from bot.billing.budget import Budget
from bot.call.accounts import Accounts
from bot.call.context import CallContext
from bot.call.counters import Counters
from bot.call.outcomes import Outcomes
from bot.call.settings import CallSettings
from bot.call.shown import Notice, Shown, Trouble
from bot.call.verdicts import Verdicts
from bot.types import Charge, Heard, Playout, ReplyDone, Spoken, Turn, Usage, Utterance

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GUILD, ANNA = 1, 11
CENT = Decimal("0.01")


class Written:
    """Notes what is shown and what is stored."""

    def __init__(self) -> None:
        self.kept: list[Charge] = []
        self.shown: list[Shown] = []

    def add(self, guild_id: int, channel_id: int, what: Charge) -> None:
        self.kept.append(what)

    def show(self, shown: Shown) -> None:
        self.shown.append(shown)


class Setup:
    """Accounts over a real budget, where a second of sound in costs a cent, and one out ten."""

    def __init__(self, cap: str) -> None:
        price = lambda _model, usage: CENT * (usage.audio_in // 10) + 10 * CENT * (usage.audio_out // 20)  # noqa: E731
        self.budget = Budget(Decimal(cap), Decimal(0), price, lambda: NOW)
        self.written = Written()
        services: Any = SimpleNamespace(
            budget=self.budget,
            engine=SimpleNamespace(
                estimate=lambda _request, seconds: Usage(audio_in=10, audio_out=round(seconds * 20))
            ),
            wall=lambda: NOW,
            model="m",
            transcribe_model="t",
            by_model=lambda usage: {"m": usage},
            clock=lambda: 0.0,
            counters=Counters(),
            trace=None,
        )
        venue: Any = SimpleNamespace(guild_id=GUILD, channel_id=2)
        written: Any = self.written
        self.context = CallContext(
            venue, services, CallSettings, Counter(), written, written, Verdicts(services.counters)
        )
        self.accounts = Accounts(self.context)

    def bills(self) -> list[tuple[str, Decimal | None, bool]]:
        return [(charge.kind, charge.cost, charge.estimated) for charge in self.written.kept]


def said(number: int, seconds: float = 1.0) -> Utterance:
    return Utterance(number, ANNA, 0.0, bytes(round(seconds * 32_000)), seconds, "silence")


def answer(setup: Setup, done: ReplyDone | None, streamed: float = 0.0, text: str = "") -> Any:
    turn = Turn(1, 2, (said(1),), 0.0)
    reply = SimpleNamespace(
        done=done,
        tools=[],
        elsewhere=[],
        seconds=streamed,
        error=None,
        text=text,
        clauses=[],
        empty=not (streamed or text),
        complete=done is not None,
        asked_at=0.0,
        ended_at=None,
    )
    return SimpleNamespace(
        turn=turn,
        reply=reply,
        request=SimpleNamespace(history=()),
        reservation=setup.budget.reserve(GUILD, [ANNA], 5 * CENT),
        failure=None,
        untold_failure=lambda: None,
    )


@pytest.mark.parametrize(
    ("done", "streamed", "bills"),
    [
        (ReplyDone(Usage(audio_in=10, audio_out=40)), 2.0, [("speculation", 21 * CENT, False)]),
        (ReplyDone(Usage(audio_in=10), estimated=True), 0.0, [("speculation", CENT, True)]),
        (None, 3.0, [("speculation", 31 * CENT, True)]),
        (
            ReplyDone(Usage(audio_in=10), discarded=2),
            0.0,
            [("speculation", CENT, True), ("speculation", CENT, True), ("speculation", CENT, False)],
        ),
    ],
    ids=["whole", "no usage", "cut off", "two retries"],
)
def test_what_nobody_heard_is_paid_all_the_same(
    done: ReplyDone | None, streamed: float, bills: list[tuple[str, Decimal, bool]]
) -> None:
    setup = Setup("1")
    setup.accounts.charge_unheard(answer(setup, done, streamed))
    assert setup.bills() == bills
    assert setup.budget.left(GUILD) == 1 - sum((cost for _, cost, _ in bills), Decimal(0)), "nothing stays held back"


def test_transcripts_are_held_back_and_booked() -> None:
    setup = Setup("1")
    utterance = said(1, 3.0)
    assert setup.accounts.reserve_words(utterance).open
    assert setup.budget.left(GUILD) == 97 * CENT
    setup.accounts.transcribed(utterance, Heard(1, ANNA, "hello", 3.0))
    assert setup.bills() == [("transcription", 3 * CENT, False)]
    assert setup.accounts.reserve_words(said(2)).open
    setup.accounts.transcribed(said(2), None)
    assert setup.accounts.reserve_words(said(3)).open
    setup.accounts.transcribed_all()  # the call ends before the words come
    assert setup.budget.left(GUILD) == 97 * CENT


def test_people_are_told_once_that_an_unknown_price_is_guessed() -> None:
    setup = Setup("1")
    setup.budget.price = lambda _model, _usage: None
    for number in range(3):
        assert setup.accounts.reserve_words(said(number)).open
    assert setup.written.shown == [Notice("budget_guessed")]


def test_nothing_is_written_down_once_the_budget_is_spent_and_people_are_told_once() -> None:
    setup = Setup("0.10")
    for number in range(20):
        utterance = said(number)
        if setup.accounts.reserve_words(utterance).open:
            setup.accounts.transcribed(utterance, Heard(number, ANNA, "on and on", 1.0))
    assert setup.budget.left(GUILD) == 0
    assert len(setup.written.kept) == 10
    told = [shown.code if isinstance(shown, Notice) else type(shown) for shown in setup.written.shown]
    assert told == ["budget_short", Trouble], "shorter answers at 8 cents, nothing at 10: at 9 the step was not changed"


@pytest.mark.parametrize(
    ("began", "withdrawn", "marked"), [(1.0, False, True), (1.0, True, True), (None, False, False)]
)
def test_an_answer_cut_before_a_word_was_heard_out_has_its_line_marked(
    began: float | None, withdrawn: bool, marked: bool
) -> None:
    setup = Setup("1")
    lines: list[Spoken] = []
    record: Any = SimpleNamespace(answered=lambda spoken, done, began: lines.append(spoken))
    cut = answer(setup, None, streamed=3.0, text="Many words.")
    cut.began_at = cut.arrived_at = began
    cut.withdrawn = withdrawn
    cut.playout = Playout(0.02 if began else 0.0, 3.0, interrupted=True)
    Outcomes(setup.context, record, setup.accounts).close(cut)
    assert [(line.text, line.interrupted) for line in lines] == ([("", True)] if marked else [])
