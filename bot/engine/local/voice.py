"""Words -> speech by sherpa-onnx, in the child process."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bot.engine.resample import Resampler

_THREADS = 1
"""The other core is for the calls."""
_SAMPLE_SCALE = 32767


class SherpaVoice:
    """Speaks clauses, one after the other."""

    def __init__(self, folder: Path) -> None:
        """Load a voice from its folder. Raises what the library raises, ValueError for files that are no voice."""
        library: Any = import_module("sherpa_onnx")  # an extra
        config = library.OfflineTtsConfig(model=_model(library, folder), max_num_sentences=1)
        if not config.validate():
            raise ValueError("not a voice")
        self._voice = library.OfflineTts(config)

    def speak(self, text: str, speaker: str, emit: Callable[[bytes], None]) -> None:
        """Pass the speech to `emit` as it is made: s16le mono 24 kHz. `speaker`: its number, 0 for any other name."""
        number = int(speaker) if speaker.isascii() and speaker.isdigit() else 0
        if number >= self._voice.num_speakers:
            number = 0
        resampler = Resampler(self._voice.sample_rate, 1)

        def made(samples: Any, _progress: float) -> int:
            scaled = np.clip(np.asarray(samples, np.float32), -1.0, 1.0) * _SAMPLE_SCALE
            emit(resampler.feed(np.rint(scaled).astype("<i2").tobytes()))
            return 1

        self._voice.generate(text, sid=number, speed=1.0, callback=made)


def _model(library: Any, folder: Path) -> Any:
    """Return the configuration of a folder's voice: Piper's (VITS)."""
    model = str(next(iter(sorted(folder.glob("*.onnx"))), folder / "model.onnx"))
    files = {"model": model, "tokens": str(folder / "tokens.txt"), "data_dir": str(folder / "espeak-ng-data")}
    return library.OfflineTtsModelConfig(
        vits=library.OfflineTtsVitsModelConfig(**files, lexicon=""), num_threads=_THREADS
    )
