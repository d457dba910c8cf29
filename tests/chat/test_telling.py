"""What a channel's talk is told to whom, if rights change between a command and its answer; and commands everywhere."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import discord
import pytest

from bot.chat.captions.caption_thread import CaptionThread
from bot.chat.job_progress import CancelButton
from bot.chat.minutes.end import offer_view
from bot.chat.rights import Telling
from bot.chat.tool_place import DiscordToolPlace
from bot.chat.transcript.line_buttons import LineButton, LineId
from bot.chat.venue import DiscordVenue
from bot.engine.text_and_speech import Made
from bot.jobs.context import JobContext
from bot.jobs.job_folder import JobFolder, folder_beside
from bot.jobs.queue import MAX_RUNNING_JOBS_PER_SERVER
from bot.jobs.services import JobServices
from bot.ports import Asking
from bot.tools.builtin import BuiltinTools
from bot.tools.registry import ToolRegistry
from bot.types import Heard, Message, ToolCall, Usage, Utterance
from sandbox.guild import payload
from sandbox.guild.entities import GuildChannel, Kind, User
from sandbox.guild.invocation import Refused
from sandbox.guild.knobs import Failure
from sandbox.guild.message import ChatMessage
from sandbox.guild.permissions import P
from sandbox.server import Sandbox
from tests.chat.quiet_bot import QuietBot, quiet_bot, until
from tests.chat.rights_room import RightsRoom, rights_room
from tests.chat.test_rights import (
    CELLS,
    CLOSED,
    TRIES,
    form_of_correction,
    page_of_memory,
    pattern,
    price_of_minutes,
    question_of_clearing,
    rows,
    tried,
)

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("hurried")]

SECRET = "we meet at nine"
STAFF, ALL = 77, 0
"""A role and everyone, in the overwrites below."""
VIEW, CONNECT, HISTORY = int(P.VIEW_CHANNEL), int(P.CONNECT), int(P.READ_MESSAGE_HISTORY)
Given = tuple[tuple[int, int, int], ...]
"""Overwrites: whose, allowed, denied."""
PRIVATE_VOICE: Given = ((ALL, 0, VIEW | CONNECT), (STAFF, VIEW | CONNECT, 0))
"""What Discord's switch "private channel" sets."""


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncIterator[QuietBot]:
    async with quiet_bot(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as opened:
        yield opened


class SlowStudio:
    """Takes minutes and recaps once it may."""

    model = writing_model = "text"

    def __init__(self) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        self.requests = 0
        self.dear = False
        "minutes cost something"

    async def write(
        self, instructions: str, text: str, spend: Callable[[str, Usage, bool], None], *_: object, **__: object
    ) -> Made:
        self.requests += 1
        self.asked.set()
        await self.go.wait()
        if self.dear:
            spend(self.writing_model, Usage(text_in=1), False)
        return Made('{"decisions": []}', b"")

    async def say(self, *_: object, **__: object) -> Made:
        self.requests += 1
        self.asked.set()
        await self.go.wait()
        return Made(SECRET, bytes(960))


@pytest.mark.parametrize(
    ("voice", "text", "public"),
    [
        ((), (), True),
        (((ALL, 0, VIEW),), (), False),
        (((ALL, 0, CONNECT),), (), False),
        (((ALL, 0, HISTORY),), (), False),
        (((STAFF, 0, VIEW),), (), False),  # whoever is kept out reads elsewhere
        (((STAFF, 0, CONNECT),), (), False),
        (((STAFF, CONNECT, 0),), ((ALL, 0, VIEW),), True),
        (((ALL, 0, VIEW), (STAFF, VIEW, 0)), ((ALL, 0, VIEW), (STAFF, VIEW, 0)), True),
        (PRIVATE_VOICE, PRIVATE_VOICE, True),
        (((ALL, 0, VIEW | CONNECT), (STAFF, VIEW, 0)), ((ALL, 0, VIEW | CONNECT), (STAFF, VIEW, 0)), False),
        (((ALL, 0, CONNECT),), ((ALL, 0, CONNECT),), False),  # a text channel asks for no Connect
        (((ALL, 0, VIEW), (STAFF, VIEW, CONNECT)), ((ALL, 0, VIEW), (STAFF, VIEW, CONNECT)), False),
        (((STAFF, 0, VIEW),), ((STAFF, 0, VIEW),), True),
        (((STAFF, 0, CONNECT),), ((STAFF, 0, CONNECT),), False),
        (((ALL, 0, VIEW), (STAFF, VIEW, 0)), ((ALL, 0, VIEW),), False),
    ],
)  # fmt: skip
async def test_an_answer_is_public_only_where_every_reader_may_read_the_channel(
    quiet: QuietBot, voice: Given, text: Given, public: bool
) -> None:
    sandbox = quiet.sandbox
    staff = sandbox.world.add_role(sandbox.guild, "Staff")
    names = {ALL: sandbox.guild.id, STAFF: staff.id}
    for channel, given in ((sandbox.lounge, voice), (sandbox.general, text)):
        for whose, allow, deny in given:
            sandbox.moderator.overwrite(channel, sandbox.guild.roles[names[whose]], allow=allow, deny=deny)
    boss = sandbox.world.users[sandbox.guild.owner_id]
    outcome = await (await sandbox.command(boss, "minutes", {"channel": sandbox.lounge.id})).settled()
    assert outcome.ephemeral is not public


async def lose_sight(sandbox: Sandbox, user: User) -> None:
    sandbox.moderator.overwrite(sandbox.lounge, user, deny=VIEW)


async def close_channel(sandbox: Sandbox, _: User) -> None:
    everyone = sandbox.guild.roles[sandbox.guild.id]
    sandbox.moderator.overwrite(sandbox.lounge, everyone, deny=VIEW)


async def lose_history(sandbox: Sandbox, user: User) -> None:
    sandbox.moderator.overwrite(sandbox.lounge, user, deny=HISTORY)


async def time_out(sandbox: Sandbox, user: User) -> None:
    sandbox.moderator.time_out(sandbox.guild, user, 60.0)


async def go_away(sandbox: Sandbox, user: User) -> None:
    await sandbox.moderator.remove(sandbox.guild, user)


async def delete_channel(sandbox: Sandbox, _: User) -> None:
    await sandbox.moderator.delete_channel(sandbox.lounge)


MEANWHILE: dict[str, tuple[Callable[[Sandbox, User], Awaitable[None]], dict[bool, str]]] = {
    "the asker loses sight of the channel": (lose_sight, {True: "U", False: "X"}),
    "the asker loses *Read Message History*": (lose_history, {True: "R", False: "X"}),
    "the asker is timed out": (time_out, {True: "T", False: "T"}),
    "the asker leaves the server": (go_away, {True: "Y", False: "Y"}),
    "the channel is closed to others": (close_channel, {True: "U", False: "X"}),
    "the channel is deleted": (delete_channel, {True: "U", False: "U"}),
}
"""What happens -> the sentence in place of the answer, private or not."""


def test_the_page_says_what_is_tried() -> None:
    _, *table = rows("While it is being made")
    assert {row[0]: {True: row[1], False: row[2]} for row in table} == {
        what: letters for what, (_, letters) in MEANWHILE.items()
    }


@pytest.mark.parametrize("what", MEANWHILE)
@pytest.mark.parametrize("private", [True, False], ids=["private", "public"])
@pytest.mark.parametrize("name", ["minutes", "catchup"])
async def test_what_is_ready_is_told_only_to_who_may_still_read_it(
    quiet: QuietBot, tmp_path: Path, name: str, private: bool, what: str
) -> None:
    happen, letters = MEANWHILE[what]
    studio, sandbox, client = SlowStudio(), quiet.sandbox, quiet.client
    client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), cast("Any", studio), JobFolder(tmp_path))
    line = Message("user", 1, "Ben", SECRET, quiet.services.wall())
    await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
    eve = sandbox.add_user("Eve")
    outcome = await sandbox.command(eve, name, {"channel": sandbox.lounge.id, "private": private})
    assert outcome.ephemeral is private
    async with asyncio.timeout(30):
        await studio.asked.wait()
    await happen(sandbox, eve)
    studio.go.set()
    shown = outcome.message
    assert shown is not None
    await until(lambda: shown.content)
    assert re.fullmatch(pattern(letters[private]), shown.content), shown.content
    await until(lambda: not len(client.jobs.queue))
    for channel in sandbox.guild.channels.values():
        for message in sandbox.messages(channel.id, ephemeral=True):
            assert SECRET not in message.content
            assert not message.attachments
    assert not list(folder_beside(client.settings).path.glob("minutes-*.json"))


