#!/bin/sh
# FFmpeg 8.1.2 in PyAV 18.0.0: a chained Ogg Opus file (RFC 3533 section 4: one stream after the other, as an Internet radio
# or a recorder that was stopped and started writes) is decoded to its end while the chains have the same number of
# channels, though the duration it tells is that of the first chain alone. Where the second chain goes from mono to
# stereo, or back, decoding stops there with "Not yet implemented in FFmpeg, patches welcome".
# Guess before looking: every Opus decoder gives any number of channels (RFC 7845 section 5.1.1), so all of it is decoded.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.0.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io

import av
import numpy as np

RATE = 48_000


def chain(channels):
    """Return two seconds of a tone as Ogg Opus."""
    layout = {1: "mono", 2: "stereo"}[channels]
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype("<i2")
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=RATE, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, channels)[None], format="s16", layout=layout)
        frame.rate = RATE
        for part in (frame, None):
            for packet in stream.encode(part):
                file.mux(packet)
    return out.getvalue()


def read(data):
    """Return the seconds told, the seconds decoded, and the error that ended it."""
    decoded = 0
    with av.open(io.BytesIO(data)) as file:
        told = round(file.duration / 1e6)
        try:
            for frame in file.decode(audio=0):
                decoded += frame.samples
        except av.error.FFmpegError as error:
            return told, decoded / RATE, type(error).__name__
        return told, decoded / RATE, None


seen = {
    "mono, mono": read(chain(1) + chain(1)),
    "mono, stereo": read(chain(1) + chain(2)),
    "stereo, mono": read(chain(2) + chain(1)),
}
print(seen)
assert seen == {
    "mono, mono": (2, 4.0, None),
    "mono, stereo": (2, 2.0, "PatchWelcomeError"),
    "stereo, mono": (2, 2.0, "PatchWelcomeError"),
}
PY
