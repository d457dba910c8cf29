"""The map in bot/__init__.py and the documents name files that exist, and the map leaves no room out."""

import re

import pytest

import bot
from bot.config import Settings, file_names
from tests.ops.test_deploy import shown
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

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"(?m)^#+ (.*)$|<a id=\"(.*?)\">")
VARIABLE = re.compile(r"`(?:echo \")?([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?=[=`])")
OTHER_VARIABLES = {
    *("ALERT_WEBHOOK", "KIKITE_BEFORE", "KIKITE_CALLS", "KIKITE_IMAGE", "KIKITE_RECORDINGS", "LIVEKIT_URL"),
    *("NAME_FILE", "POSTGRES_PASSWORD"),
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "TCP_USER_TIMEOUT"),
}
"""Names in capitals that are no settings of the bot."""


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


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str):
    here = ROOT / document
    for path, anchor in LINK.findall(here.read_text(encoding="utf-8")):
        target = here.parent / path if path else here
        assert target.exists(), path
        if anchor:
            assert anchor in _anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_settings_and_metrics_that_exist(document: str):
    text, page = (ROOT / document).read_text(encoding="utf-8"), shown()
    known = {*Settings.model_fields, *(f"{name}_file" for name in file_names())}
    assert {name for name in VARIABLE.findall(text) if name.lower() not in known} <= OTHER_VARIABLES
    for name in re.findall(r"\bkikite_[a-z_]+", text):
        assert f"# TYPE {re.sub('_(bucket|sum|count)$', '', name)} " in page, name


@pytest.mark.parametrize("document", ["README.md", "README.ja.md"])
def test_a_readme_is_short(document: str):
    assert len((ROOT / document).read_text(encoding="utf-8").splitlines()) < 150


def _anchors(text: str) -> set[str]:
    """Return a page's anchors, the headings' as GitHub makes them."""
    named = {heading or anchor for heading, anchor in HEADING.findall(text)}
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in named}


def _exists(name: str) -> bool:
    """Whether a path stands as it is, or (as `receive/udp.py`) somewhere in a package."""
    if next(ROOT.glob(name), None):
        return True
    return any(next((ROOT / root).rglob(name), None) for root in ("bot", "sandbox", "tests", "tools"))
