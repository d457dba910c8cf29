"""The zip files that office documents and electronic books are, within bounds."""

import io
import zipfile

from bot.errors import DamagedDocument, DocumentTooLong, LockedDocument
from bot.files import cut_zip
from bot.files.documents import xml
from bot.files.zip_names import names_in

_MAX_UNPACKED_BYTES = 200_000_000
"""A text of the length that is read takes a tenth of this in any markup; pictures are not unpacked."""
_MAX_MEMBER_BYTES = 60_000_000
_ENCRYPTED_FLAG = 1
_XML_SUFFIXES = (".xml", ".xhtml", ".rels", ".opf", ".ncx")


def uncut(data: bytes) -> tuple[bytes, bool]:
    """Return a file, with what it holds if it is a zip file whose end is missing, and whether it is one.

    Raises DocumentTooLong.
    """
    if not cut_zip.is_cut(data):
        return data, False
    try:
        archive = Archive(cut_zip.completed(data, _MAX_UNPACKED_BYTES))
    except zipfile.LargeZipFile as error:
        raise DocumentTooLong("more than is unpacked") from error
    last = archive.names[-1:]
    return archive.with_parts(
        {part: xml.closed(archive.read(part)) for part in last if part.endswith(_XML_SUFFIXES)}
    ), True


class Archive:
    """The members of a zip file, by name. Raises DamagedDocument, LockedDocument and DocumentTooLong throughout."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise DamagedDocument(type(error).__name__) from error
        self.names = self._zip.namelist()
        self._left = _MAX_UNPACKED_BYTES

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def read(self, name: str) -> bytes:
        try:
            info = self._zip.getinfo(name)
            if info.flag_bits & _ENCRYPTED_FLAG:
                raise LockedDocument
            self._left -= info.file_size
            if info.file_size > _MAX_MEMBER_BYTES or self._left < 0:
                raise DocumentTooLong(f"{info.file_size} bytes in one part")
            return self._zip.read(info)
        except KeyError as error:
            raise DamagedDocument("a part is missing") from error
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
            raise DamagedDocument(type(error).__name__) from error
        except Exception as error:  # zlib and its like have errors of their own
            if type(error).__module__.startswith("bot."):
                raise
            raise DamagedDocument(type(error).__name__) from error

    def files(self) -> dict[str, str]:
        """Return the names of all files, and beside each how people wrote it."""
        return {entry.filename: name for entry, name in names_in(self._zip)}

    def with_parts(self, changed: dict[str, bytes], kept: tuple[str, ...] = ()) -> bytes:
        """Return a zip file with some parts changed; of the others only those whose names end in one of `kept`."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            for name in self.names:
                if name in changed or not kept or name.endswith(kept):
                    file.writestr(name, changed[name] if name in changed else self.read(name))
        return out.getvalue()
