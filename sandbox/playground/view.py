"""What there is to see on the page, as JSON. Ids are text: JavaScript's numbers are too small for them."""

from typing import Any

from sandbox import clips
from sandbox.guild.entities import GuildChannel
from sandbox.guild.message import ChatMessage, MessageFlag
from sandbox.playground.backend import PlaygroundBackend

MESSAGES = 150
"""Newest messages shown."""
RING = 0.25
"""Seconds after a frame with sound for which a speaking ring is shown."""


def about(house: PlaygroundBackend) -> dict[str, Any]:
    """Return what does not change while the playground runs."""
    spoken = [
        {"id": clip.id, "voice": clip.voice, "language": clip.language, "text": clip.sentence or clip.id}
        for clip in clips.CATALOGUE
        if clip.voice != "bot"
    ]
    sandbox = house.sandbox
    return {
        "live": house.live,
        "model": house.settings.openai_model,
        "bot": str(sandbox.bot.id),
        "you": str(house.visitor.id),
        "server": sandbox.guild.name,
        "channel": {"id": str(sandbox.lounge.id), "name": sandbox.lounge.name},
        "channels": [
            {"id": str(channel.id), "name": channel.name, "kind": int(channel.kind)}
            for channel in sandbox.guild.channels.values()
            if not channel.is_thread
        ],
        "clips": spoken,
    }


def commands(house: PlaygroundBackend) -> list[dict[str, Any]]:
    """Return the synced payload as people's clients see it, permissions aside."""
    return house.sandbox.parts.registry.visible(house.sandbox.guild.id)


def state(house: PlaygroundBackend, now: float) -> dict[str, Any]:
    """Return who is in the channel and how the bot is."""
    sandbox, heard = house.sandbox, house.timeline.last_sound
    guests = {chair.person.id: chair for chair in house.guests.all()}
    people = []
    for present in sandbox.world.present(sandbox.lounge.id):
        member = sandbox.guild.members[present.user_id]
        chair = guests.get(present.user_id)
        people.append(
            {
                "id": str(present.user_id),
                "name": member.display_name,
                "bot": member.user.bot,
                "guest": chair is not None,
                "speaking": now - heard.get(present.user_id, -1.0) < RING,
                "saying": chair is not None and chair.saying is not None and not chair.saying.done(),
                "muted": member.mute or present.self_mute,
            }
        )
    up, down = house.visitor.conditions.up, house.visitor.conditions.down
    return {
        "state": house.state,
        "fault": house.fault,
        "status": sandbox.lounge.status,
        "people": people,
        "line": {"loss": up.loss or down.loss, "delay": up.delay, "jitter": up.jitter},
    }


def messages(house: PlaygroundBackend) -> list[dict[str, Any]]:
    """Return the newest messages of the channel's chat and its threads that the person may see."""
    sandbox, me = house.sandbox, house.visitor.id
    shown: list[tuple[ChatMessage, GuildChannel]] = []
    for channel in sandbox.guild.channels.values():
        if channel.id == sandbox.lounge.id or channel.parent_id == sandbox.lounge.id:
            found = sandbox.messages(channel.id, ephemeral=True)
            shown += [(message, channel) for message in found if not message.ephemeral or message.seen_by == me]
    shown.sort(key=lambda item: item[0].id)
    return [_message(house, message, channel) for message, channel in shown[-MESSAGES:]]


def _message(house: PlaygroundBackend, message: ChatMessage, channel: GuildChannel) -> dict[str, Any]:
    member = house.sandbox.guild.members.get(message.author.id)
    about = message.interaction or {}
    answered = house.sandbox.parts.board.messages.get(message.reference_id or 0)
    return {
        "id": str(message.id),
        "author": {
            "id": str(message.author.id),
            "name": member.display_name if member else message.author.name,
            "bot": message.author.bot,
        },
        "at": message.at,
        "content": message.content,
        "ephemeral": message.ephemeral,
        "thinking": bool(message.flags & MessageFlag.LOADING),
        "thread": channel.name if channel.is_thread else None,
        "used": about.get("name"),
        "answers": answered.content[:80] if answered and not answered.deleted else None,
        "components": message.components,
        "embeds": message.embeds,
        "attachments": [
            {
                "id": str(item.id),
                "name": item.filename,
                "size": len(item.data),
                "type": item.content_type,
                "seconds": item.duration_secs,
            }
            for item in message.attachments
        ],
    }


def names(house: PlaygroundBackend) -> dict[str, str]:
    """Return what mentions stand for: users, channels and roles by id."""
    guild = house.sandbox.guild
    return {
        **{f"@{key}": member.display_name for key, member in guild.members.items()},
        **{f"#{key}": channel.name for key, channel in guild.channels.items()},
        **{f"@&{key}": role.name for key, role in guild.roles.items()},
    }
