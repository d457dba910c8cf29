"""The CDN: attachments by their signed address, on the host of the REST API."""

from aiohttp import web

from sandbox.guild.rendering import Cdn


def routes(cdn: Cdn) -> list[web.RouteDef]:
    async def serve(request: web.Request) -> web.Response:
        info, query = request.match_info, request.query
        found = cdn.files.get(int(info["attachment_id"]))
        until = query.get("ex", "")
        signed = found is not None and query.get("hm") == cdn.sign(found.id, until)
        if found is None or not signed or found.filename != info["filename"]:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=found.data, headers={"Content-Type": found.content_type})

    return [
        web.get(f"/{folder}/{{channel_id}}/{{attachment_id:\\d+}}/{{filename}}", serve)
        for folder in ("attachments", "ephemeral-attachments")
    ]
