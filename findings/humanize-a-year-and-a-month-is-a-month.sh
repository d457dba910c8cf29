#!/bin/sh
# humanize 4.17.0 (lengths of time in words): in German, a year and a month is "ein Monat", a month. All of what is between
# 381 and 410 days long is said so, and "vor ein Monat" of what was that long ago, the same as of 31 days: a recording of last
# year is one of last month. A year and 15 days, a year and two months, and the other languages keep the year.
# Guess before looking: "ein Jahr und ein Monat".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check humanize==4.17.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from datetime import timedelta

import humanize

DAYS = (31, 366, 380, 381, 400, 410, 411, 800)
seen = {}
for language in ("de_DE", "fr_FR", "ja_JP"):
    humanize.activate(language)
    seen[language] = {days: humanize.naturaldelta(timedelta(days=days)) for days in DAYS}
    print(language, seen[language])
humanize.activate("de_DE")
ago = humanize.naturaltime(timedelta(days=400))
print("de_DE, 400 days ago:", ago)
german = seen["de_DE"]
assert german[31] == german[381] == german[400] == german[410] == "ein Monat" and ago == "vor ein Monat"
assert german[366] == "ein Jahr und 1 Tag" and german[380] == "ein Jahr und 15 Tage"
assert (seen["fr_FR"][400], seen["ja_JP"][400]) == ("un an et un mois", "1年 1ヶ月")
PY
