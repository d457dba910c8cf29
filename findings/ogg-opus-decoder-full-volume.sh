#!/bin/sh
# ogg-opus-decoder 1.7.5 (npm, Opus for browsers and servers): the gain of the header is not applied. It is for evening out the
# loudness of files without coding them again, and "players and media frameworks SHOULD apply it by default" (RFC 7845 section 5.1).
# A file turned down by 20 dB comes out as loud as before, ten times as loud as it says. No field of the result tells of it.
# Guess before looking: a tenth of the samples' values.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ogg-opus-decoder@1.7.5 opusscript@0.1.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >decode.mjs <<'JS'
import assert from 'assert';
import OpusScript from 'opusscript';
import { OggOpusDecoder } from 'ogg-opus-decoder';

const RATE = 48000, FRAME = 960, PRE_SKIP = 312;
const encoder = new OpusScript(RATE, 1, OpusScript.Application.AUDIO);
const packets = Array.from({ length: 50 }, (_, index) => {
  const pcm = Buffer.alloc(FRAME * 2);
  for (let at = 0; at < FRAME; at++) pcm.writeInt16LE(Math.round(9000 * Math.sin((index * FRAME + at) / 20)), at * 2);
  return Buffer.from(encoder.encode(pcm, FRAME));
});

function crc(data) {
  let sum = 0;
  for (const byte of data) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  }
  return sum >>> 0;
}

function page(number, flags, granule, serial, parts) {
  const lacing = parts.flatMap(part => [...Array(Math.floor(part.length / 255)).fill(255), part.length % 255]);
  const head = Buffer.concat([Buffer.from('OggS\0'), Buffer.alloc(21), Buffer.from([lacing.length, ...lacing])]);
  head[5] = flags;
  head.writeBigInt64LE(BigInt(granule), 6);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(number, 18);
  const whole = Buffer.concat([head, ...parts]);
  whole.writeUInt32LE(crc(whole), 22);
  return whole;
}

function second(serial, gain) {
  const head = Buffer.from('OpusHead\x01\x01' + '\0'.repeat(9), 'latin1');
  head.writeUInt16LE(PRE_SKIP, 10);
  head.writeUInt32LE(RATE, 12);
  head.writeInt16LE(gain, 16);
  const tags = Buffer.from('OpusTags\x01\0\0\0x\0\0\0\0', 'latin1');
  return Buffer.concat([page(0, 2, 0, serial, [head]), page(1, 0, 0, serial, [tags]), page(2, 4, RATE, serial, packets)]);
}

async function decoded(file) {
  const decoder = new OggOpusDecoder();
  await decoder.ready;
  const { channelData: [sound], errors } = await decoder.decodeFile(file);
  assert.deepEqual(errors, []);
  decoder.free();
  return sound;
}

const loudness = sound => Math.sqrt(sound.reduce((sum, sample) => sum + sample * sample, 0) / sound.length);
const [plain, quiet] = [await decoded(second(1, 0)), await decoded(second(1, -20 * 256))].map(loudness);
console.log(`without a gain: ${plain.toFixed(3)}, with one of -20 dB: ${quiet.toFixed(3)}`);
assert.ok(plain > 0.1 && quiet === plain);
JS
node decode.mjs
