"""The buttons under the bot's lines: say again, in my language, forget this."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.chat.transcript.line_buttons import LineId
from bot.engine.text_and_speech import Made
from bot.jobs.context import JobContext
from bot.jobs.job_folder import JobFolder
from bot.jobs.services import JobServices
from bot.types import Heard, Message, Usage, Utterance
from sandbox.guild.components import walk
from sandbox.guild.entities import User
from sandbox.guild.message import ChatMessage as Shown
from sandbox.server import Sandbox
from tests.chat.quiet_bot import QuietBot, quiet_bot, until
from tests.chat.test_settings import manager
from tests.store.make import ANNA, BEN, START, said

pytestmark = pytest.mark.usefixtures("hurried")


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


class Studio:
    writing_model = "text"

    async def write(self, instructions: str, text: str, spent: Any, *, most_tokens: int) -> Made:
        spent("text", Usage(text_in=9, text_out=9), False)
        return Made(f"{instructions.split(':')[0]}: {text}", b"")


async def answered(quiet: QuietBot, user: User, count: int = 1) -> Shown:
    """Have the bot answer, and return its line once the buttons are up."""
    await quiet.sandbox.command(user, "ask", {"text": f"Question {count}?"})
    with_row = lambda: [message for message in quiet.shown() if buttons(message)]  # noqa: E731
    await until(lambda: len(with_row()) == count)
    return with_row()[-1]


def buttons(message: Shown) -> dict[str, str]:
    """action -> custom id"""
    ids = [item["custom_id"] for item in walk(message.components) if "custom_id" in item]
    return {custom_id.split(":")[2]: custom_id for custom_id in ids}


def lounge(quiet: QuietBot) -> int:
    return quiet.sandbox.lounge.id


@pytest.mark.parametrize("people", [(), (ANNA,), (2**63 - 1,) * 3])
def test_an_id_says_which_line_it_is_and_fits(people: tuple[int, ...]) -> None:
    mark = LineId(2**63 - 1, "f" * 32, people)
    assert LineId.read(str(mark)) == mark
    assert len(f"kikite:line:forget:{mark}") <= 100


def test_an_exchange_is_the_answer_and_what_its_askers_said_since_the_one_before() -> None:
    before, asked, others = said(1), said(3), said(4, BEN)
    earlier = Message("assistant", 9, "Kikite", "earlier", START)
    line = Message("assistant", 9, "Kikite", "answer", START)
    mark = LineId(1, line.id, (ANNA,))
    assert mark.exchange([before, earlier, asked, others, line, said(6)]) == {asked.id, line.id}
    assert mark.exchange([before]) == {line.id}


@pytest.mark.e2e
async def test_the_last_answer_is_replayed_and_an_older_one_spoken_anew(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    first = await answered(quiet, ada)
    second = await answered(quiet, ada, 2)
    assert list(buttons(second)) == ["again", "mine", "forget"]
    assert not second.is_v2
    outcome = await quiet.sandbox.click(ada, second, buttons(second)["again"])
    assert outcome.ephemeral
    assert len(quiet.engine.requests) == 2
    await quiet.sandbox.click(ada, first, buttons(first)["again"])
    await until(lambda: len(quiet.engine.requests) == 3)
    assert quiet.engine.answer in quiet.engine.requests[2].turn.typed[0].text
    outsider = quiet.sandbox.add_user("Eve")
    refused = await quiet.sandbox.click(outsider, first, buttons(first)["again"])
    assert "⚠️" in refused.content
    assert len(quiet.engine.requests) == 3


@pytest.mark.e2e
async def test_a_line_is_read_in_ones_own_language(tmp_path: Path) -> None:
    async with quiet_bot() as quiet:
        ada = await quiet.joined()
        line = await answered(quiet, ada)
        await (await quiet.sandbox.command(ada, "leave")).settled()
        studio: Any = Studio()
        quiet.client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), studio, JobFolder(tmp_path))
        yui = quiet.sandbox.add_user("Yui", locale="ja")
        outcome = await (await quiet.sandbox.click(yui, line, buttons(line)["mine"])).settled()
        assert outcome.ephemeral
        assert outcome.content.startswith("Translate what the user sends into Japanese")
        assert r"with \*\*stars\*\*" in outcome.content
        booked = await quiet.store.charges(quiet.sandbox.guild.id, START.replace(year=2000))
        assert (yui.id,) in [charge.user_ids for charge in booked]


@pytest.mark.e2e
async def test_only_who_asked_or_a_moderator_has_it_forgotten(quiet: QuietBot) -> None:
    ada, ben = await quiet.joined(), await quiet.enter("Ben")
    call = quiet.calls.all()[0]
    slow = Utterance(9, ada.id, quiet.services.clock(), b"", 1.0, "silence")
    call.record.spoke(slow)  # its words come only when all was forgotten
    line = await answered(quiet, ada)

    async def kept() -> int:
        return len(await quiet.store.history(lounge(quiet), 9))

    refused = await quiet.sandbox.click(ben, line, buttons(line)["forget"])
    assert "Only the person who asked" in refused.content
    await call.outbox.settled()
    while await kept() < 2:
        await call.outbox.settled()
    click = await quiet.sandbox.click(ada, line, buttons(line)["forget"])
    await until(lambda: click.followups)
    assert "Deleted from my memory" in click.followups[0].content
    assert line.content == "*deleted*"
    assert not buttons(line)
    call.record.written(slow, Heard(slow.id, ada.id, "late words", 1.0))
    await call.outbox.settled()
    assert await kept() == 0
    assert call.record.messages == ()


@pytest.mark.e2e
async def test_a_line_over_several_messages_is_forgotten_whole(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    quiet.engine.answer = " ".join(f"Sentence number {number} of a *long* answer." for number in range(110))
    call: Any = quiet.calls.all()[0]
    await call.venue.audience.heard(Heard(1, ada.id, "Sentence number 1", 1.0), "Ada")
    await until(lambda: "Sentence number 1" in quiet.shown()[-1].content)
    before = len(quiet.shown())
    last = await answered(quiet, ada)
    assert len(quiet.shown()) == before + 3
    await quiet.sandbox.click(ada, last, buttons(last)["forget"])
    await until(lambda: len(quiet.shown()) == before + 1)
    assert [message.content for message in quiet.shown()[-2:]] == ["**Ada** Sentence number 1", "*deleted*"]


@pytest.mark.e2e
async def test_the_buttons_outlive_a_restart() -> None:
    async with Sandbox.open(http=True) as sandbox:
        async with quiet_bot(sandbox=sandbox) as quiet:
            line = await answered(quiet, await quiet.joined())
        async with quiet_bot(sandbox=sandbox):
            gone = await sandbox.click(mia := manager(quiet), line, buttons(line)["mine"])
            await until(lambda: "no longer in my memory" in gone.content)
            await sandbox.click(mia, line, buttons(line)["forget"])
            await until(lambda: line.content == "*deleted*")
