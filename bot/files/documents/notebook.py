"""Jupyter notebooks -> their Markdown, and their code in fences."""

import json
from typing import Any

from bot.errors import DamagedDocument
from bot.files.documents.document import Document


def is_notebook(text: str) -> bool:
    return '"cell_type"' in text and ('"cells"' in text or '"worksheets"' in text)


def read_notebook(text: str) -> Document:
    """Read a notebook (nbformat 4, or 3 with its worksheets). Outputs are left out. Raises DamagedDocument."""
    try:
        book = json.loads(text)
        cells = book["cells"] if "cells" in book else [cell for sheet in book["worksheets"] for cell in sheet["cells"]]
        language = str(book.get("metadata", {}).get("kernelspec", {}).get("language", ""))
        parts = [_cell(cell, language) for cell in cells]
        title = str(book.get("metadata", {}).get("title", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedDocument(type(error).__name__) from error
    return Document(title, "\n\n".join(part for part in parts if part))


def _cell(cell: dict[str, Any], language: str) -> str:
    source = cell.get("source", cell.get("input", ""))
    words = ("".join(source) if isinstance(source, list) else str(source)).strip()
    if not words or cell.get("cell_type") == "raw":
        return ""
    if cell.get("cell_type") == "heading":
        return "#" * int(cell.get("level", 1)) + " " + words
    return f"```{language}\n{words}\n```" if cell.get("cell_type") == "code" else words
