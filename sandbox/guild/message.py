"""A message with its revisions, attachments and pings."""

import mimetypes
import re
from dataclasses import dataclass, field
from enum import IntFlag

from sandbox.guild.entities import User
from sandbox.guild.fault import Json

_LINK_PATTERN = re.compile(r"(?<!<)https?://[^\s>]+")
_SOUND_CONTENT_TYPES = {
    "flac": "audio/flac", "m4a": "audio/mp4", "mp3": "audio/mpeg", "oga": "audio/ogg", "ogg": "audio/ogg",
    "opus": "audio/ogg", "wav": "audio/x-wav", "webm": "video/webm",
}  # fmt: skip
"""By file extension: the table of the operating system differs from machine to machine."""


def content_type(filename: str) -> str:
    """Return the content type that Discord derives from a file's name."""
    ending = filename.rpartition(".")[2].lower()
    return _SOUND_CONTENT_TYPES.get(ending) or mimetypes.guess_type(filename)[0] or "application/octet-stream"


class MessageFlag(IntFlag):
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_VOICE_MESSAGE = 1 << 13
    HAS_SNAPSHOT = 1 << 14
    IS_COMPONENTS_V2 = 1 << 15


@dataclass(slots=True)
class Attachment:
    id: int
    filename: str
    data: bytes
    content_type: str
    channel_id: int
    ephemeral: bool = False
    description: str | None = None
    duration_secs: float | None = None
    "voice message"
    waveform: str | None = None
    "voice message: base64 of amplitudes"


@dataclass(frozen=True, slots=True)
class Pings:
    """Who is notified. Leaves out what allowed_mentions or permissions suppress."""

    users: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.users or self.roles or self.everyone)


@dataclass(frozen=True, slots=True)
class Revision:
    """A message's content since `at`."""

    at: float
    "Unix seconds"
    content: str
    components: tuple[Json, ...] = ()
    attachments: tuple[str, ...] = ()
    "file names"


@dataclass(slots=True)
class ChatMessage:
    id: int
    channel_id: int
    guild_id: int | None
    author: User
    at: str
    "ISO 8601"
    content: str = ""
    flags: int = 0
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    pings: Pings = Pings()
    kind: int = 0
    "0 default, 18 thread created, 19 reply, 20 slash command, 23 menu command"
    reference_id: int | None = None
    "reply: the message it answers"
    forwarded: "ChatMessage | None" = None
    "the message that this one forwards, as it was then"
    interaction: Json | None = None
    "interaction_metadata"
    token: str | None = None
    "of the interaction that created it"
    nonce: str | int | None = None
    edited_at: str | None = None
    revisions: list[Revision] = field(default_factory=list)
    "oldest first; the last one is current"
    deleted: bool = False
    seen_by: int | None = None
    "ephemeral: the only person who sees it"

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & MessageFlag.EPHEMERAL)

    @property
    def silent(self) -> bool:
        return bool(self.flags & MessageFlag.SUPPRESS_NOTIFICATIONS)

    @property
    def unfurls(self) -> bool:
        """Whether Discord would add an embed for a link in it."""
        return not self.flags & MessageFlag.SUPPRESS_EMBEDS and _LINK_PATTERN.search(self.content) is not None

    @property
    def is_v2(self) -> bool:
        return bool(self.flags & MessageFlag.IS_COMPONENTS_V2)
