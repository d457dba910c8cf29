"""The entities of a Discord server as plain records."""

from dataclasses import dataclass, field
from enum import IntEnum


class Kind(IntEnum):
    """Channel types."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    NEWS = 5
    NEWS_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13
    FORUM = 15


@dataclass(slots=True)
class User:
    id: int
    name: str
    "unique, lower case"
    global_name: str | None
    "display name"
    bot: bool = False
    locale: str = "en-US"
    "of the person's client; interactions carry it"


@dataclass(slots=True)
class Role:
    id: int
    name: str
    permissions: int
    position: int


@dataclass(slots=True)
class Overwrite:
    id: int
    "a role's or a member's"
    member: bool
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class GuildChannel:
    id: int
    kind: Kind
    name: str
    guild_id: int | None
    "None: a direct message"
    created_at: str = ""
    "ISO 8601"
    position: int = 0
    user_limit: int = 0
    "voice: 0 is unlimited"
    parent_id: int | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    status: str | None = None
    "voice: the status line under the name"
    owner_id: int | None = None
    "thread: who opened it"
    archived: bool = False
    locked: bool = False
    "thread: only who may manage threads can open it again"
    recipients: list[User] = field(default_factory=list)
    "direct message: everyone but the bot"
    last_message_id: int | None = None

    @property
    def is_thread(self) -> bool:
        return self.kind in (Kind.NEWS_THREAD, Kind.PUBLIC_THREAD, Kind.PRIVATE_THREAD)

    @property
    def is_voice(self) -> bool:
        return self.kind in (Kind.VOICE, Kind.STAGE)


@dataclass(slots=True)
class Member:
    user: User
    joined_at: str
    "ISO 8601"
    roles: list[int] = field(default_factory=list)
    "without @everyone"
    nick: str | None = None
    mute: bool = False
    "server-muted"
    deaf: bool = False
    "server-deafened"
    timed_out_until: float = 0.0
    "Unix seconds"

    @property
    def display_name(self) -> str:
        return self.nick or self.user.global_name or self.user.name


@dataclass(slots=True)
class VoiceState:
    user_id: int
    channel_id: int
    session_id: str
    self_mute: bool = False
    self_deaf: bool = False
    suppress: bool = False
    "stage: in the audience, cannot be heard"
    request_to_speak: str | None = None
    "ISO 8601"


@dataclass(slots=True)
class Guild:
    id: int
    name: str
    owner_id: int
    joined_at: str
    "ISO 8601, when the bot joined"
    preferred_locale: str = "en-US"
    announced: bool = False
    "the bot has been told of it, and so hears of changes"
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, GuildChannel] = field(default_factory=dict)
    "threads included"
    members: dict[int, Member] = field(default_factory=dict)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)
    "user id -> where they are"
