"""REST as a strict Discord answers it."""

import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.guild.entities import Kind
from sandbox.guild.knobs import MESSAGE_CONTENT_INTENT, Failure
from sandbox.guild.message import Pings
from sandbox.guild.permissions import P
from sandbox.server import Sandbox
from tests.sandbox.plain_bot import Bot, running
from tests.sandbox.raw_client import speaking


def general(bot: Bot, sandbox: Sandbox) -> discord.TextChannel:
    channel = bot.get_channel(sandbox.general.id)
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_a_wrong_token_is_refused() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        answer = await api("GET", "/users/@me", token="wrong")
        assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})
        assert answer.headers["Content-Type"] == "application/json"
        sandbox.token = "wrong"
        with pytest.raises(discord.LoginFailure):
            async with running(sandbox):
                pass


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "message"),
    [
        ("GET", "/nowhere", 404, 0, "404: Not Found"),
        ("DELETE", "/users/@me", 405, 0, "405: Method Not Allowed"),
        ("GET", "/channels/1", 404, 10003, "Unknown Channel"),
        ("GET", "/channels/abc", 400, 50035, "Invalid Form Body"),
        ("GET", "/channels/{general}/messages/1", 404, 10008, "Unknown Message"),
        ("GET", "/channels/{general}/messages?limit=101", 400, 50035, "Invalid Form Body"),
        ("POST", "/channels/{general}/messages", 400, 50006, "Cannot send an empty message"),
        ("GET", "/channels/{hidden}", 403, 50001, "Missing Access"),
        ("POST", "/channels/{hidden}/typing", 403, 50001, "Missing Access"),
        ("POST", "/channels/{mute}/typing", 403, 50013, "Missing Permissions"),
        ("GET", "/guilds/1", 404, 10004, "Unknown Guild"),
        ("GET", "/guilds/{guild}/members/1", 404, 10013, "Unknown User"),
        ("GET", "/guilds/{guild}/members?limit=5", 403, 50001, "Missing Access"),
        ("GET", "/guilds/{guild}/voice-states/@me", 404, 10065, "Unknown Voice State"),
        ("GET", "/applications/1/commands", 404, 10002, "Unknown Application"),
        ("GET", "/applications/{bot}/guilds/1/commands", 403, 50001, "Missing Access"),
        ("GET", "/users/1", 404, 10013, "Unknown User"),
        ("PUT", "/channels/{general}/voice-status", 400, 50024, "Cannot execute action on this channel type"),
        ("PUT", "/channels/{lounge}/voice-status", 403, 50013, "Missing Permissions"),
        ("POST", "/channels/{lounge}/threads", 400, 50035, "Invalid Form Body"),
        ("POST", "/webhooks/{bot}/wrong", 401, 50027, "Invalid Webhook Token"),
        ("POST", "/webhooks/1/wrong", 404, 10015, "Unknown Webhook"),
        ("POST", "/interactions/1/wrong/callback", 404, 10062, "Unknown interaction"),
        ("GET", "/../v6/users/@me", 400, 50041, "Invalid API version provided"),
    ],
)
async def test_errors(method: str, path: str, status: int, code: int, message: str) -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        hidden, mute = sandbox.add_channel("hidden"), sandbox.add_channel("mute")
        sandbox.moderator.overwrite(hidden, sandbox.bot, deny=P.VIEW_CHANNEL)
        sandbox.moderator.overwrite(mute, sandbox.bot, deny=P.SEND_MESSAGES)
        ids = {"guild": sandbox.guild, "general": sandbox.general, "lounge": sandbox.lounge, "bot": sandbox.bot}
        ids |= {"hidden": hidden, "mute": mute}
        answer = await api(method, path.format(**{name: item.id for name, item in ids.items()}))
        assert (answer.status, answer.code, answer.body["message"]) == (status, code, message)


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff"])
async def test_bodies_that_are_no_json(raw: bytes) -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        headers = {"Authorization": f"Bot {sandbox.token}", "Content-Type": "application/json"}
        url = f"{sandbox.api_base}/channels/{sandbox.general.id}/messages"
        async with api.session.post(url, data=raw, headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, 50109)


