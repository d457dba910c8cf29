"""Interactions: what people do, what the bot may answer and when, and what they see of it."""

import io
from typing import Any

import discord
import pytest
from discord import app_commands

from sandbox.guild.commands import STRING_OPTION
from sandbox.guild.entities import Kind, User
from sandbox.guild.interactions import Interaction, Trigger
from sandbox.guild.invocation import Refused
from sandbox.guild.permissions import P
from sandbox.people.outcome import NoAnswer
from sandbox.server import Sandbox
from tests.sandbox.plain_bot import Bot, running
from tests.sandbox.raw_client import Api, speaking

Itx = discord.Interaction[discord.Client]


class Form(discord.ui.Modal, title="Question"):
    words = discord.ui.Label(
        text="Words", component=discord.ui.TextInput[discord.ui.View](custom_id="words", max_length=20)
    )

    async def on_submit(self, interaction: Itx) -> None:
        assert isinstance(self.words.component, discord.ui.TextInput)
        await interaction.response.send_message(f"asked: {self.words.component.value}")


class Buttons(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Count", custom_id="count")
    async def count(self, interaction: Itx, button: discord.ui.Button["Buttons"]) -> None:
        button.label = "Counted"
        await interaction.response.edit_message(content="counted", view=self)

    @discord.ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction: Itx, button: discord.ui.Button["Buttons"]) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Quietly", custom_id="quietly")
    async def quietly(self, interaction: Itx, button: discord.ui.Button["Buttons"]) -> None:
        await interaction.response.defer()
        await interaction.followup.send("only for you", ephemeral=True)

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: Itx, button: discord.ui.Button["Buttons"]) -> None: ...

    @discord.ui.select(custom_id="pick", options=[discord.SelectOption(label=x, value=x) for x in "abc"], max_values=2)
    async def pick(self, interaction: Itx, select: discord.ui.Select["Buttons"]) -> None:
        await interaction.response.send_message(" ".join(select.values))


def prepare(bot: Bot) -> None:
    call = app_commands.Group(name="call", description="The call")

    @call.command(description="What it does")
    async def status(interaction: Itx) -> None:
        await interaction.response.send_message(f"status for {interaction.locale}")

    bot.tree.add_command(call)

    @bot.tree.command(description="Panel")
    async def panel(interaction: Itx) -> None:
        await interaction.response.send_message("panel", view=Buttons())

    @bot.tree.command(description="Options")
    @app_commands.choices(kind=[app_commands.Choice(name="One", value="one")])
    async def options(
        interaction: Itx,
        channel: discord.VoiceChannel | None = None,
        person: discord.Member | None = None,
        file: discord.Attachment | None = None,
        minutes: app_commands.Range[int, 1, 60] | None = None,
        kind: str | None = None,
    ) -> None:
        read = await file.read() if file else b""
        parts = [channel and channel.name, person and person.display_name, read.decode(), minutes, kind]
        await interaction.response.send_message(" ".join(str(part) for part in parts if part))

    @bot.tree.command(description="Completes")
    async def complete(interaction: Itx, word: str) -> None: ...

    @complete.autocomplete("word")
    async def word(interaction: Itx, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current + end, value=current + end) for end in ("a", "b")]

    @bot.tree.command(description="Silent")
    async def silent(interaction: Itx) -> None: ...

    @bot.tree.command(description="For managers")
    @app_commands.default_permissions(manage_guild=True)
    async def manage(interaction: Itx) -> None:
        await interaction.response.send_message("managed")

    @bot.tree.command(description="A file, late")
    async def late(interaction: Itx) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send("first", file=discord.File(io.BytesIO(b"1"), "one.txt"))
        await interaction.followup.send("second")

    @bot.tree.context_menu(name="Analyze recording")
    async def analyze(interaction: Itx, message: discord.Message) -> None:
        await interaction.response.send_message(f"{message.content} {len(message.attachments)}", ephemeral=True)

    @bot.tree.context_menu(name="Who")
    async def who(interaction: Itx, member: discord.Member) -> None:
        await interaction.response.send_message(member.display_name)


async def test_subcommand_in_the_callers_language() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        outcome = await sandbox.command(sandbox.add_user("華子", locale="ja"), "call status")
        assert outcome.content == "status for ja"
        assert outcome.message is not None
        assert outcome.message.kind == 20


