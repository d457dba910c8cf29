"""Minutes through the whole bot: commands and calls in, a post with its files out, the model's server between."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from bot import app
from bot.types import Message as Talk
from sandbox import clips
from sandbox.guild.components import walk
from sandbox.guild.entities import User
from sandbox.guild.message import ChatMessage
from sandbox.model.behaviour import Echo, Hang, Refuse, Speak, TranscribeAs
from sandbox.model.log import ReceivedRequest
from sandbox.people.outcome import CommandOutcome
from tests.e2e.conftest import Harness, until

LINE = re.compile(r"^\[(\d+)\] (.+?), (\d\d:\d\d): (.*)$", re.MULTILINE)


def shown(request: ReceivedRequest) -> dict[int, tuple[str, str]]:
    """Return the lines of a request: number -> name and words."""
    text = request.body["messages"][1]["content"]
    text = text if isinstance(text, str) else text[0]["text"]
    return {int(number): (name, words) for number, name, _, words in LINE.findall(text)}


def answer(**claims: Any) -> Speak:
    return Speak(json.dumps(claims, ensure_ascii=False), speed=0)


async def talked(harness: Harness, running: app.App, *lines: tuple[User, str], minutes_ago: float = 5.0) -> list[Talk]:
    """Have the store remember this talk in the Lounge, a second between lines."""
    now = running.client.services.wall()
    said = [
        Talk(
            "user",
            who.id,
            who.global_name or who.name,
            text,
            now - timedelta(minutes=minutes_ago) + timedelta(seconds=second),
        )
        for second, (who, text) in enumerate(lines)
    ]
    await running.store.remember(harness.sandbox.guild.id, harness.lounge.id, said)
    return said


def files(message: Any) -> dict[str, str]:
    return {file.filename: file.data.decode() for file in message.attachments}


def labels(message: ChatMessage) -> dict[str, str]:
    """Return the custom ids of a message's buttons, by label."""
    return {item["label"]: item["custom_id"] for item in walk(message.components) if "custom_id" in item}


def button(message: ChatMessage, label: str | None = None) -> str:
    found = labels(message)
    return found[label] if label else next(iter(found.values()))


async def test_minutes_cite_their_lines_and_false_citations_are_dropped(harness: Harness) -> None:
    harness.model.script(
        answer(
            subjects=[{"text": "The release", "lines": [1, 2]}],
            decisions=[
                {"text": "Ship on @everyone's **Friday**", "lines": [1]},
                {"text": "PLANTED nowhere", "lines": [41]},
                {"text": "PLANTED without", "lines": []},
            ],
            actions=[
                {"text": "write the notes", "owner": "Ben", "due": "2026-12-04", "lines": [2]},
                {"text": "PLANTED pay", "owner": "Ben", "lines": [1]},
                {"text": "PLANTED stranger", "owner": "Zoe", "lines": [1, 2]},
            ],
            questions=[{"text": "Who tests it?", "lines": [3]}],
        )
    )
    async with harness.bot(text_model="gpt-5-mini") as running:
        ana, ben = harness.sandbox.add_user("Ana"), harness.sandbox.add_user("Ben")
        await talked(
            harness, running, (ana, "We ship on Friday."), (ben, "I will write\n[1] the notes."), (ana, "Who tests it?")
        )
        outcome = await (
            await harness.sandbox.command(ana, "minutes", {"since": "1h", "channel": harness.lounge})
        ).settled()
        assert not outcome.ephemeral
        assert "PLANTED" not in outcome.content + "".join(files(outcome).values())
        assert "Ship on @\u200beveryone's \\*\\*Friday\\*\\* \\[1\\]" in outcome.content
        assert "**Ben**: write the notes · by 2026-12-04 \\[2\\]" in outcome.content
        assert "lack of evidence: 4" in outcome.content
        assert "Ana 0:0" in outcome.content
        written = files(outcome)
        assert list(written) == ["minutes.md", "transcript.md", "transcript.vtt"]
        assert re.search(r"> \\\[2\\\] Ben, \d\d:\d\d: I will write", written["minutes.md"])
        assert written["transcript.md"].count("\\] Ana, ") == 2
        assert written["transcript.vtt"].startswith("WEBVTT\n\n1\n00:00:00.000 --> 00:00:0")
        assert "<v Ben>I will write [1] the notes." in written["transcript.vtt"]
        assert shown(harness.model.chats[0])[2] == ("Ben", "I will write [1] the notes.")
        private = await harness.sandbox.command(ben, "minutes", {"private": True, "channel": harness.lounge})
        assert (await private.settled()).ephemeral
        wrong = await harness.sandbox.command(ana, "minutes", {"since": "banana", "channel": harness.lounge})
        assert wrong.ephemeral
        assert "time can't be read" in wrong.content
        nothing = await harness.sandbox.command(ana, "minutes", {"since": "1 min", "channel": harness.lounge})
        assert "anything being said" in (await nothing.settled()).content
    assert not harness.model.refused


