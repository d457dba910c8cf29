"""Texts in the encodings of their countries are read right, or refused, but never as mojibake."""

import random

import pytest

from bot.errors import BadDocument
from bot.files.documents.encodings import decode, plausibility

TEXTS = {
    "会議は九時に始まります。青いフォルダーを忘れないでください。": (
        *("cp932", "euc-jp", "iso2022_jp", "utf-7", "utf-16-le", "utf-16-be", "utf-16", "utf-32"),
    ),
    "ｶｲｷﾞﾊ ｸｼﾞ": ("cp932",),
    "会议九点开始，请不要忘记带上蓝色的文件夹。": ("gbk", "gb18030", "hz", "utf-16-le"),
    "會議九點開始，請不要忘記帶上藍色的文件夾。": ("big5",),
    "회의는 아홉 시에 시작합니다.": ("cp949", "utf-16-le"),
    "Собрание начинается в девять. Не забудьте синюю папку.": ("koi8-r", "cp1251", "cp866", "utf-16-le"),
    "Збори починаються о дев'ятій. Не забудьте синю папку.": ("cp1251", "koi8-u"),
    "Die Gärtner prüfen die schöne Blüte, größer als früher. Straße, für, über.": ("cp1252", "utf-7"),
    "Le café était fermé à Noël. Où êtes-vous allé, ça va?": ("cp1252",),
    "Prix: 10 €, œuvre, élève": ("iso8859-15",),
    "It’s “fine” – really…": ("cp1252",),
    "Zażółć gęślą jaźń, proszę.": ("cp1250", "iso8859-2"),
    "Příliš žluťoučký kůň úpěl ďábelské ódy.": ("cp1250", "iso8859-2"),
    "Η συνάντηση αρχίζει στις εννέα.": ("cp1253",),
    "Toplantı dokuzda başlıyor, lütfen unutmayın, şimdi.": ("cp1254",),
    "Hello there, this is text.": ("utf-16-le", "utf-16-be", "utf-8-sig"),
    "C++ and 1+1, tel. +4930123456, +abcd and Base64 +ABCDEF text.": ("utf-8",),
    "grüße, emoji 😀 and 日本": ("utf-8",),
    "Żółw je ż, “źdźbło” — Tiếng Việt 😀": ("utf-16-le", "utf-16-be", "utf-32-le"),
    "会议九点开始。": ("utf-32-le", "utf-32-be"),
}
PROVEN = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
    "iso2022_jp",
    "hz",
)


@pytest.mark.parametrize(("text", "encoding"), [(text, name) for text, names in TEXTS.items() for name in names])
def test_it_is_read_right_and_a_guess_is_named(text: str, encoding: str) -> None:
    found, notes = decode(text.encode(encoding))
    assert found == text
    if encoding in PROVEN:
        assert not notes
    assert all(note.code == "encoding" and note.detail for note in notes)


def test_a_text_cut_within_a_character_is_read_as_far_as_it_goes() -> None:
    assert decode("é".encode() * 50 + b"\xc3")[0] == "é" * 50
    assert decode("日本語の文章。".encode()[:-1])[0] == "日本語の文章"


def test_bytes_that_are_no_text_are_refused() -> None:
    bytes_ = random.Random(5)
    for _ in range(30):
        with pytest.raises(BadDocument):
            decode(bytes_.randbytes(3000))


@pytest.mark.parametrize("text", ["Hello", "ქართული ენა ძველი ენაა", "ユーティーエフ", "会议九点开始，请带上文件夹。"])
def test_a_mark_alone_does_not_make_a_text(text: str) -> None:
    assert decode(text.encode("utf-16"))[0] == text
    with pytest.raises(BadDocument):
        decode(b"\xff\xfe\x00junk")


@pytest.mark.parametrize("wrong", ["cp1252", "koi8-r", "mac_roman"])
def test_mojibake_is_not_plausible(wrong: str) -> None:
    text = "Собрание начинается в девять. Не забудьте синюю папку."
    assert plausibility(text) == 1.0
    assert plausibility(text.encode("cp1251").decode(wrong)) < 0.8


@pytest.mark.parametrize("word", ["Sch䭰e", "Gr榀e", "Sch봭e"])
def test_an_ideograph_within_a_latin_word_is_not_plausible(word: str) -> None:
    assert plausibility(word) == 0.0
    assert plausibility("Tシャツ iPhone用 A社 3D映画 K팝스타") == 1.0


@pytest.mark.timeout(120)  # it took minutes
def test_a_long_run_without_a_space_takes_no_longer_than_words_do() -> None:
    """As encoded bytes and data for programs have it, in a text of an old encoding."""
    text = f"Bücher und Gärten: {'QUJD' * 20_000} für später."
    assert decode(text.encode("cp1252"))[0] == text
