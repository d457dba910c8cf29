"""Requests to the model server, and a parser that collects a stream unchanged."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import openai

from bot.audio import to_wav
from sandbox import clips
from sandbox.model.server import ModelServer


def spoken(id: str = "anna-cook", rate: int = 16_000) -> str:
    """Return a clip as a base64 WAV."""
    return base64.b64encode(to_wav(clips.load(id, rate), rate)).decode()


def question(id: str = "anna-cook") -> dict[str, Any]:
    return {
        "role": "user",
        "content": [
            {"type": "text", "text": "Anna (20:15):"},
            {"type": "input_audio", "input_audio": {"data": spoken(id), "format": "wav"}},
        ],
    }


def talk(**changes: Any) -> dict[str, Any]:
    """Return the body of a spoken request; a change to ... leaves that field out."""
    body: dict[str, Any] = {
        "model": "gpt-audio-1.5",
        "modalities": ["text", "audio"],
        "audio": {"voice": "marin", "format": "pcm16"},
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 2048,
        "messages": [{"role": "system", "content": "You are a guest."}, question()],
        **changes,
    }
    return deepcopy({name: value for name, value in body.items() if value is not ...})


@dataclass
class Got:
    """Everything that a stream contained."""

    text: str = ""
    data: list[str] = field(default_factory=list)
    content: str = ""
    ids: list[str] = field(default_factory=list)
    expires_at: int | None = None
    finish: str | None = None
    usage: dict[str, Any] | None = None
    kinds: list[str] = field(default_factory=list)
    "kinds of the chunks, in order"

    @property
    def pcm(self) -> bytes:
        """The audio, if every delta is valid base64 on its own."""
        return b"".join(base64.b64decode(part) for part in self.data)

    def take(self, chunk: dict[str, Any]) -> None:
        if chunk.get("usage"):
            self.usage = chunk["usage"]
        if not chunk.get("choices"):
            self.kinds.append("usage" if chunk.get("usage") else "heartbeat")
            return
        choice = chunk["choices"][0]
        delta = choice.get("delta", {})
        audio = delta.get("audio") or {}
        self.finish = choice.get("finish_reason") or self.finish
        self.content += delta.get("content") or ""
        self.text += audio.get("transcript") or ""
        self.data += [audio["data"]] if audio.get("data") else []
        self.ids += [audio["id"]] if audio.get("id") else []
        self.expires_at = audio.get("expires_at") or self.expires_at
        for kind in ("transcript", "data", "expires_at"):
            if audio.get(kind):
                self.kinds.append(kind)
                return
        self.kinds.append("role" if delta.get("role") else "finish" if choice.get("finish_reason") else "content")


@asynccontextmanager
async def client(model: ModelServer, **changes: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    options = {"api_key": model.key, "base_url": model.base_url, "max_retries": 0, **changes}
    async with openai.AsyncOpenAI(**options) as made:
        yield made


async def ask(sdk: openai.AsyncOpenAI, into: Got | None = None, **changes: Any) -> Got:
    """Request a streamed answer and read it to the end. `into` keeps what came before an error."""
    got = into or Got()
    async with await sdk.chat.completions.create(**talk(**changes)) as stream:
        async for chunk in stream:
            got.take(chunk.model_dump(exclude_unset=True))
    return got
