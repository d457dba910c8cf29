#!/bin/sh
# FFmpeg 8.1.2 in PyAV 18.0.0: a WAV of 32-bit containers of which 24 (or 20) bits are valid, as WAVE_FORMAT_EXTENSIBLE's
# wValidBitsPerSample allows and field recorders write, is not read as 32-bit integers. 24 valid bits become "24-bit
# floating point" (pcm_f24le), whose samples are NaN or noise; 20 valid bits become packed 3-byte samples, full-scale
# noise. Only 32 of 32 is read right. No error, no warning.
# Guess before looking: wValidBitsPerSample says how precise a sample is, the container (wBitsPerSample) how to read it.
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
tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * 0.25 * (2**31 - 1)
samples = (tone.astype("<i4") >> 12 << 12).astype("<i4")  # 20 bits, left-aligned: right for all three headers


def wav(valid):
    integers = struct.pack("<IHH", 1, 0, 0x10) + bytes.fromhex("800000aa00389b71")
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 1, RATE, RATE * 4, 4, 32, 22, valid, 4) + integers
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"data" + struct.pack("<I", samples.nbytes) + samples.tobytes()
    return b"RIFF" + struct.pack("<I", len(body)) + body


seen = {}
for valid in (32, 24, 20):
    with av.open(io.BytesIO(wav(valid))) as file:
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in file.decode(audio=0)])
        right = sound.dtype == np.int32 and np.array_equal(sound, samples)
        seen[valid] = file.streams.audio[0].codec_context.name, right
        print(valid, "of 32 bits:", *seen[valid])
assert seen == {32: ("pcm_s32le", True), 24: ("pcm_f24le", False), 20: ("pcm_s24le", False)}
PY
