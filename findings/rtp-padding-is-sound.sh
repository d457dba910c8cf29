#!/bin/sh
# rtp 0.0.4 (Python, reads and writes RTP packets): the padding at the end of a packet, whose length stands in its last byte
# (RFC 3550 section 5.1; what ciphers and keepers of a constant rate add), is handed out as payload. In a call in u-law, 0x00
# is the loudest sample there is: each packet of silence ends in clicks, and four bytes of padding make a minute 1.5 s longer.
# `padding` is True, but how much there is, it does not tell, and `payload` is not said to hold it. CSRCs and the header's
# extension are taken off.
# Guess before looking: a payload without padding.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check rtp==0.0.4 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import struct

from rtp import RTP

SILENCE = b"\xff" * 160  # 20 ms of u-law at 8 kHz


def packet(padding):
    flags = 0x80 | 0x20 * bool(padding) | 0x10 | 1  # an extension and one CSRC
    head = struct.pack("!BBHII", flags, 0, 7, 160, 0xCAFE) + struct.pack("!IHHI", 0xBEEF, 0xBEDE, 1, 0x10FF0000)
    return head + SILENCE + (bytes(padding - 1) + bytes([padding]) if padding else b"")


for padding in (0, 4):
    read = RTP().fromBytes(packet(padding))
    behind = bytes(read.payload[len(SILENCE) :])
    print(f"{padding} bytes of padding: {len(read.payload)} bytes of sound, {behind.hex() or 'nothing'} behind the silence")
    assert (read.padding, bytes(read.payload[: len(SILENCE)])) == (bool(padding), SILENCE)
    assert behind == (b"\x00\x00\x00\x04" if padding else b"")
PY
