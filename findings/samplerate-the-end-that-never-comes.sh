#!/bin/sh
# samplerate 0.2.4 (libsamplerate for Python), Resampler.process in pieces, the last with end_of_input=True: what the filter
# holds back is not given out. Of a word of 200 ms in pieces of 20 ms, "sinc_best" loses the last 9 ms from 48 to 16 kHz, and 18 ms
# from 24 to 8 kHz. To ask again with nothing gives nothing. The room for the answer is made for the last piece alone, so
# what was held back before has none. `resample`, of the whole at once, gives all of it, to a sample.
# Guess before looking: end_of_input gives out the rest; in pieces it is as long as at once.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check samplerate==0.2.4 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import numpy as np
import samplerate


def lengths(source, target):
    """Return the ms of 200 ms that come at once, in pieces, and when asked again."""
    word = np.sin(2 * np.pi * 300 * np.arange(source // 5) / source).astype(np.float32)
    stream, ratio, piece = samplerate.Resampler("sinc_best", 1), target / source, source // 50
    pieces = [stream.process(word[at : at + piece], ratio, end_of_input=at + piece == len(word)) for at in range(0, len(word), piece)]
    rest = stream.process(np.zeros(0, np.float32), ratio, end_of_input=True)
    once = samplerate.resample(word, ratio, "sinc_best")
    return tuple(round(1000 * len(one) / target) for one in (once, np.concatenate(pieces), rest))


seen = {rates: lengths(*rates) for rates in ((48_000, 16_000), (24_000, 8_000))}
print("at once, in pieces, asked again:", seen)
assert seen == {(48_000, 16_000): (200, 191, 0), (24_000, 8_000): (200, 182, 0)}
PY
