#!/bin/sh
# sentence-stream 1.3.0 (cuts the text of a model into sentences for voices): an asterisk between numbers or names is
# taken for emphasis: "2*3*4" is "234", "a*b + c*d" is "ab + cd", and "5 * 3 is 15 and 2 * 4 is 8" loses both signs. A single
# product keeps its asterisk. No error, and no switch for it.
# Guess before looking: Markdown's rule: what opens emphasis stands before a word and not behind one, and is not followed by a space
# (CommonMark 6.2), so that sums stay.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check sentence-stream==1.3.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from sentence_stream import stream_to_sentences

ANSWERS = {
    "What is 2*3*4? It is 24.": ["What is 234?", "It is 24."],
    "Area is a*b + c*d. Next.": ["Area is ab + cd.", "Next."],
    "5 * 3 is 15 and 2 * 4 is 8. Next.": ["5  3 is 15 and 2  4 is 8.", "Next."],
    "What is 2*3? It is 6.": ["What is 2*3?", "It is 6."],
}
for answer, expected in ANSWERS.items():
    for pieces in ([answer], list(answer)):
        sentences = list(stream_to_sentences(pieces))
        assert sentences == expected, sentences
    print(answer, "->", sentences)
PY
