#!/bin/sh
# mutagen 1.48.1: the length of a WAV whose samples are coded in blocks (IMA and Microsoft's ADPCM, GSM 6.10: what telephone
# systems and dictaphones write) is told as 1/320 to 1/505 of what it is: each block counts as one sample. The number of samples
# stands in the file, in its "fact" chunk. PCM and A-law, with one sample to a "block", are told right. No error.
# Guess before looking: right for all of them, from "fact" or from the bytes per second in the header.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mutagen==1.48.1 soundfile==0.14.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir/a.wav" <<'PY'
import sys

import mutagen.wave
import numpy as np
import soundfile

RATE, SECONDS = 8000, 60
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(RATE * SECONDS) / RATE)).astype(np.int16)

seen = {}
for coding in ("PCM_16", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"):
    soundfile.write(sys.argv[1], TONE, RATE, subtype=coding)
    seen[coding] = mutagen.wave.WAVE(sys.argv[1]).info.length, soundfile.info(sys.argv[1]).duration
    print(f"{coding}: {seen[coding][0]:.3f} s by mutagen, {seen[coding][1]:.3f} s by libsndfile")
    assert abs(seen[coding][1] - SECONDS) < 0.1
assert seen["PCM_16"][0] == seen["ALAW"][0] == SECONDS
assert all(seen[coding][0] < 1 for coding in ("IMA_ADPCM", "MS_ADPCM", "GSM610"))
PY
