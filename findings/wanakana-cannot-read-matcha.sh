#!/bin/sh
# wanakana 5.3.1 (npm, kana to Latin letters and back): it cannot read what it writes. A small tsu before chi or cha is "tch" in
# Hepburn's romanisation ("matcha"), and that is what toRomaji gives; toHiragana makes まtちゃ of it, with a Latin letter in it.
# The sounds of foreign words are spelled letter by letter: パーティー (party) is "paateii", ファイル (file) "fuairu",
# and come back as ぱあていい and ふあいる, which say something else. No error.
# Guess before looking: まっちゃ; "paatii" and "fairu", and back.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund wanakana@5.3.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const { toHiragana, toRomaji } = require('wanakana');

const told = {
  きって: ['kitte', 'きって'],
  まっちゃ: ['matcha', 'まtちゃ'],
  えっち: ['etchi', 'えtち'],
  パーティー: ['paateii', 'ぱあていい'],
  ファイル: ['fuairu', 'ふあいる'],
  ヴァイオリン: ['vuaiorin', 'ゔあいおりん'],
};
for (const [kana, expected] of Object.entries(told)) {
  const letters = toRomaji(kana);
  console.log(`${kana}: ${letters}, read as ${toHiragana(letters)}`);
  assert.deepEqual([letters, toHiragana(letters)], expected);
}
JS
node read.js
