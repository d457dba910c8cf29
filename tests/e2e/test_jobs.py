"""Audio jobs outside a call, end to end: commands in, attachments out, the model's server between."""

import zipfile
from io import BytesIO

import numpy as np
import pytest

from bot.audio import HEAR_RATE, SPEAK_RATE
from bot.jobs.encoder import encode
from bot.types import Message as Talk
from sandbox import clips
from sandbox.guild.entities import Overwrite
from sandbox.guild.permissions import P
from sandbox.model.behaviour import Hang, Refuse, Speak
from sandbox.people.compare import correlation
from sandbox.people.outcome import CommandOutcome
from tests.e2e.conftest import Harness, until
from tests.e2e.measure import length, voice_message_sound
from tests.e2e.test_conversation import button_id

OUT = 48_000


def sentence(clip: str) -> str:
    return clips.get(clip).sentence


def recording(clip: str, container: str = "ogg", codec: str = "libopus") -> bytes:
    """Return a clip encoded as people send it."""
    return encode(clips.load(clip, SPEAK_RATE), SPEAK_RATE, container, codec)


def told(outcome: CommandOutcome) -> str:
    return outcome.text + "".join(note.content for note in outcome.followups)


def words_sent(harness: Harness, number: int = -1) -> str:
    return str(harness.model.chats[number].body["messages"])


async def test_ask_outside_a_call_is_answered_with_sound_and_remembered(harness: Harness) -> None:
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        file = harness.sandbox.file("voice.m4a", recording("anna-cook", "ipod", "aac"))
        outcome = await (await harness.sandbox.command(eve, "ask", {"text": "What is it?", "file": file})).settled()
        assert sentence("bot-heard") in outcome.content
        await until(lambda: outcome.followups)
        assert correlation(clips.load("bot-heard", OUT), voice_message_sound(outcome.followups[0], OUT), OUT) >= 0.9
        assert correlation(clips.load("anna-cook", HEAR_RATE), harness.model.chats[0].newest, HEAR_RATE) >= 0.9
        outcome = await (await harness.sandbox.command(eve, "ask", {"text": "And then?"})).settled()
        await until(lambda: outcome.followups)
        assert {"role": "assistant", "audio": {"id": harness.model.chats[0].audio_id}} in harness.model.chats[1].body[
            "messages"
        ]
        assert "What is it?" in words_sent(harness, 1)
    assert not harness.model.refused


async def test_a_recording_asked_about_in_a_call_is_answered_there(harness: Harness) -> None:
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        file = harness.sandbox.file("voice.ogg", recording("anna-quickest"))
        await harness.sandbox.command(
            anna.user, "ask", {"text": "Translate", "file": file}, channel_id=harness.lounge.id
        )
        await until(lambda: any(sentence("bot-heard") in line and "-#" in line for line in harness.lines()), 30)
        (request,) = harness.model.chats
        assert correlation(clips.load("anna-quickest", HEAR_RATE), request.newest, HEAR_RATE) >= 0.9
        assert correlation(clips.load("bot-heard", OUT), anna.recorder.words(harness.sandbox.bot.id), OUT) >= 0.9


async def test_analyze_says_what_a_recording_holds(harness: Harness) -> None:
    harness.model.script(Speak("### What is said\n**Speaker 1** @everyone [here](https://evil.example)"))
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve", locale="ja")
        file = harness.sandbox.file("talk.webm", recording("anna-cook", "webm", "libopus"))
        options = {"recording": file, "question": "Who cooks?", "private": True}
        outcome = await (await harness.sandbox.command(eve, "analyze", options)).settled()
        assert outcome.ephemeral
        assert "### What is said\n**Speaker 1** @\u200beveryone [here]\u200b(<https://evil.example>)" in outcome.content
        assert "talk.webm · 0:0" in outcome.content
        assert "$0.0" in outcome.content
        (request,) = harness.model.chats
        assert request.body["modalities"] == ["text"]
        assert correlation(clips.load("anna-cook", HEAR_RATE), request.newest, HEAR_RATE) >= 0.9
        assert "Write in Japanese" in words_sent(harness)
        assert "Who cooks?" in words_sent(harness)
    assert not harness.model.refused


