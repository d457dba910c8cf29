"""The main gateway, by hand and through discord.py."""

import json
from typing import Any

import discord
import pytest

from sandbox.gateway.compression import ZstdStream, encoder
from sandbox.guild.entities import Kind
from sandbox.guild.knobs import MESSAGE_CONTENT_INTENT
from sandbox.guild.permissions import P
from sandbox.server import Sandbox
from tests.sandbox.plain_bot import intents, running
from tests.sandbox.raw_client import dialled

GUILDS, VOICE, MESSAGES, DIRECT = 1, 1 << 7, 1 << 9, 1 << 12


@pytest.mark.parametrize("query", ["v=10&encoding=json", "v=10&encoding=json&compress=zlib-stream"])
async def test_ready_then_the_guild(query: str) -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox, query) as line:
        ready = await line.identify(sandbox)
        assert ready["user"]["id"] == str(sandbox.bot.id)
        assert ready["guilds"] == [{"id": str(sandbox.guild.id), "unavailable": True}]
        guild = await line.until("GUILD_CREATE")
        assert [channel["name"] for channel in guild["channels"]] == ["general", "Lounge", "Den", "Stage"]
        assert [member["user"]["id"] for member in guild["members"]] == [str(sandbox.bot.id)]


def test_zstd_stream_is_what_zstd_reads() -> None:
    messages = [json.dumps({"n": n, "text": "聞き手" * n}) for n in (1, 20_000, 3)]
    stream = ZstdStream()
    parts = [stream.encode(text) for text in messages]
    assert all(isinstance(part, bytes) for part in parts)
    assert isinstance(encoder("zstd-stream"), ZstdStream)
    plain, data = b"", b"".join(part for part in parts if isinstance(part, bytes))
    assert data[:6] == bytes.fromhex("28b52ffd0058")
    at = 6
    while at < len(data):
        header = int.from_bytes(data[at : at + 3], "little")
        assert header & 0b111 == 0, "raw, and not the last"
        plain += data[at + 3 : at + 3 + (header >> 3)]
        at += 3 + (header >> 3)
    assert plain.decode() == "".join(messages)


IDENTIFY = {"token": "…", "intents": GUILDS, "properties": {}}


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (99, {}, 4003),
        (4, {"guild_id": "1"}, 4003),
        (2, "nonsense", 4002),
        (2, {"token": "wrong"}, 4004),
        (2, {"properties": None}, 4002),
        (2, {"shard": [2, 2]}, 4010),
        (2, {"intents": 1 << 40}, 4013),
        (2, {"intents": MESSAGE_CONTENT_INTENT}, 4014),
        (6, {"token": "wrong", "session_id": "1", "seq": 1}, 4004),
        (6, {"session_id": "1"}, 4002),
    ],
)
async def test_close_codes_before_a_session(op: int, data: Any, code: int) -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox) as line:
        if isinstance(data, dict) and op in (2, 6):
            data = IDENTIFY | {"token": sandbox.token} | data
        await line.send(op, data)
        assert await line.closed() == code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ('{"op": 2, "d": {}}', 4005),
        ('{"op": 77, "d": {}}', 4001),
        ('{"op": 4, "d": {}}', 4002),
        ('{"op": ', 4002),
        ("[]", 4002),
        ('{"op": 3, "d": {"status": "' + "x" * 5000 + '"}}', 4002),
    ],
)
async def test_close_codes_within_a_session(sent: str, code: int) -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox) as line:
        await line.identify(sandbox)
        await line.ws.send_str(sent)
        assert await line.closed() == code


async def test_too_many_commands() -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox) as line:
        await line.identify(sandbox)
        for _ in range(120):
            await line.send(3, {"status": "idle", "activities": []})
        assert await line.closed() == 4008


async def test_heartbeats_are_acknowledged_and_missed() -> None:
    async with Sandbox.open() as sandbox:
        sandbox.knobs.heartbeat_interval = 0.5
        async with dialled(sandbox) as line:
            await line.send(1, None)
            assert await line.take() == {"t": None, "s": None, "op": 11, "d": None}
            assert await line.closed() == 4009


