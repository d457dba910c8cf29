#!/bin/sh
# pysubs2 1.8.1: an ASS line that draws a box and then says something ({\p1}...{\p0}Words, as sign translations and speech
# bubbles are typeset) is wholly "drawing": is_drawing is True, so converters that skip drawings lose its words, while
# plaintext holds the commands of the drawing in front of the words ("m 0 0 l 9 0 9 9Words").
# Guess before looking: plaintext is "Words", since \p0 ends the drawing, and is_drawing is False.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from pysubs2 import SSAEvent, SSAFile

event = SSAEvent(start=0, end=1000, text=r"{\p1}m 0 0 l 9 0 9 9{\p0}Words")
file = SSAFile()
file.append(event)
seen = event.is_drawing, event.plaintext, "Words" in file.to_string("srt")
print(seen)
assert seen == (True, "m 0 0 l 9 0 9 9Words", False)
PY
