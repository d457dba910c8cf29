#!/bin/sh
# prism-media 1.3.5 (what discord.js bots read WebM with): blocks with lacing, several frames in one block behind a table
# of their sizes (RFC 9559 section 10.3; what MKVToolNix writes by itself for sound), come out as one packet each, the
# table in front of them. Of 49 packets of Opus, seven to a block, the reader gives seven, none of which is one of the 49.
# The same packets without lacing come out as they are, and FFmpeg reads both files. No error.
# Guess before looking: frames of a laced block are handed out one by one, or the file is refused.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check av==18.1.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund prism-media@1.3.5 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
venv/bin/python - <<'PY'
import struct

import av

PACKETS, PER_BLOCK, SILENCE = 49, 7, b"\xfc\xff\xfe"


def element(name, content):
    return bytes.fromhex(name) + (0x10000000 | len(content)).to_bytes(4, "big") + content


def number(name, value):
    return element(name, value.to_bytes(1 + value.bit_length() // 8, "big"))


def webm(laced):
    head = b"OpusHead\x01\x02" + struct.pack("<HIhB", 312, 48_000, 0, 0)
    sound = element("b5", struct.pack(">d", 48_000)) + number("9f", 2)
    track = number("d7", 1) + number("73c5", 1) + number("83", 2) + number("9c", int(laced))
    track += element("86", b"A_OPUS") + element("63a2", head) + element("e1", sound)
    blocks, step = b"", PER_BLOCK if laced else 1
    for first in range(0, PACKETS, step):
        count = min(step, PACKETS - first)
        flags, table = (0x84, bytes([count - 1])) if laced and count > 1 else (0x80, b"")  # 0x04: all of one size
        blocks += element("a3", b"\x81" + struct.pack(">hB", first * 20, flags) + table + SILENCE * count)
    cluster = element("1f43b675", number("e7", 0) + blocks)
    info = element("1549a966", element("2ad7b1", (1_000_000).to_bytes(3, "big")))
    kind = element("4282", b"webm") + number("4287", 4) + number("4285", 2)
    return element("1a45dfa3", kind) + element("18538067", info + element("1654ae6b", element("ae", track)) + cluster)


for name, laced in (("plain", False), ("laced", True)):
    open(f"{name}.webm", "wb").write(webm(laced))
    with av.open(f"{name}.webm") as file:
        read = [bytes(packet) for packet in file.demux() if packet.size]
    print(f"{name}: {len(read)} packets by FFmpeg")
    assert read == [SILENCE] * PACKETS
PY
cat >read.js <<'JS'
const { opus } = require('prism-media');
const demuxer = new opus.WebmDemuxer();
const packets = [];
demuxer.on('data', (packet) => packets.push(packet.toString('hex')));
demuxer.on('error', (error) => console.log('error', error.message));
demuxer.on('end', () => console.log(packets.length, 'packets,', packets.filter((packet) => packet === 'fcfffe').length, 'right'));
require('fs').createReadStream(process.argv[2]).pipe(demuxer);
JS
plain=$(node read.js plain.webm)
laced=$(node read.js laced.webm)
echo "without lacing: $plain; with lacing: $laced"
[ "$plain" = "49 packets, 49 right" ] && [ "$laced" = "7 packets, 0 right" ]
