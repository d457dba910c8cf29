"""docs/rights.md, cell by cell, through Discord's own machinery."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.chat.commands import ALL
from bot.chat.cooldown import Cooldowns
from bot.tools.registry import ToolRegistry
from bot.types import Message
from sandbox.guild.entities import Role, User
from sandbox.guild.invocation import Refused
from sandbox.guild.message import ChatMessage
from sandbox.guild.permissions import P
from tests.chat.quiet_bot import QuietBot, quiet_bot, shipped, until
from tests.chat.rights_room import RightsRoom, foreign_places, rights_room
from tests.tools.make import Recorder

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("hurried")]
PAGE = Path("docs/rights.md").read_text(encoding="utf-8")
ENGLISH = shipped().of("en")


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading, without the line that separates its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


HEAD, *TABLE = rows("The table")
COLUMNS = HEAD[1:]
SENTENCES = {letter: (code.strip("`"), text) for letter, code, text in rows("The sentences")[1:]}
CELLS = {(cells[0], who): cell for cells in TABLE for who, cell in zip(COLUMNS, cells[1:], strict=True)}

BARRED = ("hidden", "closed")
"""Columns of people whom an overwrite keeps from reading the Lounge: once there are any, it has no public thread."""

Try = Callable[[RightsRoom, str], Awaitable[str]]
"""Does an action as one of the people, and returns what they read of the answer; "" for nothing."""


def command(name: str, **options: Any) -> Try:
    async def act(room: RightsRoom, who: str) -> str:
        user, given = room.people[who], dict(options)
        if "channel" in given:
            given["channel"] = room.sandbox.lounge.id
        if name == "analyze":
            given["recording"] = room.sandbox.file("a.txt", b"words")
        late = 60.0 if who == "timed out" else 0.0
        outcome = await room.sandbox.command(user, name, given, timed_out=late, channel_id=room.typed_in)
        assert outcome.ephemeral or not refused(outcome.content), "a refusal is nobody else's business"
        return (await outcome.settled()).text

    return act


def menu(name: str) -> Try:
    async def act(room: RightsRoom, who: str) -> str:
        message = await room.sandbox.write(room.host, room.sandbox.general.id, "words")
        late = 60.0 if who == "timed out" else 0.0
        outcome = await (await room.sandbox.menu(room.people[who], name, message, timed_out=late)).settled()
        return outcome.text

    return act


def click(which: Callable[[RightsRoom], ChatMessage | None], button: str) -> Try:
    async def act(room: RightsRoom, who: str) -> str:
        message = which(room)
        assert message is not None
        custom_id = next(item for item in room.buttons(message) if button in item)
        outcome = await room.sandbox.click(room.people[who], message, custom_id)
        if outcome.message is message:  # its first answer was silent
            await until(lambda: outcome.followups)
            return outcome.followups[-1].content
        assert outcome.ephemeral
        return (await outcome.settled()).text

    return act


def pressed(job: str, position: int) -> Try:
    async def act(room: RightsRoom, who: str) -> str:
        message, queue = await room.job(job), room.quiet.client.jobs.queue
        ticket = queue.find("job")
        try:
            outcome = await room.sandbox.click(room.people[who], message, room.buttons(message)[position])
        finally:
            if ticket is not None:
                queue.give_back(ticket)
        done = outcome.message is message
        if ticket is not None and done:
            await until(lambda: ticket.cancelled)
        assert ticket is None or ticket.cancelled is done
        return "done" if done else outcome.content

    return act


def written(*, in_thread: bool) -> Try:
    async def act(room: RightsRoom, who: str) -> str:
        place = room.in_thread.id if in_thread else room.sandbox.general.id
        asked = len(room.quiet.engine.requests)
        message = await room.mention(who, place)

        def replies() -> list[str]:
            return [item.content for item in room.sandbox.messages(place) if item.reference_id == message.id]

        await until(lambda: len(room.quiet.engine.requests) > asked or replies())
        return "asked" if len(room.quiet.engine.requests) > asked else replies()[0]

    return act


def closed(act: Try) -> Try:
    """The same while managers list somebody else for everything."""

    async def act_then(room: RightsRoom, who: str) -> str:
        preferences, guild_id = room.quiet.client.preferences, room.sandbox.guild.id
        await preferences.change(guild_id, None, "access", "call=9;answer=9;spend=9", 9)
        try:
            return await act(room, who)
        finally:
            await preferences.reset(guild_id, None, "access")

    return act_then


async def correct(room: RightsRoom, who: str) -> str:
    late = 60.0 if who == "timed out" else 0.0
    message = await room.said()
    outcome = await room.sandbox.menu(room.people[who], "That's not what I said", message, timed_out=late)
    if outcome.modal is not None:
        outcome = await room.sandbox.submit(outcome, {"words:1": "other words"})
    outcome = await outcome.settled()
    assert outcome.ephemeral
    return outcome.text


async def anew(room: RightsRoom, who: str) -> str:
    message = await room.ask_again()
    outcome = await room.sandbox.click(room.people[who], message, room.buttons(message)[0])
    assert outcome.ephemeral
    return (await outcome.settled()).text


async def agree_to_tool(room: RightsRoom, who: str) -> str:
    message, confirm = await room.tool_question()
    try:
        outcome = await room.sandbox.click(room.people[who], message, room.buttons(message)[0])
        done = outcome.message is message
        assert not done or await confirm.answered()
    finally:
        confirm.stop()
    return "done" if done else outcome.content


async def interpret(room: RightsRoom, who: str) -> str:
    """Begin to interpret, and end it, which takes no money."""
    late = 60.0 if who == "timed out" else 0.0
    options = {"languages": "en, ja"}
    outcome = await room.sandbox.command(
        room.people[who], "interpret", options, timed_out=late, channel_id=room.typed_in
    )
    began = await outcome.settled()
    await room.sandbox.command(room.people["inside"], "interpret", {})
    assert not room.quiet.calls.all()[0].interpreter.on
    return began.text


async def offered(room: RightsRoom, who: str) -> str:
    message = await room.offer()
    outcome = await room.sandbox.click(room.people[who], message, room.buttons(message)[0])
    return (await outcome.settled()).text


async def join_elsewhere(room: RightsRoom, who: str) -> str:
    late = 60.0 if who == "timed out" else 0.0
    options = {"channel": room.sandbox.den.id}
    outcome = await room.sandbox.command(room.people[who], "join", options, timed_out=late, channel_id=room.typed_in)
    return (await outcome.settled()).text


async def captioned(room: RightsRoom, who: str) -> str:
    """Turn captions on in the Lounge's chat, and off, which takes no money."""
    late = 60.0 if who == "timed out" else 0.0
    shown = await room.sandbox.command(room.people[who], "captions", {}, timed_out=late, channel_id=room.typed_in)
    outcome = await shown.settled()
    captions = room.quiet.calls.all()[0].captions
    if captions.readers:
        await room.sandbox.command(room.people["inside"], "captions", {}, channel_id=room.typed_in)
        await until(lambda: not captions.readers)
    return outcome.text


