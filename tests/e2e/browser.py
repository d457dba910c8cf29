"""A headless Chromium whose microphone plays a recording, driven through its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
    "--window-size=1440,900",
)
PAGE_TIMEOUT_SECONDS = 30.0
"""Longest wait for a change on the page."""
KEYS = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Space": 32}


class Page:
    """One page. `requests` holds the address of every request it made."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.requests: list[str] = []
        self.faults: list[str] = []
        "uncaught exceptions and errors in the console"
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                waiting = self._waiting.pop(told["id"], None)
                if waiting and not waiting.done():
                    waiting.set_result(told)
                continue
            params = told["params"]
            match told["method"]:
                case "Network.requestWillBeSent":
                    self.requests.append(params["request"]["url"])
                case "Network.webSocketCreated":
                    self.requests.append(params["url"])
                case "Runtime.exceptionThrown":
                    self.faults.append(str(params["exceptionDetails"]))
                case "Log.entryAdded" if params["entry"]["level"] == "error":
                    self.faults.append(params["entry"]["text"])

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        told = await asyncio.wait_for(answer, PAGE_TIMEOUT_SECONDS)
        assert "error" not in told, f"{method}: {told['error']}"
        return told["result"]

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        """Return the value of a JavaScript expression; promises are awaited."""
        told = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, script: str, seconds: float = PAGE_TIMEOUT_SECONDS) -> Any:
        """Return the value of an expression as soon as it is true."""
        try:
            async with asyncio.timeout(seconds):
                while not (value := await self.run(script)):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never true: {script}\n{await self.text('body')}") from None
        return value

    async def text(self, selector: str) -> str:
        return await self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    async def sees(self, words: str, selector: str = "body", seconds: float = PAGE_TIMEOUT_SECONDS) -> None:
        """Wait until an element shows these words."""
        await self.until(
            f"(document.querySelector({json.dumps(selector)})?.innerText ?? '').includes({json.dumps(words)})", seconds
        )

    async def click(self, selector: str) -> None:
        await self.until(f"!!document.querySelector({json.dumps(selector)})")
        await self.run(f"document.querySelector({json.dumps(selector)}).click()")

    async def press(self, key: str, *, down: bool = True, up: bool = True, shift: bool = False) -> None:
        """Press a key, as a keyboard does."""
        text = {"Enter": "\r", "Space": " "}.get(key, key if len(key) == 1 else "")
        code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
        common = {
            "key": " " if key == "Space" else key,
            "code": key,
            "windowsVirtualKeyCode": code,
            "modifiers": 8 if shift else 0,
        }
        if down:
            await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        if up:
            await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def type(self, words: str) -> None:
        await self.call("Input.insertText", text=words)

    async def focused(self) -> str:
        """Return the id of the focused element, or its text."""
        return await self.run("document.activeElement.id || document.activeElement.innerText || ''")

    async def tab_to(self, name: str) -> None:
        """Press Tab until an element has the focus, by id or text."""
        for _ in range(60):
            if await self.focused() == name:
                return
            await self.press("Tab")
        raise AssertionError(f"Tab never comes to {name}")

    async def size(self, width: int, height: int, *, phone: bool = False) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    async def picture(self, path: Path) -> None:
        told = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(told["data"]))


class Browser:
    """A running Chromium."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._base = f"http://127.0.0.1:{port}"
        self._reading: list[asyncio.Task[None]] = []
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def page(self, url: str) -> Page:
        """Open another tab."""
        async with self._session.put(f"{self._base}/json/new?about:blank") as answer:
            address = (await answer.json())["webSocketDebuggerUrl"]
        socket = await self._session.ws_connect(address, max_msg_size=0)
        page = Page(socket)
        self._sockets.append(socket)
        self._reading.append(asyncio.create_task(page.read()))
        await page.open(url)
        return page

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()
        await asyncio.gather(*self._reading, return_exceptions=True)


@asynccontextmanager
async def browser(
    folder: Path, microphone: Path | None = None, *, allow: bool = True, language: str = "en"
) -> AsyncIterator[Browser]:
    """Start Chromium. `microphone`: a WAV file that is played once; `allow` False refuses the microphone."""
    assert CHROMIUM is not None
    flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}", f"--lang={language}", f"--accept-lang={language}"]
    if allow:
        flags.append("--use-fake-ui-for-media-stream")
    if microphone is not None:
        flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    log = open(folder / "chromium.log", "wb")  # noqa: SIM115, ASYNC230
    process = await asyncio.create_subprocess_exec(CHROMIUM, *flags, "about:blank", stdout=log, stderr=log)
    try:
        async with aiohttp.ClientSession() as session:
            made = Browser(session, await _port(folder / "profile" / "DevToolsActivePort"))
            try:
                yield made
            finally:
                await made.close()
    finally:
        log.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _port(path: Path) -> int:
    async with asyncio.timeout(PAGE_TIMEOUT_SECONDS):
        while not path.exists() or not path.read_text():
            await asyncio.sleep(0.05)
    return int(path.read_text().splitlines()[0])
