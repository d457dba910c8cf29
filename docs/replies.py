"""Takes pictures of what people meet: the whole bot in the sandbox, seen through the playground's page.

    ./dev python -m docs.replies [LANGUAGE] [SCENE …]

Needs Chromium. Nothing is reached but loopback; a stand-in plays the model.
"""

import asyncio
import base64
import io
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from bot.types import Message
from sandbox import clips
from sandbox.consent import press_consent
from sandbox.guild.components import walk
from sandbox.guild.message import ChatMessage
from sandbox.model.behaviour import Behaviour, Echo, Speak
from sandbox.model.log import ReceivedRequest
from sandbox.people.outcome import CommandOutcome
from sandbox.people.person import RTP_RATE, Person
from sandbox.playground.backend import PlaygroundBackend, open_backend
from sandbox.playground.server import serve_page
from tests.e2e.browser import Page, browser
from tests.e2e.conftest import until
from tests.jobs.conftest import podcasting

OUT = Path(__file__).parent / "pictures"
COLOURS = 48
"""Of a picture; more would make it larger and nothing clearer."""
PATIENCE_SECONDS = 120.0
CORRECTION_MENU = "That's not what I said"


@dataclass(frozen=True)
class Cast:
    """What differs between the languages."""

    you: str
    friend: str
    said: tuple[str, str]
    "recordings: yours, and your friend's"
    told: str
    "a longer recording of your friend's"
    answer: str
    misheard: str
    languages: str
    text: str
    "what a podcast is made of"
    meeting: tuple[tuple[int, str], ...]
    "0: you, 1: your friend"


CASTS = {
    "en": Cast(
        you="Anna",
        friend="Ben",
        said=("anna-cook", "ben-train"),
        told="ben-story",
        answer="bot-rice",
        misheard="anna-boss",
        languages="en, ja",
        text="# The moon\n\nThe moon is 384,000 kilometres away. Light takes a little more than a second. ",
        meeting=(
            (0, "How do we get to the lake on Saturday?"),
            (1, "We'll take the eight o'clock train."),
            (0, "I'll book the seats by 2026-12-04."),
            (1, "And I'll bring the tent."),
            (0, "Who has a second stove?"),
        ),
    ),
    "ja": Cast(
        you="あかり",
        friend="ゆき",
        said=("yuki-weather", "yuki-game"),
        told="yuki-film",
        answer="bot-tenki",
        misheard="yuki-game",
        languages="ja, en",
        text="# 月の話\n\n月までの距離はおよそ38万キロです。光でも1秒あまりかかります。",
        meeting=(
            (0, "土曜日の湖まではどうやって行きますか？"),
            (1, "8時の電車で行くことにしましょう。"),
            (0, "席は私が2026-12-04までに予約しておきます。"),
            (1, "テントは僕が持っていきます。"),
            (0, "コンロをもう1台持っている人はいますか？"),
        ),
    ),
}


