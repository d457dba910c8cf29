#!/bin/sh
# discord-ext-voice-recv 0.5.2a179 (what discord.py bots hear with): of each packet that is lost on the way, one that did arrive
# is lost, too. A gap empties the queue of two packets and hands on the first of them. Nothing is put in the place of
# either (it has code for Opus' error correction, which no packet gets to), so that the sound is 40 ms shorter, and shifted
# against everybody else's, for each packet of 20 ms. At 2 % loss every 25th frame is missing.
# Guess before looking: one frame is missing, or made up.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check discord-ext-voice-recv==0.5.2a179 discord.py==2.7.1 PyNaCl==1.5.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
cat >"$dir/hear.py" <<'PY'
import logging
import struct
import time
from types import SimpleNamespace

from discord.ext import voice_recv
from discord.ext.voice_recv.router import PacketRouter
from discord.ext.voice_recv.rtp import RTPPacket

logging.disable()  # it warns of each
PACKETS = 60


class Heard(voice_recv.AudioSink):
    def __init__(self):
        super().__init__()
        self.numbers = []

    def wants_opus(self):
        return True

    def write(self, user, data):
        self.numbers.append(data.packet.sequence)

    def cleanup(self):
        pass


def missing(lost):
    """Feed packets, each once the last was seen to; return the numbers of those that arrived and were not heard."""
    sink = Heard()
    guild = SimpleNamespace(get_member=lambda _: None)
    client = SimpleNamespace(get_user=lambda _: None)
    voice = SimpleNamespace(guild=guild, client=client, _get_id_from_ssrc=lambda _: None, stop_listening=lambda: None)
    sink._voice_client = voice
    router = PacketRouter(sink, SimpleNamespace(voice_client=voice, error=None))
    router.start()
    sent = [number for number in range(PACKETS) if number not in lost]
    for number in sent:
        packet = RTPPacket(struct.pack(">BBHII", 0x80, 0x78, number, 960 * number, 42) + b"x")
        packet.decrypted_data = b"\xf8\xff\xfe"
        router.feed_rtp(packet)
        while router.waiter.items:  # its thread has not seen to it yet
            time.sleep(0.001)
    with router._lock:
        router.stop()
    # The very last packet waits for one behind it.
    return [number for number in sent[:-1] if number not in sink.numbers]


seen = {lost: missing(lost) for lost in ((), (20,), (20, 30, 40))}
for lost, also in seen.items():
    print(f"lost on the way: {list(lost)}, lost by it: {also}")
assert seen == {(): [], (20,): [22], (20, 30, 40): [22, 32, 42]}
PY
timeout 120 "$dir/venv/bin/python" "$dir/hear.py"
