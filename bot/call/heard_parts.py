"""What people are saying, written down part by part for a transcriber that streams: at the end only the rest is left.

Parts are asked for by whoever wants words early: the answer that is prepared at each pause, and captions.
"""

import asyncio
from collections.abc import Awaitable, Callable

from bot.audio import HEAR_RATE, seconds
from bot.call.growing_speech import GrowingSpeech, SpeechPart, joined
from bot.types import Heard, Utterance

Transcribe = Callable[[Utterance], Awaitable[Heard]]


class HeardParts:
    """The utterance that each person is in the middle of, as far as it is written down."""

    def __init__(self) -> None:
        self.on_part: Callable[[SpeechPart, GrowingSpeech], None] = lambda *_: None  # one was written down
        self._open: dict[int, tuple[int, GrowingSpeech]] = {}
        "person -> utterance id, its words"
        self._asked: dict[int, set[asyncio.Task[Heard]]] = {}
        "person -> requests for parts"

    def of(self, utterance: Utterance) -> GrowingSpeech:
        """Return the words so far of an utterance."""
        number, speech = self._open.get(utterance.user_id, (0, GrowingSpeech()))
        if number != utterance.id:
            speech = GrowingSpeech()
            self._open[utterance.user_id] = utterance.id, speech
        return speech

    def close(self, utterance: Utterance) -> GrowingSpeech:
        """Return the words so far of an utterance that is over, and keep them no longer."""
        number, speech = self._open.get(utterance.user_id, (0, GrowingSpeech()))
        if number != utterance.id:
            return GrowingSpeech()
        del self._open[utterance.user_id]
        return speech

    def breath(self, utterance: Utterance, transcribe: Transcribe) -> None:
        """Write down a part that ends in a breath, if it is long enough to be understood alone."""
        speech = self.of(utterance)
        part = speech.next_part(utterance, breath=True)
        if part and part.settles:
            self._ask(part, speech, transcribe)

    def breathless(self, utterance: Utterance) -> bool:
        """Whether somebody has spoken for so long without a breath that a part is to be written down."""
        return not self._asked.get(utterance.user_id) and self.of(utterance).overdue(utterance)

    def cut(self, utterance: Utterance, transcribe: Transcribe) -> None:
        """Write down a part that ends at a quiet place, of somebody who takes no breath."""
        speech = self.of(utterance)
        self._ask(speech.part(utterance, breath=False), speech, transcribe)

    async def pause(self, utterance: Utterance, transcribe: Transcribe) -> Heard:
        """Write down what was said before a pause. Also when that is cancelled, the words of a part are of use."""
        speech = self.of(utterance)
        await self._asked_for(utterance.user_id)
        before, rest = speech.rest(utterance)
        if rest is None:
            return _whole(utterance, before)
        part = speech.part(utterance, breath=True)
        if len(part.utterance.pcm) != len(rest.pcm):  # a short rest, which needs what comes before it
            return _whole(utterance, joined(before, (await transcribe(rest)).text))
        heard = await asyncio.shield(self._ask(part, speech, transcribe))
        return _whole(utterance, joined(before, heard.text))

    async def end(self, utterance: Utterance, speech: GrowingSpeech, transcribe: Transcribe) -> Heard:
        """Write down the rest of an utterance that is over."""
        await self._asked_for(utterance.user_id)
        before, rest = speech.rest(utterance)
        return _whole(utterance, joined(before, (await transcribe(rest)).text if rest else ""))

    def forget(self, user_id: int | None = None) -> None:
        """Drop the words and requests of a person; None: everybody's."""
        for person in [user_id] if user_id is not None else list(self._open.keys() | self._asked.keys()):
            self._open.pop(person, None)
            for task in self._asked.pop(person, ()):
                task.cancel()

    def _ask(self, part: SpeechPart, speech: GrowingSpeech, transcribe: Transcribe) -> asyncio.Task[Heard]:
        task = asyncio.ensure_future(transcribe(part.utterance))
        asked = self._asked.setdefault(part.utterance.user_id, set())
        asked.add(task)
        task.add_done_callback(lambda done: self._written(done, part, speech, asked))
        return task

    async def _asked_for(self, user_id: int) -> None:
        """Wait for the parts that are being written down."""
        if asked := self._asked.get(user_id):
            await asyncio.wait(asked)

    def _written(
        self, task: asyncio.Task[Heard], part: SpeechPart, speech: GrowingSpeech, asked: set[asyncio.Task[Heard]]
    ) -> None:
        asked.discard(task)
        if task.cancelled():
            return
        if task.exception() is not None:
            speech.refused()
            return
        speech.written(part, task.result().text)
        self.on_part(part, speech)


def _whole(utterance: Utterance, text: str) -> Heard:
    """Return the words of an utterance that was heard once, part by part."""
    return Heard(utterance.id, utterance.user_id, text, seconds(utterance.pcm, HEAR_RATE))