@dataclass
class Stage:
    """An open playground, and who is in it."""

    backend: PlaygroundBackend
    page: Page
    language: str
    cast: Cast
    friend: Person
    interpreted: bool = False
    script: list[Callable[[ReceivedRequest], Behaviour]] = field(default_factory=list)

    @property
    def lounge(self) -> int:
        return self.backend.sandbox.lounge.id

    async def use(self, command: str, **options: Any) -> CommandOutcome:
        """Let the person in front of the page use a command."""
        user, sandbox = self.backend.browser_person.user, self.backend.sandbox
        while True:
            outcome = await sandbox.command(user, command, options, channel_id=self.lounge)
            await outcome.settled(PATIENCE_SECONDS)
            if not any(words in outcome.content for words in ("a bit fast", "操作が速すぎます")):
                return outcome
            await asyncio.sleep(2)

    def messages(self) -> list[ChatMessage]:
        return self.backend.sandbox.messages(self.lounge, ephemeral=True)

    async def shown(self, words: str) -> ChatMessage:
        """Wait for a message with these words, and return the newest."""
        await until(lambda: any(words in item.content for item in self.messages()), PATIENCE_SECONDS)
        return next(item for item in reversed(self.messages()) if words in item.content)

    async def quiet(self) -> None:
        """Wait until the bot is listening again and the page has been drawn."""
        await until(lambda: self.backend.state in ("listening", "away"), PATIENCE_SECONDS)
        await self.page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    async def say(self, who: Person, clip: str, *, seen: bool = True) -> None:
        await who.say(clips.load(clip, RTP_RATE))
        if seen:
            await self.shown(clips.get(clip).sentence)

    async def take(self, name: str, *messages: ChatMessage | None) -> None:
        """Take a picture of these messages, which follow each other."""
        ids = [str(item.id) for item in messages if item is not None]
        assert ids, name
        await self.page.run("document.querySelectorAll('.message').forEach((item) => { item.hidden = false; })")
        await self.page.until(f"{ids}.every((id) => document.querySelector(`[data-message='${{id}}']`))")
        await self.quiet()
        measure = f"""(() => {{
                const found = {ids}.map((id) => document.querySelector(`[data-message='${{id}}']`));
                document.querySelectorAll(".message").forEach((item) => {{ item.hidden = !found.includes(item); }});
                found[0].scrollIntoView({{ block: "start", behavior: "instant" }});
                const boxes = found.map((item) => item.getBoundingClientRect());
                const top = Math.min(...boxes.map((box) => box.top)), left = boxes[0].left;
                const bottom = Math.max(...boxes.map((box) => box.bottom));
                return {{ x: left - 8, y: top - 4, width: boxes[0].width + 8, height: bottom - top + 12 }};
            }})()"""
        box, before = await self.page.run(measure), None
        while box != before:  # an edit may be on its way to the page
            await asyncio.sleep(0.4)
            box, before = await self.page.run(measure), box
        await self.save(name, box)
        await self.page.run("document.querySelectorAll('.message').forEach((item) => { item.hidden = false; })")

    async def take_element(self, name: str, selector: str) -> None:
        box = await self.page.run(
            f"(() => {{ const box = document.querySelector({selector!r}).getBoundingClientRect();"
            "return { x: box.left - 8, y: box.top - 8, width: box.width + 16, height: box.height + 16 }; })()"
        )
        await self.save(name, box)

    async def save(self, name: str, box: dict[str, float] | None = None) -> None:
        more = {"clip": {**box, "scale": 1}} if box else {}
        told = await self.page.call("Page.captureScreenshot", format="png", **more)
        picture = Image.open(io.BytesIO(base64.b64decode(told["data"]))).convert("RGB")
        small = picture.quantize(COLOURS if box else 4 * COLOURS, dither=Image.Dither.NONE)
        small.save(OUT / f"{name}.{self.language}.png", optimize=True)


def answer(stage: Stage, request: ReceivedRequest) -> Behaviour:
    """Play the model."""
    system = str(request.body["messages"][0]["content"])
    if "podcast" in system.lower():
        return podcasting(request)
    if '"decisions"' in system or system.startswith("Translate"):
        return Echo()
    if stage.interpreted:
        return Speak.clip("bot-kikoeta" if stage.language == "en" else "bot-heard")
    return Speak.clip(stage.cast.answer)


# Scenes


async def consent(stage: Stage) -> None:
    """The panel, the notice, and somebody who has not agreed yet."""
    panel = next(item for item in stage.messages() if any("custom_id" in part for part in walk(item.components)))
    notice = await stage.shown("🎧")
    newcomer = await stage.shown("👋")
    await stage.page.sees(stage.cast.friend, ".container")
    await stage.take("consent", panel, notice, newcomer)
    pressed = await press_consent(stage.backend.sandbox, stage.backend.browser_person.user, stage.lounge)
    await press_consent(stage.backend.sandbox, stage.friend.user, stage.lounge)
    await stage.take("consent-given", pressed and pressed.message)


async def about(stage: Stage) -> None:
    await stage.take("privacy-about", (await stage.use("privacy about")).message)


async def refusal(stage: Stage) -> None:
    await stage.take("refusal", (await stage.use("interpret", languages="klingon")).message)


async def voice(stage: Stage) -> None:
    await stage.take("voice-mine", (await stage.use("voice mine", name="cedar")).message)


async def tools(stage: Stage) -> None:
    await stage.take("tools", (await stage.use("tools")).message)