def line(room: RightsRoom) -> ChatMessage | None:
    return room.line


def panel(room: RightsRoom) -> ChatMessage | None:
    return room.panel


TRIES: dict[str, tuple[Try, str]] = {
    "`/join`": (command("join", channel=True), "I'm in"),
    "`/join` while people elsewhere have it": (join_elsewhere, "nobody may"),
    "`/stop`": (command("stop"), ""),
    "`/replay`": (command("replay"), "laying it again"),
    "`/leave`": (command("leave"), "I left"),
    "panel: Stop": (click(panel, "stop"), ""),
    "panel: Replay": (click(panel, "replay"), "laying it again"),
    "panel: Leave": (click(panel, "leave"), "I left"),
    "panel: Let the bot hear me": (click(panel, "talk"), "I can hear you now"),
    "line: say again": (click(line, "line:again"), "laying it again"),
    "line: in my language": (click(line, "line:mine"), "translated"),
    "line: forget this": (click(line, "line:forget"), "Deleted from my memory"),
    "`/call status`": (command("call status"), "agreed to be heard"),
    "`/call why`": (command("call why"), "haven't heard anything yet"),
    "`/captions`": (captioned, "Captions"),
    "`/interpret`": (interpret, "日本語"),
    "`/catchup`": (command("catchup", private=True, channel=True), "recapped"),
    "`/minutes`": (command("minutes", private=True, channel=True), "Minutes of"),
    "offer: write the minutes": (offered, "Minutes of"),
    "`/memory show`": (command("memory show", channel=True), ""),
    "`/memory export`": (command("memory export", channel=True), "History of"),
    "`/memory clear`": (command("memory clear", channel=True), "can't be undone"),
    "`/tools`": (command("tools"), "who can use them"),
    "`/voice`": (command("voice mine"), "in the voice `"),
    "`/settings`": (command("settings silence", seconds=0.8), "0.8 s"),
    "`/ask`": (command("ask", text="Why?"), ""),
    "`/analyze`": (command("analyze", private=True), "no sound in that file"),
    "`/podcast`": (command("podcast"), "Enter a text"),
    "menu: Analyze recording": (menu("Analyze recording"), "no recording in that message"),
    "menu: Answer aloud": (menu("Answer aloud"), ""),
    "menu: That's not what I said": (correct, "Changed, here and in my memory."),
    "line: ask again": (anew, "I'm asking again."),
    "`/usage`": (command("usage"), "tokens"),
    "`/privacy`": (command("privacy about"), "What I hear"),
    "mention in the call's thread": (written(in_thread=True), "asked"),
    "mention in another channel": (written(in_thread=False), "nobody may"),
    "job: cancel": (pressed("cancel", 0), "done"),
    "podcast: pay": (pressed("pay", 0), "done"),
    "tool: agree to its use": (agree_to_tool, "done"),
}
CLOSED = " where access is closed"
TRIES |= {
    row + CLOSED: (closed(TRIES[row][0]), TRIES[row][1])
    for row in (
        "`/join`",
        "`/ask`",
        "menu: Answer aloud",
        "`/analyze`",
        "menu: Analyze recording",
        "`/podcast`",
        "`/catchup`",
        "`/minutes`",
        "offer: write the minutes",
        "line: in my language",
        "`/captions`",
        "`/interpret`",
        "`/voice`",
        "line: ask again",
        "podcast: pay",
        "mention in the call's thread",
    )
}
"""row -> the action, and words of the answer of whoever may do it"""


