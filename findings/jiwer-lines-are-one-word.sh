#!/bin/sh
# jiwer 4.0.0 (word error rates of transcribers): words end at U+0020 alone. The same eight words, broken into two lines or
# with a tab or a no-break space, as files and subtitles have them, are seven words to it, with an error rate of 25 %;
# two words of Japanese with an ideographic space are one, with an error rate of 200 %. Two spaces in a row count as one.
# Guess before looking: words are what str.split() gives, so that lines and other spaces do not count.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check jiwer==4.0.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import jiwer

WORDS = "we will meet again at nine on monday"
SAME = {
    "as it is": WORDS,
    "two spaces": WORDS.replace("again ", "again  "),
    "two lines": WORDS.replace("again ", "again\n"),
    "a tab": WORDS.replace("again ", "again\t"),
    "a no-break space": WORDS.replace("at nine", "at\u00a0nine"),
}
seen = {name: round(jiwer.wer(WORDS, said), 3) for name, said in SAME.items()}
seen["ideographic space"] = jiwer.wer("きょう\u3000はれ", "きょう はれ")
for name, rate in seen.items():
    print(f"{name}: {rate:.1%} of the words are wrong")
assert all(said.split() == WORDS.split() for said in SAME.values())
wrong = dict.fromkeys(("two lines", "a tab", "a no-break space"), 0.25)
assert seen == {"as it is": 0, "two spaces": 0, **wrong, "ideographic space": 2.0}
PY
