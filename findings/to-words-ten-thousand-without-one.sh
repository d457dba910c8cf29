#!/bin/sh
# to-words 5.7.0 (npm, numbers in words in 135 locales), Japanese and Chinese: ten thousand is "万" and a hundred million "億",
# the bare units, where both languages must say one of it (一万, 一億). Within a number the one is missing, too, and 210,000
# (二十一万) is "二十 万 万", twenty ten-thousands and ten thousand, which is no number. In Chinese no zero is said between: 10,001 is
# "万 一", where 一万零一 is right. Hundred and thousand do go without 一 in Japanese; Korean has its one (일만).
# Guess before looking: 一万, 一億, 二十一万, 一万零一.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund to-words@5.7.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const { ToWords } = require('to-words');

const say = (localeCode, ...numbers) => {
  const words = numbers.map(number => new ToWords({ localeCode }).convert(number).replaceAll(' ', ''));
  console.log(localeCode, numbers.map((number, index) => `${number} ${words[index]}`).join(', '));
  return words;
};
assert.deepEqual(say('ja-JP', 10000, 20000, 210000, 100000000, 120000000), ['万', '二万', '二十万万', '億', '億二千万']);
assert.deepEqual(say('zh-CN', 10000, 10001, 20000, 100000000), ['万', '万一', '二万', '亿']);
assert.deepEqual(say('ko-KR', 10000, 210000, 100000000), ['일만', '이십일만', '일억']);
JS
node seen.js
