"""The question whether a tool may be used."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat.tool_place import MAX_CALL_DETAIL_CHARACTERS, DiscordToolPlace, call_place
from tests.chat.quiet_bot import quiet_bot, until
from tests.chat.rights_room import RightsRoom


@pytest.mark.parametrize("length", [MAX_CALL_DETAIL_CHARACTERS, 5_000])
async def test_what_a_tool_is_called_with_can_be_read_to_its_end(length: int) -> None:
    """What does not fit in the question comes as a file with it, until it is answered."""
    detail = ('{"words": "' + "calm " * 1_000)[: length - 8] + 'ruin it"'
    async with quiet_bot() as quiet:
        sandbox, eve = quiet.sandbox, await quiet.enter("Eve")
        channel = cast("Any", quiet.client.get_channel(sandbox.lounge.id))

        async def post(text: str, view: discord.ui.View, files: Sequence[discord.File]) -> object:
            return await channel.send(text, view=view, files=files)

        venue: Any = SimpleNamespace(writer=SimpleNamespace(channel=channel), labels=lambda: {eve.id: "Eve"})
        command = DiscordToolPlace(quiet.client, (sandbox.guild.id, channel.id), venue.labels, post)
        for place in (call_place(quiet.client, channel, venue), command):
            before = len(sandbox.messages(channel.id))
            asking = asyncio.create_task(place.confirmed("write", detail, frozenset({eve.id})))
            await until(lambda: len(sandbox.messages(channel.id)) > before)  # noqa: B023
            message = sandbox.messages(channel.id)[-1]
            whole = [attachment.data.decode() for attachment in message.attachments]
            assert whole == ([] if length == MAX_CALL_DETAIL_CHARACTERS else [detail])
            _, decline = RightsRoom.buttons(message)
            await sandbox.click(eve, message, decline)
            assert not await asking
            await until(lambda: len(message.revisions) > 1)  # noqa: B023
            assert not message.attachments
