"""Who may do what: one rule for every command, button, menu and message.

`may` is pure: it reads what discord.py has cached. docs/rights.md shows the same rule as a table, and
tests/chat/test_rights.py tries that table cell by cell.

The channel is the one that an action is about, the call's for instance, never the one where a command was typed. Voice
channels: reading and writing their chat takes Connect besides View Channel (Discord's documentation, "Get Channel
Messages"). A thread has the permissions of its parent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

import discord

from bot.call.access import Access, Use
from bot.chat.error_messages import Refusal
from bot.chat.permissions import PERMISSION_NAMES, VocalChannel
from bot.types import Standing

Place: TypeAlias = discord.abc.GuildChannel | discord.Thread


class Action(Enum):
    """What people ask of the bot, by the rule that holds for it."""

    OWN = auto()
    "their own consent, and what is kept of them"
    USE = auto()
    "questions and jobs that are answered where they were asked, and what it has cost"
    JOIN = auto()
    "call the bot into a channel"
    STEER = auto()
    "stop, say again, leave"
    LOOK = auto()
    "learn that there is a call, and how it is"
    EXPLAIN = auto()
    "learn what became of each utterance of a call"
    READ = auto()
    "read what was said"
    SPEAK = auto()
    "put a written question to the call"
    CLEAR = auto()
    "delete a channel's memory"
    SET = auto()
    "change the settings, see what everyone costs"
    FORGET_LINE = auto()
    "delete one answer and what it answers"
    CORRECT = auto()
    "put a line right"
    CANCEL = auto()
    "end somebody's job"
    SPEND = auto()
    "agree to what a job costs, or to what a tool does"


@dataclass(frozen=True, slots=True)
class _Rule:
    """The conditions in the order in which they are checked, and the sentence for whoever fails one."""

    concerned: bool = False
    "whoever it concerns may do it, come what may"
    personal: str = ""
    "nobody else may do it, nor they while they are timed out"
    manager: bool = False
    "takes Manage Server"
    unseen: str = "refusal channel_unseen"
    "for those who cannot see the channel; it must read the same where there is no such channel or call"
    needed: tuple[str, ...] = ()
    "permissions in the channel, all of which it takes"
    lacking: str = "refusal power_there"
    powers: tuple[str, ...] = ()
    "permissions in the channel, one of which it takes; Manage Server is as good"
    present: bool = False
    "being in the voice channel is as good"
    powerless: str = ""


_RULES = {
    Action.OWN: _Rule(concerned=True),
    Action.USE: _Rule(),
    Action.JOIN: _Rule(needed=("connect",), lacking="refusal channel_closed"),
    Action.STEER: _Rule(
        unseen="error not_in_call", powers=("move_members",), present=True, powerless="refusal outside"
    ),
    Action.LOOK: _Rule(unseen="error not_in_call"),
    Action.EXPLAIN: _Rule(unseen="error not_in_call", needed=("connect",)),
    Action.READ: _Rule(needed=("connect", "read_message_history")),
    Action.SPEAK: _Rule(unseen="refusal written_no_call", needed=("connect",)),
    Action.CLEAR: _Rule(manager=True),
    Action.SET: _Rule(manager=True),
    Action.FORGET_LINE: _Rule(
        concerned=True,
        unseen="refusal not_yours",
        powers=("move_members", "manage_messages"),
        powerless="refusal not_yours",
    ),
    Action.CORRECT: _Rule(concerned=True, personal="refusal only_speaker"),
    Action.CANCEL: _Rule(
        concerned=True, unseen="refusal not_asker", powers=("manage_messages",), powerless="refusal not_asker"
    ),
    Action.SPEND: _Rule(concerned=True, personal="refusal only_asker"),
}


def may(
    member: discord.Member | discord.User, action: Action, channel: Place | None = None, *, concerned: bool = False
) -> Refusal | None:
    """Return None when `member` may do `action` in `channel`, else the reason, for them alone.

    `channel` None: the whole server. `concerned`: it is theirs: they asked for it, or it answers them. The reason never
    tells of a channel, or of a call in it, that they cannot see.
    """
    rule = _RULES[action]
    own = rule.concerned and concerned
    if action is Action.OWN or (own and not rule.personal):
        return None
    if not isinstance(member, discord.Member):
        return Refusal("refusal server_only")
    server = _server_permissions(member)
    if member.is_timed_out() and not server.administrator:
        return Refusal("refusal you_timed_out")
    if rule.personal:
        return None if own else Refusal(rule.personal)
    if rule.manager and not server.manage_guild:
        return Refusal("refusal manager")
    granted = server if channel is None else _granted(channel, member)
    there = isinstance(channel, VocalChannel) and member.id in channel.voice_states
    if channel is not None and not granted.view_channel and not there:
        return Refusal(rule.unseen)
    where = channel.mention if channel is not None else ""
    vocal = channel is None or isinstance(channel, VocalChannel)
    needed = (name for name in rule.needed if vocal or name != "connect")  # which other channels do not know
    if missing := tuple(PERMISSION_NAMES[name] for name in needed if not getattr(granted, name)):
        return Refusal(rule.lacking, channel=where, permissions=missing)
    powerful = server.manage_guild or any(getattr(granted, name) for name in rule.powers)
    if rule.powers and not powerful and not (rule.present and there):
        return Refusal(rule.powerless, channel=where)
    return None


def _server_permissions(member: discord.Member) -> discord.Permissions:
    """Return what a member may do in the whole server; an interaction brings Discord's own figure along."""
    granted = member.guild_permissions
    if member.resolved_permissions is not None:
        granted.manage_guild = member.resolved_permissions.manage_guild
        granted.administrator = member.resolved_permissions.administrator
    return granted


