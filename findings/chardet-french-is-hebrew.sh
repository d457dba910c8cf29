#!/bin/sh
# chardet 7.7.0: a French sentence in windows-1252 is taken for Hebrew (ISO-8859-8), although every word of it then mixes
# Latin and Hebrew letters. A German sentence of the same length is known.
# Guess before looking: Windows-1252 for both, for no word of any language has letters of both scripts.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check chardet==7.7.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import chardet

FRENCH = "Le café était fermé à Noël. Où êtes-vous allé, ça va?".encode("cp1252")
GERMAN = "Die Gärtner prüfen die schöne Blüte, größer als früher, für.".encode("cp1252")
seen = chardet.detect_all(FRENCH)[0]["encoding"], chardet.detect_all(GERMAN)[0]["encoding"]
print(seen, FRENCH.decode(seen[0]))
assert seen == ("ISO-8859-8", "Windows-1252")
PY