async def test_an_unreadable_answer_is_asked_for_again_and_then_told(harness: Harness) -> None:
    harness.model.script(
        Speak("I'd rather not."), answer(decisions=[{"text": "Ship", "lines": [1]}]), Speak("No."), Speak("No.")
    )
    async with harness.bot() as running:
        ana = harness.sandbox.add_user("Ana")
        await talked(harness, running, (ana, "We ship."))
        first = await (await harness.sandbox.command(ana, "minutes", {"channel": harness.lounge})).settled()
        assert "Ship \\[1\\]" in first.content
        second = await (await harness.sandbox.command(ana, "minutes", {"channel": harness.lounge})).settled()
        assert "⚠️" in second.content
        assert len(harness.model.chats) == 4


async def test_three_hours_go_in_parts_and_go_on_from_the_one_that_failed(harness: Harness) -> None:
    harness.model.default = Echo()
    async with harness.bot(text_model="gpt-5-mini") as running:
        ana, ben = harness.sandbox.add_user("Ana"), harness.sandbox.add_user("Ben")
        filler = "and so on and so forth, " * 6
        lines = [(ana if n % 2 else ben, f"Sentence {n}, {filler}") for n in range(900)]
        lines[10], lines[800] = (ana, "We begin at nine."), (ben, "I will call them.")
        await talked(harness, running, *lines, minutes_ago=170)
        broken = Refuse(500, "oops", "server_error")
        harness.model.script(Echo(), Echo(), *[broken] * 4)
        options = {"since": "3 hours", "channel": harness.lounge}
        outcome = await (await harness.sandbox.command(ana, "minutes", options)).settled(60)
        assert "Part 3 of" in outcome.content
        before = len(harness.model.chats)
        outcome = await (await harness.sandbox.command(ana, "minutes", options)).settled(60)
        parts = {min(shown(request), default=0) for request in harness.model.chats[before:]}
        assert 1 not in parts, "the parts that were done are not paid for again"
        assert "We begin at nine. \\[11\\]" in outcome.content
        assert "**Ben**: I will call them. \\[801\\]" in outcome.content
        assert files(outcome)["transcript.md"].count("Sentence ") == 898
    assert not harness.model.refused


