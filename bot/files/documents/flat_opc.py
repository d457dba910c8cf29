"""Office documents as one XML file (Flat OPC), which Word and PowerPoint save as "XML document" -> the package."""

import base64
import binascii
import io
import zipfile

from bot.errors import DamagedDocument
from bot.files.documents import xml
from bot.files.documents.document import Document
from bot.files.documents.docx import read_docx
from bot.files.documents.pptx import read_pptx

_PACKAGE = b"http://schemas.microsoft.com/office/2006/xmlPackage"
_PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_SLIDES = "ppt/presentation.xml"
_FLAT_HEAD_BYTES = 2048
_PICTURES = ("image/", "audio/", "video/")


def is_flat_opc(data: bytes) -> bool:
    return _PACKAGE in data[:_FLAT_HEAD_BYTES] and xml.root_of(data)[0] == "package"


def read_flat_opc(data: bytes, name: str) -> Document:
    """Read a text or a presentation. Raises DamagedDocument."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for part in xml.parse(data).iterchildren(f"{_PKG}part"):
            if not part.get(f"{_PKG}contentType", "").startswith(_PICTURES):
                package.writestr(part.get(f"{_PKG}name", "").lstrip("/"), _content(part))
        slides = _SLIDES in package.namelist()
    return (read_pptx if slides else read_docx)(out.getvalue(), name)


def _content(part: xml.Element) -> bytes:
    content = part.find(f"{_PKG}xmlData")
    if content is not None and len(content):
        return xml.written(content[0])
    try:
        return base64.b64decode(part.findtext(f"{_PKG}binaryData") or "")
    except binascii.Error as error:
        raise DamagedDocument("a part is not base64") from error
