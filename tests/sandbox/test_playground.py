"""The playground without a browser: access checks, audio, the timeline, and the page's texts."""

import asyncio
import json
import re
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType

from bot.audio import RTP_RATE
from sandbox import clips
from sandbox.model.log import ReceivedRequest
from sandbox.people.compare import correlation
from sandbox.people.person import FRAME_BYTES
from sandbox.playground.backend import open_backend
from sandbox.playground.server import PAGE_FOLDER, PageEntry, serve_page
from sandbox.playground.session import LOUD_FLAG
from sandbox.playground.timeline import Timeline

BOT, ANNA = 1, 2


@asynccontextmanager
async def opened(*, local: bool = False) -> AsyncIterator[tuple[PageEntry, aiohttp.ClientSession]]:
    async with (
        open_backend(stand_in=True, local=local) as backend,
        serve_page(backend) as entry,
        aiohttp.ClientSession() as browser,
    ):
        yield entry, browser


async def say(page: aiohttp.ClientWebSocketResponse, sound: bytes) -> None:
    """Speak as the page does, frame by frame."""
    start = asyncio.get_running_loop().time()
    for number in range(len(sound) // FRAME_BYTES):
        frame = sound[number * FRAME_BYTES :][:FRAME_BYTES]
        await page.send_bytes(struct.pack("<I", number | LOUD_FLAG) + frame)
        await asyncio.sleep(start + 0.02 * (number + 1) - asyncio.get_running_loop().time())


async def test_only_the_own_page_is_let_in() -> None:
    async with opened() as (entry, browser):
        base, here = entry.url.removesuffix(f"{entry.secret}/"), f"http://127.0.0.1:{entry.port}"
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
        cases: list[tuple[str, str, dict[str, str], int]] = [
            ("GET", entry.url, {}, 200),
            ("GET", f"{entry.url}page/main.js", {}, 200),
            ("GET", base, {}, 403),
            ("GET", f"{base}guessed/", {}, 403),
            ("GET", entry.url, {"Host": "evil.example"}, 403),
            ("GET", entry.url, {"Origin": "https://evil.example"}, 403),
            ("GET", f"{entry.url}page/..%2fserver.py", {}, 404),
            ("GET", f"{entry.url}page/nothing.js", {}, 404),
            ("GET", f"{entry.url}files/1", {}, 404),
            ("GET", f"{entry.url}socket", upgrade, 403),
            ("GET", f"{entry.url}socket", upgrade | {"Origin": "https://evil.example"}, 403),
            ("POST", f"{entry.url}upload?name=a.wav", {}, 403),
            ("POST", f"{entry.url}upload?name=a.wav", {"Origin": "null"}, 403),
            ("POST", f"{entry.url}upload?name=a.wav", {"Origin": here}, 200),
        ]
        for method, url, headers, status in cases:
            async with browser.request(method, url, headers=headers) as answer:
                assert (answer.status, method, url) == (status, method, url)
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_page_that_speaks_is_heard_and_hears() -> None:
    async with opened() as (entry, browser):
        backend, heard, news = entry.backend, bytearray(), {}
        async with browser.ws_connect(
            f"{entry.url}socket", headers={"Origin": entry.url.split(f"/{entry.secret}")[0]}
        ) as page:

            async def listen() -> None:
                async for message in page:
                    if message.type is WSMsgType.BINARY:
                        heard.extend(message.data)
                    else:
                        news.update(json.loads(message.data))

            listening = asyncio.create_task(listen())
            await page.send_json({"do": "enter", "n": 1, "call": True})
            await until(lambda: backend.state == "listening")
            await say(page, clips.load("ben-moon", RTP_RATE))
            [*_, request] = await backend.model.wait_for_chats(1)
            assert correlation(clips.load("ben-moon", 16_000), request.newest, 16_000) >= 0.9
            await until(lambda: backend.state == "speaking")
            await until(lambda: backend.state == "listening")
            assert correlation(clips.load("bot-heard", RTP_RATE)[:96_000], bytes(heard), RTP_RATE) >= 0.9
            await until(lambda: {"about", "now", "names", "turns", "cost"} <= news.keys())
            await page.send_json({"do": "command", "n": 2, "name": "minutes"})
            lounge = backend.sandbox.lounge.id
            await until(lambda: "how far away is the moon? \\[1\\]" in backend.sandbox.messages(lounge)[-1].content)
            await page.send_json({"do": "command", "n": 3, "name": "nothing"})
            await page.send_str("no JSON")
            await page.send_bytes(b"no frame")
            await until(lambda: news.get("re") == 3)
            assert "no command" in news["error"]
        await listening


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def asked(at: float, first: float | None = None, aborted: float | None = None) -> ReceivedRequest:
    return ReceivedRequest("/chat/completions", {}, at, 0, body_at=at, first_audio_at=first, aborted_at=aborted)


def speak(timeline: Timeline, user_id: int, start: float, end: float) -> None:
    for step in range(round((end - start) * 50) + 1):
        timeline.add_sound(user_id, start + step * 0.02)


def test_the_figures_of_a_turn() -> None:
    timeline = Timeline(BOT)
    speak(timeline, ANNA, 10.0, 12.0)
    timeline.add_quiet(ANNA, 12.3)
    timeline.add_request(asked(12.5, 12.9))
    speak(timeline, BOT, 12.91, 14.91)
    [turn] = timeline.view()
    figures = ("speech", "silence", "model", "path", "total", "own", "playing", "stopped", "who")
    assert [turn[name] for name in figures] == [2000, 500, 400, 10, 910, 210, 2000, None, "2"]


def test_a_request_that_was_not_needed_and_one_talked_over() -> None:
    timeline = Timeline(BOT)
    speak(timeline, ANNA, 10.0, 11.0)
    timeline.add_request(asked(11.1, 11.3, aborted=11.4))
    speak(timeline, ANNA, 11.4, 12.0)
    timeline.add_request(asked(12.2, 12.5))
    speak(timeline, BOT, 12.6, 13.0)
    speak(timeline, ANNA, 13.02, 13.6)
    speak(timeline, BOT, 13.02, 13.5)
    early, turn = timeline.view()
    assert early["unheard"] and early["playing"] is None
    assert turn["stopped"] == 480 and turn["playing"] == 900


def test_a_replay_belongs_to_no_turn() -> None:
    timeline = Timeline(BOT)
    timeline.add_request(asked(1.0, 1.2))
    speak(timeline, BOT, 1.3, 2.0)
    speak(timeline, BOT, 9.0, 9.7)
    assert timeline.view()[0]["playing"] == 700


def words() -> dict[str, list[str]]:
    """Return the page's words, by their key."""
    source = (PAGE_FOLDER / "words.js").read_text(encoding="utf-8")
    found = re.findall(r'^  ("[^"]+"): \[\s*("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*"),?\s*\],$', source, re.M)
    return {json.loads(key): [json.loads(en), json.loads(ja)] for key, en, ja in found}


def test_everything_is_said_in_both_languages() -> None:
    said = words()
    assert len(said) == len(re.findall(r'^  "[^"]+": \[', (PAGE_FOLDER / "words.js").read_text(encoding="utf-8"), re.M))
    for key, (english, japanese) in said.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", japanese)), key
        assert bool(english) == bool(japanese), key


def test_the_page_says_nothing_that_has_no_words() -> None:
    said = words()
    html = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
    scripts = "\n".join(
        path.read_text(encoding="utf-8") for path in PAGE_FOLDER.glob("*.js") if path.name != "words.js"
    )
    used = re.findall(r'data-i18n(?:-label)?="([^"]+)"', html) + re.findall(r'\bt\("([^"]+)"', scripts)
    assert [key for key in used if key not in said] == []


@pytest.mark.parametrize("path", sorted(PAGE_FOLDER.iterdir()), ids=lambda path: path.name)
def test_the_page_asks_nobody_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:)?//[\w-]+\.[\w.]+", text) == []
    assert "innerHTML" not in text or path.name == "dom.js"