async def test_options_of_every_type() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        anna = sandbox.add_user("Anna")
        file = sandbox.file("a.txt", b"words")
        given = {"channel": sandbox.den, "person": anna, "file": file, "minutes": 60, "kind": "one"}
        assert (await sandbox.command(anna, "options", given)).content == "Den Anna words 60 one"
        assert (await sandbox.command(anna, "options", {"channel": sandbox.den.id})).content == "Den"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("call", {}),
        ("call why", {}),
        ("options", {"channel": "general"}),
        ("options", {"person": 1}),
        ("options", {"file": "a.txt"}),
        ("options", {"minutes": 61}),
        ("options", {"minutes": True}),
        ("options", {"kind": "two"}),
        ("complete", {}),
        ("manage", {}),
        ("Analyze recording", {}),
    ],
)
async def test_refused(name: str, given: dict[str, Any]) -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        anna = sandbox.add_user("Anna")
        if given.get("channel") == "general":
            given = {"channel": sandbox.general}
        with pytest.raises(Refused):
            await sandbox.command(anna, name, given)


async def test_permissions_to_use_commands() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        chief = sandbox.world.add_role(sandbox.guild, "chief", int(P.MANAGE_GUILD))
        boss, anna = sandbox.add_user("Boss", [chief]), sandbox.add_user("Anna")
        assert (await sandbox.command(boss, "manage")).content == "managed"
        sandbox.moderator.overwrite(sandbox.general, anna, deny=P.USE_APPLICATION_COMMANDS)
        with pytest.raises(Refused):
            await sandbox.command(anna, "panel")


async def test_autocomplete() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        outcome = await sandbox.autocomplete(sandbox.add_user("Anna"), "complete", "word", {"word": "x"})
        assert [choice["value"] for choice in outcome.choices] == ["xa", "xb"]


async def test_menus() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        anna = sandbox.add_user("Anna")
        message = await sandbox.write(anna, sandbox.general.id, "recording", [("a.ogg", b"OggS")], voice_seconds=None)
        outcome = await sandbox.menu(anna, "Analyze recording", message.id)
        assert (outcome.content, outcome.ephemeral) == ("recording 1", True)
        assert (await sandbox.menu(anna, "Who", anna)).content == "Anna"


async def test_buttons_selects_and_forms() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        anna = sandbox.add_user("Anna")
        panel = (await sandbox.command(anna, "panel")).message
        assert panel is not None
        assert (await sandbox.click(anna, panel.id, "pick", ["a", "c"])).content == "a c"
        outcome = await sandbox.click(anna, panel, "ask")
        assert (await sandbox.submit(outcome, {"words": "why"})).content == "asked: why"
        outcome = await sandbox.click(anna, panel, "count")
        assert outcome.message is panel
        assert [revision.content for revision in panel.revisions] == ["panel", "counted"]
        outcome = await (await sandbox.click(anna, panel, "quietly")).settled()
        assert [(item.content, item.ephemeral, item.seen_by) for item in outcome.followups] == [
            ("only for you", True, anna.id)
        ]
        for custom_id, values in (
            ("off", []),
            ("nothing", []),
            ("pick", []),
            ("pick", ["z"]),
            ("pick", ["a", "b", "c"]),
        ):
            with pytest.raises(Refused):
                await sandbox.click(anna, panel, custom_id, values)
        with pytest.raises(Refused):
            await sandbox.submit(outcome, {})


async def test_the_first_followup_takes_the_place_of_thinking() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        outcome = await sandbox.command(sandbox.add_user("Anna"), "late")
        assert outcome.deferred
        await outcome.settled()
        assert (outcome.content, [item.filename for item in outcome.attachments]) == ("first", ["one.txt"])
        assert outcome.message is not None
        assert outcome.message.edited_at is None
        second = await sandbox.posted(sandbox.general.id, lambda message: message.content == "second")
        assert outcome.followups == [second]


async def test_no_response_in_time() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        sandbox.knobs.response_window = 0.1
        with pytest.raises(NoAnswer):
            await sandbox.command(sandbox.add_user("Anna"), "silent")


def opened(sandbox: Sandbox, user: User, kind: Trigger = Trigger.COMMAND) -> Interaction:
    data: dict[str, Any] = {"id": "1", "name": "raw", "type": 1, "options": [{"type": STRING_OPTION}]}
    return sandbox.parts.interactions.open(kind, user, sandbox.general, data)


async def respond(api: Api, interaction: Interaction, kind: int, **data: Any) -> Any:
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    return await api("POST", path, {"type": kind, "data": data}, token="none at all")


