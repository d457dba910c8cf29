#!/bin/sh
# prism-media 1.3.5 (what discord.js bots read Ogg with) and eris 0.18.0's own reader: of a chained Ogg Opus (RFC 3533 section 4:
# one stream behind the other; Internet radio begins one with each song, as the title is in its header) only the first comes. Its
# packets are those with the first serial number; those of the next songs are dropped, one by one, without an error or an end,
# so that a bot stands in its channel and is silent.
# Guess before looking: the packets of both, as each stream says in its header that it is Opus; or the end with the first stream.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts prism-media@1.3.5 eris@0.18.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const prism = require('prism-media');
const ErisReader = require('eris/lib/voice/streams/OggOpusTransformer');

const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

function crc(data) {
  let sum = 0;
  for (const byte of data) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  }
  return sum >>> 0;
}

function page(number, flags, granule, serial, parts) {
  const sizes = [parts.length, ...parts.map(part => part.length)];
  const head = Buffer.concat([Buffer.from('OggS'), Buffer.alloc(22), Buffer.from(sizes)]);
  head[5] = flags;
  head.writeBigInt64LE(BigInt(granule), 6);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(number, 18);
  const whole = Buffer.concat([head, ...parts]);
  whole.writeUInt32LE(crc(whole), 22);
  return whole;
}

function song(serial) {
  const head = Buffer.from('OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0', 'latin1');
  const tags = Buffer.from('OpusTags\x01\0\0\0x\0\0\0\0', 'latin1');
  const second = Array(50).fill(SILENCE);
  return [page(0, 2, 0, serial, [head]), page(1, 0, 0, serial, [tags]), page(2, 4, 48000, serial, second)];
}

function packets(reader, songs) {
  return new Promise((resolve, reject) => {
    let count = 0;
    reader.on('data', () => { count++; }).on('end', () => resolve(count)).on('error', reject);
    songs.flatMap(song).forEach(part => reader.write(part));
    reader.end();
  });
}

(async () => {
  for (const [name, open] of [['prism-media', () => new prism.opus.OggDemuxer()], ['eris', () => new ErisReader({})]]) {
    const [one, two] = [await packets(open(), [1]), await packets(open(), [1, 2])];
    console.log(`${name}: ${one} packets of one song of 50, ${two} of two songs of 50`);
    assert.deepEqual([one, two], [50, 50]);
  }
})().catch(error => { console.error(error); process.exit(1); });
JS
node read.js
