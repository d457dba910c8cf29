"""PDFs made by bytes: pages of lines at their places, with an outline, a title, a password."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import pypdf

PLAIN, BOLD, ACROSS, DOWN, SHAPES = "F1", "F2", "F3", "F4", "F5"
"""Helvetica, Helvetica-Bold, Japanese written across, Japanese written downwards, shapes from left to right."""
LAM_ALEF = "\ue000"
"""A shape of two letters."""
_WIDTH, _HEIGHT = 400, 600
_LETTERS_OF_SHAPES = (
    b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange 3 beginbfrange <0000> <00ff> <0000> "
    b"<0500> <05ff> <0500> <0600> <06ff> <0600> endbfrange 1 beginbfchar <e000> <06440627> endbfchar endcmap"
)


@dataclass(frozen=True, slots=True)
class Line:
    x: float
    y: float
    "points from the bottom of the page"
    text: str
    size: float = 10
    font: str = PLAIN
    matrix: str = "1 0 0 1"


def column(x: float, y: float, *texts: str, size: float = 10, step: float = 13, font: str = PLAIN) -> list[Line]:
    """Return lines below each other; an empty text leaves a line free."""
    return [Line(x, y - number * step, text, size, font) for number, text in enumerate(texts) if text]


def pdf(
    *pages: Sequence[Line], title: str = "", outline: Sequence[tuple[str, int]] = (), rotate: int = 0, extra: str = ""
) -> bytes:
    """Return a PDF. `outline` names titles and their pages; `extra` is drawn on every page."""
    objects: list[bytes] = [b""] * 2
    fonts = []
    for font in (b"Helvetica", b"Helvetica-Bold"):
        objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>" % font)
        fonts.append(len(objects))
    objects.append(
        b"<</Type/FontDescriptor/FontName/X/Flags 4/FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880/Descent -120"
        b"/StemV 80>>"
    )
    objects.append(
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 4>>"
        b"/DW 1000/FontDescriptor %d 0 R>>" % len(objects)
    )
    descendant = len(objects)
    for direction in (b"H", b"V"):
        objects.append(
            b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/UniJIS-UTF16-%s/DescendantFonts[%d 0 R]>>"
            % (direction, descendant)
        )
        fonts.append(len(objects))
    objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(_LETTERS_OF_SHAPES), _LETTERS_OF_SHAPES))
    objects.append(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Y"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 500/FontDescriptor %d 0 R>>"
        % (descendant - 1)
    )
    objects.append(
        b"<</Type/Font/Subtype/Type0/BaseFont/Y/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>"
        % (len(objects), len(objects) - 1)
    )
    fonts.append(len(objects))
    named = b"".join(b"/F%d %d 0 R" % (number, font) for number, font in enumerate(fonts, 1))
    kids: list[int] = []
    for lines in pages:
        content = (extra + "\n".join(_drawn(line) for line in lines)).encode("latin-1")
        objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Rotate %d/Resources<</Font<<%s>>>>/Contents %d 0 R>>"
            % (_WIDTH, _HEIGHT, rotate, named, len(objects))
        )
        kids.append(len(objects))
    outlines = b""
    if outline:
        first = len(objects) + 2
        for number, (entry, page) in enumerate(outline):
            here = first + number
            near = b"" if number == 0 else b"/Prev %d 0 R" % (here - 1)
            near += b"/Next %d 0 R" % (here + 1) if number + 1 < len(outline) else b""
            if not number:
                objects.append(b"<</Type/Outlines/First %d 0 R/Last %d 0 R>>" % (first, first + len(outline) - 1))
                outlines = b"/Outlines %d 0 R" % len(objects)
            objects.append(
                b"<</Title(%s)/Parent %d 0 R%s/Dest[%d 0 R/Fit]>>" % (entry.encode(), first - 1, near, kids[page])
            )
    objects[0] = b"<</Type/Catalog/Pages 2 0 R%s>>" % outlines
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % kid for kid in kids), len(kids))
    objects.append(b"<</Title(%s)>>" % title.encode())
    return _file(objects)


def locked(data: bytes, user: str, algorithm: str = "AES-256") -> bytes:
    """Return a PDF that opens with the password `user`; empty: without one."""
    writer = pypdf.PdfWriter(io.BytesIO(data))
    writer.encrypt(user, "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def filled(data: bytes, *fields: tuple[float, float, str | bool]) -> bytes:
    """Return the PDF with fields on its first page: texts that are filled in, boxes that are ticked or not."""
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject, TextStringObject

    writer = pypdf.PdfWriter(io.BytesIO(data))
    page = writer.pages[0]
    looks = TextStringObject("/Helv 10 Tf 0 g")
    kids = ArrayObject()
    for number, (x, y, value) in enumerate(fields):
        size = 120 if isinstance(value, str) else 16
        field = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Widget"),
                NameObject("/FT"): NameObject("/Tx" if isinstance(value, str) else "/Btn"),
                NameObject("/T"): TextStringObject(f"field{number}"),
                NameObject("/V"): TextStringObject(value)
                if isinstance(value, str)
                else NameObject("/Yes" if value else "/Off"),
                NameObject("/DA"): looks,
                NameObject("/F"): NumberObject(4),
                NameObject("/Rect"): ArrayObject([FloatObject(edge) for edge in (x, y - 4, x + size, y + 12)]),
            }
        )
        if not isinstance(value, str):
            field[NameObject("/AS")] = field["/V"]
        kids.append(writer._add_object(field))
    resources = page["/Resources"]
    assert isinstance(resources, DictionaryObject)
    fonts = resources["/Font"]
    assert isinstance(fonts, DictionaryObject)
    form = {NameObject("/Fields"): kids, NameObject("/DA"): looks}
    form[NameObject("/DR")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/Helv"): fonts.raw_get("/F1")})}
    )
    page[NameObject("/Annots")] = kids
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(form)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _drawn(line: Line) -> str:
    if line.font in (ACROSS, DOWN, SHAPES):
        shown = f"<{line.text.encode('utf-16-be').hex()}>"
    else:
        escaped = line.text.encode("cp1252").decode("latin-1")
        shown = "(" + escaped.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") + ")"
    return f"BT /{line.font} {line.size} Tf {line.matrix} {line.x} {line.y} Tm {shown} Tj ET"


def _file(objects: list[bytes]) -> bytes:
    out = b"%PDF-1.4\n"
    places: list[int] = []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    foot = b"trailer<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        len(objects),
        len(out),
    )
    return out + head + table + foot
