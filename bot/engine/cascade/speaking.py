"""The clauses of one answer, spoken in order: one sounds, and the next is already asked for."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from bot.engine.cascade.synthesizer import spoken_seconds
from bot.engine.faults import ModelFault
from bot.errors import BotError
from bot.ports import Synthesizer
from bot.speakable import speakable
from bot.types import AudioDelta, TextDelta

MAX_REQUESTS = 2
"""Of one answer at once: the clause that sounds, and the next."""
MAX_WAITING_CLAUSES = 64
MAX_WAITING_PARTS = 256
"""Of the sound of one clause."""

Emit = Callable[[TextDelta | AudioDelta], None]


class Clause:
    """One clause and its sound, as it arrives."""

    def __init__(self, text: str, spoken: str) -> None:
        self.text = text
        self.spoken = spoken
        "what the voice says of it; empty: nothing"
        self.parts: asyncio.Queue[bytes | ModelFault | None] = asyncio.Queue(MAX_WAITING_PARTS)
        "None: that was all"


class Speaking:
    """Speaks clauses in the order they are added. Run it beside what adds them."""

    def __init__(self, synthesizer: Synthesizer, voice: str, language: str | None, longest: float, emit: Emit) -> None:
        """`longest` is in seconds of sound; what is beyond is neither asked for nor emitted."""
        self.received = 0.0
        "seconds of sound that the server sent"
        self.seconds = 0.0
        "of sound that was passed on"
        self.cut = False
        "the answer had its greatest length"
        self.fault: ModelFault | None = None
        "why it could not be spoken to the end"
        self.unspoken = ""
        "the text that no sound belongs to, because of the fault"
        self._synthesizer = synthesizer
        self._voice = voice
        self._language = language
        self._longest = longest
        self._emit = emit
        self._clauses: asyncio.Queue[str | None] = asyncio.Queue(MAX_WAITING_CLAUSES)
        self._asked: asyncio.Queue[Clause | None] = asyncio.Queue(MAX_REQUESTS)
        self._free = asyncio.Semaphore(MAX_REQUESTS)

    async def add(self, clause: str) -> None:
        await self._clauses.put(clause)

    async def end(self) -> None:
        """No more clauses will come."""
        await self._clauses.put(None)

    async def run(self) -> None:
        """Speak until the end; a fault is left in `fault`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask(group), name="speech-requests")
            group.create_task(self._sound(), name="speech-sound")

    async def _ask(self, group: asyncio.TaskGroup) -> None:
        """Send the requests, at most MAX_REQUESTS at once."""
        while (text := await self._clauses.get()) is not None:
            await self._free.acquire()
            clause = Clause(text, speakable(text, self._language))
            if clause.spoken and not (self.fault or self.cut):
                group.create_task(self._fetch(clause), name="speech")
            else:
                clause.parts.put_nowait(None)
            await self._asked.put(clause)
        await self._asked.put(None)

    async def _fetch(self, clause: Clause) -> None:
        """Ask for the sound of a clause; once more if nothing of it came and that may help."""
        for last in (False, True):
            spoke = False
            try:
                speech: AsyncGenerator[bytes, None] = self._synthesizer.speak(clause.spoken, self._voice)
                async with aclosing(speech):
                    async for pcm in speech:
                        spoke = True
                        self.received += spoken_seconds(pcm)
                        await clause.parts.put(pcm)
                break
            except (ModelFault, BotError) as error:
                fault = error if isinstance(error, ModelFault) else ModelFault(error)
                if spoke or last or fault.wait is None:
                    await clause.parts.put(fault)
                    return
                await asyncio.sleep(fault.wait)
        await clause.parts.put(None)

    async def _sound(self) -> None:
        """Pass the clauses on: first the words, then their sound."""
        while (clause := await self._asked.get()) is not None:
            told = False
            while (part := await clause.parts.get()) is not None:
                if isinstance(part, ModelFault):
                    self.fault = self.fault or part
                    break
                self.cut = self.cut or self.seconds >= self._longest
                if self.cut or self.fault:  # what follows a fault would leave out a part of the answer
                    continue
                if not told:
                    self._emit(TextDelta(clause.text, aloud=True))
                    told = True
                self.seconds += spoken_seconds(part)
                self._emit(AudioDelta(part))
            if not told and not self.cut:
                if self.fault:
                    self.unspoken += clause.text
                else:
                    self._emit(TextDelta(clause.text, aloud=True))
            self._free.release()
