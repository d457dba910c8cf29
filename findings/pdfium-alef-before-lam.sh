#!/bin/sh
# pypdfium2 5.15.2 (PDFium 159.0.8149.0): a shape of Arabic that stands for two letters, lam and alef, has them the wrong way
# round in the text of a line, so that every word with one is misspelt. The line is turned about letter by letter, as if each
# had a shape of its own. Pango writes such shapes, and so do WeasyPrint's PDFs.
# Guess before: a line that runs leftwards is turned about shape by shape, and /ToUnicode tells the letters in their order.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 2>/dev/null
"$dir/venv/bin/python" - <<'PY'
import pypdfium2

WORD, LAM_ALEF = "الاجتماع", "\ue000"


def document(shapes):
    content = b"BT /F1 12 Tf 40 500 Td <%s> Tj ET" % shapes.encode("utf-16-be").hex().encode()
    letters = (
        b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0600> <06ff> <0600> endbfrange "
        b"1 beginbfchar <e000> <06440627> endbfchar endcmap"
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type0/BaseFont/Y/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 8 0 R>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Y/DW 500/FontDescriptor 7 0 R"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        b"<</Type/FontDescriptor/FontName/Y/Flags 4/FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880/Descent -120/StemV 80>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(letters), letters),
    ]
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + b"xref\n0 9\n0000000000 65535 f \n%strailer<</Size 9/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(file),
    )


def read(shapes):
    return pypdfium2.PdfDocument(document(shapes))[0].get_textpage().get_text_range()


apart, joined = read(WORD[::-1]), read(WORD.replace("لا", LAM_ALEF)[::-1])
print("a shape for each letter:", apart, "· one for lam and alef:", joined)
assert apart == WORD
assert joined == WORD.replace("لا", "ال")
PY
