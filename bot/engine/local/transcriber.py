"""Speech -> text on the bot's own machine (port `Transcriber`)."""

from collections.abc import Sequence

from bot.audio import HEAR_RATE, seconds
from bot.engine.faults import ModelFault
from bot.engine.hallucinations import is_plausible
from bot.engine.local import wire
from bot.engine.local.process import LocalProcess
from bot.engine.quoting import plain
from bot.engine.transcribe import MAX_KEYWORDS, MIN_TRANSCRIBE_SPEED, MIN_VOICED_SECONDS
from bot.errors import BlamedModel
from bot.types import Heard, Utterance

LOCAL_HEAR_SECONDS = 10.0
"""The time limit of an utterance, plus its duration divided by MIN_TRANSCRIBE_SPEED."""


class LocalTranscriber:
    """Transcribes utterances, one after the other; the owner runs the process."""

    def __init__(self, process: LocalProcess, *, model: str, to_blame: BlamedModel | None = None) -> None:
        self.model = model
        self._process = process
        self._to_blame = to_blame

    streams = True

    @property
    def patience(self) -> float:
        """Seconds that words may be waited for."""
        return LOCAL_HEAR_SECONDS

    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        """Return the transcript of an utterance, empty if it has no words. Raises EngineError.

        The model has one language, so `language` is not looked at.
        """
        length = seconds(utterance.pcm, HEAR_RATE)
        if utterance.voiced < MIN_VOICED_SECONDS:
            return Heard(utterance.id, utterance.user_id, "", 0.0)
        keywords = list(dict.fromkeys(plain(name) for name in names))[:MAX_KEYWORDS]
        within = LOCAL_HEAR_SECONDS + length / MIN_TRANSCRIBE_SPEED
        try:
            words = await self._ask(utterance.pcm, keywords, within)
        except ModelFault as fault:
            if fault.wait is None:
                raise fault.of(self._to_blame).error from None
            try:
                words = await self._ask(utterance.pcm, keywords, within)
            except ModelFault as again:
                raise again.of(self._to_blame).error from None
        return Heard(utterance.id, utterance.user_id, is_plausible(words, utterance.voiced, keywords), length)

    async def _ask(self, pcm: bytes, names: list[str], within: float) -> str:
        """Raises ModelFault."""
        words = ""
        async for kind, content in self._process.ask(wire.HEAR, {"names": names}, pcm, within=within):
            if kind == wire.HEARD_WORDS:
                words = content.decode("utf-8", "replace")
        return words
