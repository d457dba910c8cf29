"""What people filled in or wrote onto a page: fields of forms, text boxes and stamps, which are none of its text."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pypdfium2

_MAX_ANNOTATIONS = 2_000


def with_fields(pdf: "pypdfium2.PdfDocument", number: int, page: "pypdfium2.PdfPage") -> "pypdfium2.PdfPage":
    """Return the page with what is written on it as a part of it."""
    import pypdfium2.raw as raw

    if not _is_written_on(page) or raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS:
        return page
    page.close()
    return pdf[number]


def _is_written_on(page: "pypdfium2.PdfPage") -> bool:
    import pypdfium2.raw as raw

    for number in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        note = raw.FPDFPage_GetAnnot(page, number)
        kind = raw.FPDFAnnot_GetSubtype(note)
        raw.FPDFPage_CloseAnnot(note)
        if kind in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP):
            return True
    return False
