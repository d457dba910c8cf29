#!/bin/sh
# opusscript 0.1.1 (the Opus of Discord bots in JavaScript where nothing can be compiled; @discordjs/voice and prism-media
# fall back to it): a packet of 80, 100 or 120 ms (RFC 6716 section 3.2.5 allows up to 120) is decoded to its first 60 ms.
# The rest is gone without an error, so a file of such packets plays up to twice as fast, in pieces. @evan/opus 1.0.3 decodes
# the same packets whole.
# Guess before looking: all of it; or an error of libopus ("Buffer too small"), which this library knows by name.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit opusscript@0.1.1 @evan/opus@1.0.3 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const OpusScript = require("opusscript");
const { Decoder } = require("@evan/opus");

const script = () => new OpusScript(48000, 1, OpusScript.Application.AUDIO);
const encoder = script();
const pcm = Buffer.alloc(1920);
const frames = Array.from({ length: 6 }, (_, frame) => {
  for (let i = 0; i < 960; i++) pcm.writeInt16LE(Math.round(8000 * Math.sin((frame * 960 + i) * 0.06)), 2 * i);
  return Buffer.from(encoder.encode(pcm, 960));
});

// RFC 6716 section 3.2.5: "code 3", frames of sizes of their own.
function packet(count) {
  const bytes = [frames[0][0] | 3, 0x80 | count];
  for (const frame of frames.slice(0, count - 1)) {
    const size = frame.length - 1;
    if (size < 252) bytes.push(size);
    else bytes.push(252 + (size & 3), (size - 252 - (size & 3)) / 4);
  }
  return Buffer.concat([Buffer.from(bytes), ...frames.slice(0, count).map((frame) => frame.subarray(1))]);
}

for (const count of [1, 3, 4, 5, 6]) {
  const data = packet(count);
  const ours = script().decode(data).length / 96;
  const other = new Decoder({ channels: 1, sample_rate: 48000 }).decode(data).length / 96;
  console.log(`${count * 20} ms: opusscript ${ours} ms, @evan/opus ${other} ms`);
  if (ours !== Math.min(60, count * 20) || other !== count * 20) process.exit(1);
}
JS
node seen.js
