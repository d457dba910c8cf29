"""“That's not what I said”: whose line it is, where it stands, and what changes with it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.call.record import UNINTELLIGIBLE_TEXT
from bot.chat import lines
from bot.chat.cooldown import Cooldowns
from bot.chat.corrections import answered_last, corrected, shown_lines
from bot.types import Heard, Utterance
from sandbox.guild.components import walk
from sandbox.guild.entities import User
from sandbox.guild.invocation import Refused
from sandbox.guild.message import ChatMessage as Shown
from tests.chat.quiet_bot import QuietBot, quiet_bot, shipped, until
from tests.store.make import ANNA, BEN, START, answer, said

pytestmark = pytest.mark.usefixtures("hurried")
MENU = "That's not what I said"
WORDS = shipped().of("en")
NEAR = START.timestamp()


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


def test_each_line_of_a_message_is_the_nearest_one_that_reads_so() -> None:
    long_ago = replace(said(0, text="*yes*"), at=START - timedelta(hours=1))
    first, second, ben = said(1, text="*yes*"), said(2, text="*yes*"), said(3, BEN, "yes")
    lost, right = said(4, text=UNINTELLIGIBLE_TEXT), replace(said(5, text="Ada"), edited=True)
    known = [long_ago, first, second, ben, lost, right, answer(6, text="yes")]
    content = "\n".join(
        [
            lines.heard(first.speaker, first.text),
            lines.heard(first.speaker, first.text),
            "**Änna 聞き手** other words",
            lines.unintelligible(lost.speaker, WORDS),
            lines.edited(right.speaker, right.text, WORDS),
            "-# said at 12:00",
        ]
    )
    shown = shown_lines(content, NEAR, known)
    assert [line.index for line in shown] == [0, 1, 3, 4]
    assert {line.message.id for line in shown[:2]} == {first.id, second.id}
    assert [line.message for line in shown[2:]] == [lost, right]
    assert corrected("a\nb\nc", replace(shown[0], index=1), "x") == "a\nx\nc"


def test_which_lines_the_last_answer_answers() -> None:
    line, later = said(1), said(3, BEN)
    assert answered_last([line, answer(2, ANNA)], line)
    assert answered_last([line, later, answer(4, ANNA, BEN)], line)
    assert not answered_last([line, answer(2, BEN)], line), "it answers somebody else"
    assert not answered_last([line, answer(2, ANNA), answer(4, ANNA)], line), "not the last one"
    assert not answered_last([line], line)
    assert not answered_last([], line)


async def spoke(quiet: QuietBot, number: int, user: User, words: str) -> Shown:
    """Have the call write down what somebody said, and return the message that shows it."""
    call = quiet.calls.all()[0]
    utterance = Utterance(number, user.id, quiet.services.clock(), b"", 1.0, "silence")
    call.record.spoke(utterance)
    call.record.written(utterance, Heard(number, user.id, words, 1.0))
    text = lines.heard(call.record.name(user.id), words)
    await until(lambda: any(text in message.content for message in quiet.shown()))
    return next(message for message in reversed(quiet.shown()) if text in message.content)


@pytest.mark.e2e
async def test_a_line_is_put_right_everywhere_by_its_speaker_alone(quiet: QuietBot) -> None:
    ada, ben = await quiet.joined(), await quiet.enter("Ben")
    await until(lambda: any("👋 **Ben**" in message.content for message in quiet.shown()))
    call, lounge = quiet.calls.all()[0], quiet.sandbox.lounge.id
    message = await spoke(quiet, 1, ada, "is kick it a here")
    await quiet.sandbox.command(ada, "ask", {"text": "Well?"})
    await until(lambda: len(quiet.engine.requests) == 1 and len(call.record.messages) == 3)
    refused = await quiet.sandbox.menu(ben, MENU, message)
    assert (refused.content, refused.ephemeral) == ("⚠️ Only the person who said that can change it.", True)
    form = await quiet.sandbox.menu(ada, MENU, message)
    assert form.modal is not None
    [field] = [item for item in walk(form.modal["components"]) if item.get("custom_id") == "words:1"]
    assert field["value"] == "is kick it a here"
    outcome = await (await quiet.sandbox.submit(form, {"words:1": "is Kikite\n*here* @everyone <@1>"})).settled()
    assert outcome.ephemeral
    assert outcome.text == "Changed, here and in my memory."
    assert message.content == "**Ada** is Kikite \\*here\\* @\u200beveryone \\<@\u200b1\\> *(edited)*"
    line = call.record.messages[0]
    assert (line.text, line.edited) == ("is Kikite *here* @everyone <@1>", True)
    await until(lambda: len(quiet.services.outbox) == 0)
    assert (await quiet.store.history(lounge, 9))[0] == line
    assert quiet.services.spellings.of(lounge) == ["Kikite"]
    assert outcome.message is not None
    again = next(item["custom_id"] for item in walk(outcome.message.components) if "custom_id" in item)
    asked = await quiet.sandbox.click(ada, outcome.message, again)
    assert asked.content == "I'm asking again."
    await until(lambda: len(quiet.engine.requests) == 2)
    assert quiet.engine.requests[1].turn.typed[0].text == line.text
    assert quiet.engine.requests[1].history[0].text == line.text
    await (await quiet.sandbox.command(ada, "leave")).settled()
    quiet.client.cooldowns = Cooldowns(rate=100_000)
    form = await quiet.sandbox.menu(ada, MENU, message)  # after the call, and for the second time
    outcome = await (await quiet.sandbox.submit(form, {"words:1": "is Kikite there"})).settled()
    assert message.content == "**Ada** is Kikite there *(edited)*"
    shown = await (await quiet.sandbox.command(ada, "memory show", {"channel": quiet.sandbox.lounge})).settled()
    assert "**Ada** is Kikite there *(edited)*" in shown.text


@pytest.mark.e2e
async def test_what_cannot_be_put_right_says_why(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    other = await quiet.sandbox.write(ada, quiet.sandbox.lounge.id, "typed")
    assert "isn't a line" in (await quiet.sandbox.menu(ada, MENU, other)).content
    message = await spoke(quiet, 1, ada, "some words")
    form = await quiet.sandbox.menu(ada, MENU, message)
    same = await (await quiet.sandbox.submit(form, {"words:1": "some  words "})).settled()
    assert same.text == "Nothing has changed."
    quiet.client.cooldowns = Cooldowns(rate=100_000)
    for wrong, told in (("\u200b", "can't be empty"), ("*" * 1500, "too long")):
        form = await quiet.sandbox.menu(ada, MENU, message)
        outcome = await (await quiet.sandbox.submit(form, {"words:1": wrong})).settled()
        assert told in outcome.text
        assert message.content == "**Ada** some words"
    assert quiet.calls.all()[0].record.messages[0].text == "some words"
    form = await quiet.sandbox.menu(ada, MENU, message)
    await quiet.calls.erasure.forget_person(ada.id)
    outcome = await (await quiet.sandbox.submit(form, {"words:1": "other"})).settled()
    assert "no longer in my memory" in outcome.text
    assert "no longer in my memory" in (await quiet.sandbox.menu(ada, MENU, message)).content
    assert message.content == "**Ada** some words"
    with pytest.raises(Refused):
        await quiet.sandbox.submit(await quiet.sandbox.menu(ada, MENU, message), {"words:1": "x"})


@pytest.mark.e2e
async def test_lines_of_several_people_in_one_message_and_a_message_that_is_gone(quiet: QuietBot) -> None:
    ada, ben = await quiet.joined(), await quiet.enter("Ben")
    call, lounge = quiet.calls.all()[0], quiet.sandbox.lounge.id
    await until(lambda: call.venue.people().keys() >= {ada.id, ben.id})
    texts = [(ada, "one"), (ben, "two"), (ada, "three")]
    for number, (user, words) in enumerate(texts):
        utterance = Utterance(number, user.id, quiet.services.clock(), b"", 1.0, "silence")
        call.record.spoke(utterance)
        call.record.written(utterance, Heard(number, user.id, words, 1.0))
    await until(lambda: "three" in quiet.shown()[-1].content)
    message = quiet.shown()[-1]

    def said() -> list[str]:  # without the notice to Ben, which may stand before
        return [row for row in message.content.split("\n") if row.startswith("**")]

    rows = said()
    if len(rows) < 3:  # the first was posted before the others came
        assert rows == ["**Ben** two", "**Ada** three"]
    form = await quiet.sandbox.menu(ada, MENU, message)
    theirs = await quiet.sandbox.menu(ben, MENU, message)
    fields = {f"words:{number}": f"right {number}" for number in range(1, 3 if len(rows) == 3 else 2)}
    await (await quiet.sandbox.submit(form, fields)).settled()
    await (await quiet.sandbox.submit(theirs, {"words:1": "Ben's"})).settled()
    expected = [f"**Ada** right {number} *(edited)*" for number in range(1, len(fields) + 1)]
    expected.insert(len(expected) - 1, "**Ben** Ben's *(edited)*")
    assert said() == expected
    form = await quiet.sandbox.menu(ben, MENU, message)
    channel: Any = quiet.client.get_channel(lounge)
    await channel.get_partial_message(message.id).delete()
    outcome = await (await quiet.sandbox.submit(form, {"words:1": "last"})).settled()
    assert "couldn't change the message" in outcome.text
    assert "last" in [line.text for line in await quiet.store.history(lounge, 9)]
