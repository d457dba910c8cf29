"""What was paid and could not be shown is shown to whoever asks for the same again, and not paid again."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.engine.text_and_speech import Made
from bot.errors import Unreachable
from bot.jobs.context import JobContext
from bot.jobs.encoder import encode
from bot.jobs.job_folder import JobFolder
from bot.jobs.services import JobServices
from bot.types import Message, ReplyEvent, ReplyRequest, TextDelta, Usage
from sandbox.guild.entities import User
from sandbox.guild.knobs import Failure
from sandbox.people.outcome import CommandOutcome
from tests.chat.quiet_bot import QuietBot, quiet_bot, until
from tests.chat.test_ask import RECORDING
from tests.chat.test_line_buttons import answered, buttons

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("hurried")]

ANSWER = "An answer"
SOUND = encode(RECORDING, 16_000)


class DearStudio:
    """Writes and says the same each time, for money."""

    model = writing_model = "text"

    async def write(self, _system: str, _text: str, spend: Callable[..., None], *_: object, **__: object) -> Made:
        spend(self.model, Usage(text_in=1), False)
        return Made(ANSWER, b"")

    async def say(self, *asked: Any, **how: Any) -> Made:
        return Made((await self.write(*asked, **how)).text, bytes(960))


async def analyze(quiet: QuietBot, eve: User) -> CommandOutcome:
    file = quiet.sandbox.file("voice-message.ogg", SOUND)
    return await quiet.sandbox.command(eve, "analyze", {"recording": file, "private": True})


async def catchup(quiet: QuietBot, eve: User) -> CommandOutcome:
    return await quiet.sandbox.command(eve, "catchup", {"channel": quiet.sandbox.lounge.id, "private": True})


async def ask(quiet: QuietBot, eve: User) -> CommandOutcome:
    return await quiet.sandbox.command(eve, "ask", {"text": "Why?"})


async def translate(quiet: QuietBot, eve: User) -> CommandOutcome:
    (line,) = (message for message in quiet.shown() if buttons(message))
    return await quiet.sandbox.click(eve, line, buttons(line)["mine"])


async def booked(quiet: QuietBot) -> int:
    await until(lambda: not len(quiet.services.outbox))
    return len(await quiet.store.charges(quiet.sandbox.guild.id, datetime.min.replace(tzinfo=UTC)))


@pytest.mark.parametrize("ask_for", [analyze, catchup, ask, translate])
async def test_what_did_not_arrive_is_not_paid_twice(
    tmp_path: Path, ask_for: Callable[[QuietBot, User], Awaitable[CommandOutcome]]
) -> None:
    async with quiet_bot(database_url=f"sqlite+aiosqlite:///{tmp_path}/db") as quiet:
        studio: Any = DearStudio()
        quiet.client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), studio, JobFolder(tmp_path))
        eve = quiet.sandbox.add_user("Eve")
        if ask_for is translate:
            ada = await quiet.joined()
            await answered(quiet, ada)
            await (await quiet.sandbox.command(ada, "leave")).settled()
        line = Message("user", 1, "Ben", "we meet at nine", quiet.services.wall())
        await quiet.store.remember(quiet.sandbox.guild.id, quiet.sandbox.lounge.id, [line])
        before = await booked(quiet)
        quiet.sandbox.knobs.failures.append(Failure("(PATCH|POST) .*/webhooks/", 400))
        lost = await ask_for(quiet, eve)
        await until(lambda: lost.content or lost.followups)
        assert ANSWER not in lost.text
        assert await booked(quiet) == before + 1
        for paid in (1, 2):  # the second is another, as somebody was told the first
            shown = await ask_for(quiet, eve)
            await until(lambda: ANSWER in shown.content)  # noqa: B023
            assert ("$" in shown.content) is (paid == 2)
            assert await booked(quiet) == before + paid


async def test_a_cut_off_answer_is_not_paid_twice_unless_the_bot_is_to_be_another(tmp_path: Path) -> None:
    async with quiet_bot(database_url=f"sqlite+aiosqlite:///{tmp_path}/db") as quiet:
        eve, guild_id = quiet.sandbox.add_user("Eve"), quiet.sandbox.guild.id
        engine: Any = quiet.engine
        whole = engine.reply

        async def cut_off(request: ReplyRequest) -> AsyncGenerator[ReplyEvent]:
            engine.requests.append(request)
            yield TextDelta("An answer that")
            raise Unreachable("broken off") from ValueError("with the request")

        engine.reply = cut_off
        quiet.sandbox.knobs.failures.append(Failure("(PATCH|POST) .*/webhooks/", 400))
        lost = await ask(quiet, eve)
        await until(lambda: lost.content or lost.followups)
        engine.reply = whole
        await quiet.client.preferences.change(guild_id, None, "persona", "A pirate.", 9)
        await (await ask(quiet, eve)).settled()
        assert [request.room.persona for request in engine.requests] == ["", "A pirate."]
        await quiet.client.preferences.reset(guild_id, None, "persona")
        (kept,) = [one.made.failure for one in quiet.client.untold._kept.values()]  # pyright: ignore[reportAttributeAccessIssue]
        assert kept.__cause__ is kept.__traceback__ is None
        shown = await (await ask(quiet, eve)).settled()
        assert "An answer that" in shown.text
        assert "⚠️" in shown.text
        assert len(engine.requests) == 2
