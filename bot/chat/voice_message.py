"""Sound as a voice message: the bubble with a waveform that people play at a tap.

Such a message holds nothing but one file, whose part must be declared as sound, or Discord reads neither its length nor
its waveform; discord.py declares every file as bytes, so the request is made here. Source: Discord's documentation,
"Voice Messages".
"""

import asyncio
import json
from typing import Any

import discord
from discord.http import Route

from bot.audio import SPEAK_RATE, seconds
from bot.chat.host import Interaction
from bot.jobs import encoder

_FLAGS = discord.MessageFlags(voice=True).value


def allowed(interaction: Interaction) -> bool:
    """Whether the bot may send voice messages there."""
    return interaction.app_permissions.send_voice_messages


async def send(interaction: Interaction, pcm: bytes) -> None:
    """Follow a responded interaction up with sound, s16le mono 24 kHz.

    Raises discord.HTTPException when Discord does not take it.
    """
    ogg, waveform = await asyncio.to_thread(_packed, pcm)
    name = "voice-message.ogg"
    about: dict[str, Any] = {"id": "0", "filename": name, "waveform": waveform}
    about["duration_secs"] = round(max(seconds(pcm, SPEAK_RATE), 0.1), 3)
    form: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps({"flags": _FLAGS, "attachments": [about]})},
        {"name": "files[0]", "value": ogg, "filename": name, "content_type": "audio/ogg"},
    ]
    route = Route(
        "POST",
        "/webhooks/{webhook_id}/{webhook_token}",
        webhook_id=interaction.application_id,
        webhook_token=interaction.token,
    )
    await interaction.client.http.request(route, form=form)


def _packed(pcm: bytes) -> tuple[bytes, str]:
    return encoder.encode(pcm, SPEAK_RATE), encoder.waveform_text(pcm, SPEAK_RATE)
