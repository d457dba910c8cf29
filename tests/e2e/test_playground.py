"""The playground in a real browser, whose microphone plays a recording: the whole way there and back."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.audio import RTP_RATE, to_wav
from sandbox import clips
from sandbox.media import to_pcm
from sandbox.model.behaviour import Speak
from sandbox.model.server import ModelServer
from sandbox.people.compare import correlation
from sandbox.playground.backend import PlaygroundBackend, open_backend
from sandbox.playground.server import PageEntry, serve_page
from tests.e2e.browser import CHROMIUM, Browser, Page, browser
from tests.settling import settled

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

RECORDER = """
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (target, ...more) {
      if (target instanceof AudioDestinationNode) {
        const tap = this.context.createMediaStreamDestination();
        connect.call(this, tap);
        window.recorder = new MediaRecorder(tap.stream, { audioBitsPerSecond: 128000 });
        window.recorder.start();
      }
      return connect.call(this, target, ...more);
    };
"""
"""Keeps what the page gives to the loudspeaker."""
HEARD = """
    new Promise((settle) => {
      window.recorder.ondataavailable = async ({ data }) => {
        const bytes = new Uint8Array(await data.arrayBuffer());
        settle(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
      };
      window.recorder.stop();
    })
"""
"""What it was until now, as base64 of a WebM file."""


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * RTP_RATE))


def said(name: str) -> bytes:
    return clips.load(name, RTP_RATE)


def heard_unbroken(clip: bytes, sound: bytes) -> float:
    """Return how much of the best half second of a clip is in a sound: a busy machine leaves gaps between them."""
    size = RTP_RATE  # bytes of half a second
    return max(correlation(clip[at : at + size], sound, RTP_RATE) for at in range(0, len(clip) - size, size))


@asynccontextmanager
async def opened(
    folder: Path, microphone: bytes = b"", *, allow: bool = True, language: str = "en"
) -> AsyncIterator[tuple[PlaygroundBackend, PageEntry, Browser]]:
    wav = folder / "microphone.wav"
    wav.write_bytes(to_wav(microphone, RTP_RATE))
    device = wav if microphone else None
    async with (
        open_backend(stand_in=True) as backend,
        serve_page(backend) as door,
        browser(folder, device, allow=allow, language=language) as chromium,
    ):
        yield backend, door, chromium


def stand_in(backend: PlaygroundBackend) -> ModelServer:
    assert isinstance(backend.model, ModelServer)
    return backend.model


async def entered(page: Page, button: str = "#enter") -> None:
    """Enter the voice channel and wait until the bot listens."""
    await page.until("document.getElementById('welcome').open")
    await page.run(
        "const filters = document.getElementById('filters'); filters.checked = false; "
        "filters.dispatchEvent(new Event('change'))"
    )
    await page.click(button)
    await page.until("document.getElementById('orb').dataset.state === 'listening'")


async def entered_and_talking(page: Page) -> None:
    """Enter, and only then open the microphone: its recording plays from there on, whether the bot listens or not."""
    await entered(page, "#enter-silent")
    await page.click("#talk")


async def test_somebody_talks_to_it_and_hears_the_answer(tmp_path: Path) -> None:
    async with opened(tmp_path, silence(0.5) + said("anna-cook")) as (backend, door, chromium):
        page = await chromium.page("about:blank")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=RECORDER)
        await page.open(door.url)
        await entered_and_talking(page)
        await page.sees(clips.get("anna-cook").sentence, "#messages")
        await page.sees(clips.get("bot-heard").sentence, "#messages")
        # Looked at after the answer: the first request may have been asked ahead, in a pause, and be a part of it only.
        requests = await stand_in(backend).wait_for_chats(1)
        heard = clips.load("anna-cook", 16_000)
        assert max(correlation(heard, request.newest, 16_000) for request in requests) >= 0.9
        await page.until("document.getElementById('orb').dataset.state === 'listening'")
        sound = to_pcm(base64.b64decode(await page.run(HEARD)), RTP_RATE)
        assert heard_unbroken(said("bot-heard"), sound) >= 0.9
        # Where the time went, and the page's own path apart from it:
        await page.sees("without the model", "#turns")
        assert [turn for turn in backend.timeline.view() if turn["total"] is not None and turn["own"] is not None]
        await page.sees(" ms", "#own")
        # Nobody else was asked for anything:
        own = (door.url, door.url.replace("http:", "ws:"), "about:", "data:", "blob:")
        assert [address for address in page.requests if not address.startswith(own)] == []
        assert page.faults == []


async def test_talking_over_the_answer_stops_it(tmp_path: Path) -> None:
    microphone = silence(0.5) + said("anna-cook") + silence(4.0) + said("anna-wait")
    async with opened(tmp_path, microphone) as (backend, door, chromium):
        stand_in(backend).default = Speak.clip("bot-moon")
        page = await chromium.page(door.url)
        await entered_and_talking(page)
        await page.sees("Speaking", "#state")
        stand_in(backend).default = Speak.clip("bot-heard")
        await page.sees("Sorry, wait a moment", "#messages")  # all of it, or what comes before a gap
        await page.sees("interrupted: quiet after", "#turns")
        first = next(turn for turn in backend.timeline.view() if turn["playing"])
        assert first["playing"] < 1000 * Speak.clip("bot-moon").seconds - 1000


async def test_the_keyboard_is_enough(tmp_path: Path) -> None:
    async with opened(tmp_path) as (backend, door, chromium):
        page = await chromium.page(door.url)
        await page.until("document.getElementById('welcome').open")
        await page.tab_to("enter-silent")
        await page.press("Enter")
        await page.sees("Listening", "#state")
        await page.tab_to("line")
        await page.type("/call st")
        await page.sees("/call status", "#suggestions")
        await page.press("Enter")  # it has no options: it runs at once
        await page.sees("Only you can see this", "#messages li:last-child")
        await page.type("/ask")
        await page.press("Enter")
        await page.until("document.activeElement.name === 'text'")
        await page.type("How far is the moon?")
        await page.press("Enter")
        await page.sees("How far is the moon?", "#messages")
        await stand_in(backend).wait_for_chats(1)
        await page.until("document.getElementById('orb').dataset.state === 'listening'")
        if any(command["name"] == "settings" for command in backend.sandbox.commands()):
            await page.tab_to("line")
            await page.type("/settings show")
            await page.press("Enter")
            await page.until("document.getElementById('line').value === ''")
            if await page.run("!document.getElementById('options').hidden"):
                await page.press("Enter")
            await page.sees("you used /settings", "#messages")
        await page.run("document.getElementById('messages').focus()")
        await page.tab_to("Leave")  # of the panel
        await page.press("Enter")
        await page.until("document.getElementById('orb').dataset.state === 'away'")
        assert page.faults == []


async def test_push_to_talk_sends_only_while_the_key_is_held(tmp_path: Path) -> None:
    async with opened(tmp_path, said("ben-story") * 6) as (backend, door, chromium):
        page = await chromium.page(door.url)
        await page.run("document.querySelector('input[value=hold]').click()")
        await entered(page)
        await page.sees("Hold to talk", "#talk")
        assert backend.browser_person.counts["sent"] == 0
        await page.run("document.activeElement.blur()")
        await page.press("Space", up=False)
        await page.sees("You are speaking", "#talk")
        await page.until("!!document.querySelector('#people .speaking')")
        await page.press("Space", down=False)
        await page.sees("Hold to talk", "#talk")
        await settled(lambda: backend.browser_person.counts["sent"])
        sent = backend.browser_person.counts["sent"]
        await asyncio.sleep(0.5)
        assert 0 < sent == backend.browser_person.counts["sent"]


async def test_it_speaks_japanese_on_a_phone(tmp_path: Path) -> None:
    async with opened(tmp_path, language="ja") as (_, door, chromium):
        page = await chromium.page("about:blank")
        await page.size(390, 844, phone=True)
        await page.open(door.url)
        await entered(page, "#enter-silent")
        await page.sees("聞いています", "#state")
        for tab, seen in (("chat", "#messages"), ("timing", "#loss"), ("room", "#people")):
            await page.click(f".tabs [data-tab={tab}]")
            assert await page.run(f"document.querySelector('{seen}').checkVisibility()")
            parts = "[...document.querySelectorAll('main > section')].filter((part) => part.checkVisibility()).length"
            assert await page.run(parts) == 1
            assert await page.run("document.documentElement.scrollWidth <= innerWidth")
        await page.click("[data-language=en]")
        await page.sees("Listening", "#state")


async def test_guests_say_sentences_and_files_over_a_bad_line(tmp_path: Path) -> None:
    async with opened(tmp_path) as (backend, door, chromium):
        page = await chromium.page(door.url)
        await entered(page, "#enter-silent")
        await page.click("#add-guest")
        await page.sees("Anna", "#people")
        await page.run(
            "const slider = document.getElementById('loss'); slider.value = 5; slider.dispatchEvent(new Event('input'))"
        )
        await page.click("[data-guest=Anna] .say")
        await page.sees(clips.get("anna-cook").sentence, "#messages")
        assert backend.browser_person.conditions.down.loss == 0.05
        node = (await page.call("DOM.getDocument"))["root"]["nodeId"]
        found = await page.call("DOM.querySelector", nodeId=node, selector="[data-guest=Anna] input[type=file]")
        files = [str(clips.get("anna-boss").path)]
        await page.call("DOM.setFileInputFiles", nodeId=found["nodeId"], files=files)
        await page.sees(clips.get("anna-boss").sentence, "#messages")
        await page.click("[data-guest=Anna] .x")
        await page.until("!document.querySelector('#guests li')")
        assert page.faults == []


async def test_a_lost_connection_comes_back_by_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, door, chromium):
        page = await chromium.page(door.url)
        await entered(page, "#enter-silent")
        assert door.current is not None
        await page.run(
            "window.seen = []; const [banner, text, line] = ['banner', 'banner-text', 'line'].map((id) => "
            "document.getElementById(id)); "
            "const note = () => window.seen.push([text.textContent, line.disabled]); "
            "new MutationObserver(note).observe(banner, { subtree: true, childList: true, attributes: true })"
        )
        lost = door.current
        await lost.close(code=1011)
        back = "document.getElementById('banner').hidden && !document.getElementById('line').disabled"
        await page.until(f"window.seen.length && {back}")
        assert ["Connection lost. Reconnecting…", True] in await page.run("window.seen")
        assert door.current is not lost
        await page.sees("Listening", "#state")
        assert page.faults == []


async def test_a_guest_is_heard_by_its_own_consent(tmp_path: Path) -> None:
    async with opened(tmp_path) as (backend, door, chromium):
        page = await chromium.page(door.url)
        await entered(page, "#enter-silent")
        assert backend.settings.consent == "opt-in"
        await page.click("#add-guest")
        await page.sees("Anna", "#people")
        await page.click("[data-guest=Anna] .say")
        await page.sees(clips.get("anna-cook").sentence, "#messages")
        assert [extra.agreed for extra in backend.extra_people.all()] == [True]


async def test_a_refused_microphone_is_said_and_can_be_allowed(tmp_path: Path) -> None:
    async with opened(tmp_path, silence(60.0), allow=False) as (_, door, chromium):
        page = await chromium.page(door.url)
        await page.until("document.getElementById('welcome').open")
        await page.call("Browser.setPermission", permission={"name": "microphone"}, setting="denied")
        await page.click("#enter")
        await page.sees("Microphone access was denied", "#banner")
        await page.sees("Listening", "#state")  # one is in the room all the same
        await page.call("Browser.setPermission", permission={"name": "microphone"}, setting="granted")
        await page.click("#banner-act")
        await page.sees("Microphone on", "#talk")
        assert await page.run("document.getElementById('banner').hidden")


async def test_every_trouble_is_said_and_mended(tmp_path: Path) -> None:
    async with opened(tmp_path) as (backend, door, chromium):
        page = await chromium.page(door.url)
        await page.until("document.getElementById('welcome').open")
        await page.click("#enter")
        await page.sees("No microphone found", "#banner")
        await page.sees("Listening", "#state")  # one is in the room all the same
        await backend.stop()
        await page.sees("The bot has stopped", "#banner")
        await page.click("#banner-act")
        await page.until("document.getElementById('orb').dataset.state === 'listening'")  # it comes back by itself
        second = await chromium.page(door.url)
        await second.sees("already open in another tab", "#banner")
        await second.click("#banner-act")
        await page.sees("has moved to another tab", "#banner")
        await second.until("document.getElementById('welcome').open")
