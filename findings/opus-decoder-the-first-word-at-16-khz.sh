#!/bin/sh
# opus-decoder 0.7.12 (npm, Opus for browsers and servers) with an output of 16 kHz, as transcribers want it: `preSkip`, which
# its readme says to take from the header of the file, is counted in samples of the output, though the header counts at 48 kHz
# (RFC 7845 section 5.1). Of a file that was cut out of a longer one, which should have 80 ms to skip (same section), 240 ms
# are skipped at 16 kHz, 160 ms of them speech, and 480 ms at 8 kHz. At 48 kHz it is right, and so is ogg-opus-decoder of the
# same authors at every rate. No error.
# Guess before looking: 80 ms at every rate.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund opus-decoder@0.7.12 opusscript@0.1.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const OpusScript = require('opusscript');

const PRE_SKIP = 3840; // 80 ms at 48 kHz
const SILENT = 9600; // the tone begins 200 ms after the beginning of the packets
const encoder = new OpusScript(48000, 1, OpusScript.Application.AUDIO);
const packets = Array.from({ length: 50 }, (_, frame) => {
  const pcm = Buffer.alloc(1920);
  for (let i = 0; i < 960; i++) {
    const at = frame * 960 + i;
    pcm.writeInt16LE(at < SILENT ? 0 : Math.round(8000 * Math.sin(at * 0.06)), 2 * i);
  }
  return Buffer.from(encoder.encode(pcm, 960));
});

async function main() {
  const { OpusDecoder } = await import('opus-decoder');
  const seen = {};
  for (const sampleRate of [48000, 24000, 16000, 8000]) {
    const decoder = new OpusDecoder({ channels: 1, sampleRate, preSkip: PRE_SKIP });
    await decoder.ready;
    const { channelData, samplesDecoded } = decoder.decodeFrames(packets);
    const begins = channelData[0].findIndex(sample => Math.abs(sample) > 0.05) / sampleRate;
    seen[sampleRate] = 1000 - (1000 * samplesDecoded) / sampleRate;
    console.log(`${sampleRate} Hz: ${seen[sampleRate]} ms are skipped, the tone begins at ${Math.round(1000 * begins)} ms`);
  }
  assert.deepEqual(seen, { 48000: 80, 24000: 160, 16000: 240, 8000: 480 });
}
main();
JS
node seen.js
