"""A PDF that breaks off before the trailer, by which a reader finds its pages -> one with another trailer."""

import re

_OBJECT = re.compile(rb"\b(\d{1,8})\s\d{1,5}\sobj\b")
_OBJECT_END = re.compile(rb"endobj|stream")
_OBJECT_HEAD_BYTES = 2_000
_CATALOG_TYPE, _PAGE_TYPE = re.compile(rb"/Type\s*/Catalog\b"), re.compile(rb"/Type\s*/Page\b")
_MOST_PAGES = 10_000


def is_cut(data: bytes) -> bool:
    """Whether the file does not end by telling where its parts are."""
    return data.rfind(b"startxref") < data.rfind(b"endobj")


def with_trailer(data: bytes) -> bytes:
    """Return the file with a trailer that names its catalogue, or else the pages; as it is if there are none."""
    found = [(item.group(1), _head(data, item.end())) for item in _OBJECT.finditer(data)]
    catalog = next((number for number, head in reversed(found) if _CATALOG_TYPE.search(head)), None)
    more = b""
    if catalog is None:
        pages = [b"%s 0 R" % number for number, head in found if _PAGE_TYPE.search(head)][:_MOST_PAGES]
        if not pages:
            return data
        last = max((int(number) for number, _ in found), default=0)
        catalog = b"%d" % (last + 2)
        more = b"%d 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\n" % (last + 1, b" ".join(pages), len(pages))
        more += b"%s 0 obj<</Type/Catalog/Pages %d 0 R>>endobj\n" % (catalog, last + 1)
    cut = data[: data.rfind(b"endobj") + len(b"endobj")]
    return b"%s\n%strailer<</Root %s 0 R>>\nstartxref\n0\n%%%%EOF\n" % (cut, more, catalog)


def _head(data: bytes, begin: int) -> bytes:
    """Return the beginning of an object without its stream."""
    end = _OBJECT_END.search(data, begin, begin + _OBJECT_HEAD_BYTES)
    return data[begin : end.start() if end else begin + _OBJECT_HEAD_BYTES]
