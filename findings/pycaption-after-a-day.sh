#!/bin/sh
# pycaption 2.3.14: captions after the 24th hour, as of a broadcast, a long stream or a camera, are read right (27:00:01 is
# 97201 s) and written a day early: 03:00:01, in front of what came before, to SRT, WebVTT and TTML alike. So a file that is
# only converted to itself is out of order. No error, no warning.
# Guess before looking: what is read at 27:00:01 is written at 27:00:01.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pycaption==2.3.14 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import re

import pycaption

TEXT = "1\n23:59:58,000 --> 23:59:59,000\nbefore\n\n2\n27:00:01,000 --> 27:00:02,000\nafter\n"
captions = pycaption.SRTReader().read(TEXT)
read = [caption.start // 1_000_000 for caption in captions.get_captions("en-US")]
seen = {}
for writer in (pycaption.SRTWriter, pycaption.WebVTTWriter, pycaption.DFXPWriter):
    seen[writer.__name__] = re.findall(r"(\d\d:\d\d:\d\d)[.,]\d+(?: -->|\" end)", writer().write(captions))
print("read:", read, "s, written:", seen)
assert read == [86_398, 97_201]
assert seen == dict.fromkeys(("SRTWriter", "WebVTTWriter", "DFXPWriter"), ["23:59:58", "03:00:01"])
PY
