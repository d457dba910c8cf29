#!/bin/sh
# @discordjs/voice 0.19.2, receiving: a packet whose RTP header extension has two-byte element headers (RFC 8285 section
# 4.3, profile 0x1000) gives an "Opus packet" that begins with the extension's own bytes. Decoders take its first byte
# for the table of contents and give noise, a wrong length or an error. The same packet with one-byte elements (profile
# 0xBEDE) gives the Opus packet alone.
# Guess before looking: the length of an extension stands in the RTP header (RFC 3550 section 5.3.1) for any profile, so that it
# is taken off without knowing which.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @discordjs/voice@0.19.2 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >run.js <<'JS'
const crypto = require('crypto');
const { VoiceReceiver } = require('@discordjs/voice');

const key = Buffer.alloc(32, 7);
const opus = Buffer.from('f8fffe0102030405', 'hex');
const receiver = new VoiceReceiver({ state: { status: 'signalling' } });

/** Seal a packet as aead_aes256_gcm_rtpsize does: the extension's words are encrypted in front of the sound. */
function received(profile, extension) {
  const header = Buffer.alloc(16);
  header.writeUInt8(0x90, 0);
  header.writeUInt8(0x78, 1);
  header.writeUInt16BE(1, 2);
  header.writeUInt32BE(960, 4);
  header.writeUInt32BE(42, 8);
  header.writeUInt16BE(profile, 12);
  header.writeUInt16BE(extension.length / 4, 14);
  const counter = Buffer.from([0, 0, 0, 1]);
  const cipher = crypto.createCipheriv('aes-256-gcm', key, Buffer.concat([counter, Buffer.alloc(8)]));
  cipher.setAAD(header);
  const body = Buffer.concat([cipher.update(Buffer.concat([extension, opus])), cipher.final()]);
  const packet = Buffer.concat([header, body, cipher.getAuthTag(), counter]);
  return receiver.parsePacket(packet, 'aead_aes256_gcm_rtpsize', Buffer.alloc(12), key, '1').toString('hex');
}

console.log('one-byte elements:', received(0xbede, Buffer.from('10500000', 'hex')));
console.log('two-byte elements:', received(0x1000, Buffer.from('01015000', 'hex')));
JS
node run.js | tee seen
printf 'one-byte elements: f8fffe0102030405\ntwo-byte elements: 01015000f8fffe0102030405\n' | cmp - seen
