#!/bin/sh
# docx2python 3.7.1 and docx2txt 0.9: a hyphen at which Word must not break a line (w:noBreakHyphen, ECMA-376 Part 1 section
# 17.3.3.18; Ctrl+Shift+Hyphen, put where a break would hurt: telephone numbers, dates, ranges) is not there: 090-1234-5678 is
# 09012345678, and pages 2-3 are page 23. docx2python and mammoth 1.13.0, which keeps the hyphen, drop w:cr, a line break (section
# 17.3.3.4), so that two words become one. No error.
# Guess before: a hyphen, U+002D or U+2011, and a line break.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check docx2python==3.7.1 docx2txt==0.9 mammoth==1.13.0 2>/dev/null
"$dir/venv/bin/python" - <<'PY'
import io
import zipfile

import docx2txt
import mammoth
from docx2python import docx2python

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELS = "application/vnd.openxmlformats-package.relationships+xml"
RUN = "<w:t>2</w:t><w:noBreakHyphen/><w:t>3</w:t><w:cr/><w:t>end</w:t>"


def docx():
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
        body = f"<w:body><w:p><w:r>{RUN}</w:r></w:p></w:body>"
        out.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}" xmlns:r="{OFFICE}">{body}</w:document>')
    file.seek(0)
    return file


seen = {
    "docx2python": docx2python(docx()).text.strip(),
    "docx2txt": docx2txt.process(docx()).strip(),
    "mammoth": mammoth.convert_to_html(docx()).value,
}
print(seen)
assert seen == {"docx2python": "23end", "docx2txt": "23\nend", "mammoth": "<p>2\N{NON-BREAKING HYPHEN}3end</p>"}
PY
