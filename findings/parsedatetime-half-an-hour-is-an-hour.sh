#!/bin/sh
# parsedatetime 2.6 (times in words, for reminders and commands): "in half an hour", "in a quarter of an hour" and "in an hour
# and a half" are each one hour from now, and the result says that a time was understood (status 2). Figures are read right.
# A bot that is asked by voice for a reminder gets exactly such words from its speech recognition.
# Guess before looking: half an hour is 30 minutes; what it cannot read has the status 0.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check parsedatetime==2.6 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from datetime import datetime

import parsedatetime

NOW = datetime(2026, 11, 22, 10, 0)
EXPECTED = {
    "in 30 minutes": (30, 2),
    "in half an hour": (60, 2),
    "in a quarter of an hour": (60, 2),
    "in an hour and a half": (60, 2),
}
for words, expected in EXPECTED.items():
    when, status = parsedatetime.Calendar().parseDT(words, NOW)
    minutes = (when - NOW).total_seconds() / 60
    print(f"{words!r}: {minutes:.0f} minutes from now, status {status}")
    assert (minutes, status) == expected
PY
