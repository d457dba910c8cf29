"""Sends an answer at its pace, or breaks it off as the behaviour says."""

import asyncio
import base64
import socket
import struct
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from bot.audio import SPEAK_RATE, to_wav
from bot.jobs.encoder import encode
from sandbox.model.behaviour import Break, Ending, Speak
from sandbox.model.checks import ChatRequest
from sandbox.model.log import ReceivedRequest
from sandbox.model.sound_wire import SOUND_ENCODINGS
from sandbox.model.stream import FINISH_REASONS, ResponseIds, StreamPiece, usage
from sandbox.model.tool_rules import whole

CONTAINERS_AND_CODECS = {
    "mp3": ("mp3", "libmp3lame"),
    "opus": ("ogg", "libopus"),
    "flac": ("flac", "flac"),
    "aac": ("adts", "aac"),
}
"""Format of an answer that is not streamed -> container and codec."""
DRAIN_SECONDS, DRAIN_ROUNDS = 0.05, 10
"""Wait before a reset, because a reset discards what the client has not read yet; a client in the same event loop gets
so many turns to read, however slow the machine is."""


async def send_stream(
    request: web.Request, record: ReceivedRequest, pieces: Iterable[StreamPiece]
) -> web.StreamResponse:
    """Send the pieces of a stream, each at its time after the request's body."""
    loop = asyncio.get_running_loop()
    started = record.body_at or loop.time()
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    record.status, record.headers_at = 200, loop.time()
    for piece in pieces:
        if (wait := started + piece.at - loop.time()) > 0:
            await asyncio.sleep(wait)
        if piece.breaks is Break.STALL:
            await hang()
        elif piece.breaks is Break.RESET:
            await drain()
            reset(request)
            return response
        elif piece.breaks is Break.CUT:
            break
        await response.write(piece.data)
        if piece.sound:
            record.first_audio_at = record.first_audio_at or loop.time()
            record.sound_sent += piece.sound
    await response.write_eof()
    record.done_at = loop.time()
    return response


async def drain() -> None:
    """Let the client read what was sent."""
    for _ in range(DRAIN_ROUNDS):
        await asyncio.sleep(DRAIN_SECONDS / DRAIN_ROUNDS)


async def hang() -> None:
    """Never return."""
    await asyncio.get_running_loop().create_future()


def reset(request: web.Request) -> None:
    """Send a TCP reset instead of closing the connection normally."""
    transport = request.transport
    if transport is None:
        return
    wire: socket.socket | None = transport.get_extra_info("socket")
    if wire is not None:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def complete(answer: Speak, chat: ChatRequest, stamp: ResponseIds) -> dict[str, Any]:
    """Return the JSON of an answer that is not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []}
    if answer.pcm:
        message["content"] = None
        message["audio"] = {
            "id": stamp.audio_id,
            "data": base64.b64encode(_written(answer, chat.format)).decode("ascii"),
            "expires_at": stamp.expires_at,
            "transcript": answer.text,
        }
    if answer.calls and chat.tools:
        message["tool_calls"] = whole(stamp.id, answer.calls)
    finish = FINISH_REASONS.get(answer.ending, FINISH_REASONS[Ending.STOP])
    if answer.calls and chat.tools:
        finish = "tool_calls"
    return {
        "id": stamp.id,
        "object": "chat.completion",
        "created": stamp.created,
        "model": chat.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": usage(answer, chat),
        "service_tier": "default",
        "system_fingerprint": "fp_sandbox",
    }


def _written(answer: Speak, format: str) -> bytes:
    return SOUND_ENCODINGS[answer.encoding](answer.pcm) if answer.encoding else encoded(answer.pcm, format)


def encoded(pcm: bytes, format: str) -> bytes:
    """Return s16le mono 24 kHz encoded in a format of the API."""
    if format == "pcm16":
        return pcm
    return to_wav(pcm, SPEAK_RATE) if format == "wav" else encode(pcm, SPEAK_RATE, *CONTAINERS_AND_CODECS[format])
