"""Voice activity detection: the kinds behind the Vad port, and which one a setting picks."""

from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from bot.ports import Vad
from bot.talk.light_vad import LightVad
from bot.talk.silero_vad import SileroModel, SileroVad, available

VadKind = Literal["silero", "light"]


def make_vad(kind: VadKind) -> Callable[[], Vad]:
    """Return a function that makes the Vad of each new speaker.

    "silero" falls back to "light" where its wheel does not exist (Linux on ARM, musl) or holds an unknown model.
    """
    if kind == "silero" and available():
        with suppress(OSError, ValueError):
            model = SileroModel()
            return lambda: SileroVad(model)
    return LightVad