async def test_a_long_recording_is_heard_in_parts_and_joined(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.analyze.PART_SECONDS", 4.0)
    monkeypatch.setattr("bot.jobs.analyze.OVERLAP_SECONDS", 1.0)
    harness.model.script(Speak("note one"), Speak("note two"), Speak("note three"), Speak("the whole " * 900, speed=0))
    async with harness.bot(text_model="gpt-5-mini"):
        eve = harness.sandbox.add_user("Eve")
        hum = (np.sin(np.arange(SPEAK_RATE * 10) / 20) * 9000).astype("<i2").tobytes()
        file = harness.sandbox.file("long.mp3", encode(hum, SPEAK_RATE, "mp3"))
        outcome = await (await harness.sandbox.command(eve, "analyze", {"recording": file})).settled()
        assert [round(len(request.newest) / 32_000) for request in harness.model.chats] == [4, 4, 4, 0]
        assert "begins at 0:06" in words_sent(harness, 2)
        assert all(f"note {number}" in words_sent(harness) for number in ("one", "two", "three"))
        assert outcome.content.startswith("the whole")
        (whole,) = outcome.attachments
        assert whole.filename == "analysis.md"
        assert whole.data.decode().strip() == ("the whole " * 900).strip()
    assert not harness.model.refused


async def test_the_menus_work_on_a_voice_message(harness: Harness) -> None:
    async with harness.bot():
        eve, ada = harness.sandbox.add_user("Eve"), harness.sandbox.add_user("Ada")
        voice = [("voice-message.ogg", recording("anna-cook"))]
        message = await harness.sandbox.write(ada, harness.sandbox.general.id, attachments=voice, voice_seconds=2.0)
        analysis = await (await harness.sandbox.menu(eve, "Analyze recording", message)).settled()
        assert analysis.ephemeral
        assert sentence("bot-heard") in analysis.content
        answer = await (await harness.sandbox.menu(eve, "Answer aloud", message)).settled()
        assert not answer.ephemeral
        await until(lambda: answer.followups)
        assert correlation(clips.load("bot-heard", OUT), voice_message_sound(answer.followups[0], OUT), OUT) >= 0.9
        words = await harness.sandbox.write(ada, harness.sandbox.general.id, "How high is Mount Fuji?")
        picture = [("fuji.png", b"\x89PNG\r\n\x1a\n" + bytes(99))]
        shown = await harness.sandbox.write(ada, harness.sandbox.general.id, words.content, attachments=picture)
        answer = await (await harness.sandbox.menu(eve, "Answer aloud", shown)).settled()
        await until(lambda: answer.followups)
        assert "How high is Mount Fuji?" in answer.content
        assert "no recording" in told(await harness.sandbox.menu(eve, "Analyze recording", words))
    assert not harness.model.refused


async def test_the_menu_hears_every_recording_of_a_message_also_of_a_forwarded_one(harness: Harness) -> None:
    async with harness.bot():
        eve, ada = harness.sandbox.add_user("Eve"), harness.sandbox.add_user("Ada")
        tracks = BytesIO()
        with zipfile.ZipFile(tracks, "w") as archive:
            archive.writestr("1-Ada.flac", recording("anna-cook", "flac", "flac"))
            archive.writestr("2-Ben.ogg", recording("ben-moon"))
        files = [
            ("first.ogg", recording("anna-cook")),
            ("second.mp3", recording("ben-moon", "mp3", "libmp3lame")),
            ("tracks.zip", tracks.getvalue()),
            ("garden.png", b"\x89PNG\r\n\x1a\n" + bytes(99)),
            ("empty.ogg", b""),
        ]
        message = await harness.sandbox.write(ada, harness.sandbox.general.id, "Three of them", attachments=files)
        forwarded = await harness.sandbox.write(ada, harness.sandbox.general.id, forward=message)
        for shown in (message, forwarded):
            harness.model.script(Speak("one"), Speak("two"), Speak("three"))
            answer = await (await harness.sandbox.menu(eve, "Analyze recording", shown)).settled()
            assert "### first.ogg\n\none" in answer.content
            assert "### second.mp3\n\ntwo" in answer.content
            assert "### tracks.zip\n\nthree" in answer.content
            assert "### empty.ogg\n\n⚠️ That recording is empty." in answer.content
            first, second, third = (request.newest for request in harness.model.chats[-3:])
            assert correlation(clips.load("anna-cook", HEAR_RATE), first, HEAR_RATE) >= 0.9
            assert correlation(clips.load("ben-moon", HEAR_RATE), second, HEAR_RATE) >= 0.9
            assert correlation(clips.load("ben-moon", HEAR_RATE), third, HEAR_RATE) >= 0.5
            assert all(f'"{name}"' in words_sent(harness) for name in ("Ada", "Ben"))
    assert not harness.model.refused


async def test_several_files_come_with_one_command(harness: Harness) -> None:
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        first = harness.sandbox.file("first.ogg", recording("anna-cook"))
        broken = harness.sandbox.file("broken.ogg", b"OggS" + bytes(99))
        harness.model.script(Speak("one"))
        options = {"recording": broken, "recording2": first}
        answer = await (await harness.sandbox.command(eve, "analyze", options)).settled()
        assert "### broken.ogg\n\n⚠️" in answer.content
        assert "### first.ogg\n\none" in answer.content
        tracks = BytesIO()
        with zipfile.ZipFile(tracks, "w") as archive:
            archive.writestr("1-Ada.ogg", recording("ben-moon"))
        note, zipped = harness.sandbox.file("note.txt", b"A maze."), harness.sandbox.file("a.zip", tracks.getvalue())
        options = {"text": "What?", "file": first, "file2": note, "file3": zipped}
        answer = await (await harness.sandbox.command(eve, "ask", options)).settled()
        await until(lambda: answer.followups)
        assert "A maze." in words_sent(harness)
        assert '0:03–0:05 "Ada"' in words_sent(harness), "after the first file"
        heard = clips.load("anna-cook", HEAR_RATE) + clips.load("ben-moon", HEAR_RATE)
        assert correlation(heard, harness.model.chats[1].newest, HEAR_RATE) >= 0.9
    assert not harness.model.refused


async def test_files_are_read_while_others_wait_for_the_model(harness: Harness) -> None:
    """Two analyses are as many as are read at once; the model takes its time for both."""
    harness.model.default = Speak("At last.", first_audio=20.0)
    async with harness.bot():
        eve, ada, ben = (harness.sandbox.add_user(name) for name in ("Eve", "Ada", "Ben"))
        voice = harness.sandbox.file("voice.ogg", recording("anna-cook"))
        for person in (eve, ada):
            await harness.sandbox.command(person, "analyze", {"recording": voice})
        await until(lambda: len(harness.model.chats) == 2, 30)
        note = harness.sandbox.file("note.txt", b"The third garden is a maze.")
        await harness.sandbox.command(ben, "ask", {"text": "What is it?", "file": note})
        await until(lambda: len(harness.model.chats) == 3, 15)
        assert "The third garden is a maze." in words_sent(harness)


async def test_the_recording_of_somebody_who_withdrew_is_heard_for_nobody_else(harness: Harness) -> None:
    async with harness.bot():
        eve, ada = harness.sandbox.add_user("Eve"), harness.sandbox.add_user("Ada")
        voice = [("voice-message.ogg", recording("anna-cook"))]
        message = await harness.sandbox.write(ada, harness.sandbox.general.id, attachments=voice, voice_seconds=2.0)
        await harness.sandbox.command(ada, "privacy withdraw")
        forwarded = await harness.sandbox.write(eve, harness.sandbox.general.id, forward=message)
        for menu in ("Analyze recording", "Answer aloud"):
            for shown in (message, forwarded):
                refused = await (await harness.sandbox.menu(eve, menu, shown)).settled()
                assert "doesn't want me to hear them" in told(refused)
        assert not harness.model.chats
        own = await (await harness.sandbox.menu(ada, "Analyze recording", message)).settled()
        assert sentence("bot-heard") in own.content
        await harness.sandbox.command(ada, "privacy consent")
        again = await (await harness.sandbox.menu(eve, "Analyze recording", message)).settled()
        assert sentence("bot-heard") in again.content


async def test_a_recap_under_way_ends_when_somebody_in_it_is_forgotten(harness: Harness) -> None:
    harness.model.default = Hang()
    async with harness.bot() as running:
        eve, ada = harness.sandbox.add_user("Eve"), harness.sandbox.add_user("Ada")
        said = [Talk("user", ada.id, "Ada", "the canary sings", running.client.services.wall())]
        await running.store.remember(harness.sandbox.guild.id, harness.lounge.id, said)
        recap = await harness.sandbox.command(eve, "catchup", {"channel": harness.lounge})
        await until(lambda: harness.model.chats)
        await running.calls.erasure.forget_person(ada.id)
        await recap.settled()
        assert "Cancelled" in recap.content
        await until(lambda: harness.model.chats[0].aborted_at)


async def test_an_analysis_under_way_ends_when_whose_voice_it_is_withdraws(harness: Harness) -> None:
    harness.model.default = Hang()
    async with harness.bot():
        eve, ada = harness.sandbox.add_user("Eve"), harness.sandbox.add_user("Ada")
        voice = [("voice-message.ogg", recording("anna-cook"))]
        message = await harness.sandbox.write(ada, harness.sandbox.general.id, attachments=voice, voice_seconds=2.0)
        analysis = await harness.sandbox.menu(eve, "Analyze recording", message)
        await until(lambda: harness.model.chats)
        await harness.sandbox.command(ada, "privacy withdraw")
        await analysis.settled()
        assert "Cancelled" in analysis.content
        await until(lambda: harness.model.chats[0].aborted_at)


@pytest.mark.parametrize(
    ("name", "data", "sentence_part"),
    [
        ("a.ogg", b"", "empty"),
        ("a.txt", b"words " * 100, "no sound in that file"),
        ("a.m4a", recording("anna-cook", "ipod", "aac")[:-200], "cut off"),
    ],
)
async def test_a_bad_recording_is_said_so_before_anything_is_paid(
    harness: Harness, name: str, data: bytes, sentence_part: str
) -> None:
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        outcome = await harness.sandbox.command(eve, "analyze", {"recording": harness.sandbox.file(name, data)})
        assert sentence_part in told(await outcome.settled())
        assert not harness.model.chats


async def test_a_recap_of_the_call_is_told_and_written(harness: Harness) -> None:
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: any(sentence("bot-heard") in line and "-#" in line for line in harness.lines()), 30)
        await until(lambda: any(sentence("anna-cook") in line for line in harness.lines()), 30)
        harness.model.script(Speak.clip("bot-moon"))
        eve = harness.sandbox.add_user("Eve", locale="de")
        outcome = await (await harness.sandbox.command(eve, "catchup", {"minutes": 5})).settled()
        assert not outcome.ephemeral
        assert sentence("bot-moon") in outcome.content
        await until(lambda: outcome.followups)
        assert correlation(clips.load("bot-moon", OUT), voice_message_sound(outcome.followups[0], OUT), OUT) >= 0.9
        assert '"Anna"' in words_sent(harness)
        assert sentence("anna-cook") in words_sent(harness)
        assert "Speak German" in words_sent(harness)
        again = await (await harness.sandbox.command(eve, "catchup", {"private": True})).settled()
        assert again.ephemeral
        (sound,) = again.attachments
        assert sound.filename == "catchup.ogg"
        assert length(sound) > 1
    assert not harness.model.refused


