"""A server with everyone in it whom docs/rights.md tells apart, and a call whose transcript goes into a thread."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot.chat.cooldown import Cooldowns
from bot.chat.job_progress import cancel_view
from bot.chat.minutes.end import offer_view
from bot.chat.price_question import PriceQuestion
from bot.chat.tool_place import ToolConfirm
from bot.chat.transcript.line_buttons import LineId, ask_again_row
from bot.chat.venue import DiscordVenue
from bot.engine.text_and_speech import Made
from bot.jobs.context import JobContext
from bot.jobs.job_folder import JobFolder
from bot.jobs.services import JobServices
from bot.types import Heard, Usage, Utterance
from sandbox.guild.components import walk
from sandbox.guild.entities import GuildChannel, Kind, User
from sandbox.guild.message import ChatMessage
from sandbox.guild.permissions import P
from sandbox.server import Sandbox
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

MODERATES = int(P.MOVE_MEMBERS | P.MANAGE_MESSAGES | P.KICK_MEMBERS)
OPEN_LINE = "What is open to all?"


class Studio:
    model = writing_model = "text"

    async def write(self, instructions: str, text: str, spent: Any, **_: object) -> Made:
        spent("text", Usage(text_in=9, text_out=9), False)
        return Made('{"decisions": []}' if "take the minutes" in instructions else "translated", b"")

    async def say(self, instructions: str, text: str, spent: Any, **_: object) -> Made:
        spent("text", Usage(text_in=9, text_out=9), False)
        return Made("recapped", bytes(960))


@dataclass
class RightsRoom:
    """The people by the names of the columns, and what they act on."""

    quiet: QuietBot
    people: dict[str, User]
    host: User
    "who calls the bot, and stays in the Lounge"
    thread: GuildChannel | None = None
    line: ChatMessage | None = None
    "an answer to the person concerned, with its buttons, in the call's thread"
    where: GuildChannel | None = None
    "where commands are typed; None: #general"
    barred: bool = False
    last_said: ChatMessage | None = None

    @property
    def sandbox(self) -> Sandbox:
        return self.quiet.sandbox

    @property
    def lounge(self) -> str:
        return f"<#{self.sandbox.lounge.id}>"

    async def ready(self) -> None:
        """Have the bot in the Lounge with an answer in the thread, whatever was done before."""
        self.quiet.client.cooldowns = Cooldowns(rate=100_000)
        if not self.quiet.calls.all():
            await (await self.sandbox.command(self.host, "join", {"channel": self.sandbox.lounge.id})).settled()
            await until(lambda: self.panel)
            threads = [item for item in self.sandbox.guild.channels.values() if item.is_thread]
            self.thread, self.line = threads[-1], None
        if self.line is None or not self.buttons(self.line):
            before = self.answers()
            await self.mention("concerned", self.in_thread.id, OPEN_LINE)
            await until(lambda: len(self.answers()) > len(before))
            self.line = self.answers()[-1]

    @property
    def typed_in(self) -> int:
        return (self.where or self.sandbox.general).id

    @property
    def in_thread(self) -> GuildChannel:
        assert self.thread is not None
        return self.thread

    @property
    def panel(self) -> ChatMessage | None:
        return next((item for item in reversed(self.quiet.panels()) if "kikite:stop" in str(item.components)), None)

    def answers(self) -> list[ChatMessage]:
        return [item for item in self.sandbox.messages(self.in_thread.id) if self.buttons(item)]

    @staticmethod
    def buttons(message: ChatMessage) -> list[str]:
        return [item["custom_id"] for item in walk(message.components) if "custom_id" in item]

    def proposing(self) -> Iterator[tuple[str, str]]:
        """Yield each command and its option for which the bot proposes values while somebody types."""
        waiting = [(str(command["name"]), command) for command in self.sandbox.commands()]
        for path, node in waiting:
            options = cast("list[dict[str, Any]]", node.get("options") or [])
            waiting += [(f"{path} {one['name']}", one) for one in options if one["type"] in (1, 2)]
            yield from ((path, one["name"]) for one in options if one.get("autocomplete"))

    async def mention(self, who: str, channel_id: int, text: str = "why?") -> ChatMessage:
        return await self.sandbox.write(self.people[who], channel_id, f"<@{self.sandbox.bot.id}> {text}")

    async def bar(self) -> None:
        """Close the Lounge to the two who must not read it: what was written in the thread until then stays there."""
        self.last_said = await self.said()
        for name, denied in (("hidden", P.VIEW_CHANNEL), ("closed", P.CONNECT)):
            self.sandbox.moderator.overwrite(self.sandbox.lounge, self.people[name], deny=int(denied))
        venue = self.quiet.calls.all()[0].venue
        assert isinstance(venue, DiscordVenue)
        await until(lambda: self.in_thread.id not in venue.chats)
        self.barred = True

    async def leave(self) -> None:
        for call in self.quiet.calls.all():
            await self.quiet.client.leave(call)
        self.line = None

    async def said(self, by: User | None = None) -> ChatMessage:
        """A line of the person concerned, or of somebody else, where the transcript is; once barred, in the thread."""
        if self.barred and self.last_said is not None:
            return self.last_said
        call, user = self.quiet.calls.all()[0], by or self.people["concerned"]
        number = int(time.monotonic() * 1e6)
        words = f"words {number}"
        call.record.spoke(Utterance(number, user.id, self.quiet.services.clock(), b"", 1.0, "silence"))
        call.record.written(Utterance(number, user.id, 0.0, b"", 1.0, "silence"), Heard(number, user.id, words, 1.0))

        def shown() -> list[ChatMessage]:
            chats = (self.in_thread.id, self.sandbox.lounge.id)
            return [item for chat in chats for item in self.sandbox.messages(chat) if words in item.content]

        await until(shown)
        return shown()[0]

    async def ask_again(self) -> ChatMessage:
        """The button that asks the newest answer's question again, in the Lounge's chat."""
        await self.said()
        user, call = self.people["concerned"], self.quiet.calls.all()[0]
        line = next(line for line in reversed(call.record.messages) if line.speaker_id == user.id)
        view = ask_again_row(LineId(self.sandbox.lounge.id, line.id, (user.id,)), self.quiet.client.catalogues.of("en"))
        channel: Any = self.quiet.client.get_channel(self.sandbox.lounge.id)
        sent = await channel.send("Again?", view=view)
        return self.sandbox.message(sent.id)

    async def job(self, name: str) -> ChatMessage:
        """A job of the person concerned, whose progress stands in the Lounge's chat."""
        client, owner = self.quiet.client, self.people["concerned"].id
        words = client.catalogues.of("en")
        if name == "cancel":
            ticket = client.jobs.queue.take(self.sandbox.guild.id, owner, "job", again=True)
            view: Any = cancel_view(words, owner, ticket)
        else:
            view = PriceQuestion(client, words, owner)
        channel: Any = client.get_channel(self.sandbox.lounge.id)
        sent = await channel.send(name, view=view)
        return self.sandbox.message(sent.id)

    async def tool_question(self) -> tuple[ChatMessage, ToolConfirm]:
        """The question whether a tool may be used for the person concerned, in the Lounge's chat."""
        view = ToolConfirm(
            self.quiet.client, self.quiet.client.catalogues.of("en"), frozenset({self.people["concerned"].id})
        )
        channel: Any = self.quiet.client.get_channel(self.sandbox.lounge.id)
        sent = await channel.send("May I?", view=view)
        return self.sandbox.message(sent.id), view

    async def offer(self) -> ChatMessage:
        """The offer to write the minutes of the call so far, in the Lounge's chat."""
        now = int(time.time())
        view = offer_view(self.sandbox.lounge.id, now - 3600, now + 1, self.quiet.client.catalogues.of("en"))
        channel: Any = self.quiet.client.get_channel(self.sandbox.lounge.id)
        sent = await channel.send("Shall I?", view=view)
        return self.sandbox.message(sent.id)


