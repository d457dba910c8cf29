#!/bin/sh
# mediaplex 1.0.0 (the Opus of discord-player): a decoder for one channel returns a buffer of twice the length. Its first half
# is the sound, the second is not, so a mono recording of what people say has a gap of 20 ms behind each 20 ms and lasts
# twice as long. With two channels, which music bots use, the length is right.
# Guess before looking: 960 samples of 20 ms at 48 kHz, for one channel as for each of two.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit mediaplex@1.0.0 @evan/opus@1.0.3 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const { OpusEncoder } = require("mediaplex");
const { Decoder } = require("@evan/opus");

for (const channels of [1, 2]) {
  const pcm = Buffer.alloc(1920 * channels);
  for (let i = 0; i < 960 * channels; i++) pcm.writeInt16LE(Math.round(8000 * Math.sin(Math.floor(i / channels) * 0.06)), 2 * i);
  const both = new OpusEncoder(48000, channels);
  const packet = Buffer.from(both.encode(pcm));
  const sound = both.decode(packet);
  const other = Buffer.from(new Decoder({ channels, sample_rate: 48000 }).decode(packet));
  const same = sound.subarray(0, other.length).equals(other);
  console.log(`${channels}: ${sound.length / 96 / channels} ms, the other library ${other.length / 96 / channels} ms; begins alike: ${same}`);
  if (sound.length !== (channels === 1 ? 2 : 1) * other.length || !same) process.exit(1);
}
JS
node seen.js
