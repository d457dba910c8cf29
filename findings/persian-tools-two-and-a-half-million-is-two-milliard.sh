#!/bin/sh
# persian-tools 0.0.11 (numbers in Persian words and back): what convert_to_word makes of 2,500,000 is read by
# convert_from_word as 2,000,500,000: at "thousand" all that came before it is multiplied once more, the millions too, so that
# the number is a thousand times too large. 1,200,000,000 is a million times too large. A thousand without "one" before it is
# 0, as is that of "a thousand and five hundred", which is 500. Thousands alone and millions with hundreds are right. No
# error.
# Guess before looking: what one function writes, the other reads.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check persian-tools==0.0.11 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from persian_tools import digits

NUMBERS = {2_500_000: 2_000_500_000, 1_200_000_000: 1_000_000_200_000_000, 3_500: 3_500, 2_000_500: 2_000_500}
seen = {}
for number in NUMBERS:
    words = digits.convert_to_word(number)
    seen[number] = digits.convert_from_word(words)
    print(f"{number:,} is written {words}, and read as {seen[number]:,}")
thousand, and_a_half = (digits.convert_from_word(words) for words in ("هزار", "هزار و پانصد"))
print("a thousand is", thousand, "and a thousand and five hundred", and_a_half)
assert seen == NUMBERS
assert (thousand, and_a_half) == (0, 500)
PY
