"""The map in bot/__init__.py and the documents name files that exist, and the map leaves no room out."""

import re

import pytest

import bot
from tests.sizes import ROOT

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "docs/decisions/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
PATH = re.compile(r"(?<![\w/.-])((?:bot|sandbox|tests|docs|deploy|tools)/[\w/.*-]*\w)")
LIBRARIES = {"discord.py", "dave.py"}
FILE = re.compile(r"(?<![\w/.-])((?:[a-z_0-9]+/)*[a-z_0-9]+\.py)\b")


def test_the_map_names_only_what_exists():
    assert bot.__doc__
    assert [name for name in FILE.findall(bot.__doc__) if not _exists(name)] == []


def test_the_map_names_every_room_and_every_part_of_a_call():
    assert bot.__doc__
    rooms = {path.name for path in (ROOT / "bot").iterdir() if (path / "__init__.py").exists()}
    assert {room for room in rooms if f"{room}/" not in bot.__doc__} == set()
    parts = {path.name for path in (ROOT / "bot/call").glob("*.py")} - {"__init__.py"}
    assert {part for part in parts if part not in bot.__doc__} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_files_that_exist(document: str):
    text = (ROOT / document).read_text(encoding="utf-8")
    named = [*PATH.findall(text), *FILE.findall(text)]
    assert [name for name in named if name not in LIBRARIES and not _exists(name)] == []


def _exists(name: str) -> bool:
    """Whether a path stands as it is, or (as `receive/udp.py`) somewhere in a package."""
    if next(ROOT.glob(name), None):
        return True
    return any(next((ROOT / root).rglob(name), None) for root in ("bot", "sandbox", "tests", "tools"))
