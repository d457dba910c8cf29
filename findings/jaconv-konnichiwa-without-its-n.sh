#!/bin/sh
# jaconv 0.5.0 (Japanese kana and Latin letters): alphabet2kana reads "konnichiwa" as こんいちわ (ko-n-i-chi-wa), "onna" (woman) as
# おんあ, and "minna" as みんあ: "nn" is one ん to it, as if typed into an input method, and the な, に or の behind it loses its
# consonant. Its own kana2alphabet writes おんな as "onna", so that it cannot read that back. Other doubled letters ("kekka") and
# n before another consonant ("kanpai") are right.
# Guess before looking: こんにちわ and おんな; what one function writes, the other reads.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check jaconv==0.5.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import jaconv

SAID = {"konnichiwa": "こんいちわ", "onna": "おんあ", "minna": "みんあ", "annai": "あんあい", "kekka": "けっか", "kanpai": "かんぱい"}
seen = {letters: jaconv.alphabet2kana(letters) for letters in SAID}
back = {kana: jaconv.kana2alphabet(kana) for kana in ("おんな", "みんな", "あんない")}
for letters, kana in seen.items():
    print(letters, kana)
for kana, letters in back.items():
    print(f"{kana} is written {letters}, and read as {jaconv.alphabet2kana(letters)}")
assert seen == SAID
assert back == {"おんな": "onna", "みんな": "minna", "あんない": "annai"}
PY