def refused(text: str) -> bool:
    return any(re.fullmatch(pattern(letter), text) for letter in SENTENCES)


def pattern(letter: str) -> str:
    return r"(?:⚠️ )?" + re.sub(r"\\\{\w+\\\}", ".+", re.escape(SENTENCES[letter][1]))


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


def test_the_page_quotes_what_people_read_and_every_row_is_tried() -> None:
    assert {letter: ENGLISH.source(code) for letter, (code, _) in SENTENCES.items()} == {
        letter: text for letter, (_, text) in SENTENCES.items()
    }
    assert set(TRIES) == {cells[0] for cells in TABLE}
    assert set(CELLS.values()) - {"yes", "–"} <= SENTENCES.keys()
    commands = {command.qualified_name for command in ALL}
    listed = {word.strip("/`").split()[0] for row in TRIES for word in re.findall(r"`/[^`]+`", row)}
    menus = {row.removeprefix("menu: ").removesuffix(CLOSED) for row in TRIES if row.startswith("menu: ")}
    assert listed | menus == commands


async def test_every_cell_of_the_table(tmp_path: Path) -> None:
    """One server, everyone in it, and all that they might try; what fails is listed at the end."""
    wrong: list[str] = []
    async with rights_room(tmp_path) as room:
        for known in room.sandbox.commands():
            known["default_member_permissions"] = None  # a server may show every command to everyone
        for (row, who), cell in sorted(CELLS.items(), key=lambda item: item[0][1] in BARRED):
            await room.ready()
            if who in BARRED and not room.barred:
                await room.bar()
            act, words = TRIES[row]
            room.sandbox.guild.members[room.people["timed out"].id].timed_out_until = 0.0
            if found := await tried(room, row, who, cell, act, words):
                wrong.append(f"{row} · {who} · {cell}: {found}")
    assert not wrong, "\n".join(wrong)


