#!/bin/sh
# Babel 2.18.0, format_unit, which writes units out by default (length="long"): two hours in Japanese is "2 hour". So are
# minutes and days in Chinese, Korean, Vietnamese and Thai, days and years in Portuguese, Italian and Arabic: the English name
# in the singular, in the middle of the sentence. Where a language's long name is that of its short form, Unicode's data
# (CLDR) leave it out and say that the short one holds (UTS #35, aliases of the root locale); Babel looks for it in the root
# locale instead. With length="short" all are right ("2 時間"), and Babel's own format_timedelta says "2 時間". No error, no
# warning.
# Guess before looking: 2 時間, as the data have it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check Babel==2.18.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from datetime import timedelta

from babel.dates import format_timedelta
from babel.units import format_unit

seen = {}
for language in ("ja", "ko", "zh", "vi", "th", "pt", "it", "ar", "de"):
    seen[language] = {unit: format_unit(2, unit, locale=language) for unit in ("minute", "hour", "day", "year")}
    print(language, "; ".join(seen[language].values()))
short, delta = format_unit(2, "hour", length="short", locale="ja"), format_timedelta(timedelta(hours=2), locale="ja")
print("ja, short:", short, "and by format_timedelta:", delta)
english = {language: [unit for unit, said in units.items() if said == f"2 {unit}"] for language, units in seen.items()}
everything = ["minute", "hour", "day", "year"]
assert english["ja"] == english["ko"] == english["zh"] == english["vi"] == everything
assert english["th"] == ["minute", "day", "year"] and english["pt"] == english["it"] == ["day", "year"]
assert english["ar"] == ["day"] and english["de"] == []
assert short == delta == "2 時間"
PY
