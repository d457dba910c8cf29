#!/bin/sh
# @discordjs/voice 0.19.2: an Ogg Opus file in stereo whose packets hold 60 ms (RFC 6716 section 3.1, RFC 7845; what
# messengers and `opusenc --framesize 60` write) is recognised by demuxProbe as "ogg/opus", to be sent as it is, and
# each packet is then counted, and by the player sent, as 20 ms: six seconds are over after two. The same sound in
# packets of 20 ms takes six. No error, no warning.
# Guess before looking: the player looks at how long a packet is (its first byte tells), or the probe has the file transcoded.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @discordjs/voice@0.19.2 prism-media@1.3.5 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
venv/bin/python - <<'PY'
import av
import numpy as np

RATE, SECONDS = 48_000, 6
tone = (np.sin(2 * np.pi * 440 * np.arange(RATE * SECONDS) / RATE) * 8000).astype(np.int16)
for duration in ("20", "60"):
    with av.open(f"{duration}.ogg", "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=RATE, layout="stereo", options={"frame_duration": duration})
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], format="s16", layout="stereo")
        frame.sample_rate = RATE
        for part in (frame, None):
            file.mux(stream.encode(part))
    with av.open(f"{duration}.ogg") as file:
        print(f"{duration} ms: {file.duration / av.time_base:.0f} s by FFmpeg")
PY
cat >play.js <<'JS'
const { demuxProbe, createAudioResource } = require('@discordjs/voice');
const { createReadStream } = require('fs');
(async () => {
  const seen = [];
  for (const duration of ['20', '60']) {
    const probe = await demuxProbe(createReadStream(`${duration}.ogg`));
    const resource = createAudioResource(probe.stream, { inputType: probe.type });
    const ended = new Promise((done) => resource.playStream.once('end', done));
    resource.playStream.on('readable', () => { while (resource.read()); });
    await ended;
    seen.push(`${duration} ms: ${probe.type}, ${Math.round(resource.playbackDuration / 1000)} s`);
  }
  console.log(seen.join('; '));
})();
JS
seen=$(node play.js)
echo "$seen"
[ "$seen" = "20 ms: ogg/opus, 6 s; 60 ms: ogg/opus, 2 s" ]
