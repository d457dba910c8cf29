#!/bin/sh
# prism-media 1.3.5, opus.Encoder (what @discordjs/voice encodes PCM with): what is left of a stream after its last whole
# frame is not encoded. A clip loses up to its last 20 ms, each sentence of a voice its own, and a click or a beep of 10 ms
# is no packet at all: the stream ends without one. With frames of 60 ms, up to 60 ms are lost. No error.
# Guess before looking: the last frame is filled up with silence, as other encoders of Opus do.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund prism-media@1.3.5 opusscript@0.0.8 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >encode.js <<'JS'
const { opus } = require('prism-media');

/** Return the milliseconds encoded of a clip. */
function encoded(milliseconds, frameSize) {
  const encoder = new opus.Encoder({ rate: 48000, channels: 2, frameSize });
  let packets = 0;
  encoder.on('data', () => packets++);
  return new Promise((done) => {
    encoder.on('end', () => done((packets * frameSize) / 48));
    encoder.end(Buffer.alloc(milliseconds * 48 * 2 * 2, 1));
  });
}

(async () => {
  const seen = [];
  for (const [milliseconds, frameSize] of [[10, 960], [20, 960], [39, 960], [1010, 960], [1010, 2880]]) {
    seen.push(`${milliseconds} ms: ${await encoded(milliseconds, frameSize)} ms in frames of ${frameSize / 48} ms`);
  }
  console.log(seen.join('\n'));
})();
JS
timeout 60 node encode.js | tee seen
cat >expected <<'TXT'
10 ms: 0 ms in frames of 20 ms
20 ms: 20 ms in frames of 20 ms
39 ms: 20 ms in frames of 20 ms
1010 ms: 1000 ms in frames of 20 ms
1010 ms: 960 ms in frames of 60 ms
TXT
cmp expected seen