async def test_nobody_catches_up_on_what_they_may_not_read(harness: Harness) -> None:
    async with harness.bot() as running:
        anna = await harness.sandbox.person("Anna")
        closed = harness.sandbox.add_channel(
            "Closed",
            kind=harness.lounge.kind,
            overwrites=[
                Overwrite(harness.sandbox.guild.id, False, 0, int(P.VIEW_CHANNEL)),
                Overwrite(anna.user.id, True, int(P.VIEW_CHANNEL), 0),
                Overwrite(harness.sandbox.bot.id, True, int(P.VIEW_CHANNEL), 0),
            ],
        )
        eve = harness.sandbox.add_user("Eve")
        await until(lambda: running.client.get_channel(closed.id))
        outcome = await harness.sandbox.command(anna.user, "catchup")
        assert "channel" in told(outcome)
        outcome = await harness.sandbox.command(eve, "catchup", {"channel": closed})
        assert "can't post" in told(outcome) or "can't" in told(outcome) or "closed" in told(outcome)
        outcome = await harness.sandbox.command(eve, "catchup", {"channel": harness.lounge})
        assert "don't remember anything being said" in told(await outcome.settled())
        assert not harness.model.chats
        line = Talk("user", anna.user.id, "Anna", "we meet at nine", running.client.services.wall())
        await running.store.remember(harness.sandbox.guild.id, closed.id, [line])
        outcome = await (await harness.sandbox.command(anna.user, "catchup", {"channel": closed})).settled()
        assert sentence("bot-heard") in outcome.content
        assert outcome.ephemeral  # others in this channel may not read the closed one


