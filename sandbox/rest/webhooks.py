"""Routes of interactions: the first response, its edits, follow-ups. The path carries their token."""

from aiohttp import web

from sandbox.guild.interactions import Interaction
from sandbox.guild.message import ChatMessage
from sandbox.parts import SandboxParts
from sandbox.rest.exchange import answer, nothing, number, read


def routes(parts: SandboxParts) -> list[web.RouteDef]:
    own = _Webhooks(parts)
    hook = "/webhooks/{application_id}/{token}"
    return [
        web.post("/interactions/{interaction_id}/{token}/callback", own.callback),
        web.post(hook, own.follow_up),
        web.get(hook + "/messages/{message_id}", own.get),
        web.patch(hook + "/messages/{message_id}", own.edit),
        web.delete(hook + "/messages/{message_id}", own.delete),
    ]


class _Webhooks:
    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts
        self._interactions = parts.interactions

    async def callback(self, request: web.Request) -> web.Response:
        body = await read(request)
        found = self._interactions.respond(number(request, "interaction_id"), request.match_info["token"], body)
        if request.query.get("with_response", "").lower() in ("1", "true"):
            return answer(self._interactions.callback_json(found))
        return nothing()

    async def follow_up(self, request: web.Request) -> web.Response:
        body = await read(request)
        return answer(self._parts.board.json(self._interactions.follow_up(self._found(request), body)))

    async def get(self, request: web.Request) -> web.Response:
        return answer(self._parts.board.json(self._message(request)[1]))

    async def edit(self, request: web.Request) -> web.Response:
        found, message = self._message(request)
        return answer(self._parts.board.json(self._interactions.edit(found, message, await read(request))))

    async def delete(self, request: web.Request) -> web.Response:
        self._interactions.delete(*self._message(request))
        return nothing()

    def _found(self, request: web.Request) -> Interaction:
        return self._interactions.by_token(number(request, "application_id"), request.match_info["token"])

    def _message(self, request: web.Request) -> tuple[Interaction, ChatMessage]:
        found = self._found(request)
        return found, self._interactions.message(found, request.match_info["message_id"])