async def test_components_v2_as_discordpy_sends_them() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        view = discord.ui.LayoutView()
        container: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(accent_colour=0x112233)
        container.add_item(discord.ui.TextDisplay("**Listening** <@1>"))
        container.add_item(discord.ui.Separator())
        container.add_item(discord.ui.ActionRow(discord.ui.Button(label="Stop", custom_id="stop")))
        view.add_item(container)
        sent = await general(bot, sandbox).send(view=view)
        message = sandbox.message(sent.id)
        assert message.is_v2
        assert not message.content
        with pytest.raises(discord.HTTPException, match="cannot be used when using"):
            await sent.edit(content="x")
        view.clear_items()
        view.add_item(discord.ui.TextDisplay("over"))
        await sent.edit(view=view)
        assert [len(revision.components) for revision in message.revisions] == [1, 1]
        assert message.components[0]["content"] == "over"
        view.stop()


@pytest.mark.parametrize(
    ("content", "allowed", "power", "pings"),
    [
        ("<@{anna}> @everyone <@&{role}>", None, 0, ["anna"]),
        ("<@{anna}> @everyone <@&{role}>", None, P.MENTION_EVERYONE, ["anna", "role", "everyone"]),
        ("<@{anna}> @here", {"parse": []}, P.MENTION_EVERYONE, []),
        ("<@{anna}> <@{ben}>", {"users": ["{ben}"]}, 0, ["ben"]),
        ("`<@{anna}>` <@!{ben}>", {"parse": ["users"]}, 0, ["ben"]),
    ],
)
async def test_who_is_pinged(content: str, allowed: Any, power: int, pings: list[str]) -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        anna, ben = sandbox.add_user("Anna"), sandbox.add_user("Ben")
        role = sandbox.world.add_role(sandbox.guild, "people")
        sandbox.moderator.overwrite(sandbox.general, sandbox.bot, allow=int(power))
        ids = {"anna": str(anna.id), "ben": str(ben.id), "role": str(role.id)}
        body: dict[str, Any] = {"content": content.format(**ids)}
        if allowed is not None:
            users = [item.format(**ids) for item in allowed.get("users", [])]
            body["allowed_mentions"] = allowed | ({"users": users} if users else {})
        answer = await api("POST", f"/channels/{sandbox.general.id}/messages", body)
        found = sandbox.message(int(answer.body["id"])).pings
        named = [name for name, item in (("anna", anna), ("ben", ben)) if item.id in found.users]
        named += ["role"] * (role.id in found.roles) + ["everyone"] * found.everyone
        assert named == pings
        assert {user["id"] for user in answer.body["mentions"]} == {str(user_id) for user_id in found.users}


async def test_flags_and_replies() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        anna = sandbox.add_user("Anna")
        asked = await sandbox.write(anna, sandbox.general.id, "well?")
        channel = general(bot, sandbox)
        quiet = await channel.send("see https://example.org", silent=True, suppress_embeds=True)
        assert (sandbox.message(quiet.id).silent, sandbox.message(quiet.id).unfurls) == (True, False)
        partial = channel.get_partial_message(asked.id)
        loud = sandbox.message((await partial.reply("https://example.org")).id)
        assert (loud.reference_id, loud.pings, loud.unfurls) == (asked.id, Pings((anna.id,)), True)
        still = await partial.reply("well.", mention_author=False)
        assert not sandbox.message(still.id).pings


async def test_edit_and_delete() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot, speaking(sandbox) as api:
        channel = general(bot, sandbox)
        theirs = await sandbox.write(sandbox.add_user("Anna"), channel.id, "mine")
        partial = channel.get_partial_message(theirs.id)
        for act, code in ((partial.edit(content="yours"), 50005), (partial.delete(), 50013)):
            with pytest.raises(discord.Forbidden) as caught:
                await act
            assert caught.value.code == code
        own = await channel.send("one")
        answer = await api("PATCH", f"/channels/{channel.id}/messages/{own.id}", {"content": None})
        assert answer.code == 50006
        await own.delete()
        with pytest.raises(discord.NotFound):
            await own.edit(content="too late")
        await bot.until("raw_message_delete")
        assert [message.id for message in sandbox.messages(channel.id)] == [theirs.id]
        assert [message.id for message in sandbox.messages(channel.id, deleted=True)] == [theirs.id, own.id]


