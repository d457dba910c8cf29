#!/bin/sh
# dateparser 1.5.0 (what some reminders of bots are read with), times as people say them, asked on a Wednesday in March at 15:00:
# "friday at 7" is Saturday, July 11th (the 7 is a month, and Friday is passed over), "at 9" is September 11th, "tomorrow at 5" is
# tomorrow at 15:00, and "tonight at 8" is this very moment: the number is dropped. German's "morgen um 5 Uhr" the same,
# although it says that it is an hour. With "pm" or ":00" all are right; 明日5時 and "demain à 5h" are. No error, no None.
# One would expect: seven o'clock on Friday, in the morning or in the evening, or None.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check dateparser==1.5.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" -W ignore - <<'PY'
from datetime import datetime

import dateparser

ASKED = datetime(2026, 3, 11, 15)
SETTINGS = {"RELATIVE_BASE": ASKED, "PREFER_DATES_FROM": "future"}
SAID = (
    *("friday at 7", "friday at 7pm", "at 9", "at 9am", "tomorrow at 5", "tomorrow at 17:00", "tonight at 8", "tonight at 8pm"),
    *("morgen um 5 Uhr", "demain à 5h", "明日5時"),
)
seen = {said: f"{dateparser.parse(said, settings=SETTINGS):%a %d %b %H:%M}" for said in SAID}
for said, when in seen.items():
    print(f"{said}: {when}")
assert list(seen.values()) == [
    *("Sat 11 Jul 00:00", "Fri 13 Mar 19:00", "Fri 11 Sep 00:00", "Thu 12 Mar 09:00", "Thu 12 Mar 15:00", "Thu 12 Mar 17:00"),
    *("Wed 11 Mar 15:00", "Wed 11 Mar 20:00", "Thu 12 Mar 15:00", "Thu 12 Mar 05:00", "Thu 12 Mar 05:00"),
]
PY
