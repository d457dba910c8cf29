#!/bin/sh
# pysubs2 1.8.1: a WebVTT cue with timestamps between its words (WebVTT section 4.2.2; what YouTube's captions have)
# loses every word, and becomes two events without text: one for the cue, one for the second timestamp. Cues without
# such timestamps in the same file keep theirs. No error.
# Guess before looking: the timestamps are dropped or kept as text; the words stay.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from pysubs2 import SSAFile

TEXT = """WEBVTT

00:00:01.000 --> 00:00:04.000
So <00:00:02.000>we <00:00:03.000>begin

00:00:05.000 --> 00:00:06.000
Next
"""
events = [(event.start, event.end, event.plaintext) for event in SSAFile.from_string(TEXT)]
print(events)
assert events == [(1000, 4000, ""), (2000, 3000, ""), (5000, 6000, "Next")]
PY
