"""What the model server saw: requests with their times, and connections."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.audio import HEAR_RATE, to_wav
from sandbox.model.checks import AudioPart, Chat
from sandbox.model.schema import ApiError

KEPT = 256
"""Requests kept, each with its sound; the oldest go first, `forgotten` counts them."""
HEADERS = ("user-agent", "content-type", "content-length", "accept", "openai-organization", "x-stainless-retry-count")
"""What of a request's headers is kept: never the key."""


@dataclass(slots=True)
class ReceivedRequest:
    """One request. All times are seconds on `time.monotonic()`; None: it did not come to that."""

    path: str
    "below the base URL, for instance /chat/completions"
    headers: Mapping[str, str]
    "those of HEADERS, in lower case"
    arrived_at: float
    "its headers were there"
    connection: int
    "which TCP connection it came on, counted from 0"
    size: int = 0
    "bytes of the body"
    body: dict[str, Any] = field(default_factory=dict)
    "the JSON body; of a form the fields, each a string or, under a name that ends in [], a list"
    chat: Chat | None = None
    "an accepted chat request, taken apart"
    file: bytes = b""
    "of a transcription: the file sent"
    pcm: bytes = b""
    "of a transcription: the file as s16le mono 16 kHz"
    heard: str | None = None
    "of a transcription: the words returned"
    status: int | None = None
    "of the answer"
    answer_text: str = ""
    answer_pcm: bytes = b""
    "what was answered, s16le mono 24 kHz, whole: `sound_sent` says how much of it was written"
    error: ApiError | None = None
    "why it was refused, by the checks or by a scripted behaviour"
    checked: bool = False
    "it passed the checks: what refused it then was scripted"
    body_at: float | None = None
    "its body was complete"
    headers_at: float | None = None
    "the answer's headers were written"
    first_audio_at: float | None = None
    "the first event with sound was written"
    sound_sent: float = 0.0
    "seconds of sound written"
    audio_id: str | None = None
    "of the answer"
    done_at: float | None = None
    "all was written"
    aborted_at: float | None = None
    "the client went away before that"

    @property
    def audio(self) -> tuple[AudioPart, ...]:
        """The `input_audio` parts of a chat request that was accepted."""
        return self.chat.audio if self.chat else ()

    @property
    def wavs(self) -> list[bytes]:
        """What was heard, each part a WAV file, 16 kHz mono: of a chat request or a transcription."""
        sounds = [part.pcm for part in self.audio] or ([self.pcm] if self.pcm else [])
        return [to_wav(pcm, HEAR_RATE) for pcm in sounds]

    @property
    def newest(self) -> bytes:
        """The sound since the last assistant message, joined, s16le mono 16 kHz."""
        roles = [message.get("role") for message in self.body.get("messages", [])]
        after = len(roles) - 1 - roles[::-1].index("assistant") if "assistant" in roles else -1
        return b"".join(part.pcm for part in self.audio if part.message > after)


@dataclass(slots=True)
class TcpConnection:
    """A TCP connection that was opened."""

    requests: int = 0


class RequestLog:
    """Requests and connections, and a way to wait for them."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self.connections: list[TcpConnection] = []
        self.forgotten = 0
        self._changed = asyncio.Event()

    def add(self, request: ReceivedRequest) -> None:
        self.requests.append(request)
        if len(self.requests) > KEPT:
            del self.requests[0]
            self.forgotten += 1

    def touch(self) -> None:
        """Wake who waits: something changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, condition: Callable[[ReceivedRequest], bool], count: int = 1) -> list[ReceivedRequest]:
        """Return the requests that meet a condition once there are `count` of them."""
        while True:
            found = [request for request in self.requests if condition(request)]
            if len(found) >= count:
                return found
            await self._changed.wait()
