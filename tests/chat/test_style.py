"""The words that people read keep to CONTRIBUTING.md's page of style, as far as that can be counted."""

import re
from pathlib import Path

import polib
import pytest

from bot.config import Settings
from tests.sizes import ROOT

LOCALES = ROOT / "bot/chat/locales"
JAPANESE = {entry.msgctxt: entry for entry in polib.pofile(str(LOCALES / "ja.po"))}
PAGES = ("README.md", "PRIVACY.md", "SECURITY.md", ".env.example")
PAGES += tuple(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md") if path.name.count(".") == 1)

BANNED = (
    r"\bmend\b",
    r"\bdear(er|est)?\b",
    r"\bbills?\b",
    r"\bwhoever\b",
    r"\blies? with\b",
    r"\bwants me\b",
    r"\bwrites? along\b",
    r"\bTalk to the bot\b",
    r"\bput out\b",
    r"\btake along\b",
    r"\bwhen left out\b",
    r"\bby myself\b",
    r"\bOnly who\b",
    r"\bout of order\b",
    r"\bhands full\b",
    r"\bI may not\b",
)
"""Turns of phrase that nobody uses in Discord."""

BANNED_IN_JAPANESE = ("書き起こ", "請求", "私の側", "手一杯", "帰す", "打つ", "忘れさせ")


def sentences() -> dict[str, str]:
    """Return everything English that people read, by where it stands."""
    found = {code: entry.msgid for code, entry in JAPANESE.items()}
    found |= {f"setting {name}": field.description or "" for name, field in Settings.model_fields.items()}
    return found | {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("banned", BANNED)
def test_nobody_reads_a_phrase_that_nobody_says(banned: str):
    found = {where for where, text in sentences().items() if re.search(banned, text, re.IGNORECASE)}
    assert not found


@pytest.mark.parametrize("banned", BANNED_IN_JAPANESE)
def test_japanese_has_one_word_for_one_thing(banned: str):
    pages = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / "README.ja.md", *Path(ROOT / "docs").glob("*.ja.md"))
    }
    texts = {code: entry.msgstr for code, entry in JAPANESE.items()} | pages
    assert not {where for where, text in texts.items() if banned in text}


def test_descriptions_of_commands_do_not_speak_in_the_first_person():
    """Discord shows them beside the bot's name, among those of other bots."""
    first_person = re.compile(r"\b(I|me|my|I'm)\b")
    found = {code for code, entry in JAPANESE.items() if code.startswith("/") and first_person.search(entry.msgid)}
    assert not found


def test_buttons_are_short():
    assert not {code for code, entry in JAPANESE.items() if code.startswith("button ") and len(entry.msgid.split()) > 5}


def test_the_readme_is_read_in_one_go():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150
