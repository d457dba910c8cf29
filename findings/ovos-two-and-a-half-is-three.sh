#!/bin/sh
# ovos-number-parser 0.19.13 (numbers in what is said to voice assistants), Swedish and Danish: two and a half hours ("två och
# en halv timme") become "3 0.5 timme", one and a half "2 0.5", two and a half in Danish ("to og en halv") "3 0.5": the
# article of "a half" is counted as one, and added. `extract_number` of the same words is 2.5, so that the two functions of
# one library disagree. German, Spanish and Russian are right in both.
# Guess before looking: "2.5 timme".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check ovos-number-parser==0.19.13 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from ovos_number_parser import extract_number, numbers_to_digits

SAID = {
    ("sv", "två och en halv timme"): ("3 0.5 timme", 2.5),
    ("sv", "en och en halv timme"): ("2 0.5 timme", 1.5),
    ("da", "to og en halv"): ("3 0.5", 2.5),
    ("de", "zwei und eine halbe Stunde"): ("2.5 Stunde", 2.5),
    ("es", "dos y medio"): ("2.5", 2.5),
    ("ru", "два с половиной"): ("2.5", 2.5),
}
seen = {(lang, said): (numbers_to_digits(said, lang=lang), extract_number(said, lang=lang)) for lang, said in SAID}
for (language, said), (digits, number) in seen.items():
    print(f"{language}: {said}: {digits!r}, as a number {number}")
assert seen == SAID
PY
