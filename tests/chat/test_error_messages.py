"""What nobody foresaw: people get a sentence with an id, the log the rest, and the next command works."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog

from bot.call.call import Call
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e
ID = re.compile(r"[0-9a-f]{8}")


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


async def test_a_bug_is_told_with_the_id_under_which_it_is_logged(
    quiet: QuietBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await quiet.joined()

    def broken(*_: Any, **__: Any) -> bool:
        raise RuntimeError("inner workings")

    with monkeypatch.context() as patch, structlog.testing.capture_logs() as logs:
        patch.setattr(Call, "stop", broken)
        patch.setattr(Call, "ask", broken)
        told = [
            (await quiet.sandbox.command(ada, "stop")).text,
            (await quiet.sandbox.click(ada, quiet.panels()[0], "kikite:stop")).text,
        ]
        before = len(quiet.shown())
        await quiet.sandbox.write(ada, quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}> why?")
        await until(lambda: len(quiet.shown()) == before + 2)
        told.append(quiet.shown()[-1].content)
    failed = [entry for entry in logs if entry["event"] == "command_failed"]
    for text, entry in zip(told, failed, strict=True):
        [error_id] = ID.findall(text)
        assert entry["error_id"] == error_id
        assert isinstance(entry["exc_info"].__cause__ or entry["exc_info"], RuntimeError)
        assert "inner workings" not in text
    assert "wasn't saying anything" in (await quiet.sandbox.command(ada, "stop")).text
