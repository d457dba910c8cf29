"""What the model server received: requests with their times, and connections."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.audio import HEAR_RATE, to_wav
from sandbox.model.checks import AudioPart, ChatRequest
from sandbox.model.schema import ApiError

MAX_KEPT_REQUESTS = 256
"""Requests are kept with their audio. The oldest is dropped first; `forgotten` counts the dropped ones."""
KEPT_HEADERS = (
    "user-agent",
    "content-type",
    "content-length",
    "accept",
    "openai-organization",
    "x-stainless-retry-count",
)
"""Request headers that are kept. The API key is not among them."""


@dataclass(slots=True)
class ReceivedRequest:
    """One request. All times are seconds on `time.monotonic()`; None: that step did not happen."""

    path: str
    "relative to the base URL, such as /chat/completions"
    headers: Mapping[str, str]
    "those in KEPT_HEADERS, in lower case"
    arrived_at: float
    "when its headers had arrived"
    connection: int
    "index of its TCP connection, from 0"
    size: int = 0
    "bytes of the body"
    body: dict[str, Any] = field(default_factory=dict)
    "the JSON body; for a form the fields, each a string, or a list if the name ends in []"
    chat: ChatRequest | None = None
    "the parsed chat request, if it was accepted"
    file: bytes = b""
    "for a transcription: the uploaded file"
    pcm: bytes = b""
    "for a transcription: the file as s16le mono 16 kHz"
    heard: str | None = None
    "for a transcription: the text returned"
    status: int | None = None
    "HTTP status of the answer"
    answer_text: str = ""
    answer_pcm: bytes = b""
    "the whole answer as s16le mono 24 kHz; `sound_sent` says how much of it was sent"
    error: ApiError | None = None
    "why the checks or a scripted behaviour refused it"
    checked: bool = False
    "it passed the checks, so any error is scripted"
    body_at: float | None = None
    "when its body had arrived"
    headers_at: float | None = None
    "when the answer's headers were sent"
    first_audio_at: float | None = None
    "when the first event with audio was sent"
    sound_sent: float = 0.0
    "seconds of audio sent"
    audio_id: str | None = None
    "audio id of the answer"
    done_at: float | None = None
    "when the whole answer was sent"
    aborted_at: float | None = None
    "when the client disconnected before the end"

    @property
    def whole(self) -> bool:
        """Whether its body has arrived, or it was refused or given up without."""
        return self.body_at is not None or self.error is not None or self.aborted_at is not None

    @property
    def answered_at(self) -> float | None:
        """When the answer's sound began to come; of a model that only writes, its words."""
        return self.first_audio_at or (self.headers_at if self.chat and not self.chat.speaks else None)

    @property
    def audio(self) -> tuple[AudioPart, ...]:
        """The `input_audio` parts of a chat request that was accepted."""
        return self.chat.audio if self.chat else ()

    @property
    def wavs(self) -> list[bytes]:
        """The audio of a chat request or a transcription: each part as a WAV file, 16 kHz mono."""
        sounds = [part.pcm for part in self.audio] or ([self.pcm] if self.pcm else [])
        return [to_wav(pcm, HEAR_RATE) for pcm in sounds]

    @property
    def newest(self) -> bytes:
        """The audio after the last assistant message, joined, as s16le mono 16 kHz."""
        roles = [message.get("role") for message in self.body.get("messages", [])]
        after = len(roles) - 1 - roles[::-1].index("assistant") if "assistant" in roles else -1
        return b"".join(part.pcm for part in self.audio if part.message > after)


@dataclass(slots=True)
class TcpConnection:
    """One TCP connection that a client opened."""

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
        if len(self.requests) > MAX_KEPT_REQUESTS:
            del self.requests[0]
            self.forgotten += 1

    def touch(self) -> None:
        """Wake those who wait, because something changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, condition: Callable[[ReceivedRequest], bool], count: int = 1) -> list[ReceivedRequest]:
        """Return the requests that meet a condition once there are `count` of them."""
        while True:
            found = [request for request in self.requests if condition(request)]
            if len(found) >= count:
                return found
            await self._changed.wait()