async def test_a_model_that_fails_is_said_so_and_a_busy_one_asked_again(harness: Harness) -> None:
    harness.model.script(
        Refuse(500, "oops", "server_error"), Speak("it worked"), Refuse(429, "no money", code="insufficient_quota")
    )
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        options = {"recording": harness.sandbox.file("a.ogg", recording("anna-cook"))}
        outcome = await (await harness.sandbox.command(eve, "analyze", options)).settled()
        assert "it worked" in outcome.content
        outcome = await (await harness.sandbox.command(eve, "analyze", options)).settled()
        assert "out of credit" in told(outcome)


@pytest.fixture
def in_parts(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat more than four seconds as long, and show progress at once."""
    monkeypatch.setattr("bot.jobs.analyze.PART_SECONDS", 4.0)
    monkeypatch.setattr("bot.jobs.analyze.OVERLAP_SECONDS", 1.0)
    monkeypatch.setattr("bot.chat.job_progress.PROGRESS_DELAY_SECONDS", 0.0)


HUM = (np.sin(np.arange(SPEAK_RATE * 10) / 20) * 9000).astype("<i2").tobytes()
"""Ten seconds, three parts."""


@pytest.mark.usefixtures("in_parts")
async def test_analyze_and_catchup_can_be_cancelled_and_cost_what_they_did(harness: Harness) -> None:
    harness.model.script(Speak("note one"))
    harness.model.default = Hang()  # also for a request that is sent a second time
    async with harness.bot(budget_server_day="5") as running:
        eve, ben = harness.sandbox.add_user("Eve"), harness.sandbox.add_user("Ben")
        budget, guild_id = running.client.services.budget, harness.sandbox.guild.id

        async def cancelled(outcome: CommandOutcome, progress: str, *, paid: bool) -> None:
            await until(lambda: progress in outcome.content)
            assert ("· $0.0" in outcome.content) is paid  # what has cost nothing yet shows no dollars
            assert outcome.message is not None
            button = button_id(outcome.message, "Cancel")
            assert "Only the person who asked" in told(await harness.sandbox.click(ben, outcome.message, button))
            await harness.sandbox.click(eve, outcome.message, button)
            await until(lambda: ("Cancelled. Cost so far: $0.0" if paid else "Cancelled. No cost.") in outcome.content)
            assert not outcome.components

        file = harness.sandbox.file("long.mp3", encode(HUM, SPEAK_RATE, "mp3"))
        await cancelled(
            await harness.sandbox.command(eve, "analyze", {"recording": file}), "Listening: 1 of 4", paid=True
        )
        since = running.client.services.wall().replace(hour=0, minute=0)
        charges = await running.store.charges(guild_id, since)
        assert len(charges) == 1
        assert budget.left(guild_id) == 5 - sum(charge.cost or 0 for charge in charges)

        said = [Talk("user", ben.id, "Ben", "we meet at nine", running.client.services.wall())]
        await running.store.remember(guild_id, harness.lounge.id, said)
        outcome = await harness.sandbox.command(eve, "catchup", {"channel": harness.lounge})
        await cancelled(outcome, "Summarizing 1 lines", paid=False)
        assert budget.left(guild_id) == 5 - sum(charge.cost or 0 for charge in charges)
        assert len(running.client.jobs.queue) == 0


async def test_what_is_too_much_is_said_so_and_not_begun(harness: Harness) -> None:
    harness.model.default = Hang()
    async with harness.bot(budget_person_day="0.04") as running:
        eve = harness.sandbox.add_user("Eve")
        outcome = await harness.sandbox.command(eve, "podcast", {"text": "The moon is round. " * 200})
        await until(lambda: "more than is left of today's budget" in outcome.content)  # it would cost eleven cents
        options = {"recording": harness.sandbox.file("a.ogg", recording("anna-cook"))}
        for _ in range(2):
            await harness.sandbox.command(eve, "analyze", options)
        await until(lambda: len(harness.model.chats) == 2)
        outcome = await (await harness.sandbox.command(eve, "analyze", options)).settled()
        assert "Too many jobs" in told(outcome)
        assert running.client.services.counters.calls["jobs_refused"] == 1
        assert len(harness.model.chats) == 2


@pytest.mark.usefixtures("in_parts")
async def test_a_part_that_fails_is_named_and_the_rest_is_not_heard_again(harness: Harness) -> None:
    broken = [Refuse(500, "oops", "server_error")] * 4
    harness.model.script(Speak("note one"), *broken, Speak("note two"), Speak("note three"), Speak("all of it"))
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        options = {"recording": harness.sandbox.file("long.mp3", encode(HUM, SPEAK_RATE, "mp3"))}
        outcome = await harness.sandbox.command(eve, "analyze", options)
        await until(lambda: "Part 2 of 3 of the recording failed. Finished parts are kept" in outcome.content)
        assert "trouble reaching the model" in outcome.content
        assert not outcome.components
        before = len(harness.model.chats)
        outcome = await harness.sandbox.command(eve, "analyze", options)
        await until(lambda: "all of it" in outcome.content)
        assert len(harness.model.chats) - before == 3
        assert all(f"note {number}" in words_sent(harness) for number in ("one", "two", "three"))


async def test_what_is_cut_off_by_the_end_of_the_process_says_so(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.job_progress.PROGRESS_DELAY_SECONDS", 0.0)
    harness.model.default = Hang()
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        file = harness.sandbox.file("a.ogg", recording("anna-cook"))
        outcome = await harness.sandbox.command(eve, "analyze", {"recording": file})
        await until(lambda: "Listening" in outcome.content)
    assert "I'm restarting" in outcome.content
    assert not outcome.components


async def test_a_wrong_text_model_is_named(harness: Harness) -> None:
    async with harness.bot(text_model="gpt-nope"):
        eve = harness.sandbox.add_user("Eve")
        outcome = await harness.sandbox.command(eve, "podcast", {"text": "A text about the moon."})
        await until(lambda: "unknown" in outcome.content)  # its price
        assert outcome.message is not None
        await harness.sandbox.click(eve, outcome.message, button_id(outcome.message, "Create"))
        await until(lambda: "TEXT_MODEL" in outcome.content)
