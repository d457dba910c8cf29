#!/bin/sh
# timelength 3.0.4 (lengths of time as people write them): "one and a half hours" is half an hour, "two and a half minutes" 30
# s, "1 1/2 hours" half an hour, and "1½ hours" two hours. The number before the fraction is dropped as one without a unit,
# and the result is a success, `result.success` being True. Half an hour, 1.5 hours and three quarters of an hour are read
# right. A timer set so rings an hour early.
# Guess before looking: 5,400 s; or no success.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check timelength==3.0.4 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from timelength import TimeLength

SAID = {
    "one and a half hours": 1800,
    "1 and a half hours": 1800,
    "1 1/2 hours": 1800,
    "two and a half minutes": 30,
    "1½ hours": 7200,
    "half an hour": 1800,
    "three quarters of an hour": 2700,
    "1.5 hours": 5400,
}
results = {said: TimeLength(said).result for said in SAID}
for said, result in results.items():
    print(f"{said}: {result.seconds:.0f} s, {'a success' if result.success else 'no success'}")
assert {said: result.seconds for said, result in results.items()} == SAID
assert all(result.success for result in results.values())
PY
