#!/bin/sh
# docx2python 3.7.1: a document.xml that does not declare a namespace under the prefix "r" cannot be read: KeyError 'r'.
# The prefix is for relationships (links, pictures); a document without any needs no such declaration, and in XML the
# prefix is free. The same document with the unused declaration is read.
# Guess before looking: namespaces are found by their address, never by their prefix.
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
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELS = "application/vnd.openxmlformats-package.relationships+xml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def docx(declared):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(
            "[Content_Types].xml",
            f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="{RELS}"/>'
            f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
        )
        file.writestr(
            "_rels/.rels",
            f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        file.writestr(
            "word/document.xml",
            f'{HEAD}<w:document xmlns:w="{WORD}"{declared}><w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p></w:body>'
            "</w:document>",
        )
    return out


def read(declared):
    try:
        with docx2python(docx(declared)) as document:
            return document.text.strip()
    except KeyError as error:
        return repr(error)


seen = read(f' xmlns:r="{OFFICE}"'), read("")
print(seen)
assert seen == ("Hello", "KeyError('r')")
PY
