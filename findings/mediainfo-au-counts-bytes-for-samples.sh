#!/bin/sh
# pymediainfo 7.0.1 (with MediaInfo in its wheel): the length of a Sun/NeXT .au recording is its bytes over its rate, as if
# each sample were one byte and each file mono: 3 s of 16 bits are told as 6 s, in stereo as 12 s, 3 s of stereo u-law as 6 s.
# Only mono u-law, what telephones send, is right. The header names encoding and channels (Sun's audio(5), "audio file format").
# Guess before looking: 3 s, whatever the encoding.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pymediainfo==7.0.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
cd "$dir"
"$dir/venv/bin/python" - <<'PY'
import struct

from pymediainfo import MediaInfo

RATE, SECONDS, ULAW, LINEAR_16 = 8000, 3, 1, 3

for encoding, width, channels, expected in (
    (ULAW, 1, 1, 3000), (ULAW, 1, 2, 6000), (LINEAR_16, 2, 1, 6000), (LINEAR_16, 2, 2, 12000)
):
    sound = bytes(range(240)) * (RATE * SECONDS * width * channels // 240)
    with open("recording.au", "wb") as file:
        file.write(b".snd" + struct.pack(">IIIII", 24, len(sound), encoding, RATE, channels) + sound)
    duration = MediaInfo.parse("recording.au").audio_tracks[0].duration
    print(f"{SECONDS} s, {8 * width} bits, {channels} channels: told as {duration} ms")
    assert duration == expected
PY
