"""/podcast from the outside: a text in, two attachments out, through questions, failures, restarts and Cancel."""

import pytest

from bot.audio import SPEAK_RATE
from bot.sandbox.interactions import Interactions
from bot.sandbox.media import to_pcm
from bot.sandbox.message import Message
from bot.sandbox.model_behaviour import Answer, Refuse
from bot.sandbox.model_log import ReceivedRequest
from tests.e2e.conftest import House, until
from tests.e2e.meter import chapters, length, lufs
from tests.e2e.test_conversation import button_id
from tests.e2e.test_jobs import told
from tests.jobs.conftest import podcasting
from tests.jobs.test_podcast import text


async def posted_podcast(house: House) -> Message:
    return await house.sandbox.posted(house.sandbox.general.id, lambda message: len(message.attachments) >= 2, 60)


async def test_a_podcast_and_its_summary_come_in_one_message(house: House) -> None:
    house.model.default = podcasting
    async with house.bot():
        eve = house.sandbox.add_user("Eve")
        file = house.sandbox.file("moon.md", text(14_000).encode())
        outcome = await (await house.sandbox.command(eve, "podcast", {"file": file, "format": "mp3"})).settled()
        assert "About the moon" in outcome.content
        message = await posted_podcast(house)
        sound, summary = message.attachments
        assert (sound.filename, summary.filename) == ("podcast.mp3", "summary.md")
        pcm = media.to_pcm(sound.data, SPEAK_RATE)
        assert abs(measure([pcm], SPEAK_RATE) - -16) < 1
        assert summary.data.decode().startswith("# About the moon")
        assert "$" in message.content
        await until(lambda: not list((house.folder / "jobs").glob("*")))
    assert not house.model.refused


async def test_a_dear_podcast_is_asked_about_and_can_be_cancelled(house: House) -> None:
    def slowly(request: ReceivedRequest) -> Answer:
        return podcasting(request).with_(first_audio=0.3)

    house.model.default = slowly
    async with house.bot():
        eve, ben = house.sandbox.add_user("Eve"), house.sandbox.add_user("Ben")
        file = house.sandbox.file("long.txt", text(60_000).encode())
        outcome = await (await house.sandbox.command(eve, "podcast", {"file": file})).settled()
        assert "Shall I make it?" in outcome.content
        assert not house.model.chats
        assert outcome.message is not None
        refused = await house.sandbox.click(ben, outcome.message, button_id(outcome.message, "Make it"))
        assert "Only who asked" in told(refused)
        await house.sandbox.click(eve, outcome.message, button_id(outcome.message, "Make it"))
        await until(lambda: "Writing the script" in outcome.content)
        await house.sandbox.click(eve, outcome.message, button_id(outcome.message, "Cancel"))
        await until(lambda: "Cancelled" in outcome.content)
        await until(lambda: not list((house.folder / "jobs").glob("*")))


async def test_a_podcast_goes_on_after_a_restart(house: House) -> None:
    def slowly(request: ReceivedRequest) -> Answer:
        return podcasting(request).with_(first_audio=0.5)

    house.model.default = slowly
    async with house.bot():
        eve = house.sandbox.add_user("Eve")
        file = house.sandbox.file("moon.txt", text(14_000).encode())
        await (await house.sandbox.command(eve, "podcast", {"file": file})).settled()
        await until(lambda: len(list((house.folder / "jobs").glob("*/*.pcm"))) >= 2, 30)
    before = len(house.model.chats)
    async with house.bot():
        message = await posted_podcast(house)
        assert media.to_pcm(message.attachments[0].data)
    assert len(house.model.chats) - before <= 8


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [("a.pdf", b"%PDF-1.7 broken", "could not read that text"), ("a.txt", b"x " * 150_000, "too long")],
)
async def test_a_bad_document_is_said_so(house: House, name: str, data: bytes, said: str) -> None:
    async with house.bot():
        eve = house.sandbox.add_user("Eve")
        outcome = await house.sandbox.command(eve, "podcast", {"file": house.sandbox.file(name, data)})
        assert said in told(await outcome.settled())
        assert not house.model.chats
