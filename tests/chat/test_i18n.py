"""Nothing is left untranslated, and nothing is translated that is not there."""

import ast
import re
import shutil
from pathlib import Path

import discord
import polib
import pytest

from bot.chat.i18n import LOCALES_FOLDER, Catalogues, Translator
from tests.generated_words import catalogue, catalogues, entries, error_hints, payload

FOLDER = Path(LOCALES_FOLDER)

TRANSLATIONS = {file.stem: polib.pofile(str(file)) for file in FOLDER.glob("*.po")}
SOURCE = {entry.msgctxt: entry.msgid for entry in polib.pofile(str(FOLDER / "kikite.pot"))}
ALL = {**error_hints(), **SOURCE}


def values(sentence: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", sentence))


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_sentence_is_translated(language: str) -> None:
    entries = {entry.msgctxt: entry for entry in TRANSLATIONS[language]}
    assert entries.keys() == ALL.keys()
    for code, entry in entries.items():
        assert entry.msgid == ALL[code], f"{code}: the English has changed since"
        assert entry.msgstr, f"{code} is not translated"
        assert values(entry.msgstr) == values(entry.msgid), code
        assert "fuzzy" not in entry.flags, code


def literal(node: ast.expr) -> list[str]:
    """The constant strings an argument may be."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return literal(body) + literal(orelse)
        case _:
            return []


def test_every_code_in_the_source_has_a_sentence() -> None:
    found: set[str] = set()
    for file in Path("bot").rglob("*.py"):
        asking = {"words", "_words", "tell", "Refusal"} if "chat" in file.parts else {"notice"}
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in asking:
                    found |= {text for argument in node.args[:2] for text in literal(argument)}
    assert len(found) > 30
    assert found <= SOURCE.keys(), f"no sentence for {sorted(found - SOURCE.keys())}"


@pytest.mark.parametrize(
    ("locale", "language"),
    [("ja", "ja"), ("ja_JP", "ja"), ("en-US", "en"), ("en-GB", "en"), ("fr", "en"), (None, "en")],
)
def test_locales_find_their_language(locale: str | None, language: str) -> None:
    assert Catalogues.load().of(locale).language == language


def test_what_is_missing_is_english_and_then_the_code() -> None:
    catalogues = Catalogues({"en": {"a": "A {x}", "b": "B"}, "ja": {"a": "あ {x}", "b": ""}})
    words = catalogues.of("ja")
    assert [words("a", x="{x}"), words("a"), words("b"), words("c")] == ["あ {x}", "あ {x}", "B", "c"]


def test_people_agree_to_the_words_of_one_sentence_in_whatever_language() -> None:
    def policy(source: dict[str, str], ja: str = "") -> str:
        return Catalogues({"en": source, "ja": {"privacy about": ja}}).policy

    now = Catalogues.load().policy
    assert policy(SOURCE, "別の言葉") == now
    assert policy({**SOURCE, "privacy code": "other words"}) == now
    assert policy({**SOURCE, "privacy about": SOURCE["privacy about"] + " And for ever."}) != now


def test_one_file_is_a_new_language(tmp_path: Path) -> None:
    folder = tmp_path / "locales"
    shutil.copytree(FOLDER, folder)
    new = folder / "de.po"
    new.touch()  # what a translator begins with
    for file, text in catalogues(folder).items():
        file.write_text(text, encoding="utf-8")
    german = entries(new.read_text(encoding="utf-8"))
    assert german.keys() == ALL.keys()
    assert not any(entry.msgstr for entry in german.values())

    german["/stop"].msgstr, german["leave done"].msgstr = "Sei jetzt still", "Ich bin gegangen."
    new.write_text(catalogue("de", ALL, german), encoding="utf-8")
    served = Catalogues.load(folder)
    words = served.of(discord.Locale.german)
    assert (words("leave done"), words("stop done")) == ("Ich bin gegangen.", SOURCE["stop done"])
    stop = next(command for command in payload(Translator(served)) if command["name"] == "stop")
    assert stop["description_localizations"]["de"] == "Sei jetzt still"
    assert served.policy == Catalogues.load().policy


def test_a_translation_whose_english_changed_is_marked_until_somebody_looks() -> None:
    made = catalogue("ja", {"a": "A"}, {})
    assert "fuzzy" not in made
    translated = entries(made)
    translated["a"].msgstr = "あ"
    assert "fuzzy" not in catalogue("ja", {"a": "A"}, translated)
    changed = entries(catalogue("ja", {"a": 'Another "A"\n'}, translated))["a"]
    assert (changed.msgid, changed.msgstr, changed.flags) == ('Another "A"\n', "あ", ["fuzzy"])
    assert "fuzzy" in catalogue("ja", {"a": 'Another "A"\n'}, {"a": changed})
    assert not entries(catalogue("ja", {}, translated))
