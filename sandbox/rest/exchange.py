"""Reads request bodies and writes JSON responses as Discord does."""

import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.guild.compose import MessageBody, Upload
from sandbox.guild.fault import Form, Json, RestFault

MAX_UPLOADED_FILE_BYTES = 10 << 20
"""Discord's limit of one file in a server without boosts."""
MAX_UPLOAD_REQUEST_BYTES = 25 << 20
"""Discord's limit of one request with all its files."""
_FILE_FIELD = re.compile(r"files\[(\d+)\]")


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return JSON with the Content-Type application/json and no parameter: discord.py parses no other."""
    body = json.dumps(data, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, headers={"Content-Type": "application/json"} | (headers or {}))


def nothing() -> web.Response:
    return web.Response(status=204)


def number(request: web.Request, name: str) -> int:
    """Return an id of the path. Raises RestFault 50035 when it is not an id."""
    value = request.match_info[name]
    if not value.isascii() or not value.isdigit():
        form = Form()
        form.add(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
        form.check()
    return int(value)


def query_number(request: web.Request, name: str, default: int, low: int, high: int) -> int:
    """Return a number of the query. Raises RestFault 50035 outside `low` to `high`."""
    value = request.query.get(name, str(default))
    if not value.isdigit() or not low <= int(value) <= high:
        form = Form()
        form.add(name, "NUMBER_TYPE_MAX", f"int value should be between {low} and {high}.")
        form.check()
    return int(value)


async def read(request: web.Request) -> MessageBody:
    """Return a request's body: JSON, or multipart with payload_json and files[n].

    Raises RestFault 50109 for anything that is not JSON.
    """
    if request.content_type == "multipart/form-data":
        return await _multipart(request)
    raw = await request.read()
    if not raw:
        return MessageBody()
    if request.content_type != "application/json":
        form = Form()
        form.add([], "CONTENT_TYPE_INVALID", "Expected \"Content-Type\" header to be one of {'application/json'}.")
        form.check()
    return MessageBody(_object(raw))


async def read_list(request: web.Request) -> Any:
    """Return a JSON body that may be a list."""
    return _parse(await request.read())


async def _multipart(request: web.Request) -> MessageBody:
    body = MessageBody()
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise RestFault(400, 50109, "The request body contains invalid JSON.")
        data = bytes(await part.read(decode=True))
        name = part.name or ""
        if name == "payload_json":
            body.json = _object(data)
        elif match := _FILE_FIELD.fullmatch(name):
            kind = part.headers.get("Content-Type", "")
            body.files[int(match[1])] = Upload(part.filename or "unknown", data, kind)
            sizes = [len(upload.data) for upload in body.files.values()]
            if max(sizes) > MAX_UPLOADED_FILE_BYTES or sum(sizes) > MAX_UPLOAD_REQUEST_BYTES:
                raise RestFault(413, 40005, "Request entity too large")
    return body


def _object(raw: bytes) -> Json:
    data = _parse(raw)
    if not isinstance(data, dict):
        raise RestFault(400, 50109, "The request body contains invalid JSON.")
    return data


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise RestFault(400, 50109, "The request body contains invalid JSON.") from None
