"""The models of weights.py, and the libraries of the extras [local] and [local-ja]: without them these are left out."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

MODELS = os.environ.get("LOCAL_MODELS_DIR", "")
"""Where weights.py put the models."""
LIBRARIES = ("moonshine_voice", "sherpa_onnx", "pyopenjtalk")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = [name for name in LIBRARIES if find_spec(name) is None] or ([] if MODELS else ["LOCAL_MODELS_DIR"])
    if missing:
        items[:] = [item for item in items if here not in item.path.parents]


@pytest.fixture
def models() -> Path:
    return Path(MODELS)
