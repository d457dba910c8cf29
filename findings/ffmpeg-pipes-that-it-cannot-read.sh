#!/bin/sh
# FFmpeg 8.1.2 in PyAV 18.1.0: of five containers for PCM whose header tells the size of the sound, written to a pipe,
# where the size is not known, FFmpeg reads WAV, CAF and AU back in full, and refuses its own W64 and AIFF ("Invalid
# data"): it writes 2^63-1 and 0 for the size and takes neither for "unknown". All samples are in the file.
# One would expect: a demuxer reads what the muxer of its own project writes to a pipe, or the muxer refuses pipes.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - 2>/dev/null <<'PY'
import io

import av
import numpy as np

RATE, SECONDS = 48_000, 6
tone = (np.sin(2 * np.pi * 440 * np.arange(RATE * SECONDS) / RATE) * 8000).astype(np.int16)


class Pipe:
    """Can be written to, from the first byte to the last, and no more."""

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        self.data += data
        return len(data)


def written(container, codec, out):
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        for part in (frame, None):
            file.mux(stream.encode(part))
    return out


def read(data):
    try:
        with av.open(io.BytesIO(data)) as file:
            return sum(frame.samples for frame in file.decode(audio=0)) / RATE
    except av.error.InvalidDataError:
        return "Invalid data"


codecs = {"wav": "pcm_s16le", "caf": "pcm_s16le", "au": "pcm_s16be", "w64": "pcm_s16le", "aiff": "pcm_s16be"}
seen = {}
for container, codec in codecs.items():
    pipe = bytes(written(container, codec, Pipe()).data)
    assert len(pipe) > len(tone) * 2
    seen[container] = read(written(container, codec, io.BytesIO()).getvalue()), read(pipe)
print("file, pipe:", seen)
assert [seen[name] for name in ("wav", "caf", "au")] == [(6.0, 6.0)] * 3
assert [seen[name] for name in ("w64", "aiff")] == [(6.0, "Invalid data")] * 2
PY
