#!/bin/sh
# pysbd 0.3.4 (cuts text into sentences, for voices and subtitles among others): a sentence with a ♬, as captions mark songs
# with, is not there: of "She sang ♬ softly. He slept." only "He slept." comes. With `clean=True` it comes, and the ♬ is an
# Arabic comma. It puts that sign, and ♨ and ∯, in the place of others while it works, and loses where such a sentence was. ♪
# is not among them, and stays.
# Guess before looking: sentences hold what was in the text, as the readme says of `clean=False`.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pysbd==0.3.4 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import pysbd

TEXTS = {
    "She sang ♬ softly. He slept.": ["He slept."],
    "♬ Happy birthday to you. ♬ Thank you.": [],
    "She sang ♪ softly. He slept.": ["She sang ♪ softly. ", "He slept."],
}
seen = {text: pysbd.Segmenter(language="en", clean=False).segment(text) for text in TEXTS}
for text, sentences in seen.items():
    print(f"{text} {sentences}")
cleaned = pysbd.Segmenter(language="en", clean=True).segment("She sang ♬ softly. He slept.")
print("cleaned:", cleaned)
assert seen == TEXTS
assert cleaned == ["She sang ، softly.", "He slept."]
PY
