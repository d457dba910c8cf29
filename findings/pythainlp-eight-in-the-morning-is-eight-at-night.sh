#!/bin/sh
# pythainlp 5.4.0 (Thai language tools), times as they are said: "แปดโมง", eight in the morning, is read by thaiword_to_time
# as 20:00, seven to ten likewise twelve hours late, and eleven ("สิบเอ็ดโมง") as 22:00, for the one behind the ten is passed
# over. Eight at night is another word, "สองทุ่ม", which it reads right, and its own time_to_thaiword(fmt="m6h") says "แปดโมง"
# of 08:00. With "เช้า" (morning) behind it, it is 08:00. A reminder rings in the evening.
# Guess before looking: 08:00; what one function writes, the other reads.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pythainlp==5.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from pythainlp.util import thaiword_to_time, time_to_thaiword

seen = {}
for hour in (7, 8, 9, 10, 11, 20):
    time = f"{hour:02}:00"
    words = time_to_thaiword(time, fmt="m6h")
    seen[time] = thaiword_to_time(words)
    print(f"{time} is written {words}, and read as {seen[time]}")
with_morning = thaiword_to_time("แปดโมงเช้า")
print("แปดโมงเช้า is read as", with_morning)
late = {"07:00": "19:00", "08:00": "20:00", "09:00": "21:00", "10:00": "22:00", "11:00": "22:00", "20:00": "20:00"}
assert seen == late
assert with_morning == "08:00"
PY
