"""Names in a zip file as people wrote them. A flag says that they are UTF-8; Windows writes its code pages without it.

Python reads what is not flagged as the code page of the first PCs.
"""

import unicodedata
import zipfile
from collections.abc import Sequence

_UTF8_FLAG = 0x800
_FIRST_PAGE = "cp437"
_WINDOWS_PAGES = {
    *("cp932", "shift_jis", "gb18030", "cp949", "euc-kr", "big5"),
    *("ibm866", "cp866", "cp437", "cp850", "cp852", "cp857", "cp858", "windows-1251"),
}
"""What Windows writes names in, by country; as the detector calls them, in small letters."""


def names_in(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the entries that are files with their paths, which have forward slashes."""
    entries = [entry for entry in archive.infolist() if entry.filename and not entry.is_dir()]
    page = _page([entry.filename for entry in entries if not entry.flag_bits & _UTF8_FLAG])
    return [(entry, _told(entry, page)) for entry in entries]


def _told(entry: zipfile.ZipInfo, page: str) -> str:
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG and page != _FIRST_PAGE:
        name = name.encode(_FIRST_PAGE, "replace").decode(page, "replace")
    return unicodedata.normalize("NFC", name).replace("\\", "/")


def _page(names: Sequence[str]) -> str:
    """Return the encoding that makes sense of names that were read as the first code page."""
    foreign = [name for name in names if not name.isascii()]
    if not foreign:
        return _FIRST_PAGE
    data = "\n".join(foreign).encode(_FIRST_PAGE, "replace")
    try:
        data.decode()
    except UnicodeDecodeError:
        return _detected(data)
    return "utf-8"  # macOS and Linux, without the flag


def _detected(data: bytes) -> str:
    import chardet  # takes 10 MB and 70 ms
    from chardet import EncodingEra

    era = EncodingEra.ALL & ~EncodingEra.MAINFRAME
    found = chardet.detect_all(data, ignore_threshold=True, encoding_era=era)
    return next((name for guess in found if (name := (guess["encoding"] or "").lower()) in _WINDOWS_PAGES), _FIRST_PAGE)