async def access(stage: Stage) -> None:
    role = next(role for role in stage.backend.sandbox.guild.roles.values() if role.name == "Host")
    outcome = await stage.use("settings access", action="spend", role=role, cap=2.0)
    await stage.take("settings-access", outcome.message)
    await stage.use("settings reset")


async def talk(stage: Stage) -> None:
    """A turn, /call status and /call why, and the refusal to change another's line."""
    await stage.say(stage.friend, stage.cast.said[0])
    await stage.shown(clips.get(stage.cast.answer).sentence)
    await stage.say(stage.friend, stage.cast.said[1])
    await stage.quiet()
    await stage.friend.say(clips.load("cough", RTP_RATE))
    await stage.take("call-status", (await stage.use("call status")).message)
    await stage.take("call-why", (await stage.use("call why")).message)
    line = await stage.shown(clips.get(stage.cast.said[1]).sentence)
    user = stage.backend.browser_person.user
    await stage.take("refusal-correction", (await stage.backend.sandbox.menu(user, CORRECTION_MENU, line)).message)


async def correction(stage: Stage) -> None:
    """The form, on a line of one's own."""
    await stage.backend.browser_person.say(clips.load(stage.cast.said[1], RTP_RATE))
    line = await stage.shown(f"**{stage.cast.you}** {clips.get(stage.cast.said[1]).sentence}")
    menu = f"document.querySelector(\"[data-message='{line.id}'] .menu\")"
    choose = f"(() => {{ const menu = {menu};"
    choose += f' menu.value = "{CORRECTION_MENU}"; menu.dispatchEvent(new Event("change")); }})()'
    await stage.page.until(f"!!{menu}")
    await stage.page.run(choose)
    await stage.page.until("document.getElementById('form').open")
    await stage.take_element("correction", "#form")
    await stage.page.run("document.getElementById('form').close()")


async def captions(stage: Stage) -> None:
    await stage.use("captions")
    begun = await stage.shown("💬")
    sentence = clips.get(stage.cast.said[1]).sentence
    await stage.friend.say(clips.load(stage.cast.said[1], RTP_RATE))
    written = lambda: any(item.id > begun.id and sentence in item.content for item in stage.messages())  # noqa: E731
    await until(written, PATIENCE_SECONDS)
    await until(lambda: not any(item.content.endswith("…") for item in stage.messages()), PATIENCE_SECONDS)
    speaking = asyncio.create_task(stage.friend.say(clips.load(stage.cast.told, RTP_RATE)))
    live = lambda: [item for item in stage.messages() if item.content.endswith("…") and "💬" not in item.content]  # noqa: E731
    await until(live, PATIENCE_SECONDS)
    lines = [item for item in stage.messages() if item.id >= begun.id and sentence in item.content]
    await stage.take("captions", begun, *lines, *live())
    await speaking
    await stage.shown(clips.get(stage.cast.told).sentence)
    await stage.use("captions")
    await stage.quiet()


async def interpreter(stage: Stage) -> None:
    before = stage.messages()[-1].id
    await stage.use("interpret", languages=stage.cast.languages)
    stage.interpreted = True
    await stage.say(stage.friend, stage.cast.said[1], seen=False)
    words = clips.get("bot-kikoeta" if stage.language == "en" else "bot-heard").sentence
    await until(lambda: any(words in item.content and item.components for item in stage.messages()), PATIENCE_SECONDS)
    await stage.take("interpreter", *[item for item in stage.messages() if item.id > before])
    await stage.use("interpret")
    stage.interpreted = False


async def minutes(stage: Stage) -> None:
    app = stage.backend.app
    assert app is not None
    now = app.client.services.wall()
    people = (stage.backend.browser_person.user, stage.friend.user)
    lines = [
        Message("user", people[who].id, people[who].global_name or "", text, now - timedelta(minutes=5 - number / 2))
        for number, (who, text) in enumerate(stage.cast.meeting)
    ]
    await app.store.remember(stage.backend.sandbox.guild.id, stage.lounge, lines)
    outcome = await stage.use("minutes", since="6m")
    await until(lambda: bool(outcome.attachments), PATIENCE_SECONDS)
    await stage.take("minutes", outcome.message)


