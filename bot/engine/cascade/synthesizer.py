"""Text -> speech by `POST /audio/speech` (OpenAI's API, and every server that has it)."""

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import httpx2
import openai
from openai import AsyncOpenAI

from bot.audio import SPEAK_RATE, seconds
from bot.engine.client import DEADLINE_TIMEOUT
from bot.engine.faults import ModelFault, fault_of
from bot.engine.json_answer import fault_in
from bot.engine.samples import SampleFormat
from bot.engine.sound_stream import SoundStream
from bot.engine.time_limit import TimeLimit
from bot.errors import BlamedModel, Incomplete, UnplayableSound

MAX_SPOKEN_CHARACTERS = 4096
"""Of one request: OpenAI's limit."""
FIRST_SOUND_SECONDS = 8.0
"""The least time limit of a speech's first part."""
MAX_FIRST_SOUND_SECONDS = 30.0
NEXT_SOUND_SECONDS = 6.0
"""Between two parts of a speech."""
OWN_FIRST_SOUND_SECONDS = 45.0
"""The same of a server of one's own: it may make the whole clause, on a processor, before it sends any of it."""
MAX_OWN_FIRST_SOUND_SECONDS = 90.0
OWN_NEXT_SOUND_SECONDS = 20.0
SPEECH_POLL_SECONDS = 0.005
_PAGES = ("text/", "application/json", "application/problem+json")


class OpenAISynthesizer:
    """Speaks (port `Synthesizer`). The owner of the client closes it."""

    def __init__(
        self, client: AsyncOpenAI, *, model: str, own: bool = False, to_blame: BlamedModel | None = None
    ) -> None:
        """`own`: the server is on this machine or its network."""
        self.model = model
        self._first = (
            TimeLimit(OWN_FIRST_SOUND_SECONDS, MAX_OWN_FIRST_SOUND_SECONDS)
            if own
            else TimeLimit(FIRST_SOUND_SECONDS, MAX_FIRST_SOUND_SECONDS)
        )
        self._next = OWN_NEXT_SOUND_SECONDS if own else NEXT_SOUND_SECONDS
        self._client = client
        self._to_blame = to_blame

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Yield the speech as it arrives; closing the generator aborts the request. Raises ModelFault.

        s16le mono 24 kHz, which is what `pcm` means there; a header in the sound counts more.
        """
        loop = asyncio.get_running_loop()
        sound = SoundStream(SampleFormat(rate=SPEAK_RATE))
        response: httpx2.Response | None = None
        spoke, first = False, True
        since = loop.time()
        due = since + self._first.seconds
        try:
            async with asyncio.timeout_at(due):
                response = await self._post(text[:MAX_SPOKEN_CHARACTERS], voice)
            received = response.aiter_bytes()
            while True:
                async with asyncio.timeout_at(due):
                    part = await anext(received, None)
                if part is None:
                    break
                if first:
                    self._first.note(loop.time() - since)
                due = loop.time() + self._next
                if first and _is_text(part):
                    raise fault_in(part)
                first = False
                if pcm := sound.feed(part, whole=False):
                    spoke = True
                    yield pcm
            while pcm := await self._rest(sound):
                spoke = True
                yield pcm
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError, ModelFault) as error:
            if first and isinstance(error, TimeoutError):
                self._first.note(loop.time() - since)
            raise fault_of(error).of(self._to_blame) from None
        finally:
            sound.close()
            if response is not None:
                await response.aclose()
        if sound.fault:
            raise ModelFault(UnplayableSound(sound.fault)).of(self._to_blame)
        if not spoke:
            raise ModelFault(Incomplete("no sound"), 0.0).of(self._to_blame)

    async def _rest(self, sound: SoundStream) -> bytes:
        """Return what is still to come; empty: nothing."""
        pcm = sound.end()
        while not pcm and sound.busy:
            await asyncio.sleep(SPEECH_POLL_SECONDS)
            pcm = sound.end()
        return pcm

    async def _post(self, text: str, voice: str) -> httpx2.Response:
        """Send a request and return the open response. Raises ModelFault for what is no sound."""
        answer = await self._client.post(
            "/audio/speech",
            cast_to=httpx2.Response,
            body={"model": self.model, "input": text, "voice": voice, "response_format": "pcm"},
            options={"headers": {"Accept": "application/octet-stream"}, "timeout": DEADLINE_TIMEOUT},
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )
        response = cast(httpx2.Response, answer)
        if response.headers.get("content-type", "").startswith(_PAGES):
            try:
                raise fault_in(await response.aread())
            finally:
                await response.aclose()
        return response


def _is_text(part: bytes) -> bool:
    """Whether a body that is called sound begins with a sentence instead: an error."""
    head = part[:64]
    return len(head) >= 8 and all(0x20 <= octet < 0x7F or octet in b"\t\r\n" for octet in head)


def spoken_seconds(pcm: bytes) -> float:
    """Return the length of what a synthesizer made."""
    return seconds(pcm, SPEAK_RATE)
