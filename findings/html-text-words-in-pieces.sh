#!/bin/sh
# html-text 0.7.1 (makes web pages text for search, models and voices): wherever an inline element begins or ends, there is a blank:
# "<b>H</b>ello" is "H ello", 10<sup>th</sup> is "10 th", and a word of Japanese with one sign in bold, or with furigana, is in
# pieces. Only before punctuation it takes the blank away again. HTML has none there (CSS 2.2 section 9.2.2: inline boxes
# stand in a line side by side). inscriptis 2.7.6 keeps <b>, <i> and <sup> together, and puts blanks around every <span>.
# One would expect "Hello", as a browser shows and copies it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check html-text==0.7.1 inscriptis==2.7.6 2>/dev/null
"$dir/venv/bin/python" - <<'PY'
import html_text
from inscriptis import get_text

PAGES = ("<b>H</b>ello, <i>world</i>!", "10<sup>th</sup>", "日本<b>語</b>で", "a<span>b</span>c")
seen = {page: (html_text.extract_text(f"<p>{page}</p>"), get_text(f"<body><p>{page}</p></body>").strip()) for page in PAGES}
print(seen)
assert list(seen.values()) == [
    ("H ello, world!", "Hello, world!"),
    ("10 th", "10th"),
    ("日本 語 で", "日本語で"),
    ("a b c", "a b c"),
]
PY
