"""Sends sound as a voice message, which Discord shows with a waveform and a play button.

Such a message contains exactly one file. Its content type must be audio, or Discord ignores its length and waveform.
discord.py sends every file as plain bytes, so this module makes the request. Source: Discord's documentation, "Voice
Messages".
"""

import asyncio
import json
from typing import Any

import discord
from discord.http import Route

from bot.audio import SPEAK_RATE, seconds
from bot.chat.host import Interaction
from bot.jobs import encoder

_VOICE_MESSAGE_FLAGS = discord.MessageFlags(voice=True).value


def allowed(interaction: Interaction) -> bool:
    """Whether the bot may send voice messages in the interaction's channel."""
    return interaction.app_permissions.send_voice_messages


async def send(interaction: Interaction, pcm: bytes) -> None:
    """Send sound, s16le mono 24 kHz, as a follow-up to a responded interaction.

    Raises discord.HTTPException when Discord refuses it.
    """
    ogg, waveform = await asyncio.to_thread(_encode, pcm)
    name = "voice-message.ogg"
    attachment: dict[str, Any] = {"id": "0", "filename": name, "waveform": waveform}
    attachment["duration_secs"] = round(max(seconds(pcm, SPEAK_RATE), 0.1), 3)
    form: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps({"flags": _VOICE_MESSAGE_FLAGS, "attachments": [attachment]})},
        {"name": "files[0]", "value": ogg, "filename": name, "content_type": "audio/ogg"},
    ]
    route = Route(
        "POST",
        "/webhooks/{webhook_id}/{webhook_token}",
        webhook_id=interaction.application_id,
        webhook_token=interaction.token,
    )
    await interaction.client.http.request(route, form=form)


def _encode(pcm: bytes) -> tuple[bytes, str]:
    return encoder.encode(pcm, SPEAK_RATE), encoder.waveform_text(pcm, SPEAK_RATE)
