#!/bin/sh
# text2num 3.1.0 (words of transcribers to digits): "two and a half million", said with a decimal as news and people say it, is two
# and a half: of "deux virgule cinq millions" alpha2digit makes 2,5000000, as the zeros of the million are put behind the comma.
# Spanish and Dutch the same. German and English have two numbers: "2.5 1000000". A whole number of millions is right. No error.
# Guess before looking: 2500000, or "2,5 millions".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check text2num==3.1.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from text_to_num import alpha2digit

SAID = {
    "fr": ("deux millions", "deux virgule cinq millions", "2,5000000"),
    "es": ("dos millones", "dos coma cinco millones", "2,5000000"),
    "nl": ("twee miljoen", "twee komma vijf miljoen", "2,5000000"),
    "de": ("zwei Millionen", "zwei Komma fünf Millionen", "2,5 1000000"),
    "en": ("two million", "two point five million", "2.5 1000000"),
}
for language, (whole, half, expected) in SAID.items():
    digits = alpha2digit(whole, language), alpha2digit(half, language)
    print(f"{language}: {whole} = {digits[0]}, {half} = {digits[1]}")
    assert digits == ("2000000", expected)
PY
