#!/bin/sh
# pymediainfo 7.0.1 (with MediaInfo in its wheel): an uncompressed CAF, Apple's container of recordings, with more than 64 KiB
# of sound is told as 65,472 bytes long, however long it is: 10 s and a minute of 48 kHz, 16 bits, mono are both 682 ms, with
# no sign of doubt. Shorter ones are told right. The size of the data chunk stands in its header (Apple Core Audio Format
# Specification 1.0, "Audio Data Chunk"). What bills by length, or refuses what is too long, takes hours for less than a second.
# Guess before looking: the exact length.
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

RATE = 48_000


def recording(seconds: float) -> bytes:
    samples = bytes(range(256)) * (int(seconds * RATE) * 2 // 256)
    form = struct.pack(">d4sIIIII", RATE, b"lpcm", 0, 2, 1, 1, 16)
    parts = ((b"desc", form), (b"data", struct.pack(">I", 0) + samples))
    return b"caff" + struct.pack(">HH", 1, 0) + b"".join(name + struct.pack(">q", len(data)) + data for name, data in parts)


for seconds, expected in ((0.64, 640), (10, 682), (60, 682)):
    with open("recording.caf", "wb") as file:
        file.write(recording(seconds))
    track = MediaInfo.parse("recording.caf").audio_tracks[0]
    print(f"{seconds} s: told as {track.duration} ms, {track.stream_size} bytes")
    assert track.duration == expected
PY