@asynccontextmanager
async def rights_room(folder: Path) -> AsyncIterator[RightsRoom]:
    async with quiet_bot(database_url=f"sqlite+aiosqlite:///{folder}/bot.db") as quiet:
        sandbox = quiet.sandbox
        managers = sandbox.world.add_role(sandbox.guild, "Managers", int(P.MANAGE_GUILD))
        everybody = ["hidden", "closed", "outside", "inside", "moderator", "elsewhere", "manager", "concerned"]
        people = {name: sandbox.add_user(name, [managers] if name == "manager" else []) for name in everybody}
        people["timed out"] = sandbox.add_user("out")
        sandbox.moderator.overwrite(sandbox.lounge, people["moderator"], allow=MODERATES)
        for name in ("hidden", "elsewhere", "closed"):
            for channel in (sandbox.general, sandbox.den):
                sandbox.moderator.overwrite(channel, people[name], allow=MODERATES)
        host = sandbox.add_user("host")
        for user in (host, people["inside"], people["timed out"]):
            await sandbox.enter_voice(user, sandbox.lounge)
        studio: Any = Studio()
        quiet.client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), studio, JobFolder(folder))
        await quiet.client.preferences.change(sandbox.guild.id, None, "transcript", "thread", host.id)
        yield RightsRoom(quiet, people, host)


def foreign_places(sandbox: Sandbox, user: User) -> list[tuple[GuildChannel, bool]]:
    """Where the bot is not: a server that has not added it, as `user`'s own app, and a direct message."""
    guild = sandbox.add_foreign_guild("Elsewhere")
    sandbox.world.add_member(guild, user)
    return [
        (next(item for item in guild.channels.values() if item.kind is Kind.TEXT), True),
        (sandbox.direct(user), False),
    ]
