"""What CONTRIBUTING.md promises about the price of a change, counted on what is there: in how many files it stands."""

import functools
import re

import pytest

from tests.sizes import ROOT, paths


@functools.cache
def texts() -> dict[str, str]:
    """Return the files of bot/ by their path."""
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths("bot")}


def places(pattern: str) -> set[str]:
    """Return the files of bot/ that name something."""
    return {path for path, text in texts().items() if re.search(pattern, text)}


@pytest.mark.parametrize(
    ("specimen", "pattern", "limit"),
    [
        ("a setting of servers that one place uses", r"\bjoin_at\b", 4),
        ("an engine", r"\bOpenAIEngine\b", 3),
        ("a transcriber", r"\bOpenAITranscriber\b", 3),
        ("a VAD", r"\bLightVad\b", 2),
        ("the rule of consent", r'"opt-in"', 3),
    ],
)
def test_a_thing_stands_in_few_files(specimen: str, pattern: str, limit: int):
    found = places(pattern)
    assert 0 < len(found) <= limit, f"{specimen}: {sorted(found)}"


@pytest.mark.parametrize("module", ["stop", "catchup", "usage", "analyze"])
def test_a_command_is_named_by_the_list_alone(module: str):
    """With its own file and the two catalogues that makes four places."""
    own = f"bot/chat/commands/{module}.py"
    assert own in texts()
    named = rf"from bot\.chat\.commands(\.{module}\b| import (\([^)]*|[^\n]*)\b{module}\b)"
    assert places(named) - {own} == {"bot/chat/commands/__init__.py"}


def test_every_command_comes_from_the_list():
    """Nothing but the list registers commands, so one line there is enough."""
    assert places(r"\btree\.add_command\(") == {"bot/chat/client.py"}
