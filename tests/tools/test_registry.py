"""Who may have which tool used, what a call is checked for, and what stands in its result."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from bot.ports import Asking
from bot.tools.registry import MAX_RESULT_CHARACTERS, ToolRegistry
from bot.tools.tool import Tool, ToolFailed
from bot.types import Standing, ToolCall, ToolSpec
from tests.fakes import ANNA, BEN
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
    result, use = await registry.use(call(name, arguments), Asking(place(), (ANNA,), frozenset({"switched_off"})), 5)
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
