#!/bin/sh
# PyAV 18.1.0: AudioFifo.write refuses a frame of another rate ("Frame does not match AudioFifo parameters."), and takes
# one of another layout without a word: of a stereo frame written into a mono queue the right channel is gone.
# Recordings do change their channels in the middle: chained Ogg, transport streams at an advertisement.
# One would expect: it checks format, layout and rate alike, as its error says.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import av
import numpy as np


def frame(layout, *values, rate=48_000):
    samples = np.repeat(np.array(values, np.float32)[:, None], 1024, axis=1)
    made = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
    made.sample_rate = rate
    return made


def after_mono(second):
    queue = av.AudioFifo()
    queue.write(frame("mono", 0.25))
    try:
        queue.write(second)
    except ValueError as error:
        return str(error)
    out = queue.read(2048)
    return out.layout.name, out.to_ndarray()[:, [0, -1]].tolist()


seen = {
    "mono": after_mono(frame("mono", 0.5)),
    "44.1 kHz": after_mono(frame("mono", 0.5, rate=44_100)),
    "stereo": after_mono(frame("stereo", 0.5, 0.75)),
}
print(seen)
assert seen["mono"] == ("mono", [[0.25, 0.5]])
assert "does not match" in seen["44.1 kHz"]
assert seen["stereo"] == ("mono", [[0.25, 0.5]])  # and 0.75 is nowhere
PY
