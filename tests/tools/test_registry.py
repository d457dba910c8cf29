"""Who may have which tool used, what a call is checked for, and what stands in its result."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Set
from typing import Any

import pytest

from bot.ports import Asking
from bot.tools.registry import MAX_USES_AT_ONCE, ToolRegistry
from bot.tools.tool import MAX_RESULT_CHARACTERS, Allowed, Tool, ToolFailed
from bot.types import Standing, ToolCall, ToolSpec
from tests.fakes import ANNA, BEN, FakePlace
from tests.tools.make import NOTHING, Recorder, place

pytestmark = pytest.mark.looptime

GATEKEEPERS = 40


def call(name: str, arguments: str = "{}") -> ToolCall:
    return ToolCall("call_1", name, arguments)


async def test_a_turn_has_the_rights_of_the_least_of_its_people() -> None:
    made = Recorder()
    gate = made.tool("open_gate", frozenset({GATEKEEPERS}))
    registry = ToolRegistry(lambda: [made.tool("look"), gate, made.tool("ban", "managers")])
    here = place()
    here.standings = {ANNA: Standing(manager=True), BEN: Standing(roles=frozenset({GATEKEEPERS}))}

    def offered(*people: int) -> set[str]:
        return {spec.name for spec in registry.offer(Asking(here, people))}

    assert offered(ANNA) == {"look", "open_gate", "ban"}
    assert offered(BEN) == offered(ANNA, BEN) == {"look", "open_gate"}
    assert offered(ANNA, 7) == offered(7) == offered() == {"look"}


async def test_an_unauthorised_speaker_in_a_mixed_turn_never_has_anything_done() -> None:
    """1,000 seeds: whatever the model calls, and however it was offered, nothing runs that someone may not use."""
    made = Recorder()
    rights = {"a": "managers", "b": frozenset({GATEKEEPERS}), "c": "managers", "d": frozenset({1, 2})}
    registry = ToolRegistry(lambda: [made.tool(name, allowed) for name, allowed in rights.items()])
    for seed in range(1000):
        dice = random.Random(seed)
        here = place()
        here.standings = {ANNA: Standing(manager=True, roles=frozenset({GATEKEEPERS, 1, 2}))}
        stranger = dice.choice((BEN, 7, 8))
        here.standings[stranger] = Standing(roles=frozenset({dice.randint(50, 90)}))
        people = [ANNA, stranger]
        dice.shuffle(people)
        _, use = await registry.use(call(dice.choice("abcd"), dice.choice(("{}", ""))), Asking(here, tuple(people)), 5)
        assert (use.outcome, use.allowed) == ("refused", "nobody")
    assert made.used == []


async def test_a_role_that_was_taken_away_counts_no_more() -> None:
    made = Recorder()
    registry = ToolRegistry(lambda: [made.tool("open_gate", "managers")])
    here = place()
    here.standings = {ANNA: Standing(manager=True)}
    asking = Asking(here, (ANNA,))
    assert registry.offer(asking)

    async def now(user_id: int) -> Standing:
        return Standing()

    here.fresh_standing = now
    result, use = await registry.use(call("open_gate"), asking, 5)
    assert use.outcome == "refused"
    assert "right" in result.text
    assert made.used == []


@pytest.mark.parametrize("agrees", [True, False])
async def test_what_needs_a_word_waits_for_it(agrees: bool) -> None:
    made = Recorder()
    registry = ToolRegistry(lambda: [made.tool("water_plants", confirm=True)])
    here = place()
    here.agrees = agrees
    result, use = await registry.use(call("water_plants", '{"litres": 2}'), Asking(here, (ANNA, BEN)), 5)
    assert here.asked == [("water_plants", '{"litres": 2}', {ANNA, BEN})]
    assert made.used == ([("water_plants", {"litres": 2})] if agrees else [])
    assert use.outcome == ("done" if agrees else "refused")
    assert agrees or "not done" in result.text


CHANGES = ("role", "switched_off", "barred", "tool_gone", "tool_for_managers", "tool_confirms", "nothing")


async def changing(change: str, *, confirm: bool, allowed: Allowed = "everyone") -> tuple[str, list[Any]]:
    """Use a tool; while somebody is asked, or others hold all places, something changes. Return what came of it."""
    made, changed = Recorder(), asyncio.Event()

    def gate(allowed: Allowed, *, confirm: bool) -> Tool:
        return made.tool("open_gate", allowed, confirm=confirm, acts=True)

    def tools() -> list[Tool]:
        if not changed.is_set():
            return [gate(allowed, confirm=confirm)]
        later = {
            "tool_gone": [],
            "tool_for_managers": [gate(frozenset({1}), confirm=confirm)],
            "tool_confirms": [gate(allowed, confirm=not confirm)],
        }
        return later.get(change, [gate(allowed, confirm=confirm)])

    class Place(FakePlace):
        async def confirmed(self, tool: str, detail: str, user_ids: Set[int]) -> bool:
            await asyncio.sleep(30)
            changed.set()
            return True

        def standing(self, user_id: int) -> Standing:
            lost = change == "role" and changed.is_set()
            return Standing() if lost else Standing(roles=frozenset({GATEKEEPERS}))

        async def fresh_standing(self, user_id: int) -> Standing:
            await asyncio.sleep(0.1)
            return self.standing(user_id)

    registry = ToolRegistry(tools)
    asking = Asking(
        Place(lambda: {ANNA: "Anna", BEN: "Ben"}),
        (ANNA, BEN),
        lambda: {"open_gate"} if change == "switched_off" and changed.is_set() else frozenset(),
        lambda user_id, standing: not (change == "barred" and changed.is_set() and user_id == BEN),
    )
    if not confirm:
        busy = [asyncio.create_task(registry._slots.acquire()) for _ in range(MAX_USES_AT_ONCE)]
        await asyncio.gather(*busy)

        def free() -> None:
            changed.set()
            registry._slots.release()

        asyncio.get_running_loop().call_later(5, free)
    _, use = await registry.use(call("open_gate"), asking, 5)
    return use.outcome, made.used


@pytest.mark.parametrize("confirm", [True, False])
@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_changes_while_it_waits_holds_when_it_runs(change: str, confirm: bool) -> None:
    outcome, used = await changing(change, confirm=confirm, allowed=frozenset({GATEKEEPERS}))
    assert bool(used) is (outcome == "done") is (change == "nothing"), outcome


async def test_what_is_agreed_to_is_what_is_done() -> None:
    """Blanks push nothing out of sight, and of a name that comes twice what counts is shown."""
    made, told = Recorder(), list[str]()
    registry = ToolRegistry(lambda: [made.tool("water_plants", confirm=True)])

    class Place(FakePlace):
        async def confirmed(self, tool: str, detail: str, user_ids: Set[int]) -> bool:
            told.append(detail)
            return False

    asked = '{"litres": 1,' + " " * 9_000 + '"litres": 900}'
    await registry.use(call("water_plants", asked), Asking(Place(lambda: {ANNA: "Anna"}), (ANNA,)), 5)
    assert told == ['{"litres": 900}']


async def test_questions_that_wait_for_a_word_hold_up_nobody() -> None:
    made = Recorder()
    registry = ToolRegistry(lambda: [made.tool("water_plants", confirm=True), made.tool("look")])

    class Place(FakePlace):
        async def confirmed(self, tool: str, detail: str, user_ids: Set[int]) -> bool:
            await asyncio.sleep(60)
            return False

    here = Place(lambda: {ANNA: "Anna"})
    asked = [
        asyncio.create_task(registry.use(call("water_plants"), Asking(here, (ANNA,)), 5))
        for _ in range(MAX_USES_AT_ONCE + 1)
    ]
    await asyncio.sleep(1)
    async with asyncio.timeout(1):
        _, use = await registry.use(call("look"), Asking(place(), (BEN,)), 5)
    assert use.outcome == "done"
    await asyncio.gather(*asked)


@pytest.mark.parametrize(
    ("name", "arguments", "outcome"),
    [
        ("nothing", "{}", "unknown"),
        ("look", "{broken", "failed"),
        ("look", "[1]", "failed"),
        ("look", "[" * 100_000, "failed"),
        ("switched_off", "{}", "unknown"),
        ("look", "", "done"),
    ],
)
async def test_a_call_that_cannot_be_made_is_answered(name: str, arguments: str, outcome: str) -> None:
    made, counts = Recorder(), Counter[str]()
    registry = ToolRegistry(lambda: [made.tool("look"), made.tool("switched_off")], counts=counts)
    result, use = await registry.use(call(name, arguments), Asking(place(), (ANNA,), lambda: {"switched_off"}), 5)
    assert use.outcome == outcome
    assert result.text
    assert len(made.used) == (outcome == "done")
    assert counts == {f"tool_{outcome}": 1}


async def test_slow_long_and_broken_tools() -> None:
    async def hangs(arguments: Mapping[str, Any], asking: Asking) -> str:
        await asyncio.sleep(3600)
        return ""

    async def breaks(arguments: Mapping[str, Any], asking: Asking) -> str:
        raise RuntimeError("Anna's secret")

    async def fails(arguments: Mapping[str, Any], asking: Asking) -> str:
        raise ToolFailed("no water")

    tools = [Tool(ToolSpec(run.__name__, "", NOTHING), run) for run in (hangs, breaks, fails)]
    registry = ToolRegistry(lambda: [*tools, Recorder().tool("long", answer="x" * 5_000_000)])
    asking = Asking(place(), (ANNA,))
    outcomes = {name: await registry.use(call(name), asking, 2.0) for name in ("hangs", "breaks", "fails", "long")}
    assert [use.outcome for _, use in outcomes.values()] == ["late", "failed", "failed", "done"]
    assert "secret" not in outcomes["breaks"][0].text
    assert outcomes["fails"][0].text == "no water"
    assert len(outcomes["long"][0].text) < MAX_RESULT_CHARACTERS + 100