@pytest.mark.parametrize("why", ["may not be told", "cannot be sent"])
async def test_minutes_that_did_not_arrive_are_kept_and_not_paid_twice(tmp_path: Path, why: str) -> None:
    """Though the budget is used up, too. Those that did arrive are written anew when somebody asks again."""
    async with quiet_bot(
        budget_server_day=Decimal("0.006"), database_url=f"sqlite+aiosqlite:///{tmp_path}/db"
    ) as quiet:
        studio, sandbox, client = SlowStudio(), quiet.sandbox, quiet.client
        client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), cast("Any", studio), JobFolder(tmp_path))
        line = Message("user", 1, "Ben", SECRET, quiet.services.wall())
        await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
        boss, eve = sandbox.world.users[sandbox.guild.owner_id], sandbox.add_user("Eve")

        async def ask(user: User) -> ChatMessage:
            outcome = await sandbox.command(user, "minutes", {"channel": sandbox.lounge.id, "private": True})
            assert outcome.message is not None
            return outcome.message

        studio.dear = True
        kept_back = await ask(eve)
        async with asyncio.timeout(30):
            await studio.asked.wait()
        if why == "may not be told":
            await lose_sight(sandbox, eve)
        else:
            sandbox.knobs.failures.append(Failure("PATCH .*/messages/@original", 400))
        studio.go.set()
        await until(lambda: kept_back.content)
        assert "**" not in kept_back.content
        told = await ask(boss)
        await until(lambda: told.content)
        assert "**" in told.content
        assert studio.requests == 1
        refused = await ask(boss)
        await until(lambda: refused.content)
        assert "**" not in refused.content


