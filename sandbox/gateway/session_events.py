"""The events READY and GUILD_MEMBERS_CHUNK."""

from sandbox.guild import payload
from sandbox.guild.entities import Guild
from sandbox.guild.fault import Json
from sandbox.guild.session import GatewaySession
from sandbox.guild.world import World

MAX_CHUNK_MEMBERS = 100
"""Limit of one request by name or ids."""


def ready(world: World, session: GatewaySession, guilds: list[Guild], url: str, flags: int) -> Json:
    """Return READY for a session of the bot; GUILD_CREATE of each guild follows. `flags` are the application's."""
    return {
        "v": 10,
        "user_settings": {},
        "user": payload.user(world.bot) | {"verified": True, "mfa_enabled": False, "email": None},
        "session_type": "normal",
        "session_id": session.id,
        "resume_gateway_url": url,
        "relationships": [],
        "private_channels": [],
        "presences": [],
        "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": [],
        "shard": list(session.shard),
        "application": {"id": str(world.application_id), "flags": flags},
        "_trace": ["[]"],
    }


def members(guild: Guild, asked: Json, *, everyone: bool) -> Json | None:
    """Return the one chunk that answers op 8, by ids or by the prefix of a name.

    None for the whole list without the members intent (`everyone`). Raises KeyError, TypeError or ValueError for an
    invalid request.
    """
    found = list(guild.members.values())
    chunk: Json = {"guild_id": str(guild.id), "chunk_index": 0, "chunk_count": 1}
    if "user_ids" in asked:
        ids = asked["user_ids"] if isinstance(asked["user_ids"], list) else [asked["user_ids"]]
        wanted = {int(item) for item in ids[:MAX_CHUNK_MEMBERS]}
        found = [member for member in found if member.user.id in wanted]
        chunk["not_found"] = [str(item) for item in sorted(wanted - set(guild.members))]
    elif query := asked["query"]:
        most = min(int(asked["limit"]) or MAX_CHUNK_MEMBERS, MAX_CHUNK_MEMBERS)
        found = [member for member in found if member.display_name.lower().startswith(query.lower())][:most]
    elif not everyone:
        return None
    chunk["members"] = [payload.member(member) for member in found]
    if "nonce" in asked and len(str(asked["nonce"])) <= 32:
        chunk["nonce"] = asked["nonce"]
    return chunk
