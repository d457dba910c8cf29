"""Discord's permissions: names, and what a member may do in a channel.

Source: Discord's developer documentation, "Permissions", permission hierarchy and overwrites.
"""

from enum import IntFlag

from sandbox.guild.entities import Guild, GuildChannel, Kind, Member


class Permission(IntFlag):
    """The bits that the sandbox checks; integers keep all other bits unchanged."""

    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    STREAM = 1 << 9
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    SEND_VOICE_MESSAGES = 1 << 46
    SET_VOICE_CHANNEL_STATUS = 1 << 48
    USE_EXTERNAL_APPS = 1 << 50


P = Permission
ALL_PERMISSIONS = (1 << 53) - 1
EVERYONE_PERMISSIONS = int(
    P.ADD_REACTIONS
    | P.STREAM
    | P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.CONNECT
    | P.SPEAK
    | P.USE_VAD
    | P.CHANGE_NICKNAME
    | P.USE_APPLICATION_COMMANDS
    | P.REQUEST_TO_SPEAK
    | P.CREATE_PUBLIC_THREADS
    | P.SEND_MESSAGES_IN_THREADS
    | P.SEND_VOICE_MESSAGES
    | P.USE_EXTERNAL_APPS
)
"""The part of a new server's @everyone permissions that matters here."""
SERVER_PERMISSIONS = int(
    P.KICK_MEMBERS | P.MANAGE_GUILD | P.VIEW_AUDIT_LOG | P.CHANGE_NICKNAME | P.MANAGE_NICKNAMES | P.MODERATE_MEMBERS
)
"""Permissions that belong to no channel: no overwrite and no implicit denial takes them."""
TIMED_OUT_PERMISSIONS = int(P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY)
"""What a time-out leaves to everyone but the owner and administrators."""


def in_guild(guild: Guild, member: Member, *, timed_out: bool = False) -> int:
    """Return a member's permissions before any channel's overwrites."""
    if guild.owner_id == member.user.id:
        return ALL_PERMISSIONS
    allowed = guild.roles[guild.id].permissions
    for role_id in member.roles:
        allowed |= guild.roles[role_id].permissions
    if allowed & P.ADMINISTRATOR:
        return ALL_PERMISSIONS
    return allowed & TIMED_OUT_PERMISSIONS if timed_out else allowed


def in_channel(guild: Guild, channel: GuildChannel, member: Member, *, timed_out: bool = False) -> int:
    """Return what a member may do in a channel; a thread inherits from its parent."""
    allowed = in_guild(guild, member)
    if allowed & P.ADMINISTRATOR:
        return ALL_PERMISSIONS
    place = channel
    if channel.is_thread and channel.parent_id is not None:
        place = guild.channels[channel.parent_id]
    everyone = [o for o in place.overwrites if o.id == guild.id]
    roles = [o for o in place.overwrites if o.id in member.roles]
    mine = [o for o in place.overwrites if o.id == member.user.id]
    for group in (everyone, roles, mine):
        deny = allow = 0
        for overwrite in group:
            deny |= overwrite.deny
            allow |= overwrite.allow
        allowed = (allowed & ~(deny & ~SERVER_PERMISSIONS)) | allow & ~SERVER_PERMISSIONS
    if timed_out:
        allowed &= TIMED_OUT_PERMISSIONS
    return _implied(place, allowed, thread=channel.is_thread)


def _implied(channel: GuildChannel, allowed: int, *, thread: bool) -> int:
    """Remove the permissions that depend on a missing one ("Implicit Permissions")."""
    if not allowed & P.VIEW_CHANNEL:
        return allowed & SERVER_PERMISSIONS
    if channel.kind in (Kind.VOICE, Kind.STAGE) and not allowed & P.CONNECT:
        # Without Connect only seeing the voice channel remains: its chat is read and written by who may enter.
        return int(P.VIEW_CHANNEL) | allowed & SERVER_PERMISSIONS
    if not allowed & (P.SEND_MESSAGES_IN_THREADS if thread else P.SEND_MESSAGES):
        dependent = P.MENTION_EVERYONE | P.SEND_TTS_MESSAGES | P.ATTACH_FILES | P.EMBED_LINKS | P.SEND_VOICE_MESSAGES
        allowed &= ~int(dependent)
    return allowed