async def test_resume_repeats_what_was_missed() -> None:
    async with Sandbox.open() as sandbox:
        async with dialled(sandbox) as line:
            session_id = (await line.identify(sandbox))["session_id"]
            await line.until("GUILD_CREATE")
            await line.ws.close(code=4000)
        anna = sandbox.add_user("Anna")
        for text in ("one", "two"):
            await sandbox.write(anna, sandbox.general.id, text)
        async with dialled(sandbox) as line:
            await line.send(6, {"token": sandbox.token, "session_id": session_id, "seq": 2})
            missed = [await line.take() for _ in range(3)]
        assert [(item["t"], item["s"]) for item in missed] == [
            ("MESSAGE_CREATE", 3),
            ("MESSAGE_CREATE", 4),
            ("RESUMED", 5),
        ]
        assert sandbox.gateway.resumed == 1


async def test_what_cannot_be_resumed() -> None:
    async with Sandbox.open() as sandbox:
        sandbox.knobs.replay_buffer = 1
        async with dialled(sandbox) as line:
            session_id = (await line.identify(sandbox))["session_id"]
            await line.until("GUILD_CREATE")
            await line.ws.close(code=4000)
        resume = {"token": sandbox.token, "session_id": session_id}
        async with dialled(sandbox) as line:
            await line.send(6, resume | {"seq": 0})
            assert (await line.take())["op"] == 9, "the buffer no longer holds it"
            await line.send(6, resume | {"seq": 99})
            assert await line.closed() == 4007
        async with dialled(sandbox) as line:
            await line.identify(sandbox)
            await line.ws.close(code=1000)
        async with dialled(sandbox) as line:
            await line.send(6, {"token": sandbox.token, "session_id": "gone", "seq": 1})
            assert await line.take() == {"t": None, "s": None, "op": 9, "d": False}


async def test_identify_too_soon_is_an_invalid_session() -> None:
    async with Sandbox.open() as sandbox:
        sandbox.knobs.identify_spacing = 5.0
        async with dialled(sandbox) as line:
            await line.identify(sandbox)
        async with dialled(sandbox) as line:
            await line.send(2, {"token": sandbox.token, "intents": GUILDS, "properties": {}})
            assert (await line.take())["op"] == 9


async def test_only_intents_asked_for_arrive() -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox) as voice, dialled(sandbox) as text:
        await voice.identify(sandbox, intents=VOICE)
        await text.identify(sandbox, intents=MESSAGES)
        anna = sandbox.add_user("Anna")
        await sandbox.write(anna, sandbox.general.id, "hello")
        await sandbox.enter_voice(anna, sandbox.lounge)
        assert (await voice.take())["t"] == "VOICE_STATE_UPDATE"
        assert (await text.take())["t"] == "MESSAGE_CREATE"


@pytest.mark.parametrize(
    ("text", "intent", "seen"),
    [
        ("hello", 0, ""),
        ("hello <@{bot}>", 0, "hello <@{bot}>"),
        ("hello", MESSAGE_CONTENT_INTENT, "hello"),
    ],
)
async def test_content_is_guarded(text: str, intent: int, seen: str) -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox) as line:
        sandbox.knobs.privileged = MESSAGE_CONTENT_INTENT
        await line.identify(sandbox, intents=MESSAGES | intent)
        anna = sandbox.add_user("Anna")
        await sandbox.write(anna, sandbox.general.id, text.format(bot=sandbox.bot.id), [("a.txt", b"a")])
        message = await line.until("MESSAGE_CREATE")
        assert message["content"] == seen.format(bot=sandbox.bot.id)
        assert bool(message["attachments"]) == bool(seen)


async def test_direct_messages_and_replies_to_the_bot_are_read() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        anna = sandbox.add_user("Anna")
        await sandbox.write(anna, sandbox.direct(anna).id, "psst")
        [first] = await bot.until("message")
        assert first.content == "psst"
        mine = await bot.get_partial_messageable(sandbox.general.id).send("mine")
        await sandbox.write(anna, sandbox.general.id, "about that", reply_to=sandbox.message(mine.id))
        [reply] = await bot.until("message", lambda message: message.reference is not None)
        assert reply.content == "about that"
        assert reply.reference.resolved.content == "mine"