async def test_who_may_not_use_a_command_is_proposed_nothing_while_they_type(tmp_path: Path) -> None:
    async with rights_room(tmp_path) as room:
        for known in room.sandbox.commands():
            known["default_member_permissions"] = None
        tool = Recorder().tool("lights")
        room.quiet.client.tools = ToolRegistry(lambda: [tool])
        proposing = sorted(room.proposing())
        assert {name.split()[0] for name, _ in proposing} == {"settings", "voice", "captions", "interpret", "tools"}
        for name, option in proposing:
            for who in room.people.keys() - {"timed out"}:  # Discord lets those type no command
                found = await room.sandbox.autocomplete(room.people[who], name, option, {option: ""})
                barred = CELLS[f"`/{name.split()[0]}`", who] == "M"
                assert bool(found.choices) is not barred, (name, option, who)


async def tried(room: RightsRoom, row: str, who: str, cell: str, act: Try, words: str) -> str:
    """Try one cell, and return what is wrong with it."""
    if who == "timed out" and (
        cell == "–" or not row.startswith(("`", "menu"))
    ):  # these are timed out as they are sent
        room.sandbox.moderator.time_out(room.sandbox.guild, room.people[who], 60)
    try:
        read = await act(room, who)
    except Refused as refusal:
        return "" if cell == "–" else f"not offered: {refusal}"
    if cell == "yes":
        fine = words in read and not refused(read)
    else:
        fine = cell in SENTENCES and re.fullmatch(pattern(cell), read) is not None
        fine = fine and (room.lounge not in read or who != "hidden")
    return "" if fine else f"read {read!r}"


async def test_every_command_answers_with_one_sentence_where_the_bot_is_not(quiet: QuietBot) -> None:
    """Clients that still know an older registration offer the commands anywhere."""
    sandbox, eve = quiet.sandbox, quiet.sandbox.add_user("Eve")
    places = foreign_places(sandbox, eve)
    for channel, by_user in places:
        with pytest.raises(Refused, match="not offered here"):
            await sandbox.command(eve, "call status", channel_id=channel.id, by_user=by_user)
    for known in sandbox.commands():
        known.update(contexts=None, dm_permission=True, integration_types=[0, 1], default_member_permissions=None)
    for channel, by_user in places:
        for name in (
            "join",
            "leave",
            "stop",
            "ask",
            "call why",
            "memory show",
            "settings show",
            "privacy about",
            "usage",
        ):
            quiet.client.cooldowns = Cooldowns(rate=100_000)
            options = {"text": "Why?"} if name == "ask" else {}
            outcome = await sandbox.command(eve, name, options, channel_id=channel.id, by_user=by_user)
            assert (outcome.content, outcome.ephemeral) == ("⚠️ " + SENTENCES["S"][1], True), name
    assert not quiet.engine.requests


async def test_owners_and_administrators_may_even_when_timed_out(quiet: QuietBot) -> None:
    await quiet.joined()
    sandbox, powers = quiet.sandbox, int(P.ADMINISTRATOR)
    boss = sandbox.add_user("Boss", [sandbox.world.add_role(sandbox.guild, "Bosses", powers)])
    owner = sandbox.world.users[sandbox.guild.owner_id]
    sandbox.moderator.overwrite(sandbox.lounge, boss, deny=int(P.VIEW_CHANNEL))
    for user in (boss, owner):
        outcome = await sandbox.command(user, "stop", timed_out=60.0)
        assert "wasn't saying anything" in outcome.content


async def test_a_timeout_counts_when_the_button_is_pressed_and_the_form_sent(tmp_path: Path) -> None:
    async with rights_room(tmp_path) as room:
        await room.ready()
        guild, asker = room.sandbox.guild, room.people["concerned"]
        await room.sandbox.enter_voice(asker, room.sandbox.lounge)
        form = await room.sandbox.menu(asker, "That's not what I said", await room.said())
        price = await room.job("pay")
        question, confirm = await room.tool_question()
        room.sandbox.moderator.time_out(guild, asker, 60.0)
        for shown in (price, question):
            outcome = await room.sandbox.click(asker, shown, room.buttons(shown)[0])
            assert outcome.content == "⚠️ " + SENTENCES["T"][1]
        confirm.stop()
        sent = await (await room.sandbox.submit(form, {"words:1": "other words"})).settled()
        assert sent.text == "⚠️ " + SENTENCES["T"][1]
        assert await pressed("cancel", 0)(room, "concerned") == "done", "their own job they may end"


