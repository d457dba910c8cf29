#!/bin/sh
# odfdo 3.27.3, get_formatted_text of an OpenDocument text: what a field holds is not there: "Due 1 May, for Ann." is "Due ,
# for .", and "See chapter 4." is "See .". Dates, names, totals and references that a word processor fills in are fields
# (OpenDocument 1.3 Part 3 section 7), with their words written out in the file. A word with furigana is gone, with its
# reading. Its own to_markdown has all of them. No error.
# Guess before looking: the words as they are written in the file.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check odfdo==3.27.3 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from odfdo import Document, Element

document = Document("text")
document.body.clear()
for text in (
    '<text:p>Due <text:date>1 May</text:date>, for <text:user-field-get text:name="n">Ann</text:user-field-get>.</text:p>',
    '<text:p>See <text:bookmark-ref text:reference-format="text" text:ref-name="b">chapter 4</text:bookmark-ref>.</text:p>',
    "<text:p><text:ruby><text:ruby-base>漢字</text:ruby-base><text:ruby-text>かんじ</text:ruby-text></text:ruby>です</text:p>",
):
    document.body.append(Element.from_tag(text))
plain = document.get_formatted_text().split("\n\n")[:3]
markdown = document.to_markdown().split("\n\n")[:3]
for read, right in zip(plain, markdown, strict=True):
    print(f"{read!r}, by to_markdown {right.strip()!r}")
assert plain == ["Due , for .", "See .", "です"]
assert [line.strip().replace("\\", "") for line in markdown] == ["Due 1 May, for Ann.", "See chapter 4.", "漢字かんじです"]
PY