async def test_no_money_is_held_back_while_discord_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with quiet_bot(budget_server_day=Decimal(1), database_url=f"sqlite+aiosqlite:///{tmp_path}/db") as quiet:
        studio, sandbox, client = SlowStudio(), quiet.sandbox, quiet.client
        client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), cast("Any", studio), JobFolder(tmp_path))
        line = Message("user", 1, "Ben", SECRET, quiet.services.wall())
        await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
        check, left = client.check_told, list[Decimal | None]()

        async def checked(telling: Telling, user_id: int) -> None:
            left.append(quiet.services.budget.left(sandbox.guild.id))
            await check(telling, user_id)

        monkeypatch.setattr(client, "check_told", checked)
        studio.go.set()
        outcome = await sandbox.command(sandbox.add_user("Eve"), "minutes", {"channel": sandbox.lounge.id})
        shown = outcome.message
        assert shown is not None
        await until(lambda: shown.content)
        assert left == [Decimal(1), Decimal(1)]


@pytest.mark.parametrize("name", ["minutes", "catchup"])
async def test_nothing_is_spent_on_what_may_not_be_told_any_more_when_its_turn_comes(
    quiet: QuietBot, tmp_path: Path, name: str
) -> None:
    studio, sandbox, client = SlowStudio(), quiet.sandbox, quiet.client
    client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), cast("Any", studio), JobFolder(tmp_path))
    line = Message("user", 1, "Ben", SECRET, quiet.services.wall())
    await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
    eve, queue = sandbox.add_user("Eve"), client.jobs.queue
    others = [queue.take(sandbox.guild.id, 1) for _ in range(MAX_RUNNING_JOBS_PER_SERVER)]
    outcome = await sandbox.command(eve, name, {"channel": sandbox.lounge.id, "private": True})
    await until(lambda: len(queue) > len(others))
    await lose_sight(sandbox, eve)
    for ticket in others:
        queue.give_back(ticket)
    shown = outcome.message
    assert shown is not None
    await until(lambda: not len(queue))
    await until(lambda: re.fullmatch(pattern("U"), shown.content))
    assert not studio.requests


