#!/bin/sh
# timecode 1.5.1 (SMPTE time codes, for captions and cuts), 29.97 frames with drop frame, the code of North American
# broadcasts and cameras, made to agree with the clock: `float`, "The seconds as float", of 01:00:00;00 is 3596.43 s, of
# 10:00:00;00 35964.03 s. It divides frames by 30, not by 29.97, so a caption put there is 3.6 s early for each hour.
# `to_realtime` tells 3600.03 s. At 25 frames `float` is right but for its count from one, by which 00:00:00:00 is 0.04 s.
# Guess before looking: 3599.996 s to 3600.03 s.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check timecode==1.5.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from timecode import Timecode

seen = {}
for rate, text in (("29.97", "01:00:00;00"), ("29.97", "10:00:00;00"), ("59.94", "01:00:00;00"), ("25", "01:00:00:00")):
    code = Timecode(rate, text)
    seen[rate, text] = round(code.float, 2), round(code.to_realtime(True), 2)
    print(f"{code} at {rate}: float {seen[rate, text][0]} s, to_realtime {seen[rate, text][1]} s")
assert seen["29.97", "01:00:00;00"] == (3596.43, 3600.03)
assert seen["29.97", "10:00:00;00"] == (35964.03, 36000.0)
assert seen["59.94", "01:00:00;00"] == (3596.42, 3600.01)
assert seen["25", "01:00:00:00"] == (3600.04, 3600.04)
PY
