#!/bin/sh
# docx2python 3.7.1: the words of a text box are there twice. Word writes a box as a choice for new readers and a
# fallback for old ones (mc:AlternateContent, ECMA-376 Part 3 section 10.2.1); a reader takes one of them.
# Guess before looking: once.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check docx2python==3.7.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io
import zipfile

from docx2python import docx2python

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHAPE = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
MARKUP = "http://schemas.openxmlformats.org/markup-compatibility/2006"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELS = "application/vnd.openxmlformats-package.relationships+xml"
BOX = "<w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent>"
BODY = (
    f'<w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>{BOX}</w:drawing></mc:Choice>'
    f"<mc:Fallback><w:pict>{BOX}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
)
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as file:
    file.writestr(
        "[Content_Types].xml",
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="{RELS}"/>'
        f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
    )
    file.writestr(
        "_rels/.rels",
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
    )
    file.writestr(
        "word/document.xml",
        f'<w:document xmlns:w="{WORD}" xmlns:r="{OFFICE}" xmlns:mc="{MARKUP}" xmlns:wps="{SHAPE}"><w:body>{BODY}'
        "</w:body></w:document>",
    )
with docx2python(out) as document:
    seen = document.text.split("\n\n")
seen = [words for words in seen if words]
print(seen)
assert seen == ["In a box", "In a box"]
PY