async def test_tools_tell_what_was_said_only_where_all_who_ask_may_read_it(quiet: QuietBot) -> None:
    sandbox, eve, ben = quiet.sandbox, await quiet.enter("Eve"), await quiet.enter("Ben")
    line = Message("user", ben.id, "Ben", SECRET, quiet.services.wall())
    await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
    tools = ToolRegistry(BuiltinTools(quiet.store, quiet.services.wall).all)
    place = DiscordToolPlace(quiet.client, (sandbox.guild.id, sandbox.lounge.id), dict, cast("Any", None))
    for lost in (0, HISTORY, CONNECT):
        sandbox.moderator.overwrite(sandbox.lounge, eve, deny=lost)
        await until(lambda: place.standing(eve.id).reads is not bool(lost))  # noqa: B023
        for people, told in (((eve.id,), not lost), ((eve.id, ben.id), not lost), ((ben.id,), True)):
            asking = Asking(place, people)
            assert ("recall" in {spec.name for spec in tools.offer(asking)}) is told
            for call in (ToolCall("1", "recall", '{"words": "nine"}'), ToolCall("2", "recap", "{}")):
                result, use = await tools.use(call, asking, 30.0)
                assert (SECRET in result.text, use.outcome) == (told, "done" if told else "refused")
    written = DiscordToolPlace(quiet.client, (sandbox.guild.id, sandbox.general.id), dict, cast("Any", None))
    assert written.standing(eve.id).reads, "a text channel asks for no Connect"


async def test_the_price_of_public_minutes_is_not_agreed_to_once_others_could_read_them(
    quiet: QuietBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.minutes.session.CONFIRM_ABOVE_DOLLARS", Decimal(-1))
    studio, sandbox, client = SlowStudio(), quiet.sandbox, quiet.client
    client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), cast("Any", studio), JobFolder(tmp_path))
    line = Message("user", 1, "Ben", SECRET, quiet.services.wall())
    await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
    boss, eve = sandbox.world.users[sandbox.guild.owner_id], sandbox.add_user("Eve")
    outcome = await (await sandbox.command(boss, "minutes", {"channel": sandbox.lounge.id})).settled()
    message = outcome.message
    assert message is not None
    agree, decline = RightsRoom.buttons(message)
    await close_channel(sandbox, eve)
    pressed = await (await sandbox.click(boss, message, agree)).settled()
    assert re.fullmatch(pattern("X"), pressed.content)
    assert pressed.ephemeral
    await sandbox.click(boss, message, decline)
    await until(lambda: "Nothing" in message.content)
    assert not studio.asked.is_set()


async def test_an_offer_to_write_minutes_is_answered_in_private_where_others_read(quiet: QuietBot) -> None:
    """It stands in a thread from before the channel was closed, or somebody moved it."""
    sandbox, client = quiet.sandbox, quiet.client
    line = Message("user", 1, "Ben", SECRET, quiet.services.wall())
    await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
    now = int(time.time())
    view = offer_view(sandbox.lounge.id, now - 3600, now + 60, client.catalogues.of("en"))
    sent = await cast("Any", client.get_channel(sandbox.general.id)).send("Shall I?", view=view)
    offer = sandbox.message(sent.id)
    boss, eve = sandbox.world.users[sandbox.guild.owner_id], sandbox.add_user("Eve")
    await close_channel(sandbox, eve)
    outcome = await (await sandbox.click(boss, offer, RightsRoom.buttons(offer)[0])).settled()
    assert outcome.ephemeral
    refusal = await (await sandbox.click(eve, offer, RightsRoom.buttons(offer)[0])).settled()
    assert refusal.ephemeral
    assert re.fullmatch(pattern("U"), refusal.content)


