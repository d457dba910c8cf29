"""People of one name who are not in the voice channel write there, too: nobody is taken for somebody else."""

import pytest

from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e


def history(quiet: QuietBot) -> list[str]:
    """Return who said what the model was told of before its newest turn."""
    return [line.speaker for line in quiet.engine.requests[-1].history if line.role == "user"]


async def test_who_only_writes_has_a_label_of_their_own() -> None:
    async with quiet_bot(bot_name="Kiki") as quiet:
        sandbox, lounge, me = quiet.sandbox, quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>"
        alex = await quiet.joined("Alex")
        second, third, double = sandbox.add_user("Alex"), sandbox.add_user("Alex"), sandbox.add_user("Kiki")
        for number, writer in enumerate((second, double, alex), 1):
            await sandbox.write(writer, lounge, f"{me} and now?")
            await until(lambda: len(quiet.engine.requests) == number)  # noqa: B023
            await until(lambda: sum("An answer" in message.content for message in quiet.shown()) == number)  # noqa: B023
        assert history(quiet) == ["Alex (2)", "Kiki (2)"]
        asked = await (await sandbox.command(third, "ask", {"text": "and me?"}, channel_id=lounge)).settled()
        assert asked.content.startswith("**Alex (3)** and me?")
        (call,) = quiet.client.calls.all()
        await call.outbox.settled()
        shown = await (await sandbox.command(alex, "memory show", channel_id=lounge)).settled()
        for label in ("Alex", "Alex (2)", "Alex (3)", "Kiki", "Kiki (2)"):
            assert f"**{label}** " in shown.content
