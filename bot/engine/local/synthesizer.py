"""Text -> speech on the bot's own machine (port `Synthesizer`)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.engine.faults import ModelFault
from bot.engine.local import wire
from bot.engine.local.process import LocalProcess
from bot.errors import BlamedModel, Incomplete

LOCAL_SPEAK_SECONDS = 10.0
"""The time limit of one part of a clause's sound."""


class LocalSynthesizer:
    """Speaks clauses, one after the other; the owner runs the process."""

    def __init__(self, process: LocalProcess, *, model: str, to_blame: BlamedModel | None = None) -> None:
        self.model = model
        self._process = process
        self._to_blame = to_blame

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Yield the speech as it is made: s16le mono 24 kHz. What is left after a close is thrown away.

        `voice` is the number of a speaker, where the model has several. Raises ModelFault.
        """
        spoke = False
        asked = self._process.ask(wire.SPEAK, {"text": text, "voice": voice}, within=LOCAL_SPEAK_SECONDS)
        try:
            async with aclosing(asked) as frames:
                async for kind, content in frames:
                    if kind == wire.SPOKEN and content:
                        spoke = True
                        yield content
        except ModelFault as fault:
            raise fault.of(self._to_blame) from None
        if not spoke:
            raise ModelFault(Incomplete("no sound"), 0.0).of(self._to_blame)
