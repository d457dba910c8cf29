#!/bin/sh
# mammoth 1.13.0, which markitdown reads Word with: of words that stand in a simple field (w:fldSimple:
# cross references, dates, names from a list for serial letters) and in a run of its own direction (w:dir, w:bdo: Hebrew or
# Arabic within English) nothing is left, and of a word with furigana (w:ruby) neither the word nor its reading. In ECMA-376 Part 1
# (17.16.19, 17.3.2.3, 17.3.2.8, 17.3.3.25) these hold what is shown. mammoth has a warning in a list of messages. The same word
# in a content control, a smart tag, custom XML or a complex field is kept. docx2txt 0.9 keeps all of them.
# Guess before looking: field results, words of another direction and at least the base of furigana are kept.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mammoth==1.13.0 docx2txt==0.9 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io
import zipfile

import docx2txt
import mammoth

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELS = "application/vnd.openxmlformats-package.relationships+xml"
WORD_RUN = "<w:r><w:t>word</w:t></w:r>"
RUBY = (
    '<w:rubyPr><w:rubyAlign w:val="center"/><w:hps w:val="10"/><w:hpsRaise w:val="18"/><w:hpsBaseText w:val="21"/>'
    '<w:lid w:val="ja-JP"/></w:rubyPr>'
)
AROUND = {
    "simple field": f'<w:fldSimple w:instr="REF a">{WORD_RUN}</w:fldSimple>',
    "dir": f'<w:dir w:val="rtl">{WORD_RUN}</w:dir>',
    "bdo": f'<w:bdo w:val="rtl">{WORD_RUN}</w:bdo>',
    "furigana": f"<w:r><w:ruby>{RUBY}<w:rt><w:r><w:t>reading</w:t></w:r></w:rt><w:rubyBase>{WORD_RUN}</w:rubyBase></w:ruby></w:r>",
    "content control": f"<w:sdt><w:sdtContent>{WORD_RUN}</w:sdtContent></w:sdt>",
    "smart tag": f'<w:smartTag w:uri="urn:names" w:element="name">{WORD_RUN}</w:smartTag>',
    "custom XML": f'<w:customXml w:uri="urn:names" w:element="name">{WORD_RUN}</w:customXml>',
    "complex field": '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF a</w:instrText></w:r>'
    f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{WORD_RUN}<w:r><w:fldChar w:fldCharType="end"/></w:r>',
}


def docx(paragraph):
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
        body = f"<w:body><w:p>{paragraph}</w:p></w:body>"
        out.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}" xmlns:r="{OFFICE}">{body}</w:document>')
    file.seek(0)
    return file


lost = []
for name, paragraph in AROUND.items():
    read = mammoth.extract_raw_text(docx(paragraph))
    if "word" not in read.value:
        lost.append(name)
        assert [message.type for message in read.messages] == ["warning"]
    words = docx2txt.process(docx(paragraph))
    assert "word" in words, name
    if name == "furigana":
        assert "reading" in words and "reading" not in read.value
print("lost by mammoth:", ", ".join(lost))
assert lost == ["simple field", "dir", "bdo", "furigana"]
PY