async def test_what_was_offered_for_a_meeting_that_went_on_is_taken_away_where_it_stands(
    quiet: QuietBot, tmp_path: Path
) -> None:
    """Its first call had a thread, and the second writes into the voice channel's chat."""
    sandbox, client, ada = quiet.sandbox, quiet.client, await quiet.enter("Ada")
    studio = cast("Any", SlowStudio())
    client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), studio, JobFolder(tmp_path))
    await client.preferences.change(sandbox.guild.id, None, "minutes", "ask", ada.id)

    def offers() -> list[int]:
        return [
            channel.id
            for channel in sandbox.guild.channels.values()
            for message in sandbox.messages(channel.id)
            if "kikite:minutes:" in str(message.components)
        ]

    places: list[list[int]] = []
    for transcript in ("thread", "chat"):
        await client.preferences.change(sandbox.guild.id, None, "transcript", transcript, ada.id)
        await (await sandbox.command(ada, "join")).settled()
        await until(lambda: quiet.calls.all())
        line = Message("user", ada.id, "Ada", SECRET, quiet.services.wall())
        await quiet.store.remember(sandbox.guild.id, sandbox.lounge.id, [line])
        before = places[-1] if places else []
        await (await sandbox.command(ada, "leave")).settled()
        await until(lambda before=before: len(offers()) == 1 and offers() != before)
        places.append(offers())
    assert places == [[*threads(sandbox)], [sandbox.lounge.id]]


async def test_transcript_and_captions_leave_a_thread_that_others_can_read(quiet: QuietBot) -> None:
    sandbox, ada = quiet.sandbox, await quiet.enter("Ada")
    await quiet.client.preferences.change(sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await sandbox.command(ada, "join")).settled()
    await until(lambda: quiet.panels())
    [call] = quiet.calls.all()
    venue = call.venue
    assert isinstance(venue, DiscordVenue)
    await (await sandbox.command(ada, "captions")).settled()
    [captions] = call.captions.readers
    assert isinstance(captions, CaptionThread)
    ours = threads(sandbox)
    assert venue.writer.channel.id in ours
    for _ in range(2):  # at the second the bot has done what follows from the first
        sandbox.moderator.overwrite(sandbox.general, ada, allow=VIEW)
        await quiet.client.wait_for("guild_channel_update", timeout=30)
    assert venue.writer.channel.id in ours
    everyone = sandbox.guild.roles[sandbox.guild.id]
    sandbox.moderator.overwrite(sandbox.lounge, sandbox.bot, allow=VIEW | CONNECT)
    sandbox.moderator.permit(sandbox.guild, everyone, everyone.permissions & ~CONNECT)
    await until(lambda: not call.captions.readers and venue.writer.channel.id == sandbox.lounge.id)
    call.record.spoke(Utterance(9, ada.id, quiet.services.clock(), b"", 1.0, "silence"))
    call.record.written(Utterance(9, ada.id, 0.0, b"", 1.0, "silence"), Heard(9, ada.id, SECRET, 1.0))
    await until(lambda: any(SECRET in message.content for message in quiet.shown()))
    await venue.idle()
    assert not any(SECRET in message.content for thread in ours for message in sandbox.messages(thread))


@pytest.mark.parametrize("away", ["the server", "the bot"])
async def test_a_thread_is_left_that_was_opened_to_others_while_no_news_came(quiet: QuietBot, away: str) -> None:
    """After an outage, and in a new session, GUILD_CREATE tells how everything is by now."""
    sandbox, ada = quiet.sandbox, await quiet.enter("Ada")
    everyone = sandbox.guild.roles[sandbox.guild.id]
    for channel in (sandbox.lounge, sandbox.general):
        sandbox.moderator.overwrite(channel, everyone, deny=VIEW | CONNECT)
        for user in (ada, sandbox.bot):
            sandbox.moderator.overwrite(channel, user, allow=VIEW | CONNECT)
    await quiet.client.preferences.change(sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await sandbox.command(ada, "join")).settled()
    await until(lambda: quiet.panels())
    [call] = quiet.calls.all()
    assert "⚠️" not in (await (await sandbox.command(ada, "captions")).settled()).text
    assert isinstance(call.venue, DiscordVenue)
    writer = call.venue.writer
    assert call.captions.readers
    assert writer.channel.id in threads(sandbox)
    if away == "the server":
        sandbox.moderator.outage(sandbox.guild)
    sandbox.general.overwrites = []
    if away == "the server":
        sandbox.moderator.recovered(sandbox.guild)
    else:
        sandbox.gateway.send_all(9, False)
    await until(lambda: not call.captions.readers and writer.channel.id == sandbox.lounge.id)


