#!/bin/sh
# wavefile 11.0.0 (npm): 32-bit floats in a WAV of the extensible form (WAVE_FORMAT_EXTENSIBLE, whose sub-format says that they are
# floats) are read as integers: noise. In the simple form they are read right. No error.
# Guess before looking: floats in both forms.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund wavefile@11.0.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const { WaveFile } = require('wavefile');

const FLOATS = Buffer.from('000000001000800000aa00389b71', 'hex'); // what follows the 3 in the sub-format

const number = (value, bytes) => { const made = Buffer.alloc(bytes); made.writeUIntLE(value, 0, bytes); return made; };
const chunk = (name, data) => Buffer.concat([Buffer.from(name), number(data.length, 4), data, Buffer.alloc(data.length % 2)]);

/** Return a mono WAV of 8 kHz in 32 bits. */
function wav(data, tag, extension) {
  const format = Buffer.concat([number(tag, 2), number(1, 2), number(8000, 4), number(32000, 4), number(4, 2), number(32, 2),
    number(extension.length, 2), extension]);
  const fact = chunk('fact', number(data.length / 4, 4));
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), fact, chunk('data', data)]));
}

const floats = Buffer.alloc(4 * 100);
for (let at = 0; at < 100; at++) floats.writeFloatLE(0.25, 4 * at);
const extension = Buffer.concat([number(32, 2), number(4, 4), number(3, 2), FLOATS]);
const simple = new WaveFile(wav(floats, 3, Buffer.alloc(0)));
const extensible = new WaveFile(wav(floats, 0xfffe, extension));
console.log('0.25:', simple.bitDepth, simple.getSamples()[0], 'and', extensible.bitDepth, extensible.getSamples()[0]);
assert.deepEqual([simple.bitDepth, simple.getSamples()[0]], ['32f', 0.25]);
assert.deepEqual([extensible.bitDepth, extensible.getSamples()[0]], ['32', 0x3e800000]);
JS
node read.js
