"""Which models run on the bot's own machine, where they are, and what is missing; pure but for looking at folders."""

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from importlib.util import find_spec
from pathlib import Path


class LocalPart(Enum):
    """What a child process does; the value is its argument."""

    RECOGNISER = "recogniser"
    VOICE = "voice"


class Architecture(IntEnum):
    """The kinds of Moonshine's models, by the numbers that the library has for them."""

    TINY = 0
    BASE = 1
    TINY_STREAMING = 2
    BASE_STREAMING = 3
    SMALL_STREAMING = 4
    MEDIUM_STREAMING = 5


OPEN_JTALK = "open-jtalk"
"""The voice that comes with its library, without a folder."""
LOCAL_HINT = (
    "Install the extra (./dev --no-dev --extra local true, or pip install 'kikite[local]'; the Japanese voice is in "
    "local-ja), then fetch the models: python -m bot models. See docs/engines.md."
)
_LIBRARIES = {LocalPart.RECOGNISER: "moonshine_voice", LocalPart.VOICE: "sherpa_onnx"}
_NEEDED_FILES = {LocalPart.RECOGNISER: ("tokenizer.bin",), LocalPart.VOICE: ("tokens.txt", "*.onnx")}
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SETTINGS = {LocalPart.RECOGNISER: "TRANSCRIBE", LocalPart.VOICE: "SPEECH"}


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model in its folder."""

    part: LocalPart
    name: str
    folder: Path

    @property
    def comes_along(self) -> bool:
        """Whether its library has its files."""
        return self.part is LocalPart.VOICE and self.name == OPEN_JTALK

    @property
    def complete(self) -> bool:
        """Whether its files are there."""
        return self.comes_along or all(any(self.folder.glob(pattern)) for pattern in _NEEDED_FILES[self.part])

    def faults(self) -> list[str]:
        """Return why it cannot run, each beginning with the setting's name."""
        setting = _SETTINGS[self.part]
        found: list[str] = []
        library, extra = ("pyopenjtalk", "local-ja") if self.comes_along else (_LIBRARIES[self.part], "local")
        if find_spec(library) is None:
            found.append(f"{setting}_BASE_URL: the extra [{extra}] is not installed")
        if not _MODEL_NAME.fullmatch(self.name):
            found.append(f"{setting}_MODEL: not the name of a local model")
        elif self.part is LocalPart.RECOGNISER and _named_architecture(self.name) is None:
            found.append(f"{setting}_MODEL: a local model's name says what it is, for instance small-streaming-en")
        elif not self.complete:
            found.append(f"{setting}_MODEL: {self.name} is not in {self.folder.parent}")
        return found


def architecture_of(name: str) -> Architecture:
    """Return the kind of a recogniser's model by its name. Raises ValueError."""
    found = _named_architecture(name)
    if found is None:
        raise ValueError("a model of unknown kind")
    return found


def _named_architecture(name: str) -> Architecture | None:
    words = re.split(r"[._-]", name.upper())
    streaming = ("_STREAMING",) if "STREAMING" in words else ("", "_STREAMING")
    return next(
        (Architecture[size + end] for size in words for end in streaming if size + end in Architecture.__members__),
        None,
    )
