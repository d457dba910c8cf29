"""What the page shows, as JSON. Ids are strings, because JavaScript numbers cannot hold a snowflake."""

from typing import Any

from sandbox import clips
from sandbox.guild.entities import GuildChannel
from sandbox.guild.message import ChatMessage, MessageFlag
from sandbox.playground.backend import PlaygroundBackend

MAX_SHOWN_MESSAGES = 150
"""The page shows this many of the newest messages."""
SPEAKING_RING_SECONDS = 0.25
"""The speaking ring stays on this long after a loud frame."""


def about(backend: PlaygroundBackend) -> dict[str, Any]:
    """Return what stays the same while the playground runs."""
    spoken = [
        {"id": clip.id, "voice": clip.voice, "language": clip.language, "text": clip.sentence or clip.id}
        for clip in clips.ALL_CLIPS
        if clip.voice != "bot"
    ]
    sandbox = backend.sandbox
    return {
        "live": backend.live,
        "model": backend.settings.openai_model,
        "bot": str(sandbox.bot.id),
        "you": str(backend.browser_person.id),
        "server": sandbox.guild.name,
        "channel": {"id": str(sandbox.lounge.id), "name": sandbox.lounge.name},
        "channels": [
            {"id": str(channel.id), "name": channel.name, "kind": int(channel.kind)}
            for channel in sandbox.guild.channels.values()
            if not channel.is_thread
        ],
        "clips": spoken,
    }


def commands(backend: PlaygroundBackend) -> list[dict[str, Any]]:
    """Return the synced commands as clients see them, without regard to permissions."""
    return backend.sandbox.parts.registry.visible(backend.sandbox.guild.id)


def state(backend: PlaygroundBackend, now: float) -> dict[str, Any]:
    """Return who is in the channel, the state of the bot, and the simulated network."""
    sandbox, heard = backend.sandbox, backend.timeline.last_sound
    extra_people = {extra.person.id: extra for extra in backend.extra_people.all()}
    people = []
    for present in sandbox.world.present(sandbox.lounge.id):
        member = sandbox.guild.members[present.user_id]
        extra = extra_people.get(present.user_id)
        people.append(
            {
                "id": str(present.user_id),
                "name": member.display_name,
                "bot": member.user.bot,
                "extra": extra is not None,
                "speaking": now - heard.get(present.user_id, -1.0) < SPEAKING_RING_SECONDS,
                "saying": extra is not None and extra.saying is not None and not extra.saying.done(),
                "muted": member.mute or present.self_mute,
            }
        )
    up, down = backend.browser_person.conditions.up, backend.browser_person.conditions.down
    return {
        "state": backend.state,
        "fault": backend.fault,
        "status": sandbox.lounge.status,
        "people": people,
        "network": {"loss": up.loss or down.loss, "delay": up.delay, "jitter": up.jitter},
    }


def messages(backend: PlaygroundBackend) -> list[dict[str, Any]]:
    """Return the newest messages that the person can see in the channel's chat and its threads."""
    sandbox, me = backend.sandbox, backend.browser_person.id
    shown: list[tuple[ChatMessage, GuildChannel]] = []
    for channel in sandbox.guild.channels.values():
        if channel.id == sandbox.lounge.id or channel.parent_id == sandbox.lounge.id:
            found = sandbox.messages(channel.id, ephemeral=True)
            shown += [(message, channel) for message in found if not message.ephemeral or message.seen_by == me]
    shown.sort(key=lambda item: item[0].id)
    return [_message(backend, message, channel) for message, channel in shown[-MAX_SHOWN_MESSAGES:]]


def _message(backend: PlaygroundBackend, message: ChatMessage, channel: GuildChannel) -> dict[str, Any]:
    member = backend.sandbox.guild.members.get(message.author.id)
    about = message.interaction or {}
    answered = backend.sandbox.parts.board.messages.get(message.reference_id or 0)
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


def names(backend: PlaygroundBackend) -> dict[str, str]:
    """Return the names that mentions show: users, channels and roles by id."""
    guild = backend.sandbox.guild
    return {
        **{f"@{key}": member.display_name for key, member in guild.members.items()},
        **{f"#{key}": channel.name for key, channel in guild.channels.items()},
        **{f"@&{key}": role.name for key, role in guild.roles.items()},
    }
