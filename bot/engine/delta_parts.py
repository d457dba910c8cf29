"""Where servers put words and sound within a delta or a message; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

MAX_CONTENT_PARTS = 1000
MAX_SCHEME_CHARACTERS = 16
_SOUND_FIELDS = ("audio", "audio_url", "input_audio", "output_audio")
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
_DATA_FIELDS = ("data", "delta", "b64_json", "base64", "url")
"""Of an object that holds sound; an address counts only if it is a data URL."""


def text_of(content: object) -> object:
    """Return the text of a content that may be a list of parts, thoughts among them."""
    if not isinstance(content, list):
        return content
    parts = [part for part in content if isinstance(part, Mapping) and part.get("type") in ("text", "output_text")]
    return "".join(text for part in parts if isinstance(text := part.get("text"), str))


def thought_in(delta: Mapping[str, Any]) -> int:
    """Return how many characters of a thought a delta has, apart from its text; some servers send it in two fields."""
    content = delta.get("content")
    parts = content[:MAX_CONTENT_PARTS] if isinstance(content, list) else []
    thoughts = [part.get("thinking") for part in parts if isinstance(part, Mapping)]
    return max(_length(delta.get(field)) for field in _THOUGHT_FIELDS) + sum(map(_length, thoughts))


def _length(content: object) -> int:
    text = text_of(content)
    return len(text) if isinstance(text, str) else 0


def sounds_of(delta: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects that hold a delta's sound, each with its base64, or a data URL, as `data`.

    No other address is read: what a server names, the bot does not fetch.
    """
    for name in _SOUND_FIELDS:
        found = delta.get(name)
        yield from _holders(found[:MAX_CONTENT_PARTS] if isinstance(found, list) else [found])
    content = delta.get("content")
    for part in content[:MAX_CONTENT_PARTS] if isinstance(content, list) else ():
        if isinstance(part, Mapping) and part.get("type") in _SOUND_FIELDS:
            yield from _holders([part.get(str(part["type"])), part])


def _holders(values: list[Any]) -> Iterator[Mapping[str, Any]]:
    for value in values:
        if isinstance(value, str):
            if not _is_address(value):
                yield {"data": value}
        elif isinstance(value, Mapping):
            texts = [text for name in _DATA_FIELDS if isinstance(text := value.get(name), str)]
            data = next((text for text in texts if not _is_address(text)), None)
            yield {**value, "data": data} if data is not None else value


def _is_address(text: str) -> bool:
    """Whether it names a place where the sound is, and is not the sound itself. No base64 has a colon."""
    return ":" in text[:MAX_SCHEME_CHARACTERS] and not text.startswith("data:")
