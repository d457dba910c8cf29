#!/bin/sh
# pysubs2 1.8.1: a cue of SRT after the hundredth hour (cameras, archives of streams, time codes that count from elsewhere) is
# read at a time that lost its first digit: 100:00:01 is the first second, in front of everything, 123:45:06 is in the 24th
# hour. No error, no warning. The same times in WebVTT it reads right.
# Guess before looking: 360,001 s in each.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" -W ignore - <<'PY'
import warnings

from pysubs2 import SSAFile

CUES = (("100:00:01", "100:00:02"), ("123:45:06", "123:45:07"))


def read(mark, head=""):
    body = "\n".join(f"{at}\n{start}{mark}000 --> {end}{mark}000\nwords\n" for at, (start, end) in enumerate(CUES, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return SSAFile.from_string(head + body)


srt, vtt = read(","), read(".", "WEBVTT\n\n")
seen = {"srt": [event.start // 1000 for event in srt], "vtt": [event.start // 1000 for event in vtt]}
print("seconds:", seen)
assert seen == {"srt": [1, 85_506], "vtt": [360_001, 445_506]}
PY
