#!/bin/sh
# ovos-number-parser 0.19.13 (numbers in what is said to voice assistants): "one third of the cake" is "1 1 of the cake", and
# so are a fifth, a sixth, an eighth and a tenth, as numbers 1. More than one of them, and half and quarter, are read right:
# "two thirds" is 0.667. "Half a million" is 500,000, but "three and a half million" is "3 and a 500000.0", as a number 3.
# Guess before looking: 0.333, and 3,500,000.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check ovos-number-parser==0.19.13 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from ovos_number_parser import extract_number, numbers_to_digits

SAID = {
    "one third of the cake": ("1 1 of the cake", 1),
    "one-third of the cake": ("1 1 of the cake", 1),
    "one eighth of an inch": ("1 1 of an inch", 1),
    "one tenth": ("1 1", 1),
    "one quarter": ("0.25", 0.25),
    "two thirds": (str(2 / 3), 2 / 3),
    "half a million": ("500000.0", 500_000),
    "three and a half million": ("3 and a 500000.0", 3),
}
seen = {said: (numbers_to_digits(said, lang="en"), extract_number(said, lang="en")) for said in SAID}
for said, (digits, number) in seen.items():
    print(f"{said}: {digits!r}, as a number {number}")
assert seen == SAID
PY
