"""Captions as broadcasters keep them: SCC, which holds the codes of CEA-608, and EBU STL."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.errors import DamagedDocument
from bot.files.documents.cues import Cue, lines_of, said_once, spoken
from bot.files.documents.document import Document

if TYPE_CHECKING:
    from ttconv.model import ContentDocument


def scc_cues(text: str) -> Iterator[Cue]:
    from ttconv.scc import reader

    return _cues(reader.to_model(text))


def is_stl(data: bytes) -> bool:
    """Whether the content begins with the disk format code of EBU Tech 3264."""
    return data[3:6] == b"STL" and data[8:11] == b".01"


def read_stl(data: bytes, name: str) -> Document:
    from ttconv.stl import reader

    try:
        cues = list(_cues(reader.to_model(io.BytesIO(data))))
    except Exception as error:  # the library raises errors of many types for a broken file
        raise DamagedDocument(f"stl: {type(error).__name__}") from error
    return Document("", spoken(said_once(cues)))


def _words(item: object) -> str:
    from ttconv import model

    return item.get_text() or "" if isinstance(item, model.Text) else "\n" if isinstance(item, model.Br) else ""


def _cues(document: "ContentDocument | None") -> Iterator[Cue]:
    from ttconv import model

    body = document.get_body() if document is not None else None
    for paragraph in body.dfs_iterator() if body is not None else ():
        if isinstance(paragraph, model.P):
            words = "".join(_words(item) for item in paragraph.dfs_iterator())
            yield Cue(float(paragraph.get_begin() or 0), float(paragraph.get_end() or 0), lines_of(words))
