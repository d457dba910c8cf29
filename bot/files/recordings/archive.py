"""A zip of one track for each speaker, as multi-track recorders give: their names and their files."""

import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.errors import AudioTooLarge, BadAudio, LockedAudio, NotAudio
from bot.files import cut_zip
from bot.files.recordings.container import Source, bytes_of
from bot.files.recordings.headless import HEADLESS_SUFFIXES
from bot.files.recordings.track_names import names_of_speakers
from bot.files.zip_names import names_in

MAX_ARCHIVE_TRACKS = 32
_MAX_TRACKS_BYTES = 150_000_000
_TRACK_SUFFIXES = frozenset(
    (
        *(".3gp", ".aac", ".aif", ".aifc", ".aiff", ".amr", ".ape", ".caf", ".flac", ".m4a", ".m4b", ".m4v", ".mka"),
        *(".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpc", ".oga", ".ogg", ".opus", ".spx", ".tta", ".w64", ".wav"),
        *(".webm", ".wma", ".wv"),
        *HEADLESS_SUFFIXES,
    )
)
_ENCRYPTED = 1
_INFO_FILE = "info.txt"
"""Where a recorder lists the people of the numbered tracks."""
_LISTED = re.compile(r"^\s+(?P<name>\S.*?)(?:#\d{1,4})?\s+\(\d+\)\s*$", re.MULTILINE)
_TRACK_NUMBER = re.compile(r"^(\d{1,3})\s*[-_. ]\s*(?=\S)")
_MAX_SPEAKER_NAME_CHARACTERS = 60


def is_archive(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def uncut(source: Source) -> tuple[Source, bool]:
    """Return an archive with what it holds, and whether its end is missing. Raises AudioTooLarge."""
    with bytes_of(source) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - cut_zip.TAIL_BYTES))
        if cut_zip.has_end(file.read()):
            return source, False
        file.seek(0)
        data = file.read()
    try:
        return cut_zip.completed(data, _MAX_TRACKS_BYTES), True
    except zipfile.LargeZipFile as error:
        raise AudioTooLarge("more than is unpacked") from error


def speakers_of(source: Source) -> list[tuple[str, str, bytes]]:
    """Return each speaker's name, and the path and content of their file. Raises NotAudio, AudioTooLarge, BadAudio."""
    try:
        with bytes_of(source) as file, zipfile.ZipFile(file) as archive:
            told = names_in(archive)
            entries = [entry for entry, path in told if _is_track(path)]
            paths = [path for _, path in told if _is_track(path)]
            if not entries:
                raise NotAudio("no recording in the archive")
            if len(entries) > MAX_ARCHIVE_TRACKS or sum(entry.file_size for entry in entries) > _MAX_TRACKS_BYTES:
                raise AudioTooLarge(f"{len(entries)} tracks")
            if any(entry.flag_bits & _ENCRYPTED for entry in entries):
                raise LockedAudio
            names = speaker_names(paths, _listed(archive))
            return [(name, path, archive.read(entry)) for name, path, entry in zip(names, paths, entries, strict=True)]
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise BadAudio(type(error).__name__) from error


def _is_track(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.suffix.lower() in _TRACK_SUFFIXES


def _listed(archive: zipfile.ZipFile) -> list[str]:
    """Return the names that the recorder lists, in the order of the tracks; none when it lists none."""
    found = [entry for entry in archive.infolist() if PurePosixPath(entry.filename).name == _INFO_FILE]
    if not found or found[0].file_size > 100_000:
        return []
    text = io.BytesIO(archive.read(found[0])).read().decode("utf-8-sig", "replace")
    _, marker, tracks = text.partition("Tracks:")
    return _LISTED.findall(tracks) if marker else []


def speaker_names(paths: Sequence[str], listed: Sequence[str] = ()) -> list[str]:
    """Return who speaks on each track: as the recorder lists them, else as files are called, else folders."""
    stems = [PurePosixPath(path).stem for path in paths]
    numbers = [_TRACK_NUMBER.match(stem) for stem in stems]
    bare = names_of_speakers([_TRACK_NUMBER.sub("", stem) for stem in stems])
    told = [
        listed[int(number[1]) - 1] if number and 0 < int(number[1]) <= len(listed) else _shown(name)
        for number, name in zip(numbers, bare, strict=True)
    ]
    told = [name[:_MAX_SPEAKER_NAME_CHARACTERS] for name in told]
    folders = [PurePosixPath(path).parent.name for path in paths]
    names = [
        _shown(folder) if told.count(name) > 1 and folder and folders.count(folder) == 1 else name
        for name, folder in zip(told, folders, strict=True)
    ]
    return [
        name if names.count(name) == 1 else f"{name} {names[: place + 1].count(name)}"
        for place, name in enumerate(names)
    ]


def _shown(name: str) -> str:
    return (" ".join(_TRACK_NUMBER.sub("", name).replace("_", " ").split()) or name)[:_MAX_SPEAKER_NAME_CHARACTERS]
