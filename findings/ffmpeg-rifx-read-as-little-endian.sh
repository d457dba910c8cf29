#!/bin/sh
# FFmpeg 8.1.2 in PyAV 18.0.0: a RIFX file, the big-endian form of WAV that its own demuxer knows by name, is opened
# without a complaint, its header is read big-endian (rate, channels and length are right), and its samples are then read
# little-endian: a quiet tone comes out as noise near full scale. No error, no warning.
# Guess before looking: a demuxer that knows RIFX reads the samples in the byte order of the header, or refuses the file.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.0.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io
import struct

import av
import numpy as np

RATE = 48_000
tone = (np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * 1000).astype(np.int16)


def wav(order, name):
    data = tone.astype(f"{order}i2").tobytes()
    fmt = struct.pack(f"{order}4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)
    return name + struct.pack(f"{order}I", 36 + len(data)) + b"WAVE" + fmt + b"data" + struct.pack(f"{order}I", len(data)) + data


def read(data):
    with av.open(io.BytesIO(data)) as file:
        stream = file.streams.audio[0]
        found = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(stream)])
        return stream.codec_context.name, stream.rate, len(found), int(np.abs(found.astype(int)).max())


seen = {name.decode(): read(wav(order, name)) for order, name in (("<", b"RIFF"), (">", b"RIFX"))}
print(seen)
assert seen["RIFF"] == ("pcm_s16le", RATE, RATE, 1000)
assert seen["RIFX"][:3] == ("pcm_s16le", RATE, RATE)
assert seen["RIFX"][3] > 30_000
PY