async def test_history_pages() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        sandbox.knobs.privileged = MESSAGE_CONTENT_INTENT
        anna = sandbox.add_user("Anna")
        written = [await sandbox.write(anna, sandbox.general.id, str(n)) for n in range(7)]
        channel = general(bot, sandbox)
        assert [m.content async for m in channel.history(limit=3)] == ["6", "5", "4"]
        before = discord.Object(written[2].id)
        assert [m.content async for m in channel.history(before=before)] == ["1", "0"]
        after = discord.Object(written[4].id)
        assert [m.content async for m in channel.history(after=after)] == ["5", "6"]
        sandbox.knobs.privileged = 0
        assert [m.content async for m in channel.history(limit=1)] == [""]


async def test_attachments_go_up_and_come_down() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        files = [discord.File(io.BytesIO(b"a" * n), f"聞き手 {n}.txt", description="words") for n in (1, 2)]
        sent = await general(bot, sandbox).send(files=files)
        message = sandbox.message(sent.id)
        assert [item.filename for item in message.attachments] == [file.filename for file in files]
        assert await sent.attachments[1].read() == b"aa"
        assert sent.attachments[0].content_type == "text/plain"
        edited = await sent.edit(attachments=[sent.attachments[0], discord.File(io.BytesIO(b"new"), "new.ogg")])
        assert [item.filename for item in edited.attachments] == [files[0].filename, "new.ogg"]
        unsigned = re.sub(r"hm=\w+", "hm=0", edited.attachments[0].url)
        with pytest.raises(discord.NotFound):
            await bot.http.get_from_cdn(unsigned)
        with pytest.raises(discord.HTTPException) as caught:
            await general(bot, sandbox).send(file=discord.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), "big"))
        assert (caught.value.status, caught.value.code) == (413, 40005)


async def test_voice_messages() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        sandbox.knobs.rate_limits = False
        path = f"/channels/{sandbox.general.id}/messages"
        about = {"id": "0", "filename": "voice-message.ogg", "duration_secs": 1.5, "waveform": "AAAA"}

        async def send(change: Mapping[str, object], kind: str = "audio/ogg") -> int | None:
            body = {"flags": 1 << 13, "attachments": [about], **change}
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body), content_type="application/json")
            form.add_field("files[0]", b"OggS", filename="voice-message.ogg", content_type=kind)
            return (await api("POST", path, data=form)).body.get("code")

        own = sandbox.guild.roles[sandbox.guild.members[sandbox.bot.id].roles[0]]
        for change, kind, code in (
            ({}, "audio/ogg", None),
            ({"content": "x"}, "audio/ogg", 50159),
            ({"embeds": [{"title": "x"}]}, "audio/ogg", 50159),
            ({"attachments": [about | {"filename": "a.txt"}]}, "audio/ogg", 50160),
            ({"attachments": [{"id": "0", "filename": "voice-message.ogg"}]}, "audio/ogg", 50161),
            ({}, "application/octet-stream", 50161),  # then its metadata is not read
            ({"attachments": [about | {"waveform": "no base64"}]}, "audio/ogg", 50035),
            ({"attachments": [about | {"waveform": "A" * 344}]}, "audio/ogg", 50035),
            ({"attachments": [about | {"duration_secs": 0}]}, "audio/ogg", 50035),
        ):
            assert await send(change, kind) == code
        [message] = sandbox.messages(sandbox.general.id)
        assert message.attachments[0].duration_secs == 1.5
        answer = await api("PATCH", f"{path}/{message.id}", {"content": "x"})
        assert answer.code == 50162
        own.permissions &= ~P.ATTACH_FILES
        sandbox.guild.roles[sandbox.guild.id].permissions &= ~P.ATTACH_FILES
        assert await send({}) is None  # it has a permission of its own
        for role in (own, sandbox.guild.roles[sandbox.guild.id]):
            role.permissions &= ~P.SEND_VOICE_MESSAGES
        assert await send({}) == 50173


async def test_rate_limits_are_announced_and_enforced() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        path = f"/channels/{sandbox.general.id}/messages"
        answers = [await api("POST", path, {"content": str(n)}) for n in range(6)]
        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
        first, last = answers[0], answers[-1]
        assert first.headers["X-RateLimit-Limit"] == "5"
        assert float(first.headers["X-RateLimit-Reset"]) > datetime.now(UTC).timestamp()
        assert first.headers["X-RateLimit-Bucket"] == last.headers["X-RateLimit-Bucket"]
        assert last.headers["X-RateLimit-Scope"] == "user"
        assert last.body["global"] is False
        assert 0 < last.body["retry_after"] <= 5
        assert int(last.headers["Retry-After"]) >= last.body["retry_after"]
        other = sandbox.add_channel("other")
        assert (await api("POST", f"/channels/{other.id}/messages", {"content": "x"})).status == 200
        sandbox.knobs.rate_limits = False
        assert (await api("POST", path, {"content": "x"})).status == 200
        assert sandbox.rest.limiter.refused == 2
        assert sandbox.rest.invalid == 1


