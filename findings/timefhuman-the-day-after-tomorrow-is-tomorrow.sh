#!/bin/sh
# timefhuman 0.1.5 (times as people write them): "the day after tomorrow at 7" is tomorrow at 7, and "the day before
# yesterday" is yesterday: it passes over the words that it does not know, and takes the one it does. So "in half an hour",
# and "in a quarter of an hour", are in an hour. "In 30 minutes" and "tomorrow at 7" are right. No error, and no sign of what
# was passed over.
# Guess before looking: the day after tomorrow, and half an hour; or nothing found.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check timefhuman==0.1.5 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from datetime import datetime

from timefhuman import tfhConfig, timefhuman

NOW = datetime(2026, 11, 18, 15)
SAID = {
    "tomorrow at 7": datetime(2026, 11, 19, 7),
    "the day after tomorrow at 7": datetime(2026, 11, 19, 7),
    "the day before yesterday": datetime(2026, 11, 17),
    "in 30 minutes": datetime(2026, 11, 18, 15, 30),
    "in half an hour": datetime(2026, 11, 18, 16),
    "in a quarter of an hour": datetime(2026, 11, 18, 16),
}
seen = {said: timefhuman(said, config=tfhConfig(now=NOW)) for said in SAID}
print("now:", NOW)
for said, times in seen.items():
    print(f"{said}: {', '.join(map(str, times))}")
assert seen == {said: [time] for said, time in SAID.items()}
PY
