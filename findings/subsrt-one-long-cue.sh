#!/bin/sh
# subsrt 1.1.1 (npm): subtitles whose lines end in LF, as most programs outside Windows write them, are not taken apart. Of
# SRT all cues become one, which lasts as long as the first, says everything, and has the numbers and times of the others
# among its words; of WebVTT none is left. No error, and `detect` knows both formats. With CRLF both are read: the empty line
# between cues has to hold a blank, and the CR is one. Its successor subsrt-ts 2.1.2 reads LF as well.
# Guess before looking: two cues, whichever the line ends are.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund subsrt@1.1.1 subsrt-ts@2.1.2 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.mjs <<'JS'
import assert from 'assert';
import subsrt from 'subsrt';
import after from 'subsrt-ts';

const CUES = ['00:00:01.000 --> 00:00:02.000\none', '00:00:03.000 --> 00:00:04.000\ntwo'];
const SRT = CUES.map((cue, at) => `${at + 1}\n${cue.replace(/\.000/g, ',000')}\n`).join('\n');
const VTT = `WEBVTT\n\n${CUES.join('\n\n')}\n`;

/** Return the cues' words, without what is around them. */
const read = (text, library = subsrt) => library.parse(text).filter(cue => cue.type === 'caption').map(cue => cue.text.trim());

const seen = {};
for (const [name, text] of Object.entries({ srt: SRT, vtt: VTT })) {
  assert.equal(subsrt.detect(text), name);
  assert.deepEqual(read(text, after), ['one', 'two']);
  seen[name] = { LF: read(text), CRLF: read(text.replace(/\n/g, '\r\n')) };
}
console.log(JSON.stringify(seen));
assert.deepEqual(seen.srt.CRLF, ['one', 'two']);
assert.deepEqual(seen.vtt.CRLF, ['one', 'two']);
assert.equal(seen.srt.LF.length, 1);
assert.ok(seen.srt.LF[0].includes('00:00:03,000 --> 00:00:04,000\r\ntwo'));
assert.deepEqual(seen.vtt.LF, []);
JS
node read.mjs
