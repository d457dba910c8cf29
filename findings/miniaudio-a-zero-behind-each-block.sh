#!/bin/sh
# miniaudio 1.71 (Python), convert_frames, from 48 to 16 or 24 kHz: each block comes back one sample longer than it is, and
# that sample is 0. Of 20 ms at 48 kHz, as calls have them, 321 samples are made at 16 kHz, whatever is in them: in a voice
# every 20 ms ends with a drop to nothing, a buzz of 50 Hz, and the sound is 0.3 % too long, 11 s in an hour. The room is
# reckoned for one frame more than the conversion gives, and the buffer is returned whole. From 16 to 48 kHz it fits.
# Guess before looking: 320 samples of the sound.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check miniaudio==1.71 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import miniaudio
import numpy as np

LEVEL, FORMAT = 5000, miniaudio.SampleFormat.SIGNED16


def convert(samples, rate, to):
    block = miniaudio.convert_frames(FORMAT, 1, rate, samples.tobytes(), FORMAT, 1, to)
    return np.frombuffer(bytes(block), np.int16)


seen = {}
for rate, to in ((48_000, 16_000), (48_000, 24_000), (16_000, 48_000)):
    block = convert(np.full(rate // 50, LEVEL, np.int16), rate, to)
    seen[rate, to] = len(block) - to // 50, int(block[-1])
    print(f"20 ms from {rate} to {to} Hz: {len(block)} of {to // 50} samples, the last four are {block[-4:].tolist()}")
call = np.concatenate([convert(np.full(960, LEVEL, np.int16), 48_000, 16_000) for _ in range(50)])
print(f"a second of such blocks: {len(call)} samples, {int(np.sum(call[400:] == 0))} of them 0 after the first block")
assert seen[48_000, 16_000] == seen[48_000, 24_000] == (1, 0)
assert seen[16_000, 48_000][0] == 0 and abs(seen[16_000, 48_000][1] - LEVEL) < 50
assert len(call) == 50 * 321
PY
