#!/bin/sh
# pypdfium2 5.15.2: FPDFText_GetFontWeight tells 0 for Helvetica-Bold and for Helvetica alike: two of the fourteen
# fonts that every reader knows, which need no descriptor (PDF 1.7, section 9.6.2.2). The name of the font, from
# FPDFText_GetFontInfo, tells them apart.
# Guess before looking: 700 and 400.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import ctypes

import pypdfium2
import pypdfium2.raw as raw

CONTENT = b"BT /F1 12 Tf 50 700 Td (plain) Tj /F2 12 Tf 0 -40 Td (bold) Tj ET"
OBJECTS = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>>>",
    b"<</Length %d>>\nstream\n%s\nendstream" % (len(CONTENT), CONTENT),
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>",
]
file, places = b"%PDF-1.4\n", []
for number, content in enumerate(OBJECTS, 1):
    places.append(len(file))
    file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
table = b"".join(b"%010d 00000 n \n" % place for place in places)
file += b"xref\n0 7\n0000000000 65535 f \n%strailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (table, len(file))

text = pypdfium2.PdfDocument(file)[0].get_textpage()
seen = {}
for index in range(text.count_chars()):
    name, flags = ctypes.create_string_buffer(64), ctypes.c_int()
    if raw.FPDFText_GetFontInfo(text, index, name, 64, flags) and name.value:
        seen[name.value.decode()] = raw.FPDFText_GetFontWeight(text, index)
print(seen)
assert seen == {"Helvetica": 0, "Helvetica-Bold": 0}
PY
