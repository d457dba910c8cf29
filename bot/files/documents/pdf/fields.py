"""What people filled in or wrote onto a page: fields of forms, text boxes and stamps, which are none of its text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pypdfium2

_MAX_ANNOTATIONS = 2_000

TickBox = tuple[tuple[float, float, float, float], bool]
"""Left, top, right, bottom in points, y growing upwards; and whether it is ticked."""


def with_fields(
    pdf: "pypdfium2.PdfDocument", number: int, page: "pypdfium2.PdfPage"
) -> tuple["pypdfium2.PdfPage", list[TickBox]]:
    """Return the page with what is written on it as a part of it, and its boxes to tick."""
    import pypdfium2.raw as raw

    kinds = (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP)
    written = False
    boxes: list[TickBox] = []
    for place in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        with _annotation(page, place) as note:
            kind = raw.FPDFAnnot_GetSubtype(note)
            written |= kind in kinds
            if kind == raw.FPDF_ANNOT_WIDGET and pdf.formenv is not None:
                boxes += _tick_boxes(pdf.formenv.raw, note)
    if not written or raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS:
        return page, boxes
    page.close()
    return pdf[number], boxes


@contextmanager
def _annotation(page: "pypdfium2.PdfPage", place: int) -> Iterator[Any]:
    import pypdfium2.raw as raw

    note = raw.FPDFPage_GetAnnot(page, place)
    try:
        yield note
    finally:
        raw.FPDFPage_CloseAnnot(note)


def _tick_boxes(form: Any, note: Any) -> Iterator[TickBox]:
    import pypdfium2.raw as raw

    if raw.FPDFAnnot_GetFlags(note) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW):
        return
    kinds = (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON)
    edges = raw.FS_RECTF()
    if raw.FPDFAnnot_GetFormFieldType(form, note) in kinds and raw.FPDFAnnot_GetRect(note, edges):
        box = (edges.left, edges.top, edges.right, edges.bottom)
        yield box, bool(raw.FPDFAnnot_IsChecked(form, note))
