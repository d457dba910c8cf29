"""Discord's JSON objects of the world's entities."""

from datetime import UTC, datetime

from sandbox.guild.entities import Guild, GuildChannel, Kind, Member, Overwrite, Role, User, VoiceState
from sandbox.guild.fault import Json


def user(user: User) -> Json:
    data: Json = {
        "id": str(user.id),
        "username": user.name,
        "discriminator": f"{user.id % 9999 + 1:04}" if user.bot else "0",
        "global_name": None if user.bot else user.global_name,
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "flags": 0,
        "collectibles": None,
        "primary_guild": None,
    }
    if user.bot:
        data["bot"] = True
        data["username"] = user.global_name or user.name
    return data


def role(role: Role) -> Json:
    return {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": role.position,
        "permissions": str(role.permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def member(member: Member, *, with_user: bool = True) -> Json:
    data: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": _time(member.timed_out_until),
        "flags": 0,
        "joined_at": member.joined_at,
        "nick": member.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role_id) for role_id in member.roles],
        "mute": member.mute,
        "deaf": member.deaf,
    }
    if with_user:
        data["user"] = user(member.user)
    return data


def overwrite(overwrite: Overwrite) -> Json:
    return {
        "id": str(overwrite.id),
        "type": int(overwrite.member),
        "allow": str(overwrite.allow),
        "deny": str(overwrite.deny),
    }


def channel(channel: GuildChannel) -> Json:
    """Return a channel, thread or direct message; the fields depend on the kind."""
    data: Json = {"id": str(channel.id), "type": int(channel.kind), "flags": 0}
    data["last_message_id"] = _id(channel.last_message_id)
    if channel.kind is Kind.DM:
        data["recipients"] = [user(person) for person in channel.recipients]
        return data
    data |= {"guild_id": _id(channel.guild_id), "name": channel.name, "parent_id": _id(channel.parent_id)}
    data |= {"rate_limit_per_user": 0}
    if channel.is_thread:
        return data | _thread(channel)
    data |= {"position": channel.position, "nsfw": False}
    data["permission_overwrites"] = [overwrite(item) for item in channel.overwrites]
    if channel.is_voice:
        data |= {"bitrate": 64000, "user_limit": channel.user_limit, "rtc_region": None, "video_quality_mode": 1}
    if channel.kind is not Kind.VOICE:
        data["topic"] = None
    return data


def _thread(channel: GuildChannel) -> Json:
    data: Json = {
        "owner_id": _id(channel.owner_id),
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
        "thread_metadata": {
            "archived": channel.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": channel.created_at,
            "create_timestamp": channel.created_at,
            "locked": channel.locked,
        },
    }
    if channel.kind is Kind.PRIVATE_THREAD:
        data["thread_metadata"]["invitable"] = True
    return data


def voice_state(guild: Guild, state: VoiceState, *, gone: bool = False, inside: bool = False) -> Json:
    """Return a voice state; `gone`: its channel is null; `inside` a GUILD_CREATE, which leaves out guild and member."""
    who = guild.members[state.user_id]
    data: Json = {
        "channel_id": None if gone else str(state.channel_id),
        "user_id": str(state.user_id),
        "session_id": state.session_id,
        "deaf": who.deaf,
        "mute": who.mute,
        "self_deaf": state.self_deaf,
        "self_mute": state.self_mute,
        "self_video": False,
        "suppress": state.suppress,
        "request_to_speak_timestamp": state.request_to_speak,
    }
    if not inside:
        data |= {"guild_id": str(guild.id), "member": member(who)}
    return data


def guild(guild: Guild) -> Json:
    """Return the guild object of REST."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(guild.owner_id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(item) for item in guild.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": guild.preferred_locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(guild_: Guild, bot_id: int, *, everyone: bool, voice: bool) -> Json:
    """Return what GUILD_CREATE carries.

    Without the presences intent Discord lists only the bot and who is in voice; `everyone` (that intent) lists all.
    `voice`: the session has the voice-states intent.
    """
    listed = [m for m in guild_.members.values() if everyone or m.user.id in guild_.voice_states or m.user.id == bot_id]
    return guild(guild_) | {
        "joined_at": guild_.joined_at,
        "large": False,
        "member_count": len(guild_.members),
        "voice_states": [voice_state(guild_, s, inside=True) for s in guild_.voice_states.values()] if voice else [],
        "members": [member(item) for item in listed],
        "channels": [channel(item) for item in guild_.channels.values() if not item.is_thread],
        "threads": [channel(item) for item in guild_.channels.values() if item.is_thread and not item.archived],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def _time(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds") if seconds else None


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)