async def test_the_global_limit() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        sandbox.rest.limiter.most_per_second = 3
        answers = [await api("GET", f"/users/{sandbox.bot.id}") for _ in range(4)]
        last = answers[-1]
        assert (last.status, last.body["global"]) == (429, True)
        assert last.headers["X-RateLimit-Global"] == "true"


async def test_discordpy_keeps_the_limits() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        for n in range(6):
            await general(bot, sandbox).send(str(n))
        assert sandbox.rest.limiter.refused == 0
        assert len(sandbox.messages(sandbox.general.id)) == 6


async def test_failures_before_and_after() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        path = f"/channels/{sandbox.general.id}/messages"
        sandbox.knobs.failures += [Failure("POST .*/messages", 502), Failure("POST .*/messages", 503, after=True)]
        statuses = [(await api("POST", path, {"content": "x"})).status for _ in range(3)]
        assert statuses == [502, 503, 200]
        assert len(sandbox.messages(sandbox.general.id)) == 2
        assert [request.status for request in sandbox.rest.log] == statuses


async def test_nonce_makes_sending_safe_to_repeat() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        sandbox.knobs.failures.append(Failure("POST .*/messages", 502, after=True))
        await general(bot, sandbox).send("once", nonce=7)
        assert [message.content for message in sandbox.messages(sandbox.general.id)] == ["once"]


async def test_threads() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        message = await general(bot, sandbox).send("start")
        thread = await message.create_thread(name="Call")
        assert thread.id == message.id
        await thread.send("inside")
        assert [item.content for item in sandbox.messages(thread.id)] == ["inside"]
        await thread.edit(archived=True)
        found = sandbox.world.channel(thread.id)
        assert found is not None
        assert found.archived
        with pytest.raises(discord.HTTPException) as caught:
            await message.create_thread(name="again")
        assert caught.value.code == 160004
        sandbox.moderator.overwrite(sandbox.general, sandbox.bot, deny=P.CREATE_PUBLIC_THREADS)
        with pytest.raises(discord.Forbidden):
            await general(bot, sandbox).create_thread(name="no", type=discord.ChannelType.public_thread)


async def test_voice_status_line() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        channel = bot.get_channel(sandbox.lounge.id)
        assert isinstance(channel, discord.VoiceChannel)
        with pytest.raises(discord.Forbidden):
            await channel.edit(status="from outside")
        await channel.guild.change_voice_state(channel=channel)
        await bot.until("voice_state_update")
        await channel.edit(status="Listening")
        assert sandbox.lounge.status == "Listening"
        await channel.edit(status=None)
        assert sandbox.lounge.status is None


async def test_the_chat_of_a_voice_channel_needs_connect() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        await bot.get_partial_messageable(sandbox.lounge.id).send("here")
        sandbox.moderator.overwrite(sandbox.lounge, sandbox.bot, deny=P.CONNECT)
        with pytest.raises(discord.Forbidden) as caught:
            await bot.get_partial_messageable(sandbox.lounge.id).send("there")
        assert caught.value.code == 50001


async def test_members_in_voice() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        anna = sandbox.add_user("Anna")
        guild = bot.get_guild(sandbox.guild.id)
        assert guild is not None
        member = await guild.fetch_member(anna.id)
        assert member.display_name == "Anna"
        await sandbox.enter_voice(anna, sandbox.lounge)
        await bot.until("voice_state_update")
        with pytest.raises(discord.Forbidden):
            await member.move_to(None)
        role = sandbox.guild.roles[sandbox.guild.members[sandbox.bot.id].roles[0]]
        sandbox.moderator.permit(sandbox.guild, role, role.permissions | P.MOVE_MEMBERS)
        await member.move_to(None)
        assert anna.id not in sandbox.guild.voice_states


async def test_channels_of_every_kind() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        for kind in (Kind.TEXT, Kind.VOICE, Kind.STAGE, Kind.CATEGORY):
            made = sandbox.add_channel("made", kind, user_limit=3)
            body = (await api("GET", f"/channels/{made.id}")).body
            assert body["type"] == kind
            assert body.get("user_limit") == (3 if made.is_voice else None)
