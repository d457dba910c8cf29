#!/bin/sh
# docx2python 3.7.1 and docx2txt 0.9: a hyphen at which Word must not break a line (w:noBreakHyphen, ECMA-376 Part 1 section
# 17.3.3.18; Ctrl+Shift+Hyphen, put where a break would hurt: telephone numbers, dates, ranges) is not there: 090-1234-5678 is
# 09012345678, and pages 2-3 are pages 23. No error.
# Guess before looking: a hyphen, U+002D or U+2011.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check docx2python==3.7.1 docx2txt==0.9 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io
import zipfile

import docx2txt
from docx2python import docx2python

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELS = "application/vnd.openxmlformats-package.relationships+xml"


def docx(words):
    """Return a document with these words, whose hyphens do not break."""
    run = "<w:noBreakHyphen/>".join(f"<w:t xml:space=\"preserve\">{one}</w:t>" for one in words.split("-"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="{RELS}"/>'
            f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
        )
        out.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument"'
            ' Target="word/document.xml"/></Relationships>',
        )
        body = f"<w:body><w:p><w:r>{run}</w:r></w:p></w:body>"
        out.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}" xmlns:r="{OFFICE}">{body}</w:document>')
    file.seek(0)
    return file


for words, expected in (("090-1234-5678", "09012345678"), ("pages 2-3", "pages 23")):
    seen = (docx2python(docx(words)).text.strip(), docx2txt.process(docx(words)).strip())
    print(words, "is", *seen)
    assert seen == (expected, expected)
PY
