"""Speech -> words, each utterance on its own, beside the reply."""

from collections.abc import Sequence
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI

from bot.audio import HEAR_RATE, seconds, to_wav
from bot.engine.faults import fault_of
from bot.engine.guard import plausible
from bot.engine.names import plain
from bot.types import Heard, Utterance

MOST_NAMES = 20
LEAST_VOICED = 0.1
"""Seconds of speech by the VAD; below that there is nothing to write down, and models then make words up."""


class OpenAITranscriber:
    """Writes down utterances (port `Transcriber`)."""

    def __init__(self, client: AsyncOpenAI, *, model: str) -> None:
        self.model = model
        self._client = client

    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        """Return the words of an utterance, none if there were none.

        `language` is BCP 47; `names` are spelled as the room spells them. Raises EngineError, or BadAudio.
        """
        if utterance.voiced < LEAST_VOICED:
            return Heard(utterance.id, utterance.user_id, "", 0.0)
        keywords = list(dict.fromkeys(plain(name) for name in names))[:MOST_NAMES]
        try:
            answer = await self._client.audio.transcriptions.create(
                model=self.model,
                file=("speech.wav", to_wav(utterance.pcm, HEAR_RATE), "audio/wav"),
                response_format="json",
                **self._hints(language, keywords),
            )
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            raise fault_of(error).error from None
        words = getattr(answer, "text", "")
        length = seconds(utterance.pcm, HEAR_RATE)
        text = plausible(words if isinstance(words, str) else "", utterance.voiced, keywords)
        return Heard(utterance.id, utterance.user_id, text, length)

    def _hints(self, language: str | None, keywords: list[str]) -> dict[str, Any]:
        code = language.split("-")[0].lower() if language else None
        if self.model.startswith("gpt-transcribe"):
            return {**({"languages": [code]} if code else {}), **({"keywords": keywords} if keywords else {})}
        return {**({"language": code} if code else {}), **({"prompt": ", ".join(keywords)} if keywords else {})}
