#!/bin/sh
# neologdn 0.5.6 (prepares Japanese text for search and tokenizers): a range written with a wave dash, as ranges are in
# Japanese, becomes one number, for the dash is taken away: "2～3時" (2 to 3 o'clock) is "23時", "1〜2人" is "12人", 10～20% is
# 1020%. A home page loses it, too ("https://example.org/~ann"). With hyphens the numbers stay apart. That is the default,
# as the readme shows at its end; `tilde="ignore"` keeps the dash.
# Guess before looking: a wave dash between digits stays, whichever of its two code points it is.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check neologdn==0.5.6 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import neologdn

EXPECTED = {
    "2～3時": "23時",
    "1〜2人": "12人",
    "10～20%": "1020%",
    "10-20%": "10-20%",
    "https://example.org/~ann": "https://example.org/ann",
}
for words, expected in EXPECTED.items():
    plain, kept = neologdn.normalize(words), neologdn.normalize(words, tilde="ignore")
    print(f"{words} → {plain}, with tilde='ignore' {kept}")
    assert (plain, kept) == (expected, words)
PY