async def test_hidden_channels_stay_hidden() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        secret = sandbox.add_channel("secret")
        sandbox.moderator.overwrite(secret, sandbox.bot, deny=P.VIEW_CHANNEL)
        anna = sandbox.add_user("Anna")
        await sandbox.write(anna, secret.id, "one")
        await sandbox.write(anna, sandbox.general.id, "two")
        [message] = await bot.until("message")
        assert message.channel.id == sandbox.general.id


async def test_shards_see_their_own_guilds() -> None:
    async with Sandbox.open() as sandbox:
        others = [sandbox.add_guild(f"Guild {n}") for n in range(4)]
        async with dialled(sandbox) as zero, dialled(sandbox) as one:
            seen = [await line.identify(sandbox, shard=[n, 2]) for n, line in enumerate((zero, one))]
        ids = [[int(guild["id"]) for guild in ready["guilds"]] for ready in seen]
        assert all((guild >> 22) % 2 == shard for shard, guilds in enumerate(ids) for guild in guilds)
        assert sorted(ids[0] + ids[1]) == sorted(guild.id for guild in (sandbox.guild, *others))


async def test_voice_events_come_as_a_pair() -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox) as line:
        ready = await line.identify(sandbox)
        guild, lounge = str(sandbox.guild.id), str(sandbox.lounge.id)
        op4 = {"guild_id": guild, "channel_id": lounge, "self_mute": False, "self_deaf": False}
        await line.send(4, op4)
        state = await line.until("VOICE_STATE_UPDATE")
        server = await line.until("VOICE_SERVER_UPDATE")
        assert (state["channel_id"], state["session_id"]) == (lounge, ready["session_id"])
        assert server["endpoint"].startswith("127.0.0.1:")
        await line.send(4, op4 | {"self_mute": True})
        assert (await line.until("VOICE_STATE_UPDATE"))["self_mute"]
        await line.send(4, op4 | {"channel_id": None})
        assert (await line.take())["d"]["channel_id"] is None, "mute alone brought no second server"


@pytest.mark.parametrize("obstacle", ["full", "no connect", "text", "unknown", "outage"])
async def test_discord_answers_nothing(obstacle: str) -> None:
    async with Sandbox.open() as sandbox, dialled(sandbox) as line:
        await line.identify(sandbox)
        await line.until("GUILD_CREATE")
        channel_id = sandbox.den.id
        if obstacle == "full":
            sandbox.world.channel(channel_id).user_limit = 1  # pyright: ignore[reportOptionalMemberAccess]
            await sandbox.enter_voice(sandbox.add_user("Anna"), sandbox.den)
            await line.until("VOICE_STATE_UPDATE")
        elif obstacle == "no connect":
            sandbox.moderator.overwrite(sandbox.den, sandbox.bot, deny=P.CONNECT)
            await line.until("CHANNEL_UPDATE")
        elif obstacle == "text":
            channel_id = sandbox.general.id
        elif obstacle == "unknown":
            channel_id = 1
        else:
            sandbox.knobs.swallow_voice = True
        guild = str(sandbox.guild.id)
        await line.send(4, {"guild_id": guild, "channel_id": str(channel_id), "self_mute": False, "self_deaf": False})
        await line.send(1, None)
        assert (await line.take())["op"] == 11, "nothing stands between"
        assert sandbox.bot.id not in sandbox.guild.voice_states


async def test_a_lost_session_leaves_a_ghost_and_then_nothing() -> None:
    async with Sandbox.open() as sandbox:
        sandbox.knobs.resume_window = 2.0  # time to log in again before the ghost goes
        async with dialled(sandbox) as line:
            await line.identify(sandbox)
            guild, lounge = str(sandbox.guild.id), str(sandbox.lounge.id)
            await line.send(4, {"guild_id": guild, "channel_id": lounge, "self_mute": False, "self_deaf": False})
            await line.until("VOICE_SERVER_UPDATE")
            sandbox.gateway.drop_all()
            await line.closed()
        assert sandbox.bot.id in sandbox.guild.voice_states
        async with dialled(sandbox) as line:
            await line.identify(sandbox)
            assert (await line.until("VOICE_STATE_UPDATE"))["channel_id"] is None
            assert sandbox.bot.id not in sandbox.guild.voice_states


