"""Routes of the application itself: its data, its gateway, its commands."""

from aiohttp import web

from sandbox.guild import payload
from sandbox.guild.fault import Json, missing_access, unknown
from sandbox.parts import SandboxParts
from sandbox.rest.exchange import answer, nothing, number, read, read_list


def routes(parts: SandboxParts) -> list[web.RouteDef]:
    own = _Application(parts)
    commands = "/applications/{application_id}/commands"
    guild_commands = "/applications/{application_id}/guilds/{guild_id}/commands"
    return [
        web.get("/gateway", own.gateway),
        web.get("/gateway/bot", own.gateway_bot),
        web.get("/users/@me", own.me),
        web.get("/users/@me/guilds", own.my_guilds),
        web.post("/users/@me/channels", own.direct),
        web.get("/users/{user_id}", own.user),
        web.get("/applications/@me", own.about),
        web.patch("/applications/@me", own.about),
        web.get("/oauth2/applications/@me", own.about),
        web.get("/applications/{application_id}/emojis", own.emojis),
        web.get(commands, own.commands),
        web.put(commands, own.overwrite),
        web.post(commands, own.upsert),
        web.get(guild_commands, own.commands),
        web.put(guild_commands, own.overwrite),
        web.post(guild_commands, own.upsert),
        web.get(commands + "/{command_id}", own.command),
        web.delete(commands + "/{command_id}", own.remove),
        web.get(guild_commands + "/{command_id}", own.command),
        web.delete(guild_commands + "/{command_id}", own.remove),
    ]


class _Application:
    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts

    async def gateway(self, request: web.Request) -> web.Response:
        return answer({"url": self._parts.gateway.url})

    async def gateway_bot(self, request: web.Request) -> web.Response:
        knobs = self._parts.knobs
        left = max(1000 - self._parts.gateway.identified, 0)
        limit = {"total": 1000, "remaining": left, "reset_after": 86_400_000, "max_concurrency": knobs.max_concurrency}
        return answer({"url": self._parts.gateway.url, "shards": knobs.shards, "session_start_limit": limit})

    async def me(self, request: web.Request) -> web.Response:
        about = {"mfa_enabled": False, "locale": "en-US", "premium_type": 0, "email": None, "verified": True, "bio": ""}
        return answer(payload.user(self._parts.world.bot) | about)

    async def user(self, request: web.Request) -> web.Response:
        found = self._parts.world.users.get(number(request, "user_id"))
        if found is None:
            raise unknown("User")
        return answer(payload.user(found))

    async def my_guilds(self, request: web.Request) -> web.Response:
        keys = ("id", "name", "icon", "banner", "features")
        return answer(
            [
                {key: payload.guild(guild)[key] for key in keys} | {"owner": False, "permissions": "0"}
                for guild in self._parts.world.guilds.values()
            ]
        )

    async def direct(self, request: web.Request) -> web.Response:
        user = self._parts.world.users.get(int((await read(request)).json.get("recipient_id") or 0))
        if user is None:
            raise unknown("User")
        return answer(payload.channel(self._parts.world.direct(user)))

    async def about(self, request: web.Request) -> web.Response:
        world = self._parts.world
        owner = next(iter(world.guilds.values())).owner_id if world.guilds else world.bot.id
        return answer(
            {
                "id": str(world.application_id),
                "name": world.bot.global_name,
                "icon": None,
                "description": "",
                "summary": "",
                "type": None,
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "flags": self._parts.gateway.application_flags,
                "owner": payload.user(world.users[owner]),
                "team": None,
                "bot": payload.user(world.bot),
                "tags": [],
                "redirect_uris": [],
                "interactions_endpoint_url": None,
                "role_connections_verification_url": None,
                "approximate_guild_count": len(world.guilds),
                "approximate_user_install_count": 0,
                "integration_types_config": {"0": {}},
                "event_webhooks_url": None,
                "event_webhooks_status": 1,
            }
        )

    async def emojis(self, request: web.Request) -> web.Response:
        return answer({"items": []})

    async def commands(self, request: web.Request) -> web.Response:
        return answer(self._parts.registry.listed(self._scope(request)))

    async def overwrite(self, request: web.Request) -> web.Response:
        return answer(self._parts.registry.overwrite(self._scope(request), await read_list(request)))

    async def upsert(self, request: web.Request) -> web.Response:
        body, scope = (await read(request)).json, self._scope(request)
        kind = body.get("type", 1)
        others = [c for c in self._parts.registry.listed(scope) if (c["type"], c["name"]) != (kind, body.get("name"))]
        return answer(self._parts.registry.overwrite(scope, [*others, body])[-1], 201)

    async def command(self, request: web.Request) -> web.Response:
        return answer(self._found(request))

    async def remove(self, request: web.Request) -> web.Response:
        gone, scope = self._found(request), self._scope(request)
        self._parts.registry.overwrite(scope, [c for c in self._parts.registry.listed(scope) if c is not gone])
        return nothing()

    def _found(self, request: web.Request) -> Json:
        wanted = str(number(request, "command_id"))
        for command in self._parts.registry.listed(self._scope(request)):
            if command["id"] == wanted:
                return command
        raise unknown("application command")

    def _scope(self, request: web.Request) -> int | None:
        if number(request, "application_id") != self._parts.world.application_id:
            raise unknown("Application")
        if "guild_id" not in request.match_info:
            return None
        if (guild_id := number(request, "guild_id")) not in self._parts.world.guilds:
            raise missing_access()
        return guild_id
