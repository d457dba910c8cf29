#!/bin/sh
# wetext 0.1.8 (numbers in words for voices, in Chinese; CosyVoice and others read with it): "10-20%" is "十月二日百分之零", the
# second of October and zero per cent. Where a range is before a clock time or a number of times, the hyphen is minus: "2-3点"
# (two to three o'clock) is two minus three o'clock, "3-5次" (three to five times) three minus five. Before people, minutes and
# money it is "to" (到), and "10~20%" is right.
# Guess before looking: ten to twenty per cent, two to three o'clock.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check wetext==0.1.8 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from wetext import Normalizer

SAID = {
    "上涨10-20%": "上涨十月二日百分之零",
    "2-3点": "二减三点",
    "每天3-5次": "每天三减五次",
    "3-5个人": "三到五个人",
    "10-20元": "十到二十元",
    "上涨10~20%": "上涨十到百分之二十",
}
normalizer = Normalizer(lang="zh", operator="tn")
seen = {text: normalizer.normalize(text) for text in SAID}
for text, words in seen.items():
    print(text, words)
assert seen == SAID
PY
