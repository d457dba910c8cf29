#!/bin/sh
# pykakasi 2.3.0 (readings of Japanese text, for voices and search): a newline or an emoji within the text repeats the word
# that stands before it: the parts of "今日は\n一人" are 今日は, "\n", 今日は, 一人, those of "今日は😀\n一人" have 今日は three
# times, and the emoji not at all. Both are ordinary in a chat; a voice that is fed with the readings says the word again.
# Guess before looking: what is no Japanese is passed through as it is, and every part stands there once.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pykakasi==2.3.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import pykakasi

EXPECTED = {
    "今日は一人": ["こんにちは", "ひとり"],
    "今日は\n一人": ["こんにちは", "", "こんにちは", "ひとり"],
    "今日は😀一人": ["こんにちは", "こんにちは", "ひとり"],
    "今日は😀\n一人": ["こんにちは", "こんにちは", "", "こんにちは", "ひとり"],
}
for words, expected in EXPECTED.items():
    read = [part["hira"] for part in pykakasi.kakasi().convert(words)]
    print(repr(words), "is read as", read)
    assert read == expected
PY