async def test_a_call_in_a_channel_that_not_everyone_sees_is_named_nowhere_in_public(quiet: QuietBot) -> None:
    sandbox = quiet.sandbox
    ada = await quiet.enter("Ada")
    sandbox.moderator.overwrite(sandbox.lounge, ada, allow=int(P.VIEW_CHANNEL))
    sandbox.moderator.overwrite(sandbox.lounge, sandbox.bot, allow=int(P.VIEW_CHANNEL | P.CONNECT))
    sandbox.moderator.overwrite(sandbox.lounge, sandbox.guild.roles[sandbox.guild.id], deny=int(P.VIEW_CHANNEL))
    await quiet.client.preferences.change(sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await sandbox.command(ada, "join", {"channel": sandbox.lounge.id})).settled()
    await until(lambda: any("instead of in a thread" in message.content for message in quiet.shown()))
    await sandbox.write(ada, sandbox.general.id, f"<@{sandbox.bot.id}> why?")
    await until(lambda: len(sandbox.messages(sandbox.general.id)) > 1)
    assert sandbox.messages(sandbox.general.id)[-1].content == SENTENCES["V"][1]
    assert not any(channel.is_thread for channel in sandbox.guild.channels.values())
    eve = sandbox.add_user("Eve")
    await sandbox.enter_voice(eve, sandbox.den)
    for name in ("join", "stop", "call status", "catchup", "memory show"):  # without a channel: theirs, not the call's
        outcome = await (await sandbox.command(eve, name)).settled()
        assert f"<#{sandbox.lounge.id}>" not in outcome.text, name


async def test_deleting_asks_for_the_right_once_more(quiet: QuietBot) -> None:
    sandbox = quiet.sandbox
    managers = sandbox.world.add_role(sandbox.guild, "Managers", int(P.MANAGE_GUILD))
    mia = sandbox.add_user("Mia", [managers])
    outcome = await sandbox.command(mia, "memory clear", {"channel": sandbox.lounge.id})
    sandbox.moderator.permit(sandbox.guild, managers, 0)
    assert outcome.message is not None
    pressed = await sandbox.click(mia, outcome.message, RightsRoom.buttons(outcome.message)[0])
    await until(lambda: pressed.followups)
    assert pressed.followups[0].content == "⚠️ " + SENTENCES["M"][1]


Press = Callable[[bool], Awaitable[str]]
"""Presses or sends what is open, and returns what was read of the answer; "" for nothing. False: it is refused."""


async def page_of_memory(room: RightsRoom, user: User) -> Press:
    lines = [Message("user", 1, "Ben", f"words {number}", room.quiet.services.wall()) for number in range(200)]
    await room.quiet.store.remember(room.sandbox.guild.id, room.sandbox.lounge.id, lines)
    return await pressing(room, user, "memory show", 1, {"channel": room.sandbox.lounge.id})


async def question_of_clearing(room: RightsRoom, user: User) -> Press:
    return await pressing(room, user, "memory clear", 0, {"channel": room.sandbox.lounge.id})


async def price_of_minutes(room: RightsRoom, user: User) -> Press:
    line = Message("user", 1, "Ben", "we meet at nine", room.quiet.services.wall())
    await room.quiet.store.remember(room.sandbox.guild.id, room.sandbox.lounge.id, [line])
    return await pressing(room, user, "minutes", 0, {"channel": room.sandbox.lounge.id, "private": True})


async def price_of_podcast(room: RightsRoom, user: User) -> Press:
    return await pressing(room, user, "podcast", 0, {"text": "The moon is round. " * 20})


async def pressing(room: RightsRoom, user: User, name: str, button: int, options: dict[str, Any]) -> Press:
    outcome = await room.sandbox.command(user, name, options)
    await until(lambda: any(room.buttons(shown) for shown in (outcome.message, *outcome.followups) if shown))
    message = next(shown for shown in (outcome.message, *outcome.followups) if shown and room.buttons(shown))

    async def press(allowed: bool) -> str:
        pressed = await room.sandbox.click(user, message, room.buttons(message)[button])
        if not allowed and pressed.message is message:  # its first answer was silent
            await until(lambda: pressed.followups)
        return pressed.followups[-1].content if pressed.followups else "" if allowed else pressed.content

    return press