def check(
    member: discord.Member | discord.User, action: Action, channel: Place | None = None, *, concerned: bool = False
) -> None:
    """Raise the Refusal that `may` returns, if any."""
    if refusal := may(member, action, channel, concerned=concerned):
        raise refusal


COMMAND_ACTIONS: Mapping[str, Action] = {"privacy": Action.OWN, "settings": Action.SET, "tools": Action.SET}
"""What commands, by name, and what they propose while somebody types ask of everyone, wherever they are typed.

The others are Action.USE; what they are about may ask for more.
"""
COMMAND_USES: Mapping[str, tuple[Use, ...]] = {
    "join": ("call",),
    "ask": ("answer", "spend"),
    "Answer aloud": ("answer", "spend"),
    "analyze": ("spend",),
    "Analyze recording": ("spend",),
    "podcast": ("spend",),
    "catchup": ("spend",),
    "minutes": ("spend",),
}
"""What commands and menus, by name, ask of a server's `/settings access`; the others are for everyone.

Of what goes on until it is ended, only the beginning asks: /captions, /interpret, /voice mine.
"""


def check_access(member: discord.Member | discord.User, access: Access, *uses: Use) -> None:
    """Raise Refusal unless a server's managers let somebody do all of these."""
    if not access.permits(member.id, standing_of(member), *uses):
        raise Refusal("refusal not_allowed")


def standing_of(member: discord.Member | discord.User) -> Standing:
    """Return what a member may do, by what discord.py holds of them."""
    if not isinstance(member, discord.Member):
        return Standing()
    roles = frozenset(role.id for role in member.roles if not role.is_default())
    return Standing(_server_permissions(member).manage_guild, roles)


@dataclass(frozen=True, slots=True)
class Telling:
    """What an answer tells of a voice channel, and to whom: its asker alone, or everyone who reads `place`."""

    channel: VocalChannel
    place: object
    private: bool

    @classmethod
    def of(cls, channel: VocalChannel, place: object, *, private: bool) -> "Telling":
        """What was said in a channel that not everyone may read is told in private, whatever was asked."""
        return cls(channel, place, private or not open_to_readers(channel, place))

    def check(self, member: discord.Member | discord.User) -> None:
        """Raise Refusal unless it may be told now: minutes pass between a command, its price and its answer."""
        if not self.private and not open_to_readers(self.channel, self.place):
            raise Refusal("refusal readers")
        check(member, Action.READ, self.channel)


def open_to_readers(channel: VocalChannel, elsewhere: object) -> bool:
    """Whether what belongs in a channel's chat may be shown in another: everyone who reads there may read it here.

    So it is when the whole server may read the channel, or when both have the same overwrites and these let nobody see
    it who may not read it. Who has which role cannot be asked without a privileged intent.
    """
    place_id = elsewhere.parent_id if isinstance(elsewhere, discord.Thread) else getattr(elsewhere, "id", 0)
    place = channel.guild.get_channel(place_id)  # a thread that was kept may know what its parent was before
    if place is None:
        return False
    if place.id == channel.id:
        return True
    if all(_everyone_has(channel, name) for name in ("view_channel", *_TO_READ)):
        return True
    return place.overwrites == channel.overwrites and all(_has_who_sees(channel, name) for name in _TO_READ)


_TO_READ = ("connect", "read_message_history")
"""What reading a voice channel's chat takes besides seeing it; other channels do not ask for the first."""


def _everyone_has(channel: VocalChannel, name: str) -> bool:
    """Whether everyone has a permission in a channel: the server gives it to all, and no overwrite takes it away."""
    return _is_given(channel, name) and not any(getattr(own, name) is False for own in _others(channel))


def _has_who_sees(channel: VocalChannel, name: str) -> bool:
    """Whether whoever sees a channel has a permission there: no overwrite gives the one without the other."""
    if _everyone_has(channel, name):
        return True
    everyone = channel.overwrites_for(channel.guild.default_role)
    return (_is_given(channel, name) or everyone.view_channel is False) and all(
        (own.view_channel is not True or getattr(own, name) is True)
        and (getattr(own, name) is not False or own.view_channel is False)
        for own in _others(channel)
    )


def _is_given(channel: VocalChannel, name: str) -> bool:
    """Whether the server and the overwrite of everyone give a permission, each looked at by itself."""
    # Not VoiceChannel.permissions_for: without View Channel that has no Connect either.
    return getattr(discord.abc.GuildChannel.permissions_for(channel, channel.guild.default_role), name)


def _others(channel: VocalChannel) -> Iterable[discord.PermissionOverwrite]:
    """Yield the overwrites of roles and people, without those of everyone and of the bot."""
    own = {channel.guild.default_role.id, channel.guild.me.id}
    return (overwrite for target, overwrite in channel.overwrites.items() if target.id not in own)


def _granted(channel: Place, member: discord.Member) -> discord.Permissions:
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    return parent.permissions_for(member) if parent is not None else discord.Permissions.none()
