#!/bin/sh
# audioread 3.1.0 (what opens recordings for music tools), by its own reader, which it tries first: an AIFF or .au file of 24 or 32
# bits is noise, as it is cut to 16 bits in the byte order of the machine before its own is put right. A WAV of 8 bits, whose
# samples are unsigned, is taken for signed: its silence is full scale. Rate and length are right. No error. AIFF and .au of 16
# bits, and WAV of 16, 24 and 32, are right.
# Guess before looking: the same tone from all of them.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check audioread==3.1.0 soundfile==0.14.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir/a" <<'PY'
import sys

import audioread
import audioread.rawread
import numpy as np
import soundfile

RATE = 16_000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
WRONG = {("WAV", "PCM_U8"), ("AIFF", "PCM_24"), ("AIFF", "PCM_32"), ("AU", "PCM_24"), ("AU", "PCM_32")}
RIGHT = {("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("AIFF", "PCM_16"), ("AU", "PCM_16")}

for kind, coding in sorted(WRONG | RIGHT):
    soundfile.write(sys.argv[1], TONE, RATE, format=kind, subtype=coding)
    with audioread.audio_open(sys.argv[1]) as recording:
        assert isinstance(recording, audioread.rawread.RawAudioFile)
        samples = np.frombuffer(b"".join(recording), "<i2") / 32768
    assert len(samples) == RATE and recording.samplerate == RATE
    likeness = np.corrcoef(samples, TONE)[0, 1]
    print(f"{kind} {coding}: {likeness:.2f} like the tone")
    assert (likeness > 0.99) == ((kind, coding) in RIGHT)
PY
