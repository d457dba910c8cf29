"""Reads a request's body into its record."""

import asyncio
import json
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.model.log import ReceivedRequest
from sandbox.model.schema import refuse


async def read_json(request: web.Request, record: ReceivedRequest) -> dict[str, Any]:
    """Return the JSON object of the body. Raises ApiError."""
    raw = await request.read()
    record.size, record.body_at = len(raw), asyncio.get_running_loop().time()
    try:
        body = json.loads(raw) if request.content_type == "application/json" else None
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refuse("We could not parse the JSON body of your request.", None, None)
    return body


async def read_form(request: web.Request, record: ReceivedRequest) -> tuple[str | None, bytes]:
    """Store the fields of a multipart form in the record's body. Return name and bytes of its file. Raises ApiError."""
    if request.content_type != "multipart/form-data":
        raise refuse("Expected a multipart form.", None, None)
    name, data = None, b""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise refuse("Malformed multipart form.", None, None)
        raw = bytes(await part.read(decode=True))
        record.size += len(raw)
        if part.name == "file":
            name, data = part.filename, raw
        elif part.name.endswith("[]"):
            record.body.setdefault(part.name, []).append(raw.decode())
        else:
            record.body[part.name] = raw.decode()
    record.body_at = asyncio.get_running_loop().time()
    return name, data
