"""The CDN: attachments by their signed address, on the host of the REST API."""

from aiohttp import web

from sandbox.guild.knobs import Knobs
from sandbox.guild.rendering import Cdn
from sandbox.rest import edge


def routes(cdn: Cdn, knobs: Knobs) -> list[web.RouteDef]:
    async def serve(request: web.Request) -> web.StreamResponse:
        info, query = request.match_info, request.query
        found = cdn.files.get(int(info["attachment_id"]))
        until = query.get("ex", "")
        signed = found is not None and query.get("hm") == cdn.sign(found.id, until)
        if found is None or not signed or found.filename != info["filename"]:
            return web.Response(status=404, text="This content is no longer available.")
        failure = edge.take(knobs.failures, f"GET {request.path}")
        if failure is not None and failure.cut:
            return await _cut_off(request, found.data)
        if failure is not None:
            return await edge.fail(failure, request)
        return web.Response(body=found.data, headers={"Content-Type": found.content_type})

    return [
        web.get(f"/{folder}/{{channel_id}}/{{attachment_id:\\d+}}/{{filename}}", serve)
        for folder in ("attachments", "ephemeral-attachments")
    ]


async def _cut_off(request: web.Request, data: bytes) -> web.StreamResponse:
    """Send half of a file, then cut the connection."""
    response = web.StreamResponse(headers={"Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response
