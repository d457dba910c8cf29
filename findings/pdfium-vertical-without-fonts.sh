#!/bin/sh
# pypdfium2 5.15.2 (PDFium 159.0.8149.0): text that is written downwards in a font that the file names and does not contain
# is not there for FPDFText_CountChars where the machine has no CJK font either, as in a bare container: the box of the
# whole run has no width then, and such runs are dropped. The same words written across are all there.
# Guess before looking: text comes from codes and CMaps alone; a missing font could cost places, never letters.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import pypdfium2

WORDS = "会議は九時に始まり"


class NoFonts(pypdfium2.PdfSysfontBase):
    """A machine without fonts, whatever this one has."""

    def EnumFonts(self, _, pMapper):
        pass

    def MapFont(self, _, weight, bItalic, charset, pitch_family, face, _ignored):
        return None

    def GetFont(self, _, face):
        return None


def document(direction):
    content = b"BT /F1 12 Tf 300 500 Td <%s> Tj ET" % WORDS.encode("utf-16-be").hex().encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type0/BaseFont/Mincho/Encoding/UniJIS-UTF16-%s/DescendantFonts[6 0 R]>>" % direction,
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/Mincho/DW 1000/FontDescriptor 7 0 R"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 4>>>>",
        b"<</Type/FontDescriptor/FontName/Mincho/Flags 4/FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880"
        b"/Descent -120/StemV 80>>",
    ]
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + b"xref\n0 8\n0000000000 65535 f \n%strailer<</Size 8/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(file),
    )


NoFonts().setup()
read = {way: pypdfium2.PdfDocument(document(way))[0].get_textpage().get_text_range() for way in (b"H", b"V")}
print("across:", read[b"H"] or "nothing", "· downwards:", read[b"V"] or "nothing")
assert read == {b"H": WORDS, b"V": ""}
PY
