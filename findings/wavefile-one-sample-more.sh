#!/bin/sh
# wavefile 11.0.0 (npm): an odd number of 8-bit samples, as half of all mono files in 8 bits or G.711 have, is one more: the byte
# that RIFF puts behind a chunk of odd length, so that the next one begins at an even place, is read as sound. It is 0, which
# is the loudest there is in 8 bits, so that the sound ends in a click. And 32-bit floats in a file of the extensible form
# (WAVE_FORMAT_EXTENSIBLE, whose sub-format says that they are floats) are read as integers: noise. In the simple form they are
# read right. No error.
# Guess before: as many samples as the chunk's length says, and floats in both forms.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund wavefile@11.0.0 >/dev/null 2>&1
cat >read.js <<'JS'
const assert = require('assert');
const { WaveFile } = require('wavefile');

const FLOATS = Buffer.from('000000001000800000aa00389b71', 'hex'); // what follows the 3 in the sub-format

const number = (value, bytes) => { const made = Buffer.alloc(bytes); made.writeUIntLE(value, 0, bytes); return made; };
const chunk = (name, data) => Buffer.concat([Buffer.from(name), number(data.length, 4), data, Buffer.alloc(data.length % 2)]);

/** Return a mono WAV of 8 kHz. */
function wav(data, bits, tag, extension = Buffer.alloc(0)) {
  const bytes = bits / 8;
  const format = Buffer.concat([number(tag, 2), number(1, 2), number(8000, 4), number(8000 * bytes, 4), number(bytes, 2),
    number(bits, 2), extension]);
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), chunk('data', data)]));
}

const quiet = new WaveFile(wav(Buffer.alloc(8001, 128), 8, 1));
quiet.toBitDepth('16');
const sound = quiet.getSamples(false, Int16Array);
console.log(`8001 silent samples: ${sound.length}, the last ${sound.at(-1)}`);
assert.equal(sound.length, 8002);
assert.equal(sound.at(-1), -32768);
assert.ok(sound.slice(0, 8001).every(sample => Math.abs(sample) < 300));

const floats = Buffer.alloc(4 * 100);
for (let at = 0; at < 100; at++) floats.writeFloatLE(0.25, 4 * at);
const extension = Buffer.concat([number(22, 2), number(32, 2), number(4, 4), number(3, 2), FLOATS]);
const simple = new WaveFile(wav(floats, 32, 3));
const extensible = new WaveFile(wav(floats, 32, 0xfffe, extension));
console.log('0.25:', simple.bitDepth, simple.getSamples()[0], 'and', extensible.bitDepth, extensible.getSamples()[0]);
assert.deepEqual([simple.bitDepth, simple.getSamples()[0]], ['32f', 0.25]);
assert.deepEqual([extensible.bitDepth, extensible.getSamples()[0]], ['32', 0x3e800000]);
JS
node read.js