async def test_stage_suppresses_and_lets_speak() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        guild = bot.get_guild(sandbox.guild.id)
        assert guild is not None
        stage = guild.stage_channels[0]
        await guild.change_voice_state(channel=stage)
        await bot.until("voice_state_update")
        assert sandbox.guild.voice_states[sandbox.bot.id].suppress
        with pytest.raises(discord.Forbidden):
            await guild.me.edit(suppress=False)
        await guild.me.request_to_speak()
        assert sandbox.guild.voice_states[sandbox.bot.id].request_to_speak is not None
        sandbox.moderator.let_speak(sandbox.guild, sandbox.bot)
        await bot.until("voice_state_update", lambda _, before, after: before.suppress and not after.suppress)


async def test_losing_speak_suppresses() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        guild = bot.get_guild(sandbox.guild.id)
        assert guild is not None
        await guild.change_voice_state(channel=guild.voice_channels[0])
        await bot.until("voice_state_update")
        sandbox.moderator.overwrite(sandbox.lounge, sandbox.bot, deny=P.SPEAK)
        await bot.until("voice_state_update", lambda _, before, after: after.suppress)


@pytest.mark.parametrize("how", ["kick", "move", "delete"])
async def test_power_over_the_bot_in_voice(how: str) -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        guild = bot.get_guild(sandbox.guild.id)
        assert guild is not None
        await guild.change_voice_state(channel=guild.voice_channels[0])
        await bot.until("voice_state_update")
        if how == "kick":
            await sandbox.moderator.disconnect(sandbox.bot)
        elif how == "move":
            await sandbox.moderator.move(sandbox.bot, sandbox.den)
        else:
            await sandbox.moderator.delete_channel(sandbox.lounge)
            await bot.until("guild_channel_delete")
        expected = sandbox.den.id if how == "move" else None
        await bot.until(
            "voice_state_update",
            lambda _, before, after: before.channel and getattr(after.channel, "id", None) == expected,
        )


@pytest.mark.parametrize("how", ["close", "drop", "reconnect"])
async def test_discordpy_comes_back_and_resumes(how: str) -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        if how == "close":
            sandbox.gateway.close_all(4000)
        elif how == "drop":
            sandbox.gateway.drop_all()
        else:
            sandbox.gateway.send_all(7, None)
        await bot.until("resumed")
        anna = sandbox.add_user("Anna")
        await sandbox.write(anna, sandbox.general.id, "still there?")
        await bot.until("message")
        assert (sandbox.gateway.identified, sandbox.gateway.resumed) == (1, 1)


async def test_discordpy_identifies_again_when_its_session_is_gone() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        await sandbox.gateway.end_sessions()
        sandbox.gateway.close_all(4000)
        await bot.until("ready", lambda *_: len(bot.heard("ready")) == 2)
        assert sandbox.gateway.identified == 2


async def test_request_members() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        guild = bot.get_guild(sandbox.guild.id)
        assert guild is not None
        anna, _ = sandbox.add_user("Anna"), sandbox.add_user("Ben")
        assert [member.id for member in await guild.query_members("an", limit=5)] == [anna.id]
        assert [member.id for member in await guild.query_members(user_ids=[anna.id, 5])] == [anna.id]


async def test_privileged_intents_must_be_switched_on() -> None:
    wanted = intents()
    wanted.message_content = True
    async with Sandbox.open() as sandbox:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with running(sandbox, wanted):
                pass
        sandbox.knobs.privileged = MESSAGE_CONTENT_INTENT
        async with running(sandbox, wanted) as bot:
            await sandbox.write(sandbox.add_user("Anna"), sandbox.general.id, "readable")
            [message] = await bot.until("message")
            assert message.content == "readable"


async def test_guilds_come_and_go() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        other = sandbox.add_guild("Other")
        await bot.until("guild_join")
        sandbox.moderator.outage(other)
        await bot.until("guild_unavailable")
        sandbox.moderator.recovered(other)
        await bot.until("guild_available", lambda guild: guild.id == other.id)
        await sandbox.moderator.expel(other)
        await bot.until("guild_remove")
        assert sandbox.add_channel("more", Kind.VOICE).kind is Kind.VOICE
        await bot.until("guild_channel_create")
