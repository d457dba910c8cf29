#!/bin/sh
# FFmpeg 8.1.2 in PyAV 18.1.0, Ogg Vorbis as libsndfile writes it: a second at 16 kHz is told as one second, and decoded to 0.984 s:
# its beginning is there, with a time stamp 16 ms too late, and its last 16 ms are not. A fifth of a second at 44.1 kHz is
# decoded to 0.222 s, as what the encoder filled up at the end is not taken off. libsndfile reads both to a sample. No error.
# Guess before looking: as many samples as the last page's granule position says (Vorbis I specification, A.2), in both.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 soundfile==0.14.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir/a.ogg" <<'PY'
import sys

import av
import numpy as np
import soundfile

print("FFmpeg", av.ffmpeg_version_info)
for rate, count, expected, late in ((16_000, 16_000, 15_744, 256), (44_100, 8_820, 9_792, 128)):
    time = np.arange(count) / rate
    soundfile.write(sys.argv[1], 0.5 * np.sin(2 * np.pi * (300 + 500 * time) * time), rate, format="OGG", subtype="VORBIS")
    right, _ = soundfile.read(sys.argv[1])
    with av.open(sys.argv[1]) as container:
        frames = list(container.decode(audio=0))
        told = container.duration / 1e6
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    shared = min(len(sound), len(right))
    print(f"{count} samples at {rate} Hz: told as {told} s, libsndfile reads {len(right)}, FFmpeg {len(sound)} from {frames[0].pts}")
    assert np.allclose(sound[:shared], right[:shared], atol=1e-4)
    assert told == count / rate and len(right) == count and (len(sound), frames[0].pts) == (expected, late)
PY
