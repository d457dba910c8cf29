"""What people type for languages, and what they mean by it."""

import pytest

from bot.chat.spoken_languages import language_code, language_codes


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("en, ja", ["en", "ja"]),
        ("English and Japanese", ["en", "ja"]),
        ("英語、日本語、ドイツ語", ["en", "ja", "de"]),
        ("日本語と英語とスペイン語", ["ja", "en", "es"]),
        ("日本語から英語", ["ja", "en"]),
        ("にほんご・えいご", ["ja", "en"]),
        ("日本語-英語", ["ja", "en"]),
        ("en-ja", ["en", "ja"]),
        ("English – Japanese", ["en", "ja"]),
        ("en <-> ja", ["en", "ja"]),
        ("en|ja", ["en", "ja"]),
        ("ja ⇔ vi", ["ja", "vi"]),
        ("en vs ja", ["en", "ja"]),
        ("francais, ENGLISH", ["fr", "en"]),
        ("pt-BR, en_US", ["pt-BR", "en-US"]),
        ("zh-TW ja", ["zh-TW", "ja"]),
        ("es-ES", ["es-ES"]),
        ("Thai, Ukrainian and हिन्दी", ["th", "uk", "hi"]),
        ("off", []),
        ("en, Klingon", None),
    ],
)
def test_several(typed: str, codes: list[str] | None) -> None:
    assert language_codes(typed) == codes


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Japanese", "ja"), ("JA", "ja"), ("にほんご", "ja"), ("ja_JP", "ja-JP"), ("cestina", "cs"), ("eo", "eo")],
)
def test_one(typed: str, code: str) -> None:
    assert language_code(typed) == code


@pytest.mark.parametrize("typed", ["off", "stop", "none", "the", "Klingon", "en;ja", ""])
def test_none(typed: str) -> None:
    assert language_code(typed) is None
