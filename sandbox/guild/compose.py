"""Checks a message's body as strictly as Discord does, and fills the message from it."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.guild import component_rules, components, embeds, mentions
from sandbox.guild.entities import User
from sandbox.guild.fault import Form, Json, RestFault
from sandbox.guild.message import Attachment, ChatMessage, MessageFlag, Pings, content_type
from sandbox.guild.permissions import P
from sandbox.guild.world import World

MAX_CONTENT_CHARACTERS = 2000
MAX_FILES = 10
MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024
"""One file, in a server without boosts."""
MAX_WAVEFORM_BYTES = 256
"""One byte per step of a voice message's waveform. That Discord checks it is an assumption."""
_SETTABLE_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.IS_VOICE_MESSAGE
    | MessageFlag.IS_COMPONENTS_V2
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a multipart body, `files[n]`."""

    filename: str
    data: bytes
    content_type: str = ""
    "as sent with the part"


@dataclass(slots=True)
class MessageBody:
    """The body of a request."""

    json: Json = field(default_factory=dict)
    files: dict[int, Upload] = field(default_factory=dict)
    "by n"


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a message and their permissions in the channel."""

    user: User
    allowed: int
    interaction: bool = False
    "an interaction's response needs no permission to send and may be ephemeral"


class Composer:
    """Fills messages from bodies. When it raises RestFault, the message is unchanged."""

    def __init__(self, world: World, files: dict[int, Attachment]) -> None:
        self._world = world
        self._files = files
        "every attachment by id; the composer adds new ones"

    def fill(self, message: ChatMessage, body: MessageBody, author: Author, *, replied_to: int | None = None) -> None:
        """Fill a new message."""
        data = body.json
        flags = int(data.get("flags") or 0)
        settable = int(_SETTABLE_FLAGS | (MessageFlag.EPHEMERAL if author.interaction else 0))
        flags &= settable
        self._check(data, body, flags)
        attachments = self._uploads(message, data, body, flags)
        content = (data.get("content") or "").strip()
        parts = data.get("components") or []
        if flags & MessageFlag.IS_VOICE_MESSAGE:
            more = content or any(data.get(key) for key in ("embeds", "components", "sticker_ids", "poll"))
            _voice_message(author, attachments, more=bool(more))
        elif message.forwarded is None and not (
            content or data.get("embeds") or parts or attachments or data.get("sticker_ids") or data.get("poll")
        ):
            raise RestFault(400, 50006, "Cannot send an empty message")
        message.flags |= flags
        message.content = content
        message.embeds = data.get("embeds") or []
        message.components = components.numbered(parts)
        self._attach(message, attachments)
        message.pings = self._pings(message, data, author, replied_to)

    def change(self, message: ChatMessage, body: MessageBody, author: Author, *, first: bool = False) -> None:
        """Apply an edit: a missing field stays, a null field is emptied.

        `first`: a deferred response gets its content; it may still become Components V2.
        """
        data = body.json
        if message.flags & MessageFlag.IS_VOICE_MESSAGE:
            raise RestFault(400, 50162, "Voice messages cannot be edited.")
        flags = message.flags
        if data.get("flags") is not None:
            settable = int(MessageFlag.SUPPRESS_EMBEDS)
            flags = (flags & ~settable) | int(data["flags"]) & settable
            flags |= int(data["flags"]) & MessageFlag.IS_COMPONENTS_V2  # cannot be unset
        kept = self._kept(message, data)
        merged = {
            "content": message.content,
            "embeds": message.embeds,
            "components": message.components,
        } | {key: data[key] for key in ("content", "embeds", "components") if key in data}
        self._check(merged | _only(data, "allowed_mentions"), body, flags, kept)
        new = self._uploads(message, data, body, flags)
        content = (merged["content"] or "").strip()
        parts = merged["components"] or []
        if not (content or merged["embeds"] or parts or kept or new):
            raise RestFault(400, 50006, "Cannot send an empty message")
        message.flags = flags & ~MessageFlag.LOADING if first else flags
        message.content, message.embeds = content, merged["embeds"] or []
        if "components" in data:
            message.components = components.numbered(parts)
        message.attachments = kept
        self._attach(message, new)
        if "content" in data or "components" in data or "allowed_mentions" in data:
            message.pings = self._pings(message, data, author, None)

    @staticmethod
    def _check(data: Json, body: MessageBody, flags: int, kept: Sequence[Attachment] = ()) -> None:
        form = Form()
        v2 = bool(flags & MessageFlag.IS_COMPONENTS_V2)
        if data.get("content") is not None:
            form.length("content", data["content"], 0, MAX_CONTENT_CHARACTERS)
        if data.get("nonce") is not None:
            form.length("nonce", str(data["nonce"]), 0, 25)
        if v2:
            for key in ("content", "embeds", "sticker_ids", "poll"):
                if data.get(key):
                    text = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                    form.add(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
        if data.get("embeds") is not None:
            embeds.check(form, data["embeds"])
        mentions.check(form, data.get("allowed_mentions"))
        if len(body.files) + len(kept) > MAX_FILES:
            form.add("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
        names = {upload.filename for upload in body.files.values()} | {item.filename for item in kept}
        if data.get("components") is not None:
            component_rules.check_message(form, data["components"], v2=v2, files=names)
        form.check()
        for upload in body.files.values():
            if len(upload.data) > MAX_ATTACHMENT_BYTES:
                raise RestFault(413, 40005, "Request entity too large")

    @staticmethod
    def _kept(message: ChatMessage, data: Json) -> list[Attachment]:
        """The attachments that an edit keeps: all of them unless `attachments` lists some."""
        if data.get("attachments") is None:
            return list(message.attachments)
        listed = {str(item.get("id")) for item in data["attachments"]}
        return [item for item in message.attachments if str(item.id) in listed]

    def _uploads(self, message: ChatMessage, data: Json, body: MessageBody, flags: int) -> list[Attachment]:
        about = {str(item.get("id")): item for item in data.get("attachments") or []}
        made: list[Attachment] = []
        for number, upload in sorted(body.files.items()):
            told: dict[str, Any] = about.get(str(number), {})
            name = told.get("filename") or upload.filename
            item = Attachment(self._world.snowflake(), name, upload.data, content_type(name), message.channel_id)
            item.ephemeral = bool((flags | message.flags) & MessageFlag.EPHEMERAL)
            item.description = told.get("description")
            if flags & MessageFlag.IS_VOICE_MESSAGE and upload.content_type.startswith("audio/"):  # ignored otherwise
                item.duration_secs, item.waveform = told.get("duration_secs"), told.get("waveform")
            made.append(item)
        return made

    def _attach(self, message: ChatMessage, attachments: list[Attachment]) -> None:
        message.attachments = [*message.attachments, *attachments]
        self._files |= {item.id: item for item in attachments}

    def _pings(self, message: ChatMessage, data: Json, author: Author, replied_to: int | None) -> Pings:
        text = message.content + "\n" + components.text_of(message.components)
        broad = bool(author.allowed & P.MENTION_EVERYONE)
        found = mentions.pinged(text, data.get("allowed_mentions"), broad=broad, replied_to=replied_to)
        known = tuple(user_id for user_id in found.users if user_id in self._world.users)
        return Pings(known, found.roles, found.everyone)


def _only(data: Json, *keys: str) -> Json:
    return {key: data[key] for key in keys if key in data}


def _voice_message(author: Author, attachments: list[Attachment], *, more: bool) -> None:
    if not author.allowed & P.SEND_VOICE_MESSAGES:
        raise RestFault(403, 50173, "You cannot send voice messages in this channel.")
    if more:
        raise RestFault(400, 50159, "Voice messages do not support additional content.")
    if len(attachments) != 1 or not attachments[0].content_type.startswith("audio/"):
        raise RestFault(400, 50160, "Voice messages must have a single audio attachment.")
    (sound,) = attachments
    if sound.duration_secs is None or sound.waveform is None:
        raise RestFault(400, 50161, "Voice messages must have supporting metadata.")
    form = Form()
    if not isinstance(sound.duration_secs, int | float) or sound.duration_secs <= 0:
        form.add(["attachments", 0, "duration_secs"], "NUMBER_TYPE_MIN", "float value should be greater than 0.")
    try:
        steps = len(base64.b64decode(sound.waveform, validate=True))
    except (binascii.Error, ValueError, TypeError):
        steps = 0
    if not 1 <= steps <= MAX_WAVEFORM_BYTES:
        form.add(["attachments", 0, "waveform"], "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_WAVEFORM_BYTES}.")
    form.check()
