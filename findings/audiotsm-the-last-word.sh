#!/bin/sh
# audiotsm 0.1.2 (speaks faster or slower at the same pitch), WSOLA with its defaults, at 16 kHz: the last tenth of a second of what
# it is given does not come out, though `run` flushes by default: a high tone that ends a sentence is not there, at half and at
# double speed neither, and of a word of 0.1 s nothing is left. No error.
# Guess before looking: all of it, in its length divided by the speed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check audiotsm==0.1.2 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import numpy as np
from audiotsm import wsola
from audiotsm.io.array import ArrayReader, ArrayWriter

RATE = 16_000
LOW, HIGH = (np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE) for pitch in (500, 3000))
SENTENCE = np.concatenate([LOW[: 9 * RATE // 10], HIGH[: RATE // 10]])


def stretched(sound, speed):
    writer = ArrayWriter(channels=1)
    wsola(channels=1, speed=speed).run(ArrayReader(sound[None]), writer)
    return writer.data[0]


def high(sound):
    """Return the share of the high tone in the energy of a sound."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    return power[np.fft.rfftfreq(len(sound), 1 / RATE) > 2000].sum() / power.sum()


print(f"given: {len(SENTENCE) / RATE} s, {high(SENTENCE):.1%} of it the high tone")
for speed in (0.5, 1.0, 2.0):
    sound = stretched(SENTENCE, speed)
    print(f"speed {speed}: {len(sound) / RATE:.3f} s of {1 / speed} s, {high(sound):.1%} of it the high tone")
    assert len(sound) / RATE < 0.9 / speed and high(sound) < 0.01 < high(SENTENCE)
word = stretched(SENTENCE[-RATE // 10 :], 1.0)
print("of a word of 0.1 s:", len(word) / RATE, "s")
assert len(word) == 0
PY
