"""Which files a model has, where they are, and what their checksums are."""

import hashlib
import json
import ssl
from base64 import b64encode
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from bot.engine.local.models import LOCAL_HINT, architecture_of
from bot.errors import ConfigError

HUB_URL = "https://huggingface.co"
VOICES_OWNER = "csukuangfj"
"""Whose repositories on the hub hold voices as sherpa-onnx reads them."""
MAX_MODEL_FILES, MAX_MODEL_BYTES = 2000, 4 << 30
MAX_LIST_PAGES = 10
_SUM_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileSum:
    """A checksum: `sha256` and `git` (SHA-1 of a blob, as git counts it) in hexadecimal, `crc32c` in base64."""

    name: str
    value: str

    def fits(self, path: Path) -> bool:
        """Whether a file has this checksum."""
        if self.name == "crc32c":
            found: Any = import_module("google_crc32c").Checksum()
        else:
            found = hashlib.sha256() if self.name == "sha256" else hashlib.sha1(usedforsecurity=False)
            if self.name == "git":
                found.update(b"blob %d\0" % path.stat().st_size)
        with path.open("rb") as file:
            while block := file.read(_SUM_BLOCK_BYTES):
                found.update(block)
        told = b64encode(found.digest()).decode() if self.name == "crc32c" else found.hexdigest()
        return told == self.value


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a model."""

    path: str
    "within the model's folder"
    url: str
    size: int
    sum: FileSum


async def recogniser_files(
    session: aiohttp.ClientSession, name: str, mirror: str | None, tls: ssl.SSLContext | None
) -> list[RemoteFile]:
    """Return the files of one of Moonshine's models, whose sizes and checksums the library itself has.

    Raises ConfigError, ValueError.
    """
    if find_spec("moonshine_voice") is None:
        raise ConfigError(["TRANSCRIBE_BASE_URL: the extra [local] is not installed"], hint=LOCAL_HINT)
    api: Any = import_module("moonshine_voice.moonshine_api")
    try:
        told = api.moonshine_get_stt_dependencies_string(
            name.rpartition("-")[2], {"model_arch": int(architecture_of(name))}
        )
    except Exception as error:
        raise ConfigError([f"TRANSCRIBE_MODEL: Moonshine has no model {name}"]) from error
    found = [
        (file["name"], file["url"], file["size"], FileSum(file["checksum_type"], file["checksum"]))
        for group in json.loads(told)["groups"]
        for file in group["files"]
    ]
    return _checked([RemoteFile(path, _at(url, mirror), size, sum) for path, url, size, sum in found])


async def hub_files(
    session: aiohttp.ClientSession, name: str, mirror: str | None, tls: ssl.SSLContext | None
) -> list[RemoteFile]:
    """Ask the hub for the files of a voice. Raises ConfigError, ValueError, and what aiohttp raises."""
    base, repository = mirror or HUB_URL, f"{VOICES_OWNER}/{quote(name)}"
    url: str | None = f"{base}/api/models/{repository}/tree/main?recursive=true"
    found: list[RemoteFile] = []
    for _ in range(MAX_LIST_PAGES):
        if url is None:
            break
        async with session.get(url, ssl=tls or True) as answer:
            if answer.status in (401, 404):  # the hub tells no difference between none and a private one
                raise ConfigError([f"SPEECH_MODEL: {urlsplit(base).hostname} has no voice {name}"])
            answer.raise_for_status()
            found += [_file(entry, f"{base}/{repository}/resolve/main") for entry in _listed(await answer.json())]
            further = answer.links.get("next", {}).get("url")
            url = None if further is None else str(further)
    return _checked(found)


def _listed(answer: object) -> list[dict[str, Any]]:
    if not isinstance(answer, list):
        raise ValueError("the hub's list is none")
    return [entry for entry in answer if isinstance(entry, dict) and entry.get("type") == "file"]


def _file(entry: dict[str, Any], base: str) -> RemoteFile:
    """Return a file as the hub lists it: large ones by their SHA-256, small ones by git's SHA-1."""
    large = entry.get("lfs")
    path = str(entry["path"]) if "path" in entry else ""
    sum = FileSum("sha256", str(large.get("oid"))) if isinstance(large, dict) else FileSum("git", str(entry.get("oid")))
    return RemoteFile(path, f"{base}/{quote(path)}", int(entry.get("size") or 0), sum)


def _checked(files: list[RemoteFile]) -> list[RemoteFile]:
    """Return files that may be written. Raises ValueError."""
    for file in files:
        parts = PurePosixPath(file.path).parts
        if not parts or parts[0] == "/" or ".." in parts or "\\" in file.path or "\0" in file.path:
            raise ValueError("a file's name leads out of the folder")
    if not files or len(files) > MAX_MODEL_FILES or sum(file.size for file in files) > MAX_MODEL_BYTES:
        raise ValueError(f"{len(files)} files, more or larger ones than a model has")
    return files


def _at(url: str, mirror: str | None) -> str:
    """Return where a mirror has what is at `url`."""
    return url if mirror is None else mirror + urlsplit(url).path