@pytest.mark.parametrize(
    ("sort", "kind", "data", "code"),
    [
        (Trigger.COMMAND, 4, {"content": "x"}, None),
        (Trigger.COMMAND, 4, {}, 50006),
        (Trigger.COMMAND, 4, {"content": "x" * 2001}, 50035),
        (Trigger.COMMAND, 6, {}, 50035),
        (Trigger.COMMAND, 7, {"content": "x"}, 50035),
        (Trigger.COMMAND, 8, {"choices": []}, 50035),
        (Trigger.COMMAND, 99, {}, 50035),
        (Trigger.COMMAND, 9, {"title": "x" * 46, "custom_id": "m", "components": []}, 50035),
        (Trigger.COMPONENT, 6, {}, 50035),
        (Trigger.AUTOCOMPLETE, 4, {"content": "x"}, 50035),
        (Trigger.AUTOCOMPLETE, 8, {"choices": [{"name": "x", "value": "x"}] * 26}, 50035),
        (Trigger.AUTOCOMPLETE, 8, {"choices": [{"name": "x", "value": "x"}]}, None),
    ],
)
async def test_callbacks(sort: Trigger, kind: int, data: dict[str, Any], code: int | None) -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        answer = await respond(api, opened(sandbox, sandbox.add_user("Anna"), sort), kind, **data)
        if code is None:
            assert answer.status == 204
        else:
            assert (answer.status, answer.code) == (400, code)


async def test_too_late_twice_and_with_the_wrong_token() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        anna = sandbox.add_user("Anna")
        first = opened(sandbox, anna)
        answer = await api("POST", f"/interactions/{first.id}/wrong/callback", {"type": 5})
        assert (answer.status, answer.code) == (404, 10062)
        hook = f"/webhooks/{sandbox.bot.id}/{first.token}"
        assert (await api("POST", hook, {"content": "early"})).code == 10015
        assert (await respond(api, first, 5)).status == 204
        answer = await respond(api, first, 5)
        assert (answer.status, answer.code) == (400, 40060)
        sandbox.knobs.response_window = 0.0
        answer = await respond(api, opened(sandbox, anna), 4, content="x")
        assert (answer.status, answer.code) == (404, 10062)
        sandbox.knobs.token_life = 0.0
        answer = await api("PATCH", f"{hook}/messages/@original", {"content": "x"})
        assert (answer.status, answer.code) == (401, 50027)


async def test_original_and_followups_by_hand() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        found = opened(sandbox, sandbox.add_user("Anna"))
        hook = f"/webhooks/{sandbox.bot.id}/{found.token}"
        assert (await respond(api, found, 5, flags=64)).status == 204
        shown = (await api("GET", f"{hook}/messages/@original")).body
        assert shown["flags"] == 64 | 128
        assert shown["interaction_metadata"]["name"] == "raw"
        await api("PATCH", f"{hook}/messages/@original", {"content": "done", "flags": 0})
        assert (await api("GET", f"{hook}/messages/@original")).body["flags"] == 64
        second = (await api("POST", hook, {"content": "more"})).body
        assert second["flags"] == 0
        assert (await api("GET", f"/channels/{sandbox.general.id}/messages/{shown['id']}")).code == 10008
        assert (await api("DELETE", f"{hook}/messages/{second['id']}")).status == 204
        assert (await api("PATCH", f"{hook}/messages/{second['id']}", {"content": "x"})).code == 10008
        answer = await api("PATCH", f"{hook}/messages/@original", {"content": "x" * 2001})
        assert answer.faults == ["content BASE_TYPE_MAX_LENGTH"]


async def test_a_deferred_response_may_become_components_v2() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        found = opened(sandbox, sandbox.add_user("Anna"))
        await respond(api, found, 5)
        body = {"flags": 1 << 15, "components": [{"type": 10, "content": "x"}]}
        answer = await api("PATCH", f"/webhooks/{sandbox.bot.id}/{found.token}/messages/@original", body)
        assert answer.body["flags"] == 1 << 15
        assert answer.body["components"] == [{"type": 10, "id": 1, "content": "x"}]


async def test_followups_have_their_own_limit() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        found = opened(sandbox, sandbox.add_user("Anna"))
        await respond(api, found, 4, content="x")
        answers = [await api("POST", f"/webhooks/{sandbox.bot.id}/{found.token}", {"content": "x"}) for _ in range(6)]
        assert [answer.status for answer in answers] == [200] * 5 + [429]


async def test_the_answer_needs_no_permission_to_send() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=prepare):
        anna = sandbox.add_user("Anna")
        quiet = sandbox.add_channel("quiet", Kind.TEXT)
        sandbox.moderator.overwrite(quiet, sandbox.bot, deny=P.VIEW_CHANNEL)
        assert (await sandbox.command(anna, "call status", channel_id=quiet.id)).content == "status for en-US"
