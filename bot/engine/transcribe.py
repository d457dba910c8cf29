"""Speech -> text, one utterance per request, in parallel with the reply."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI

from bot.audio import HEAR_RATE, seconds, to_wav
from bot.engine.faults import ModelFault, fault_of
from bot.engine.hallucinations import is_plausible
from bot.engine.json_answer import json_answer
from bot.engine.quoting import plain
from bot.types import Heard, Utterance

MAX_KEYWORDS = 20
TRANSCRIBE_TIMEOUT_SECONDS = 6.0
"""The time limit of a request, plus the duration of the speech divided by MIN_TRANSCRIBE_SPEED."""
MIN_TRANSCRIBE_SPEED = 5.0
MIN_VOICED_SECONDS = 0.1
"""Voiced time by the VAD. With less there is nothing to transcribe, and models invent words."""


class OpenAITranscriber:
    """Transcribes utterances (port `Transcriber`)."""

    def __init__(self, client: AsyncOpenAI, *, model: str) -> None:
        self.model = model
        self._client = client

    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        """Return the transcript of an utterance, empty if it has no words.

        `language` is BCP 47; `names` are spelled as the room spells them. Raises EngineError, or BadAudio.
        """
        if utterance.voiced < MIN_VOICED_SECONDS:
            return Heard(utterance.id, utterance.user_id, "", 0.0)
        keywords = list(dict.fromkeys(plain(name) for name in names))[:MAX_KEYWORDS]
        hints = self._hints(language, keywords)
        try:
            words = await self._ask(utterance.pcm, hints)
        except ModelFault as fault:
            if fault.wait is None:
                raise fault.error from None
            await asyncio.sleep(fault.wait)
            try:
                words = await self._ask(utterance.pcm, hints)
            except ModelFault as again:
                raise again.error from None
        text = is_plausible(words, utterance.voiced, keywords)
        return Heard(utterance.id, utterance.user_id, text, seconds(utterance.pcm, HEAR_RATE))

    async def _ask(self, pcm: bytes, hints: dict[str, Any]) -> str:
        """Send one request. Raises ModelFault."""
        try:
            async with asyncio.timeout(TRANSCRIBE_TIMEOUT_SECONDS + seconds(pcm, HEAR_RATE) / MIN_TRANSCRIBE_SPEED):
                answer = await self._client.audio.transcriptions.with_raw_response.create(
                    model=self.model,
                    file=("speech.wav", to_wav(pcm, HEAR_RATE), "audio/wav"),
                    response_format="json",
                    **hints,
                )
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
            raise fault_of(error) from None
        words = json_answer(answer.http_response).get("text")
        return words if isinstance(words, str) else ""

    def _hints(self, language: str | None, keywords: list[str]) -> dict[str, Any]:
        code = language.split("-")[0].lower() if language else None
        if self.model.startswith("gpt-transcribe"):
            return {**({"languages": [code]} if code else {}), **({"keywords": keywords} if keywords else {})}
        return {**({"language": code} if code else {}), **({"prompt": ", ".join(keywords)} if keywords else {})}
