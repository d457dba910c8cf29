"""The question whether a tool may be used."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat import tool_place
from bot.chat.tool_place import MAX_CALL_DETAIL_CHARACTERS, DiscordToolPlace, call_place
from tests.chat.quiet_bot import quiet_bot


@pytest.mark.parametrize("length", [MAX_CALL_DETAIL_CHARACTERS, 5_000])
async def test_what_a_tool_is_called_with_can_be_read_to_its_end(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit in the question comes as a file with it, in a call's chat and after a command."""
    monkeypatch.setattr(tool_place, "CONFIRM_WAIT_SECONDS", 0.05)
    detail = ('{"words": "' + "calm " * 1_000)[: length - 8] + 'ruin it"'
    async with quiet_bot() as quiet:
        eve, channel = await quiet.enter("Eve"), cast("Any", quiet.client.get_channel(quiet.sandbox.lounge.id))

        async def post(text: str, view: discord.ui.View, files: Sequence[discord.File]) -> object:
            return await channel.send(text, view=view, files=files)

        venue: Any = SimpleNamespace(writer=SimpleNamespace(channel=channel), people=lambda: {eve.id: "Eve"})
        command = DiscordToolPlace(quiet.client, (quiet.sandbox.guild.id, channel.id), venue.people, post)
        for place in (call_place(quiet.client, channel, venue), command):
            assert not await place.confirmed("write", detail, frozenset({eve.id}))
            message = quiet.sandbox.messages(quiet.sandbox.lounge.id)[-1]
            whole = [attachment.data.decode() for attachment in message.attachments]
            assert whole == ([] if length == MAX_CALL_DETAIL_CHARACTERS else [detail])
