"""Speech -> text, one utterance per request, in parallel with the reply."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI

from bot.audio import HEAR_RATE, seconds, to_wav
from bot.engine.client import DEADLINE_TIMEOUT
from bot.engine.faults import ModelFault, fault_of
from bot.engine.hallucinations import is_plausible
from bot.engine.json_answer import json_answer
from bot.engine.quoting import plain
from bot.engine.time_limit import TimeLimit
from bot.errors import BlamedModel
from bot.types import Heard, Utterance

MAX_KEYWORDS = 20
TRANSCRIBE_TIMEOUT_SECONDS = 6.0
"""The least time limit of a request, plus the duration of the speech divided by MIN_TRANSCRIBE_SPEED."""
MIN_TRANSCRIBE_SPEED = 5.0
MAX_TRANSCRIBE_SECONDS = 30.0
OWN_TRANSCRIBE_SECONDS = 30.0
"""The same of a server of one's own: it may have nothing but a processor, and read its model from disk first."""
MIN_OWN_TRANSCRIBE_SPEED = 0.5
MAX_OWN_TRANSCRIBE_SECONDS = 90.0
MIN_VOICED_SECONDS = 0.1
"""Voiced time by the VAD. With less there is nothing to transcribe, and models invent words."""


class OpenAITranscriber:
    """Transcribes utterances (port `Transcriber`)."""

    def __init__(
        self, client: AsyncOpenAI, *, model: str, own: bool = False, to_blame: BlamedModel | None = None
    ) -> None:
        """`own`: the server is on this machine or its network."""
        self.model = model
        self._client = client
        self._to_blame = to_blame
        self._limit = (
            TimeLimit(OWN_TRANSCRIBE_SECONDS, MAX_OWN_TRANSCRIBE_SECONDS)
            if own
            else TimeLimit(TRANSCRIBE_TIMEOUT_SECONDS, MAX_TRANSCRIBE_SECONDS)
        )
        self._speed = MIN_OWN_TRANSCRIBE_SPEED if own else MIN_TRANSCRIBE_SPEED

    streams = False

    @property
    def patience(self) -> float:
        """Seconds that words may be waited for: more where this server is slow."""
        return self._limit.usual

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
        clock = asyncio.get_running_loop().time
        since = clock()
        try:
            async with asyncio.timeout(self._limit.seconds + seconds(pcm, HEAR_RATE) / self._speed):
                # Not `audio.transcriptions.create`: its modules take 25 ms to import, in the middle of a call.
                answer = await self._client.post(
                    "/audio/transcriptions",
                    cast_to=httpx2.Response,
                    body={"model": self.model, "response_format": "json", **hints},
                    files=[("file", ("speech.wav", to_wav(pcm, HEAR_RATE), "audio/wav"))],
                    options={"headers": {"Content-Type": "multipart/form-data"}, "timeout": DEADLINE_TIMEOUT},
                )
            words = json_answer(answer).get("text")
            self._limit.note(clock() - since)
        except TimeoutError as error:
            self._limit.note(clock() - since)
            raise fault_of(error).of(self._to_blame) from None
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError, ModelFault) as error:
            raise fault_of(error).of(self._to_blame) from None
        return words if isinstance(words, str) else ""

    def _hints(self, language: str | None, keywords: list[str]) -> dict[str, Any]:
        code = language.split("-")[0].lower() if language else None
        if self.model.startswith("gpt-transcribe"):
            return {**({"languages": [code]} if code else {}), **({"keywords": keywords} if keywords else {})}
        return {**({"language": code} if code else {}), **({"prompt": ", ".join(keywords)} if keywords else {})}
