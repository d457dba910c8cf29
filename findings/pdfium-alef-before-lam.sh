#!/bin/sh
# pypdfium2 5.15.2 (PDFium 159.0.8149.0): a shape of Arabic that stands for two letters, lam and alef, has them the wrong way
# round in the text of a line, so that every word with one is misspelt. The line is turned about letter by letter, as if each
# had a shape of its own.
# Guess before looking: a line that runs leftwards is turned about shape by shape, and /ToUnicode tells the letters in their order.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import pypdfium2

WORD, LAM_ALEF = "الاجتماع", "لا"


def stream(content):
    return b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content)


def document(shapes):
    """Return a page with these shapes from left to right; each is a square, and tells the letters that it stands for."""
    kinds = sorted(set(shapes))
    codes = "".join(f"{1 + kinds.index(shape):02x}" for shape in shapes).encode()
    letters = "".join(f"<{at:02x}> <{shape.encode('utf-16-be').hex()}>\n" for at, shape in enumerate(kinds, 1)).encode()
    names = b" ".join(b"/s%d" % at for at in range(1, len(kinds) + 1))
    squares = b" ".join(b"/s%d 6 0 R" % at for at in range(1, len(kinds) + 1))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        stream(b"BT /F1 12 Tf 40 500 Td <%s> Tj ET" % codes),
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 500 700]/FontMatrix[.001 0 0 .001 0 0]/Resources<<>>/CharProcs<<%s>>"
        b"/Encoding<</Type/Encoding/Differences[1 %s]>>/FirstChar 1/LastChar %d/Widths[%s]/ToUnicode 7 0 R>>"
        % (squares, names, len(kinds), b" ".join([b"500"] * len(kinds))),
        stream(b"500 0 0 0 500 700 d1 0 0 500 700 re f"),
        stream(
            b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)"
            b"/Supplement 0>> def /CMapName /Letters def /CMapType 2 def 1 begincodespacerange <00> <ff> endcodespacerange\n"
            b"%d beginbfchar\n%sendbfchar endcmap CMapName currentdict /CMap defineresource pop end end" % (len(kinds), letters)
        ),
    ]
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
        len(file),
    )


def read(shapes):
    return pypdfium2.PdfDocument(document(shapes))[0].get_textpage().get_text_range()


before, after = WORD.split(LAM_ALEF)
apart, joined = read(list(WORD[::-1])), read([*after[::-1], LAM_ALEF, *before[::-1]])
print("a shape for each letter:", apart, "· one for lam and alef:", joined)
assert apart == WORD
assert joined == WORD.replace(LAM_ALEF, LAM_ALEF[::-1])
PY
