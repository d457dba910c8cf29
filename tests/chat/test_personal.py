"""/privacy, /usage, /call: what concerns only the caller, and only they see."""

import io
import itertools
import json
import re
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import discord
import pytest
from PIL import Image

from bot.billing import report
from bot.call.verdicts import reason
from bot.chat import chart
from bot.chat.cooldown import MAX_COMMANDS
from bot.errors import RateLimited
from bot.jobs.job_folder import folder_beside
from bot.jobs.podcast_folder import Plan, PodcastFolder, unfinished
from bot.types import Charge, Usage, Verdict
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncIterator[QuietBot]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    async with quiet_bot(
        budget_server_day=Decimal("2.00"), budget_person_day=Decimal("1.00"), database_url=url
    ) as opened:
        yield opened


async def test_about_says_what_goes_where(quiet: QuietBot) -> None:
    eve = quiet.sandbox.add_user("Eve")
    outcome = await quiet.sandbox.command(eve, "privacy about")
    assert outcome.ephemeral
    for word in ("end-to-end encryption ends at me", "gpt-audio-1.5", "for 30 days", "/privacy withdraw"):
        assert word in outcome.content
    assert len(re.sub(r"[^\w\s'/-]", "", outcome.content).split()) <= 80
    assert outcome.message is not None
    more = await quiet.sandbox.click(eve, outcome.message, outcome.components[0]["components"][0]["custom_id"])
    assert more.ephemeral
    for word in ("/privacy forget", "In Discord", "At api.openai.com", "nameless"):
        assert word in more.content


