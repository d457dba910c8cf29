"""A message as Discord's JSON, with signed addresses of its files."""

import hashlib
import hmac
from urllib.parse import quote

from sandbox.guild import payload
from sandbox.guild.fault import Json
from sandbox.guild.message import Attachment, ChatMessage, MessageFlag
from sandbox.guild.world import World


class Cdn:
    """Addresses of attachments, signed like Discord's: a guessed address does not work."""

    def __init__(self, world: World) -> None:
        self.base = ""
        "scheme://host:port, known once the server listens"
        self._world = world
        self._secret = hashlib.sha256(str(world.application_id).encode()).digest()
        self.files: dict[int, Attachment] = {}

    def url(self, attachment: Attachment) -> str:
        folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        path = f"/{folder}/{attachment.channel_id}/{attachment.id}/{quote(attachment.filename)}"
        issued = int(self._world.clock())
        until = f"{issued + 86_400:x}"
        return f"{self.base}{path}?ex={until}&is={issued:x}&hm={self.sign(attachment.id, until)}&"

    def sign(self, attachment_id: int, until: str) -> str:
        return hmac.new(self._secret, f"{attachment_id}:{until}".encode(), "sha256").hexdigest()

    def attachment(self, attachment: Attachment) -> Json:
        data: Json = {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": len(attachment.data),
            "url": self.url(attachment),
            "proxy_url": self.url(attachment),
            "content_type": attachment.content_type,
            "content_scan_version": 0,
        }
        if attachment.ephemeral:
            data["ephemeral"] = True
        if attachment.description is not None:
            data["description"] = attachment.description
        if attachment.duration_secs is not None:
            data |= {"duration_secs": attachment.duration_secs, "waveform": attachment.waveform}
        return data


def message(
    world: World,
    cdn: Cdn,
    found: ChatMessage,
    *,
    reveal: bool,
    event: bool = False,
    answered: ChatMessage | None = None,
) -> Json:
    """Return a message object.

    `reveal`: False blanks what the message-content intent guards. `event`: the gateway's form, with guild and members.
    `answered`: the message that this one replies to, if it still exists.
    """
    guild = world.guilds.get(found.guild_id) if found.guild_id is not None else None
    data: Json = {
        "id": str(found.id),
        "channel_id": str(found.channel_id),
        "type": found.kind,
        "author": payload.user(found.author),
        "content": found.content if reveal else "",
        "timestamp": found.at,
        "edited_timestamp": found.edited_at,
        "tts": False,
        "mention_everyone": found.pings.everyone,
        "mentions": [],
        "mention_roles": [str(role_id) for role_id in found.pings.roles],
        "attachments": [cdn.attachment(item) for item in found.attachments] if reveal else [],
        "embeds": found.embeds if reveal else [],
        "components": _media(cdn, found) if reveal else [],
        "pinned": False,
        "flags": found.flags,
    }
    for user_id in found.pings.users:
        person = world.users[user_id]
        about = payload.user(person)
        if event and guild and user_id in guild.members:
            about["member"] = payload.member(guild.members[user_id], with_user=False)
        data["mentions"].append(about)
    if found.nonce is not None:
        data["nonce"] = found.nonce
    if found.interaction is not None:
        data |= {
            "interaction_metadata": found.interaction,
            "application_id": str(world.application_id),
            "webhook_id": str(world.application_id),
        }
    if found.reference_id is not None:
        data["message_reference"] = {
            "type": 0,
            "channel_id": str(found.channel_id),
            "message_id": str(found.reference_id),
        }
        if guild:
            data["message_reference"]["guild_id"] = str(guild.id)
        shown = reveal or (answered is not None and revealed(world, answered))
        data["referenced_message"] = message(world, cdn, answered, reveal=shown) if answered else None
    if found.forwarded is not None:
        data["message_reference"] = {
            "type": 1,
            "channel_id": str(found.forwarded.channel_id),
            "message_id": str(found.forwarded.id),
        }
        data["message_snapshots"] = [{"message": _snapshot(cdn, found.forwarded, reveal=reveal)}]
    if event and guild:
        data["guild_id"] = str(guild.id)
        if found.author.id in guild.members and found.interaction is None:
            data["member"] = payload.member(guild.members[found.author.id], with_user=False)
    if event:
        channel = world.channel(found.channel_id)
        data["channel_type"] = int(channel.kind) if channel else 0
    return data


def _snapshot(cdn: Cdn, found: ChatMessage, *, reveal: bool) -> Json:
    """Return what a forwarding message keeps of the forwarded one: no author, and no names."""
    return {
        "type": found.kind,
        "content": found.content if reveal else "",
        "timestamp": found.at,
        "edited_timestamp": found.edited_at,
        "mentions": [],
        "mention_roles": [],
        "attachments": [cdn.attachment(item) for item in found.attachments] if reveal else [],
        "embeds": found.embeds if reveal else [],
        "components": [],
        "flags": found.flags,
    }


def revealed(world: World, found: ChatMessage) -> bool:
    """Whether an application without the message-content intent may read a message.

    It may read its own messages, direct ones, and those that mention it.
    """
    mine = found.author == world.bot or found.guild_id is None
    return mine or world.bot.id in found.pings.users


def _media(cdn: Cdn, found: ChatMessage) -> list[Json]:
    """Return the components with attachment:// replaced by addresses."""
    if not found.flags & MessageFlag.IS_COMPONENTS_V2:
        return found.components
    files = {item.filename: item for item in found.attachments}

    def resolve(node: object) -> object:
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        url = node.get("url")
        if (
            isinstance(url, str)
            and url.startswith("attachment://")
            and (name := url.removeprefix("attachment://")) in files
        ):
            address = cdn.url(files[name])
            return node | {"url": address, "proxy_url": address, "attachment_id": str(files[name].id)}
        return {key: resolve(value) for key, value in node.items()}

    return [item for item in (resolve(component) for component in found.components) if isinstance(item, dict)]
