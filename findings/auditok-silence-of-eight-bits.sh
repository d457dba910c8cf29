#!/bin/sh
# auditok 0.5.2 (finds where there is sound): the silence of an 8-bit WAV is the loudest there is. Such samples are unsigned, so
# that silence is 128, and it takes them for signed, where 128 is -128. A recording of nothing is sound from end to end, and of a
# tone between two silences the tone is cut for being quieter. The same in 16 bits is right. Its errors name 8-bit PCM as supported.
# Guess before looking: no sound in silence, and one tone.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check auditok==0.5.2 soundfile==0.14.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir/a.wav" <<'PY'
import sys

import auditok
import numpy as np
import soundfile

RATE = 16_000
SILENCE = np.zeros(RATE)
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def found(sound, coding):
    """Return where auditok finds sound, in seconds."""
    soundfile.write(sys.argv[1], sound, RATE, subtype=coding)
    return [(round(region.start, 1), round(region.end, 1)) for region in auditok.split(sys.argv[1], energy_threshold=40)]


seen = {
    (name, coding): found(sound, coding)
    for name, sound in (("silence", SILENCE), ("tone", np.concatenate([SILENCE, TONE, SILENCE])))
    for coding in ("PCM_U8", "PCM_16")
}
print(seen)
assert seen["silence", "PCM_16"] == [] and seen["silence", "PCM_U8"] == [(0.0, 1.0)]
assert seen["tone", "PCM_16"] == [(1.0, 2.3)] and seen["tone", "PCM_U8"] == [(0.0, 1.3), (2.0, 3.0)]
PY
