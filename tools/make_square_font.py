"""Make bot/files/documents/pdf/square.ttf again, with fontTools: `python tools/make_square_font.py`.

A small square amid the em, so that neighbours never touch, stands for every character; a cmap of format 13 maps all of
them to it in a few bytes.
"""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

EM, ASCENT, DESCENT = 1000, 880, -120
LEFT, BOTTOM, SIDE = 400, 300, 200
OUT = Path(__file__).parent.parent / "bot/files/documents/pdf/square.ttf"


def square():
    pen = TTGlyphPen(None)
    pen.moveTo((LEFT, BOTTOM))
    for corner in ((LEFT, BOTTOM + SIDE), (LEFT + SIDE, BOTTOM + SIDE), (LEFT + SIDE, BOTTOM)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def main() -> None:
    builder = FontBuilder(EM, isTTF=True)
    glyphs = [".notdef", "square"]
    builder.setupGlyphOrder(glyphs)
    builder.setupGlyf({name: square() for name in glyphs})
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (EM, 0)))
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": "Square", "styleName": "Regular"})
    builder.setupCharacterMap({0x20: "square"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost(keepGlyphNames=False)
    everything = CmapSubtable.newSubtable(13)
    everything.platformID, everything.platEncID, everything.language = 3, 10, 0
    everything.format, everything.reserved, everything.length, everything.nGroups = 13, 0, 0, 0
    everything.cmap = {code: "square" for code in range(0x20, 0x2FFFF) if not 0xD800 <= code < 0xE000}
    builder.font["cmap"].tables = [everything]
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.save(OUT)


if __name__ == "__main__":
    main()
