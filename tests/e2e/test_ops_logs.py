"""What a real run writes at DEBUG: ids on its lines, and never a secret, a name or a word."""

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
from tests.e2e.conftest import House, until
from tests.e2e.process import environment
from tests.e2e.test_conversation import said, sentence

OUT = 48_000
NAME = "Zaphodcanary"
TYPED = "what about the yellowcanary"
STORE_KEY = base64.b64encode(b"storecanary-0123456789-abcdefghi").decode()


async def test_no_secret_no_name_no_word_in_any_line(house: House) -> None:
    env = environment(house.sandbox, house.model, house.folder)
    env |= {"LOG_LEVEL": "DEBUG", "STORE_KEY": STORE_KEY, "BOT_NAME": "Canarybot"}
    house.sandbox.lounge.name = "Canarylounge"
    async with process.running(env, house.folder) as bot:
        await bot.ready()
        zaphod = await house.sandbox.person(NAME)
        await house.join(zaphod)
        await zaphod.say(clips.load("anna-cook", OUT))
        await said(house, "bot-rice")
        voice = house.sandbox.voice
        assert isinstance(voice, VoiceGateway)
        keys = [seat.leg.key for seat in voice.seats(house.sandbox.bot.id) if seat.leg]
        assert keys
        # Every kind of trouble that might quote what it choked on.
        house.model.script(
            Refuse(400, f"cannot read {sentence('anna-cook')}"),
            Speak.clip("bot-heard").with_(breaks=Break.BAD_JSON, break_after=0.5),
        )
        await house.sandbox.command(zaphod.user, "ask", {"text": TYPED}, channel_id=house.lounge.id)
        await zaphod.say(clips.load("anna-quickest", OUT))
        house.sandbox.knobs.failures.append(Failure("POST /channels", 500, times=6))
        await house.model.wait_for_chats(3)
        house.sandbox.gateway.drop_all()
        await until(lambda: house.sandbox.gateway.resumed == 1)
        house.sandbox.knobs.failures.clear()
        shown = [await bot.get(path) for path in ("/livez", "/readyz", "/metrics")]
        assert 'kikite_gateway_events_total{event="resumed"} 1.0' in shown[2][1]
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
        pages = "\n".join([*bot.lines, *(text for _, text in shown)])
    assert "bot.call.manager" in pages  # something was written
    for secret in (house.sandbox.token, house.model.key, STORE_KEY):
        assert secret not in pages
    assert house.sandbox.token.split(".")[2] not in pages
    for key in keys:
        assert str(list(key))[1:40] not in pages
        assert key.hex() not in pages
    lowered = pages.lower()
    assert "canary" not in lowered
    for word in ("rice", "cook", *sentence("anna-quickest").lower().split()[-1:]):
        assert not re.search(rf"\b{word.strip('.?!')}\b", lowered), [line for line in bot.lines if word in line][:3]


async def test_lines_of_a_call_and_of_a_turn_say_which(house: House) -> None:
    house.model.default = Refuse(500, "down")
    async with process.running(
        environment(house.sandbox, house.model, house.folder) | {"LOG_LEVEL": "DEBUG"}, house.folder
    ) as bot:
        await bot.ready()
        anna = await house.sandbox.person("Anna")
        await house.join(anna)
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
    assert closed["guild"] == ended["guild"] == house.sandbox.guild.id
    inside = [line for line in inside if line["event"] != "model_unchecked"]
    assert {line.get("call") for line in inside} == {ended["call"]}
    retried = {line["turn"] for line in inside if line["event"] == "engine.retry"}
    assert closed["turn"] in retried, "asked ahead, and adopted since"


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_the_password_of_a_database_is_in_no_traceback(house: House, log_format: str) -> None:
    dsn = "postgresql+asyncpg://kikite:dsncanary@127.0.0.1:1/kikite"
    env = environment(house.sandbox, house.model, house.folder)
    result = await process.run(
        env | {"DATABASE_URL": dsn, "LOG_LEVEL": "DEBUG", "LOG_FORMAT": log_format}, house.folder
    )
    assert result.code == 74
    assert "dsncanary" not in result.out + result.err
    for line in result.err.splitlines():
        if line.startswith("{"):
            json.loads(line)
