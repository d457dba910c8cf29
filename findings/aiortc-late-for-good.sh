#!/bin/sh
# aiortc 1.16.0, hearing: for one packet of sound that is lost on the way, five frames are missing: the four before it, which had
# come, are thrown away. Nothing is heard for 320 ms, and from then on everything comes 200 ms later, for the rest of the call:
# the jitter buffer waits until it is full (16 packets), then gives out one frame for each packet that comes, so that it stays full.
# Guess before looking: the packet is given up once the buffer is its four packets ahead; one frame is missing, no delay is added.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check aiortc==1.16.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from types import SimpleNamespace

from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket

FRAME, LOST, SENT = 960, 100, 1000

receiver = RTCRtpReceiver("audio", SimpleNamespace(state="connected"))
buffer = receiver._RTCRtpReceiver__jitter_buffer
came = {}
for number in range(SENT):
    if number == LOST:
        continue
    packet = RtpPacket(payload_type=96, sequence_number=number, timestamp=number * FRAME, ssrc=1, payload=b"\xf8\xff\xfe")
    packet._data = packet.payload
    _, frame = buffer.add(packet)
    if frame:
        came[frame.timestamp // FRAME] = number

late = {number: (at - number) * 20 for number, at in came.items()}
missing = sorted(set(range(max(late))) - set(late))
times = list(came.values())
silence = max(after - at for at, after in zip(times, times[1:], strict=False)) * 20
print(f"packet {LOST} of {SENT} is lost, frames {missing} are missing, nothing comes for {silence} ms")
print("delays before:", {late[number] for number in range(missing[0])}, "behind:", {late[number] for number in late if number > LOST})
assert missing == [96, 97, 98, 99, 100] and silence == 320
assert {late[number] for number in range(96)} == {80} and {late[number] for number in late if number > LOST} == {280}
PY
