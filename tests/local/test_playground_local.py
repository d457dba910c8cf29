"""`playground --local`, by its socket: whoever speaks into it is heard, and hears the same words in another voice."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import WSMsgType

from bot.audio import HEAR_RATE, RTP_RATE
from bot.engine.local.recogniser import MoonshineRecogniser
from sandbox import clips
from sandbox.media import resample
from tests.local.weights import RECOGNISER
from tests.sandbox.test_playground import opened, say, until


async def test_a_page_that_speaks_is_heard_and_hears(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIBE_MODEL", RECOGNISER)
    monkeypatch.setenv("LOCAL_MODELS_DIR", str(models))
    async with opened(local=True) as (entry, browser):
        backend, heard = entry.backend, bytearray()
        async with browser.ws_connect(
            f"{entry.url}socket", headers={"Origin": entry.url.split(f"/{entry.secret}")[0]}
        ) as page:

            async def listen() -> None:
                async for message in page:
                    if message.type is WSMsgType.BINARY:
                        heard.extend(message.data)

            listening = asyncio.create_task(listen())
            await page.send_json({"do": "enter", "n": 1, "call": True})
            await until(lambda: backend.state == "listening")
            await say(page, clips.load("ben-train", RTP_RATE))
            messages = backend.sandbox.messages
            lounge = backend.sandbox.lounge.id
            await until(lambda: any("-#" in message.content for message in messages(lounge)), 60)
            await until(lambda: backend.state == "listening", 60)
        await listening
        shown = " ".join(message.content for message in messages(lounge))
    told = MoonshineRecogniser(models / RECOGNISER).words(resample(bytes(heard), RTP_RATE, HEAR_RATE), ())
    assert "last train" in shown
    assert "last train" in told.lower()
