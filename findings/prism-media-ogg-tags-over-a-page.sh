#!/bin/sh
# prism-media 1.3.5 (what discord.js bots read Ogg with): an Ogg Opus file whose comment header is longer than one Ogg
# page, as every file with cover art has (RFC 7845 section 5.2 allows it), gives no packet at all: no error, the
# stream just ends. A bot that plays it is silent. The same file with a short comment header gives all packets,
# and FFmpeg reads both.
# Guess before looking: pages are joined into packets, as Ogg (RFC 3533 section 6) asks; both files play.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund prism-media@1.3.5 >/dev/null ||
    { echo "not installed" >&2; exit 2; }
cat >make.py <<'PY'
import struct


def crc(page):
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = ((value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value


def pages(packet, number, granule, first=False):
    """Lay one packet onto as many pages as it needs; at most 255 segments fit a page."""
    sizes = [255] * (len(packet) // 255) + [len(packet) % 255]
    made, offset = b"", 0
    for start in range(0, len(sizes), 255):
        table = sizes[start : start + 255]
        body = packet[offset : offset + sum(table)]
        offset += len(body)
        flags = (1 if start else 0) | (2 if first else 0)
        position = granule if table[-1] < 255 else -1
        head = b"OggS\0" + bytes([flags]) + struct.pack("<qIII", position, 1, number, 0) + bytes([len(table), *table])
        made += head[:22] + struct.pack("<I", crc(head + body)) + head[26:] + body
        number += 1
    return made, number


for name, art in (("short", 100), ("cover", 70_000)):
    comment = b"METADATA_BLOCK_PICTURE=" + b"A" * art
    tags = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<II", 1, len(comment)) + comment
    file, number = pages(b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48_000, 0, 0), 0, 0, first=True)
    more, number = pages(tags, number, 0)
    file += more
    for frame in range(50):
        more, number = pages(b"\xf8\xff\xfe", number, 960 * (frame + 1))
        file += more
    open(f"{name}.ogg", "wb").write(file)
PY
python3 make.py
cat >read.js <<'JS'
const { opus } = require('prism-media');
const demuxer = new opus.OggDemuxer();
let packets = 0;
demuxer.on('data', () => packets++);
demuxer.on('error', error => console.log('error', error.message));
demuxer.on('end', () => console.log('packets', packets));
require('fs').createReadStream(process.argv[2]).pipe(demuxer);
JS
short=$(node read.js short.ogg)
cover=$(node read.js cover.ogg)
echo "short comment header: $short; with cover art: $cover"
[ "$short" = "packets 50" ] && [ "$cover" = "packets 0" ]
