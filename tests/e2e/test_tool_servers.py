"""A real server of tools (TOOLS_FILE) beside the whole bot: the button, the sentence for those who wait, the doctor."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.call.wait_sentence import WAIT_PROMPT
from bot.chat import tool_place
from bot.tools import mcp_server, rounds
from sandbox import clips
from sandbox.model.behaviour import Speak, TranscribeAs
from sandbox.model.log import ReceivedRequest
from sandbox.model.tool_rules import ScriptedCall
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import OUT, button_id, said, sentence
from tests.e2e.test_tools import answered, calling, results

GARDEN = Path(__file__).parents[1] / "tools" / "garden.py"
WAITING = 60.0
"""Seconds for whatever starts a process."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def tools_file(folder: Path, rules: Any = None, **more: Any) -> Path:
    path = folder / "tools.json"
    garden = {"command": sys.executable, "args": [str(GARDEN)], "tools": rules or {}}
    path.write_text(json.dumps({"mcpServers": {"garden": garden, **more}}), encoding="utf-8")
    return path


def question(harness: Harness) -> Any:
    """Return the newest question whether a tool may be used."""
    found = [one for one in harness.sandbox.messages(harness.lounge.id) if "**look\\_around**" in one.content]
    return found[-1] if found else None


async def ready(app: Any) -> None:
    """Wait until the garden's tools are on offer."""
    await until(lambda: "look_around" in app.client.services.tools.all(), WAITING)


async def test_only_who_asked_may_press_the_button(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tools_file(harness.folder, {"look_around": {"confirm": True}})
    anna, ben = harness.sandbox.add_user("Anna"), harness.sandbox.add_user("Ben")
    harness.model.default = calling("look_around", '{"where": "@everyone **there**"}')

    async def ask() -> Any:
        await until(answered, WAITING)  # one question at a time
        before = question(harness)
        await harness.sandbox.command(anna, "ask", {"text": "What grows?"}, channel_id=harness.lounge.id)
        await until(lambda: question(harness) is not before and question(harness).components, WAITING)
        return question(harness)

    async with harness.bot(tools_file=file) as app:
        await ready(app)
        posted = await ask()
        assert "Anna" in posted.content
        assert "**there**" not in posted.content
        for label in ("Allow", "Deny"):
            refused = await harness.sandbox.click(ben, posted, button_id(posted, label))
            assert refused.ephemeral
        assert not results(harness)
        await harness.sandbox.click(anna, posted, button_id(posted, "Allow"))
        await until(lambda: results(harness), WAITING)
        assert results(harness)[-1] == "> roses @everyone **there**"
        await until(lambda: not posted.components, WAITING)

        posted = await ask()
        await harness.sandbox.click(anna, posted, button_id(posted, "Deny"))
        await until(lambda: len(results(harness)) == 2, WAITING)
        assert "not done" in results(harness)[-1]

        await until(answered, WAITING)
        monkeypatch.setattr(tool_place, "CONFIRM_WAIT_SECONDS", 0.3)
        await harness.sandbox.command(anna, "ask", {"text": "And now?"}, channel_id=harness.lounge.id)
        await until(lambda: len(results(harness)) == 3, WAITING)
        assert "not done" in results(harness)[-1]
        await until(lambda: question(harness) is None, WAITING)  # each says what came of it
        await until(answered, WAITING)
    assert not harness.model.refused


async def test_a_long_look_is_bridged_by_a_sentence_that_is_paid_for(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "LONG_TOOL_SECONDS", 0.2)
    call, answer = Speak.calling(ScriptedCall("sleep", '{"seconds": 3}')), Speak.clip("bot-heard")
    asked: list[str] = []

    def behave(request: ReceivedRequest) -> Speak:
        first, *_, last = request.body["messages"]
        if str(first["content"]).startswith(WAIT_PROMPT[:60]):
            asked.append(json.dumps(request.body))
            return Speak.clip("bot-kikoeta")
        return answer if last["role"] == "tool" else call

    harness.model.default = behave
    # At once: the sentence is asked for with the words that are known by then.
    harness.model.default_transcription = TranscribeAs(sentence("anna-cook"), delay=0.0)
    async with harness.bot(tools_file=tools_file(harness.folder), speculation="off") as app:
        await ready(app)
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        [line] = [line for line in harness.lines() if sentence("bot-heard") in line]
        assert f"{sentence('bot-kikoeta')} {sentence('bot-heard')}" in line
        async with asyncio.timeout(WAITING):
            while [one.kind for one in await app.store.charges(harness.sandbox.guild.id, LONG_AGO)].count("reply") < 2:
                await asyncio.sleep(0.1)
    assert len(asked) == 1
    assert sentence("anna-cook") in asked[0]  # its language is that of what was said
    assert not harness.model.refused


@pytest.mark.long
async def test_a_server_that_comes_later_is_there_in_the_same_call_and_may_die_in_a_round(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_server, "RETRY_SECONDS", (0.2,))
    program = harness.folder / "late.py"
    file = tools_file(harness.folder)
    file.write_text(file.read_text().replace(str(GARDEN), str(program)), encoding="utf-8")
    offers: list[set[str]] = []

    def behave(request: ReceivedRequest) -> Speak:
        offers.append({tool["function"]["name"] for tool in request.body.get("tools", ())})
        if request.body["messages"][-1]["role"] == "tool":
            return Speak.clip("bot-rice")
        calls = (ScriptedCall("sleep", '{"seconds": 60}'), ScriptedCall("die"), ScriptedCall("clock"))
        return Speak.calling(*calls) if "die" in offers[-1] else Speak.clip("bot-heard")

    harness.model.default = behave
    async with harness.bot(tools_file=file) as app:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        assert not any("die" in names for names in offers)
        program.write_bytes(GARDEN.read_bytes())
        await ready(app)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-rice")
        slept, died, clock = results(harness)[-3:]
        assert slept == died == "> The tool's server went away."
        assert "went away" not in clock
        await ready(app)
    assert not harness.model.refused


@pytest.mark.long
@pytest.mark.parametrize("how", ["speaking", "stop"])
async def test_whoever_speaks_over_the_sentence_ends_the_tool_too(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(rounds, "LONG_TOOL_SECONDS", 0.2)
    call, turns = Speak.calling(ScriptedCall("sleep", '{"seconds": 6}')), list[str]()

    def behave(request: ReceivedRequest) -> Speak:
        first, *_, last = request.body["messages"]
        if str(first["content"]).startswith(WAIT_PROMPT[:60]):
            return Speak.clip("bot-kikoeta")
        turns.append(last["role"])
        return call if len(turns) == 1 else Speak.clip("bot-heard")

    harness.model.default = behave
    async with harness.bot(tools_file=tools_file(harness.folder), speculation="off") as app:
        await ready(app)
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await anna.recorder.wait_for(harness.sandbox.bot.id, 0.6, 60)
        if how == "speaking":
            await anna.say(clips.load("anna-boss", OUT))
            await said(harness, "bot-heard")
        else:
            await (await harness.sandbox.command(anna.user, "stop", channel_id=harness.lounge.id)).settled()
        await anna.recorder.quiet(harness.sandbox.bot.id, 1.0, 20)
        await asyncio.sleep(6.0)  # by then the tool would have ended
        assert "tool" not in turns, "nobody tells the model what came of it"
        assert turns == ["user"] * (2 if how == "speaking" else 1)
    assert not harness.model.refused
