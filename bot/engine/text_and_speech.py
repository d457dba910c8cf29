"""Requests outside a conversation: words, or a recording, in; words or speech out.

A written question goes to the text model. Without a text model it goes to the audio model, together with SILENCE.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import structlog
from openai import AsyncOpenAI

from bot.billing import tokens
from bot.engine.breaker import Breaker
from bot.engine.dialects import Dialect, dialect_of
from bot.engine.faults import ModelFault
from bot.engine.request import Deadlines, request_chunks
from bot.engine.request_body import SILENCE, audio_part
from bot.engine.stream import Assembly, StreamResult
from bot.errors import BlamedModel, Incomplete, RateLimited, UnplayableSound
from bot.types import AudioDelta, Made, TextDelta, Usage

MAX_OUTPUT_TOKENS = 16_384
"""The most that the audio models return in one answer."""
MAX_SPEECH_SECONDS = 240.0
"""Of one spoken answer."""
_SPARE_SECONDS = 10.0
JOB_DEADLINES = Deadlines(first=45.0, gap=30.0, whole=240.0)
"""Generous, because nobody waits in a call, and the model takes long for a long recording."""
BUSY_WAIT_SECONDS = 5.0
"""The wait before a retry when the server is busy."""

Spent = Callable[[str, Usage, bool], None]
"""Called for each billed request, failed ones included: model, usage, whether the usage is an estimate."""


class OpenAITextAndSpeech:
    """Writes and speaks (port `TextAndSpeech`). The owner of the client closes it."""

    def __init__(
        self,
        client: AsyncOpenAI,
        *,
        model: str,
        text_model: str | None = None,
        text_client: AsyncOpenAI | None = None,
        dialect: Dialect | None = None,
        text_dialect: Dialect | None = None,
        text_to_blame: BlamedModel | None = None,
        deadlines: Deadlines = JOB_DEADLINES,
        breaker: Breaker | None = None,
        busy: float = BUSY_WAIT_SECONDS,
        counts: Counter[str] | None = None,
        log: Any = None,
    ) -> None:
        """`model` hears and speaks; `text_model`, if given, answers text, by `text_client` if it has its own server.

        `counts` gains "sound_garbled", the parts of audio that were not base64.
        """
        self.model = model
        self.text_model = text_model
        self._client = client
        self._text_client = text_client or client
        self._dialect = dialect or dialect_of(str(client.base_url))
        self._text_dialect = text_dialect or dialect_of(str(self._text_client.base_url))
        self._text_to_blame = text_to_blame
        self._deadlines = deadlines
        self._breaker = breaker or Breaker()
        self._busy = busy
        self._counts = counts if counts is not None else Counter()
        self._log = log or structlog.get_logger("studio")

    @property
    def writing_model(self) -> str:
        """The model that answers text without audio."""
        return self.text_model or self.model

    async def write(
        self,
        instructions: str,
        text: str,
        spent: Spent,
        *,
        recording: bytes | memoryview = b"",
        most_tokens: int = 4096,
    ) -> Made:
        """Answer a text in words, or a text about a recording (s16le mono 16 kHz). Raises EngineError, BadAudio."""
        model = self.model if recording or self.text_model is None else self.text_model
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if model == self.model:
            parts.append(audio_part(recording or SILENCE, self._dialect.data_prefix))
        fields: dict[str, object] = {"max_completion_tokens": min(MAX_OUTPUT_TOKENS, most_tokens)}
        if model == self.model:
            fields["modalities"] = ["text"]
        expected = Usage(
            text_in=tokens.of_message(instructions) + tokens.of_message(text),
            audio_in=tokens.of_speech(recording) if model == self.model else 0,
        )
        return await self._ask(model, instructions, parts, fields, expected, spent, text_only=True)

    async def say(
        self,
        instructions: str,
        text: str,
        spent: Spent,
        *,
        voice: str,
        longest: float = MAX_SPEECH_SECONDS,
        verbatim: bool = False,
    ) -> Made:
        """Answer a text, or speak it, aloud for at most `longest` seconds; its words come along. Raises EngineError.

        `verbatim` changes nothing: only `instructions` tell such a model. Text without sound counts as a failure: it is
        retried once, then raises Incomplete.
        """
        del verbatim
        fields: dict[str, object] = {
            "modalities": ["text", "audio"],
            "audio": {"voice": voice, "format": self._dialect.audio_format},
            "max_completion_tokens": min(MAX_OUTPUT_TOKENS, round((longest + _SPARE_SECONDS) * 25)),
        }
        expected = Usage(text_in=tokens.of_message(instructions) + tokens.of_message(text))
        parts = [{"type": "text", "text": text}]
        return await self._ask(
            self.model, instructions, parts, fields, expected, spent, text_only=False, longest=longest
        )

    async def _ask(
        self,
        model: str,
        instructions: str,
        parts: list[dict[str, Any]],
        fields: dict[str, object],
        expected: Usage,
        spent: Spent,
        *,
        text_only: bool,
        longest: float = MAX_SPEECH_SECONDS,
    ) -> Made:
        options: dict[str, object] = {"include_usage": True}
        writes = model == self.text_model
        if (self._text_dialect if writes else self._dialect).official:
            fields = {**fields, "store": False}
            options["include_obfuscation"] = False
        body: dict[str, object] = {
            "model": model,
            "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": parts}],
            "stream": True,
            "stream_options": options,
            **fields,
        }
        for last in (False, True):
            assembly = Assembly(self._dialect.rate, longest=longest)
            try:
                pcm = await self._once(self._text_client if writes else self._client, body, assembly, text_only)
                outcome = assembly.outcome(text_only=text_only)
                if outcome in (StreamResult.COMPLETE, StreamResult.PARTIAL):
                    self._breaker.succeeded()
                    return Made(assembly.text.strip(), pcm, complete=outcome is StreamResult.COMPLETE)
                if outcome is StreamResult.UNPLAYABLE:
                    raise ModelFault(UnplayableSound(assembly.unplayable))
                raise ModelFault(Incomplete(outcome.value), 0.0)
            except ModelFault as fault:
                self._breaker.failed(fault.error)
                wait = _pause(fault, self._busy)
                if last or wait is None:
                    raise fault.of(self._text_to_blame if writes else None).error from None
                self._log.info("studio.retry", reason=str(fault.error))
            finally:
                # Also when the job is cancelled in mid-answer: the server bills what arrived.
                self._counts["sound_garbled"] += assembly.garbled
                if assembly.begun:
                    spent(model, *assembly.usage(expected))
            await asyncio.sleep(wait)
        raise AssertionError("the last request returned or raised")

    async def _once(self, client: AsyncOpenAI, body: dict[str, object], assembly: Assembly, text_only: bool) -> bytes:
        """Send the request once, read the whole answer and return its sound. Raises ModelFault."""
        end = asyncio.get_running_loop().time() + self._deadlines.whole
        pcm = bytearray()
        events: AsyncGenerator[TextDelta | AudioDelta, None] = request_chunks(
            client, body, assembly, self._deadlines, text_only=text_only, end=end
        )
        async with aclosing(events):
            async for event in events:
                if isinstance(event, AudioDelta):
                    pcm += event.pcm
        return bytes(pcm)


def _pause(fault: ModelFault, busy: float) -> float | None:
    """Return the seconds before a retry, None if a retry is useless."""
    if fault.wait is not None:
        return fault.wait
    # faults.py allows no wait this long, because people in a call would wait; a job has the time.
    return busy if isinstance(fault.error, RateLimited) else None
