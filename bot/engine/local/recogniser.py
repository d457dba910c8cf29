"""Speech -> words by Moonshine, in the child process. Its models end at the language they are made for."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bot.audio import HEAR_RATE
from bot.engine.local.models import Architecture, architecture_of

_OPTIONS = {
    # The whole utterance is speech already; Moonshine's own detector would cut it into words without a context.
    "vad_threshold": "0",
    "vad_max_segment_duration": "600",
    "identify_speakers": "false",
    "return_audio_data": "false",
}


class MoonshineRecogniser:
    """Writes down utterances, one after the other."""

    def __init__(self, folder: Path) -> None:
        """Load a model from its folder. Raises what the library raises."""
        library: Any = import_module("moonshine_voice")  # an extra
        architecture = architecture_of(folder.name)
        self._model = library.Transcriber(str(folder), library.ModelArch(architecture), options=_OPTIONS)
        self._takes_names = architecture >= Architecture.TINY_STREAMING
        self._names: list[str] = []

    def words(self, pcm: bytes, names: Sequence[str]) -> str:
        """Return the words of s16le mono 16 kHz; `names` are made likelier where the model can do that."""
        wanted = [name for name in (name.replace(",", " ").strip() for name in names) if name]
        if self._takes_names and wanted != self._names:
            self._model.set_keyterms(wanted)
            self._names = wanted
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768
        lines = self._model.transcribe_without_streaming(samples, HEAR_RATE).lines
        return " ".join(line.text for line in lines)