async def stop_of_panel(room: RightsRoom, user: User) -> Press:
    await room.sandbox.enter_voice(user, room.sandbox.lounge)

    async def press(_: bool) -> str:
        assert room.panel is not None
        stop = next(item for item in room.buttons(room.panel) if "stop" in item)
        return (await room.sandbox.click(user, room.panel, stop)).content

    return press


async def form_of_correction(room: RightsRoom, user: User) -> Press:
    form = await room.sandbox.menu(user, "That's not what I said", await room.said(user))
    assert form.modal is not None

    async def press(_: bool) -> str:
        return (await (await room.sandbox.submit(form, {"words:1": "other words"})).settled()).text

    return press


OPEN: dict[str, Callable[[RightsRoom, User], Awaitable[Press]]] = {
    "`/memory show`: turn the page": page_of_memory,
    "`/memory clear`: delete": question_of_clearing,
    "`/minutes`: agree to the price": price_of_minutes,
    "`/podcast`: agree to the price": price_of_podcast,
    "panel: Stop": stop_of_panel,
    "form: That's not what I said": form_of_correction,
}


async def lose(room: RightsRoom, user: User, role: Role, lost: str) -> None:
    sandbox = room.sandbox
    denied = {
        "sight of the channel": P.VIEW_CHANNEL,
        "*Read Message History*": P.READ_MESSAGE_HISTORY,
        "*Connect*, but not the place in the call": P.CONNECT,
    }
    if lost in denied:
        sandbox.moderator.overwrite(sandbox.lounge, user, deny=int(denied[lost]))
    elif lost == "*Manage Server*":
        sandbox.moderator.permit(sandbox.guild, role, 0)
    elif lost == "the place on the list":
        await room.quiet.client.preferences.change(sandbox.guild.id, None, "access", "call=9;answer=9;spend=9", 9)
    else:
        assert lost == "the place in the call, by a move"
        await sandbox.moderator.move(user, sandbox.den)


async def test_what_is_open_asks_for_the_right_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("minutes.session", "commands.podcast.job"):
        monkeypatch.setattr(f"bot.chat.{name}.CONFIRM_ABOVE_DOLLARS", Decimal(-1))
    _, *table = rows("While something is open")
    assert {row[0] for row in table} == set(OPEN)
    wrong: list[str] = []
    async with rights_room(tmp_path) as room:
        for number, (what, lost, then) in enumerate(table):
            await room.ready()
            manages = int(P.MANAGE_GUILD) if lost == "*Manage Server*" else 0
            role = room.sandbox.world.add_role(room.sandbox.guild, f"role {number}", manages)
            user = room.sandbox.add_user(f"person {number}", [role])
            press = await OPEN[what](room, user)
            await lose(room, user, role, lost)
            read = await press(then == "yes")
            await room.quiet.client.preferences.reset(room.sandbox.guild.id, None, "access")
            fine = not refused(read) if then == "yes" else re.fullmatch(pattern(then), read)
            if not fine:
                wrong.append(f"{what} · {lost} · {then}: {read!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("lost", ["sight", "history", "voice"])
async def test_pages_that_are_open_are_turned_only_as_long_as_they_may_be_read(quiet: QuietBot, lost: str) -> None:
    sandbox, ada = quiet.sandbox, await quiet.enter("Ada")
    lines = [Message("user", 1, "Ben", f"words {number}", quiet.services.wall()) for number in range(200)]
    await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, lines)
    outcome = await (await sandbox.command(ada, "memory show", {"channel": sandbox.lounge.id})).settled()
    message = outcome.message
    assert message is not None
    _, forward = RightsRoom.buttons(message)
    await sandbox.click(ada, message, forward)
    second = sandbox.message(message.id).content
    assert "page 2 of" in second
    if lost == "voice":
        sandbox.moderator.time_out(sandbox.guild, ada, 60)
    else:
        await sandbox.leave_voice(ada)
        denied = P.VIEW_CHANNEL if lost == "sight" else P.READ_MESSAGE_HISTORY
        sandbox.moderator.overwrite(sandbox.lounge, ada, deny=int(denied))
    pressed = await (await sandbox.click(ada, message, forward)).settled()
    letter = {"sight": "U", "history": "R", "voice": "T"}[lost]
    assert re.fullmatch(pattern(letter), pressed.text)
    assert pressed.ephemeral
    assert sandbox.message(message.id).content == second