async def test_consent_and_withdrawal_are_remembered(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    call = quiet.calls.get(quiet.sandbox.guild.id)
    assert call is not None
    for command, agreed in (("privacy withdraw", False), ("privacy consent", True)):
        assert (await quiet.sandbox.command(ada, command)).ephemeral
        assert (ada.id in call.agreed()) is agreed
        assert await quiet.store.consents(quiet.sandbox.guild.id) == {ada.id: agreed}


async def test_nobody_has_to_wait_to_withdraw(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    (call,) = quiet.calls.all()
    for _ in range(MAX_COMMANDS - 1):  # after /join
        await quiet.sandbox.command(ada, "stop")
    assert "a bit fast" in (await quiet.sandbox.command(ada, "stop")).text
    await quiet.sandbox.command(ada, "privacy withdraw")
    assert ada.id not in call.agreed()
    assert "can't be undone" in (await quiet.sandbox.command(ada, "privacy forget")).text


async def test_forget_asks_and_then_forgets(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    await quiet.sandbox.command(ada, "ask", {"text": "remember the password"})
    await until(lambda: len(quiet.shown()) > 1 and "-#" in quiet.shown()[-1].content)
    await until(lambda: not len(quiet.calls.all()[0].outbox))
    folder = folder_beside(quiet.client.settings)
    for number, (person, paused) in enumerate([(ada.id, True), (ada.id, False), (ada.id + 1, True)]):
        PodcastFolder(
            folder, Plan("t", [f"text {number}"], "", ["sage"], "ogg", 9, user_id=person, paused=paused)
        ).save()
    exported = await (await quiet.sandbox.command(ada, "privacy export")).settled()
    assert "remember the password" in str(json.loads(exported.attachments[0].data))
    outcome = await quiet.sandbox.command(ada, "privacy forget")
    assert outcome.message is not None
    await quiet.sandbox.click(ada, outcome.message, outcome.components[0]["components"][0]["custom_id"])
    shown = quiet.sandbox.message(outcome.message.id)
    await until(lambda: "Deleted" in shown.content)
    exported = await (await quiet.sandbox.command(ada, "privacy export")).settled()
    assert "password" not in exported.attachments[0].data.decode()
    assert sorted(kept.plan.sections for kept in unfinished(folder)) == [["text 1"], ["text 2"]]
    call = quiet.calls.get(quiet.sandbox.guild.id)
    assert call is not None
    assert ada.id not in call.agreed()


async def test_why_tells_each_verdict_with_its_number(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    call = quiet.calls.get(quiet.sandbox.guild.id)
    assert call is not None
    now = quiet.services.clock()
    for verdict in (
        Verdict(1, ada.id, now - 90, "too_short", {"seconds": 0.21}),
        Verdict(2, ada.id, now - 60, "no_speech", {"dbfs": -52.3}),
        Verdict(3, ada.id, now - 30, "undecryptable", {"count": 14}),
        Verdict(4, ada.id, now, "model_error", reason(RateLimited("429 rate_limit_exceeded"))),
    ):
        call.verdicts.add(verdict)
    outcome = await quiet.sandbox.command(ada, "call why")
    assert outcome.ephemeral
    rows = [row.rpartition(" · ") for row in outcome.content.splitlines()[1:]]
    assert [what for what, _, _ in rows] == [
        "**Ada** too short · 0.21 s",
        "**Ada** no speech · −52 dBFS",
        "**Ada** could not decrypt · ×14",
        "**Ada** model error · 429 · rate\\_limited",
    ]
    times = [int(when.removeprefix("<t:").removesuffix(":R>")) for _, _, when in rows]
    assert abs(times[0] - (quiet.services.wall().timestamp() - 90)) < 60
    assert all(abs(later - earlier - 30) <= 1 for earlier, later in itertools.pairwise(times))


async def test_why_keeps_to_one_message_whatever_people_are_called(quiet: QuietBot) -> None:
    ada = await quiet.joined("*" * 32)
    call = quiet.calls.all()[0]
    for number in range(30):
        call.verdicts.add(Verdict(number, ada.id, float(number), "model_error", {"code": "_" * 60, "seconds": number}))
    outcome = await quiet.sandbox.command(ada, "call why")
    rows = outcome.content.splitlines()[1:]
    assert 5 < len(rows) < 20
    assert "29.00 s" in rows[-1]


async def test_status_counts(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    await quiet.enter("Ben")
    outcome = await quiet.sandbox.command(ada, "call status")
    assert f"Listening · <#{quiet.sandbox.lounge.id}>" in outcome.content
    assert "People: 2, agreed to be heard: 1" in outcome.content


async def test_usage_shows_everyone_the_whole_and_their_own_share(
    quiet: QuietBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    manage = quiet.sandbox.world.add_role(quiet.sandbox.guild, "M", discord.Permissions(manage_guild=True).value)
    ada, ben = await quiet.enter("Ada"), await quiet.enter("聞き手 @everyone", roles=[manage])
    zoe = quiet.sandbox.add_user("Zoe")  # who is in no call
    now, guild, lounge = quiet.services.wall(), quiet.sandbox.guild.id, quiet.sandbox.lounge.id
    use = Usage(audio_in=100, audio_out=200)
    await quiet.store.charge(
        [
            Charge(now, guild, lounge, (ada.id, ben.id), "reply", "m", use, Decimal("0.50")),
            Charge(now, guild, lounge, (ben.id,), "job", "m", Usage(1800, 600, 0, 0, 2400), Decimal("0.25")),
            Charge(now, guild, lounge, (ben.id,), "transcription", "m", use, None),
            Charge(now - timedelta(days=3), guild, lounge, (ada.id,), "reply", "m", use, Decimal("4.00")),
            Charge(now - timedelta(days=3), guild, lounge, (zoe.id,), "text", "m", use, Decimal("0.01")),
            Charge(now, guild + 1, lounge, (ada.id,), "reply", "m", use, Decimal("9.00")),
            # the clock was set back over midnight since
            Charge(now + timedelta(days=1), guild, lounge, (ada.id,), "reply", "m", use, Decimal("8.00")),
        ]
    )
    drawn: list[tuple[Any, ...]] = []
    draw = chart.draw
    monkeypatch.setattr(chart, "draw", lambda *asked: drawn.append(asked) or draw(*asked))
    today = await (await quiet.sandbox.command(ada, "usage")).settled()
    for word in (
        "**$0.750** today · tokens: 5,400 · minutes heard: 1.2, spoken: 2.3",
        "unknown price: 1",
        "Left today: $1.25 of $2.00",
        "Left for you today: $0.750 of $1.00",
        "answers · $0.500 · 300 tokens · 0.2 min",
        "outside calls · $0.250 · 4,800 tokens · 3.0 min",
        f"#1 <@{ada.id}> · $0.250 · 150 tokens · 0.1 min",
    ):
        assert word in today.content
    assert f"<@{ben.id}>" not in today.content
    week = await (await quiet.sandbox.command(ben, "usage", {"period": "week"})).settled()
    assert "**$4.76**" in week.content
    for outcome in (today, week):
        [file] = outcome.attachments
        image = Image.open(io.BytesIO(file.data))
        image.load()
        assert (file.filename, image.format, image.width) == ("usage.png", "PNG", chart.WIDTH_PX)
    (_, no_days, (_, mine)), (_, days, (kinds, all_of_us)) = drawn
    assert no_days == []
    assert [(bar.label.text, bar.cost) for bar in mine] == [("#1 Ada", Decimal("0.25"))]
    assert [column.total for column in days] == [0, 0, 0, Decimal("4.01"), 0, 0, Decimal("0.75")]
    assert [(bar.label.text, bar.cost) for bar in kinds][:2] == [
        ("answers", Decimal("4.5")),
        ("requests outside calls", Decimal("0.25")),
    ]
    assert [(bar.label.text, bar.cost) for bar in all_of_us] == [
        ("#1 Ada", Decimal("4.25")),
        ("#2 聞き手 @everyone", Decimal("0.5")),
        ("#3 Zoe", Decimal("0.01")),
    ]
    monkeypatch.setattr(chart, "draw", None)  # which fails
    for _ in range(2):
        bare = await (await quiet.sandbox.command(ada, "usage")).settled()
        assert (bare.content, bare.attachments) == (today.content, [])
        monkeypatch.setitem(sys.modules, "PIL", None)  # the extra is not installed


def test_bars_are_as_long_as_their_share() -> None:
    sums = {"a": report.Sum(Decimal(1)), "b": report.Sum(Decimal(2)), "c": report.Sum()}
    rows = report.bars(sums, lambda item: f"${item.cost}")
    assert rows == ["`████████████` b · $2", "`██████░░░░░░` a · $1", "`░░░░░░░░░░░░` c · $0"]
