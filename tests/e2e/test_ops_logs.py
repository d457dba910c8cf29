"""The log of a real run at DEBUG: ids on its lines, and never a secret, a name or spoken words."""

import asyncio
import base64
import json
import re
import signal

import pytest

from sandbox import clips
from sandbox.guild.knobs import Failure
from sandbox.model.behaviour import Break, Refuse, Speak
from sandbox.voice.gateway import VoiceGateway
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import environment
from tests.e2e.test_conversation import said, sentence

OUT = 48_000
NAME = "Zaphodcanary"
TYPED = "what about the yellowcanary"
STORE_KEY = base64.b64encode(b"storecanary-0123456789-abcdefghi").decode()


async def test_no_secret_no_name_no_word_in_any_line(harness: Harness) -> None:
    env = environment(harness.sandbox, harness.model, harness.folder)
    env |= {"LOG_LEVEL": "DEBUG", "STORE_KEY": STORE_KEY, "BOT_NAME": "Canarybot"}
    harness.sandbox.lounge.name = "Canarylounge"
    async with process.running(env, harness.folder) as bot:
        await bot.ready()
        zaphod = await harness.sandbox.person(NAME)
        await harness.join(zaphod)
        await zaphod.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        voice = harness.sandbox.voice
        assert isinstance(voice, VoiceGateway)
        keys = [seat.leg.key for seat in voice.seats(harness.sandbox.bot.id) if seat.leg]
        assert keys
        # Errors whose messages might quote their input.
        harness.model.script(
            Refuse(400, f"cannot read {sentence('anna-cook')}"),
            Speak.clip("bot-heard").with_(breaks=Break.BAD_JSON, break_after=0.5),
        )
        await harness.sandbox.command(zaphod.user, "ask", {"text": TYPED}, channel_id=harness.lounge.id)
        await zaphod.say(clips.load("anna-quickest", OUT))
        harness.sandbox.knobs.failures.append(Failure("POST /channels", 500, times=6))
        await harness.model.wait_for_chats(3)
        harness.sandbox.gateway.drop_all()
        await until(lambda: harness.sandbox.gateway.resumed == 1)
        harness.sandbox.knobs.failures.clear()
        async with asyncio.timeout(60):
            while 'kikite_gateway_events_total{event="resumed"} 1.0' not in (metrics := await bot.get("/metrics"))[1]:
                await asyncio.sleep(0.05)
        shown = [await bot.get("/livez"), await bot.get("/readyz"), metrics]
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
        pages = "\n".join([*bot.lines, *(text for _, text in shown)])
    assert "bot.call.session" in pages  # something was written
    for secret in (harness.sandbox.token, harness.model.key, STORE_KEY):
        assert secret not in pages
    assert harness.sandbox.token.split(".")[2] not in pages
    for key in keys:
        assert str(list(key))[1:40] not in pages
        assert key.hex() not in pages
    lowered = pages.lower()
    assert "canary" not in lowered
    for word in ("rice", "cook", *sentence("anna-quickest").lower().split()[-1:]):
        assert not re.search(rf"\b{word.strip('.?!')}\b", lowered), [line for line in bot.lines if word in line][:3]


async def test_lines_of_a_call_and_of_a_turn_say_which(harness: Harness) -> None:
    harness.model.default = Refuse(500, "down")
    async with process.running(
        environment(harness.sandbox, harness.model, harness.folder) | {"LOG_LEVEL": "DEBUG"}, harness.folder
    ) as bot:
        await bot.ready()
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: bot.events("turn_closed"))
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
        [closed] = bot.events("turn_closed")
        [ended] = bot.events("call_ended")
        inside = [
            json.loads(line) for line in bot.lines if '"logger": "bot.call.' in line or '"logger": "engine"' in line
        ]
    assert closed["turn"] >= 1
    assert closed["outcome"] == "unreachable"
    assert closed["call"] == ended["call"]
    assert closed["guild"] == ended["guild"] == harness.sandbox.guild.id
    inside = [line for line in inside if line["event"] != "model_unchecked"]
    assert {line.get("call") for line in inside} == {ended["call"]}
    retried = {line["turn"] for line in inside if line["event"] == "engine.retry"}
    assert closed["turn"] in retried, "asked ahead, and adopted since"


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_the_password_of_a_database_is_in_no_traceback(harness: Harness, log_format: str) -> None:
    dsn = "postgresql+asyncpg://kikite:dsncanary@127.0.0.1:1/kikite"
    env = environment(harness.sandbox, harness.model, harness.folder)
    result = await process.run(
        env | {"DATABASE_URL": dsn, "LOG_LEVEL": "DEBUG", "LOG_FORMAT": log_format}, harness.folder
    )
    assert result.code == 74
    assert "dsncanary" not in result.out + result.err
    for line in result.err.splitlines():
        if line.startswith("{"):
            json.loads(line)
