#!/bin/sh
# audio-mixer 2.1.4 (npm, what Discord bots mix recordings with): the sum is divided by the number of inputs, those too that
# have nothing to say: of ten people in a call of whom one speaks, that one comes at a tenth, 20 dB too quiet, at a `volume`
# of 100. Each who joins makes all quieter, each who leaves louder, in the middle of a word. With one input it is right. Its
# readme does not say so.
# Guess before looking: a sum, clipped or limited; or divided by those who have sound.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund audio-mixer@2.1.4 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const { Mixer } = require('audio-mixer');

const LEVEL = 8000;
const pcm = Buffer.alloc(1920);
for (let i = 0; i < 960; i++) pcm.writeInt16LE(LEVEL, 2 * i);

function mix(people, speaking) {
  const mixer = new Mixer({ channels: 1, bitDepth: 16, sampleRate: 48000 });
  const inputs = Array.from({ length: people }, () => mixer.input({ channels: 1, volume: 100 }));
  inputs.slice(0, speaking).forEach(input => input.write(pcm));
  return new Promise(resolve => mixer.once('data', mixed => resolve(mixed.readInt16LE(0))));
}

async function main() {
  const seen = [];
  for (const [people, speaking] of [[1, 1], [2, 1], [4, 1], [10, 1], [2, 2]]) {
    seen.push(await mix(people, speaking));
    console.log(`${speaking} of ${people} speaking at ${LEVEL}: ${seen.at(-1)}`);
  }
  assert.deepEqual(seen, [8000, 4000, 2000, 800, 8000]);
  process.exit(0);
}
main();
JS
node seen.js
