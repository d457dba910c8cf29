"""The words of a turn for a model that reads: where they come from, and how they stand in its messages."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.billing import tokens
from bot.errors import BotError
from bot.ports import Transcriber
from bot.types import ReplyRequest, Utterance


async def with_words(request: ReplyRequest, transcriber: Transcriber) -> tuple[ReplyRequest, int]:
    """Write down what a request brings no words for; return it with them, and the tokens of sound that this cost.

    Raises EngineError if nothing of a turn could be written down.
    """
    unwritten = [one for one in _heard(request) if one.id not in request.words]
    if not unwritten:
        return request, 0
    names = [request.room.bot_name, *request.room.people.values()]
    language = request.room.language
    results = await asyncio.gather(
        *(transcriber.transcribe(one, language, names) for one in unwritten), return_exceptions=True
    )
    words: dict[int, str | None] = dict(request.words)
    failure: BotError | None = None
    cost = 0
    for one, result in zip(unwritten, results, strict=True):
        if isinstance(result, BotError):
            failure, words[one.id] = result, None
        elif isinstance(result, BaseException):
            raise result
        else:
            words[one.id] = result.text
            cost += round(result.seconds * tokens.AUDIO_IN_PER_SECOND)
    typed = any(one.text or one.document for one in request.turn.typed)
    if failure and not typed and all(words[one.id] is None for one in unwritten):
        raise failure
    return replace(request, words=words), cost


def plain_messages(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages whose contents are strings: not every text model's server takes a list of parts."""
    plain: list[dict[str, Any]] = []
    for message in messages:
        content = message.get("content", "")
        text = content if isinstance(content, str) else "\n".join(part["text"] for part in content)
        plain.append({**message, "content": text})
    return plain


def _heard(request: ReplyRequest) -> list[Utterance]:
    """Return what was said in a turn, recordings included."""
    found = list(request.turn.utterances)
    for typed in request.turn.typed:
        if typed.recording:
            length = len(typed.recording) / 32_000
            found.append(Utterance(typed.utterance_id, typed.user_id, typed.at, typed.recording, length, "silence"))
    return found
