#!/bin/sh
# py-cord 2.8.1, WaveSink, which recording bots send people: the header of each WAV says that there are 0 bytes of sound. It is
# written by `wave` over the first 44 bytes of the sound itself, which nobody hands to `wave`. FFmpeg takes 0 for "unknown"
# and reads all that follows; Python's `wave` believes it and finds no frame, so tools on it take the recording for empty.
# One would expect: the length of the sound, and all of the sound: where it is put together, all of it is in memory.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check py-cord==2.8.1 av==18.1.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import wave
from types import SimpleNamespace

import av
from discord.opus import Decoder
from discord.sinks import WaveSink

FRAME = b"\x10\x20" * 2 * 960

sink = WaveSink()
sink.vc = SimpleNamespace(recording=False, decoder=Decoder)  # what it asks of a voice client
for _ in range(50):
    sink.write(FRAME, 1)
sink.cleanup()
(file,) = sink.get_all_audio()
with wave.open(file) as read:
    told = read.getnframes() / read.getframerate()
file.seek(0)
with av.open(file) as container:
    decoded = sum(frame.samples for frame in container.decode(audio=0)) / 48_000
print(f"of 1 s, Python's wave finds {told} s, FFmpeg {decoded:.4f} s")
assert (told, round(decoded * 48_000)) == (0.0, 48_000 - 11)
PY