async def podcast(stage: Stage) -> None:
    long = stage.backend.sandbox.file("moon.md", (stage.cast.text * 1500).encode()[:150_000])
    asked = asyncio.create_task(stage.use("podcast", file=long))
    question = await stage.shown("🎙️")
    await until(lambda: bool(question.components), PATIENCE_SECONDS)
    await stage.take("podcast-question", question)
    no = [part["custom_id"] for part in walk(question.components) if "custom_id" in part][1]
    await stage.backend.sandbox.click(stage.backend.browser_person.user, question, no)
    await asked
    short = stage.backend.sandbox.file("moon.md", (stage.cast.text * 120).encode())
    outcome = await stage.use("podcast", file=short)
    assert outcome.message
    await until(lambda: bool(outcome.components), PATIENCE_SECONDS)
    await stage.page.sees("Writing" if stage.language == "en" else "台本")
    await stage.take("podcast-progress", outcome.message)
    done = lambda: [item for item in stage.messages() if len(item.attachments) >= 2 and "summary.md" in str(item)]  # noqa: E731
    await until(done, PATIENCE_SECONDS)
    await stage.take("podcast-done", done()[-1])


async def budget(stage: Stage) -> None:
    await stage.use("settings budget", server=0.01)
    before = stage.messages()[-1].id
    await stage.friend.say(clips.load(stage.cast.said[0], RTP_RATE))
    await until(
        lambda: any(
            item.id > before and ("予算" in item.content or "budget" in item.content) for item in stage.messages()
        ),
        PATIENCE_SECONDS,
    )
    await asyncio.sleep(3)
    await stage.take("budget", *[item for item in stage.messages() if item.id > before])
    await stage.use("settings reset")


async def playground(stage: Stage) -> None:
    """The page itself, in the middle of a talk; in Japanese on a phone as well."""
    end = "(() => { const list = document.getElementById('messages'); list.scrollTop = list.scrollHeight; })()"
    sizes = [("../playground", 1440, 900, False), ("../playground-phone", 390, 844, True)]
    for name, width, height, phone in sizes[: 1 if stage.language == "en" else 2]:
        await stage.page.size(width, height, phone=phone)
        if phone:
            await stage.page.click("nav [data-tab='chat']")
        await stage.quiet()
        await stage.page.run(end)
        await stage.save(name)
    await stage.page.size(1500, 2400)


Scene = Callable[[Stage], Awaitable[None]]
SCENES: tuple[Scene, ...] = (
    *(consent, about, refusal, voice, tools, access, minutes, talk, playground),
    *(correction, captions, interpreter, podcast, budget),
)


async def take_all(language: str, wanted: list[str]) -> None:
    cast = CASTS[language]
    os.environ |= {"TEXT_MODEL": "gpt-5-mini", "CUE": "off", "SPECULATION": "off"}
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_backend(stand_in=True) as backend,
            serve_page(backend) as entry,
            browser(Path(folder), language=language) as chromium,
        ):
            backend.browser_person.user.global_name = cast.you
            backend.set_language(language)
            friend = await backend.sandbox.person(cast.friend, locale=backend.browser_person.user.locale)
            page = await chromium.page(entry.url)
            await page.size(1500, 2400)
            dark = [{"name": "prefers-color-scheme", "value": "dark"}]
            await page.call("Emulation.setEmulatedMedia", features=dark)
            await page.until("document.getElementById('welcome').open")
            stage = Stage(backend, page, language, cast, friend)
            backend.model.default = lambda request: answer(stage, request)  # pyright: ignore
            await page.click("#enter-silent")
            await page.until("document.getElementById('orb').dataset.state === 'listening'")
            await friend.join(stage.lounge)
            for scene in SCENES:
                if wanted and scene.__name__ not in wanted and scene is not consent:
                    continue
                print(language, scene.__name__, flush=True)
                try:
                    await scene(stage)
                except TimeoutError:
                    print(*(f"  {item.content!r}" for item in stage.messages()), sep="\n")
                    raise


async def main() -> None:
    languages = [item for item in sys.argv[1:] if item in CASTS] or list(CASTS)
    for language in languages:
        await take_all(language, [item for item in sys.argv[1:] if item not in CASTS])


if __name__ == "__main__":
    asyncio.run(main())