@pytest.mark.parametrize("what", ["transcript", "captions"])
async def test_nothing_goes_into_a_thread_that_others_can_read_by_the_time_it_is_there(
    quiet: QuietBot, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    sandbox, ada, create = quiet.sandbox, await quiet.enter("Ada"), discord.TextChannel.create_thread
    sandbox.moderator.overwrite(sandbox.lounge, sandbox.bot, allow=VIEW | CONNECT)
    if what == "transcript":
        await quiet.client.preferences.change(sandbox.guild.id, None, "transcript", "thread", ada.id)

    async def closed_meanwhile(self: discord.TextChannel, **options: Any) -> discord.Thread:
        thread = await create(self, **options)
        changed = asyncio.create_task(quiet.client.wait_for("guild_channel_update", timeout=30))
        await asyncio.sleep(0)
        sandbox.moderator.overwrite(sandbox.lounge, sandbox.guild.roles[sandbox.guild.id], deny=VIEW)
        await changed
        return thread

    monkeypatch.setattr(discord.TextChannel, "create_thread", closed_meanwhile)
    await (await sandbox.command(ada, "join")).settled()
    await until(lambda: quiet.panels())
    [call] = quiet.calls.all()
    if what == "captions":
        outcome = await (await sandbox.command(ada, "captions")).settled()
        assert "not everyone may" in outcome.text
        assert not call.captions.readers
    assert isinstance(call.venue, DiscordVenue)
    assert call.venue.writer.channel.id == sandbox.lounge.id
    await call.venue.idle()
    [thread] = threads(sandbox)
    assert not sandbox.messages(thread)
    assert sandbox.guild.channels[thread].archived


async def test_a_button_is_believed_nothing_that_its_id_says_of_whose_it_is(tmp_path: Path) -> None:
    """As if somebody could have the bot send, or Discord take, an id of their own making."""
    async with rights_room(tmp_path) as room:
        await room.ready()
        sandbox, client, eve = room.sandbox, room.quiet.client, room.people["outside"]
        line = room.quiet.calls.all()[0].record.messages[-1]
        assert line.asked_by == (room.people["concerned"].id,)
        ticket = client.jobs.queue.take(sandbox.guild.id, room.people["concerned"].id, "job", again=True)
        other = sandbox.add_guild("Elsewhere")
        sandbox.world.add_member(other, eve, [sandbox.world.add_role(other, "Moderators", int(P.ADMINISTRATOR))])
        for guild in (sandbox.guild, other):
            chat = next(item for item in guild.channels.values() if item.name == "general")
            await until(lambda: client.get_channel(chat.id))  # noqa: B023
            forged = discord.ui.View(timeout=None)
            forged.add_item(CancelButton(eve.id, ticket.name, "Cancel"))
            forged.add_item(LineButton("forget", LineId(sandbox.lounge.id, line.id, (eve.id,)), "Forget"))
            sent = await cast("Any", client.get_channel(chat.id)).send("Mine!", view=forged)
            message = sandbox.message(sent.id)
            cancel, forget = RightsRoom.buttons(message)
            pressed = await sandbox.click(eve, message, cancel)
            assert pressed.ephemeral
            assert not ticket.cancelled
            pressed = await sandbox.click(eve, message, forget)
            await until(lambda: pressed.ephemeral or pressed.followups)  # noqa: B023
            read = pressed.followups[-1].content if pressed.followups else pressed.content
            assert re.fullmatch(pattern("F"), read)
            assert line in room.quiet.calls.all()[0].record.messages
        client.jobs.queue.give_back(ticket)


async def test_whoever_left_the_server_can_press_nothing_and_is_sent_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord takes no interaction of theirs, and what waited for them ends."""
    monkeypatch.setattr("bot.chat.minutes.session.CONFIRM_ABOVE_DOLLARS", Decimal(-1))
    async with rights_room(tmp_path) as room:
        await room.ready()
        sandbox, eve = room.sandbox, room.people["outside"]
        page = await page_of_memory(room, eve)
        price = await price_of_minutes(room, eve)
        form = await form_of_correction(room, eve)
        clearing = await question_of_clearing(room, room.people["manager"])
        for user in (eve, room.people["manager"]):
            await sandbox.moderator.remove(sandbox.guild, user)
        for press in (page, price, form, clearing):
            with pytest.raises(Refused):
                await press(True)
        for view in list(room.quiet.client.views):
            view.stop()  # as after ten minutes
        direct = sandbox.direct(eve)
        await until(lambda: not len(room.quiet.client.jobs.queue))
        assert not sandbox.messages(direct.id, ephemeral=True)


def thread_of(sandbox: Sandbox, parent: GuildChannel, kind: Kind, *, known: bool = True) -> GuildChannel:
    """A thread of people; the bot has no news of one that was archived when it logged in."""
    thread = sandbox.world.add_channel(sandbox.guild, f"of {parent.name}", kind, parent_id=parent.id)
    thread.owner_id = sandbox.guild.owner_id
    if known:
        sandbox.parts.hub.dispatch("THREAD_CREATE", payload.channel(thread), sandbox.guild.id)
    return thread


def places(sandbox: Sandbox) -> dict[str, GuildChannel]:
    news, forum = sandbox.add_channel("news", Kind.NEWS), sandbox.add_channel("forum", Kind.FORUM)
    return {
        "text channel": sandbox.general,
        "thread": thread_of(sandbox, sandbox.general, Kind.PUBLIC_THREAD),
        "thread that was archived": thread_of(sandbox, sandbox.general, Kind.PUBLIC_THREAD, known=False),
        "private thread": thread_of(sandbox, sandbox.general, Kind.PRIVATE_THREAD),
        "announcement channel": news,
        "thread of an announcement channel": thread_of(sandbox, news, Kind.NEWS_THREAD),
        "post of a forum": thread_of(sandbox, forum, Kind.PUBLIC_THREAD),
        "chat of the call's channel": sandbox.lounge,
        "chat of another voice channel": sandbox.den,
        "chat of a stage": sandbox.stage,
    }


async def test_every_command_does_the_same_wherever_it_is_typed(tmp_path: Path) -> None:
    wrong: list[str] = []
    _, *table = rows("Where it is typed")
    async with rights_room(tmp_path) as room:
        for known in room.sandbox.commands():
            known["default_member_permissions"] = None
        there = places(room.sandbox)
        assert [row[0] for row in table] == list(there)
        for name, captions, transcript in table:
            room.where = place = there[name]
            for row in (row for row in TRIES if row.startswith("`/") and not row.endswith(CLOSED)):
                await room.ready()
                before = threads(room.sandbox)
                if found := await tried(room, row, "inside", CELLS[row, "inside"], *TRIES[row]):
                    wrong.append(f"{name}: {row}: {found}")
                gone_to = where(room, threads(room.sandbox) - before, place)
                if row == "`/captions`" and gone_to != captions:
                    wrong.append(f"{name}: captions: {gone_to}")
            await room.leave()
            before = threads(room.sandbox)
            options = {"channel": room.sandbox.lounge.id}
            await (await room.sandbox.command(room.host, "join", options, channel_id=place.id)).settled()
            await until(lambda: room.panel)
            opened, venue = threads(room.sandbox) - before, room.quiet.calls.all()[0].venue
            assert isinstance(venue, DiscordVenue)
            gone_to = where(room, opened, place)
            if gone_to != transcript or {venue.writer.channel.id} != (opened or {room.sandbox.lounge.id}):
                wrong.append(f"{name}: transcript: {gone_to}")
            await room.leave()
    assert not wrong, "\n".join(wrong)


def where(room: RightsRoom, opened: Set[int], place: GuildChannel) -> str:
    """Say where something goes, by the thread that was opened for it, if one was."""
    parents = {room.sandbox.guild.channels[thread_id].parent_id for thread_id in opened}
    names = {place.id: "a thread of it", place.parent_id: "a thread beside it"}
    return " and ".join(names[parent] for parent in parents) or "there"


def threads(sandbox: Sandbox) -> set[int]:
    return {channel.id for channel in sandbox.guild.channels.values() if channel.is_thread}
