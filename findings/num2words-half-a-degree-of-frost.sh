#!/bin/sh
# num2words 0.5.14 (numbers in words, for voices among others): -0.5 is "zero point five". Of numbers between -1 and 0 the sign
# is gone, in English and thirteen other languages tried here, as a number, a Decimal or a string; half a degree of frost is
# one of thaw. It takes the sign from the whole part, and the whole part of -0.5 is 0. Of -1.5 it is there; Hungarian,
# Latvian, Lithuanian, Italian and Thai, which look at the number itself, have it in both.
# Guess before looking: "minus zero point five".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check num2words==0.5.14 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from decimal import Decimal

from num2words import num2words

LOST = ("en", "de", "fr", "es", "ja", "ko", "nl", "pt", "ru", "sv", "uk", "da", "fi", "ro")
print("en:", num2words(-1.5), "|", num2words(-0.5), "| hu:", num2words(-0.5, lang="hu"))
assert num2words(-1.5) == "minus one point five"
for language in LOST:
    for number in (-0.5, Decimal("-0.5"), "-0.5"):
        assert num2words(number, lang=language) == num2words(0.5, lang=language), (language, number)
for language in ("hu", "lv", "lt", "it", "th"):
    assert num2words(-0.5, lang=language) != num2words(0.5, lang=language), language
PY