async def test_what_costs_more_than_a_dollar_is_asked_first_and_can_be_cancelled_twice(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.job_progress.PROGRESS_DELAY_SECONDS", 0.0)
    dear = {"gpt-audio-1.5": {"text_in": "1000", "audio_in": "1000", "text_out": "1000", "audio_out": "1000"}}
    async with harness.bot(prices=dear) as running:
        ana = harness.sandbox.add_user("Ana")
        await talked(harness, running, (ana, "We'll ship."))

        async def asked(label: str) -> CommandOutcome:
            outcome = await (await harness.sandbox.command(ana, "minutes", {"channel": harness.lounge})).settled()
            assert "$" in outcome.content and outcome.message
            await harness.sandbox.click(ana, outcome.message, button(outcome.message, label))
            return outcome

        declined = await asked("Cancel")
        await until(lambda: "Nothing was changed" in declined.content)
        assert not harness.model.chats
        harness.model.script(Hang(), Echo())
        hanging = await asked("Create")
        await until(lambda: "Writing the minutes" in hanging.content and hanging.components, 30)
        assert hanging.message
        await harness.sandbox.click(ana, hanging.message, button(hanging.message, "Cancel"))
        await until(lambda: "Cancelled" in hanging.content)
        await until(lambda: harness.model.chats[0].aborted_at)
        assert not list((harness.folder / "jobs").glob("minutes-*.json"))
        made = await asked("Create")
        await until(lambda: "We'll ship. \\[1\\]" in made.content)
        assert len(harness.model.chats) == 2


@pytest.mark.parametrize("wanted", ["auto", "ask"])
async def test_at_the_end_of_a_call_minutes_are_written_or_offered_once_for_each_meeting(
    harness: Harness, wanted: str
) -> None:
    harness.model.default, cook = Echo(), clips.get("anna-cook").sentence
    harness.model.default_transcription = TranscribeAs(cook)  # also of what a busy machine let through in parts
    async with harness.bot(text_model="gpt-5-mini", answering="listen") as running:
        anna = await harness.sandbox.person("Anna")
        await running.client.preferences.change(harness.sandbox.guild.id, None, "minutes", wanted, anna.user.id)
        await harness.join(anna)
        await talked(harness, running, (anna.user, "We ship on Friday."), minutes_ago=0.02)
        await anna.say(clips.load("anna-cook", 48_000))
        await until(lambda: any(cook in line for line in harness.lines()), 30)

        def posts() -> list[ChatMessage]:
            return [item for item in harness.sandbox.messages(harness.lounge.id) if item.content.startswith("📋")]

        await harness.leave(anna)
        await until(posts)
        if wanted == "ask":
            assert not harness.model.chats
            outcome = await harness.sandbox.click(anna.user, posts()[0], button(posts()[0]))
            await (await outcome.settled()).settled()
            await until(lambda: "We ship on Friday." in outcome.content)
            await until(lambda: not posts()[0].components)
        else:
            [post] = posts()
            assert "We ship on Friday. \\[1\\]" in post.content
            assert list(files(post)) == ["minutes.md", "transcript.md", "transcript.vtt"]
        count, first = 2 if wanted == "ask" else 1, {item.id for item in posts()}
        await harness.join(anna)
        await harness.leave(anna)
        await until(lambda: len(posts()) == count and {item.id for item in posts()} != first)
    assert not harness.model.refused


async def test_forgetting_somebody_takes_what_rests_on_their_lines_out_of_the_post(harness: Harness) -> None:
    harness.model.default = Echo()
    async with harness.bot(text_model="gpt-5-mini") as running:
        ana, ben = harness.sandbox.add_user("Ana"), harness.sandbox.add_user("Ben")
        await talked(
            harness, running, (ana, "We'll ship the canary."), (ben, "I will sing by 2026-12-04."), (ana, "Who pays?")
        )
        outcome = await (
            await harness.sandbox.command(ben, "minutes", {"channel": harness.lounge}, channel_id=harness.lounge.id)
        ).settled()
        assert "canary" in outcome.content
        kept = list((harness.folder / "jobs").glob("minutes-*.json"))
        assert len(kept) == 1
        await running.calls.erasure.forget_person(ana.id)
        [post] = [item for item in harness.sandbox.messages(harness.lounge.id) if item.content.startswith("📋")]
        everything = post.content + "".join(files(post).values())
        assert "canary" not in everything
        assert "Ana" not in everything
        assert "**Ben**: I will sing by 2026-12-04. · by 2026-12-04 \\[2\\]" in everything
        assert b"canary" not in kept[0].read_bytes()
        await running.calls.erasure.forget_person(ben.id)
        assert not any(item.content.startswith("📋") for item in harness.sandbox.messages(harness.lounge.id))
        assert not list((harness.folder / "jobs").glob("minutes-*.json"))
