"""Hostile text stays text."""

import random
import re
import unicodedata

import pytest

from bot.chat.escape import MAX_COMBINING_MARKS, MAX_NAME_CHARACTERS, MAX_WORDS_CHARACTERS, escape, name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello there", "hello there"),
        ("  two\n lines\t", "two lines"),
        ("**bold** _it_ ~~no~~ ||s|| `c`", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|s\|\| \`c\`"),
        ("[click](https://evil.example)", r"\[click\](https://evil.example)"),
        ("# title", r"\# title"),
        ("-# small", r"-\# small"),
        ("> quote", r"\> quote"),
        ("- item + item", r"\- item \+ item"),
        ("well-known 2+2", "well-known 2+2"),
        ("\\", r"\\"),
        ("@everyone and @here", "@\u200beveryone and @\u200bhere"),
        ("<@1> <@!1> <@&1> <#1>", "\\<@\u200b1\\> \\<@\u200b!1\\> \\<@\u200b&1\\> \\<\\#1\\>"),
        ("<:smile:1> <t:0:R> </join:1>", r"\<:smile:1\> \<t:0:R\> \</join:1\>"),
        ("mail@example.org", "mail@example.org"),
        (
            "https://discord.gg/abc discordapp.com/invite/x",
            "https://discord\u200b.gg/abc discordapp\u200b.com/invite/x",
        ),
        ("\u202egnp.exe\u2066x\u200f", "gnp.exex"),
        ("z\u200ba\ufeffl\u00adgo\x00\x1b[31m", r"zalgo\[31m"),
        ("\ud800lone", "lone"),
        ("👩\u200d👩\u200d👧 ❤️", "👩\u200d👩\u200d👧 ❤️"),
        ("ありがとう、元気です。", "ありがとう、元気です。"),
        ("مرحبا שָׁלוֹם", unicodedata.normalize("NFC", "مرحبا שָׁלוֹם")),
        ("", ""),
    ],
)
def test_escape(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_zalgo_loses_its_towers() -> None:
    shown = escape("h" + "\u0335\u0321\u0322\u0327\u0328\u0334" * 20 + "i")
    assert sum(unicodedata.combining(char) > 0 for char in shown) <= MAX_COMBINING_MARKS
    assert shown.endswith("i")


@pytest.mark.parametrize("text", ["", " ", "\u3164\u3164", "\u202e", "\u200b"])
def test_a_name_always_shows_something(text: str) -> None:
    assert name(text) == "?"


def test_nothing_is_left_out_without_a_sign() -> None:
    for nothing in (" ", "\u2066", "\u0301"):
        assert escape(f"hi {nothing * 9_000}bye", 20).endswith("bye")
        assert escape(f"hi {nothing * 90_000}bye", 20).endswith("…")


def test_length_is_bounded() -> None:
    assert len(escape("a" * 100_000)) == MAX_WORDS_CHARACTERS
    assert len(escape("*" * 100_000)) <= 2 * MAX_WORDS_CHARACTERS
    assert name("n" * 40) == "n" * (MAX_NAME_CHARACTERS - 1) + "…"


PIECES = [
    "@everyone",
    "@here",
    "<@1>",
    "<@&2>",
    "<#3>",
    "[a](http://b)",
    "**",
    "__",
    "~~",
    "||",
    "```",
    "`",
    "\\",
    "\\\\",
]
PIECES += ["# ", "> ", ">>> ", "-# ", "\n", "\u202e", "\u200f", "a", " ", "\u0301" * 9, "https://x.example", "<a:b:4>"]


def test_a_thousand_hostile_texts_are_inert() -> None:
    rng = random.Random(7)
    for _ in range(1000):
        text = "".join(rng.choices(PIECES, k=rng.randint(1, 40)))
        shown = escape(text)
        bare = re.sub(r"\\.", "", shown)  # what is left when every escaped character is gone
        assert not re.search(r"[*_~|`\[\]<>#\\]", bare), text
        assert not re.search(r"@(everyone|here|[!&]?\d)", shown), text
        assert not any(unicodedata.category(char) in ("Cc", "Cs") or char in "\u202e\u200f" for char in shown), text
