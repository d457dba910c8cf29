"""Models from where their makers keep them -> folders: every file with size and checksum, resumed where it broke off.

A model arrives in a folder beside its own and is moved there when all of it is right.
"""

import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp

from bot.engine.local.catalogue import RemoteFile, hub_files, recogniser_files
from bot.engine.local.models import LocalModel, LocalPart
from bot.errors import ConfigError, Incomplete, Unreachable

FETCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
MAX_TRIES = 3
"""Of one file, each going on where the last one broke off."""
SPARE_BYTES = 64 << 20
"""That stay free on the disk."""
_AGAIN_HINT = "Run `python -m bot models` again: it goes on where it broke off. LOCAL_MODELS_URL can name a mirror."
_BLOCK_BYTES = 1 << 18

Arrived = Callable[[int, int], None]
"""Called with the bytes that are there, and those of all files."""


async def fetch(
    model: LocalModel, arrived: Arrived, mirror: str | None = None, tls: ssl.SSLContext | None = None
) -> None:
    """Bring a model into its folder. Raises ConfigError, Unreachable, Incomplete."""
    kind = {LocalPart.RECOGNISER: recogniser_files, LocalPart.VOICE: hub_files}[model.part]
    coming = model.folder.with_name(model.folder.name + ".part")
    async with aiohttp.ClientSession(timeout=FETCH_TIMEOUT, trust_env=True) as session:
        try:
            files = await kind(session, model.name, mirror, tls)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"{model.name} is not told about: {_why(error)}", hint=_AGAIN_HINT) from None
        total = sum(file.size for file in files)
        _make_room(coming, total)
        before = 0
        for file in files:
            await _bring(
                session, file, coming / file.path, lambda part, before=before: arrived(before + part, total), tls
            )
            before += file.size
    _move(coming, model.folder)


async def _bring(
    session: aiohttp.ClientSession,
    file: RemoteFile,
    into: Path,
    arrived: Callable[[int], None],
    tls: ssl.SSLContext | None,
) -> None:
    """Write one file, or the rest of it. Raises Unreachable, Incomplete, ConfigError."""
    reason = ""
    for _ in range(MAX_TRIES):
        try:
            have = _size(into)
            if have < file.size or not file.size:
                async for block in _blocks(session, file, have, tls):
                    if block is None:  # it begins anew
                        _drop(into)
                        have = 0
                        continue
                    _append(into, block)
                    have += len(block)
                    arrived(min(have, file.size))
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = _why(error)
            continue
        except OSError as error:
            raise _no_folder(into, error) from None
        if have < file.size:
            reason = f"it ended after {have} of {file.size} bytes"
        elif have == file.size and file.sum.fits(into):
            arrived(file.size)
            return
        else:
            _drop(into)
            reason = f"its {file.sum.name} is wrong"
    if reason.endswith("wrong"):
        raise Incomplete(f"{file.path}: {reason}", hint="It was changed, or damaged on its way. " + _AGAIN_HINT)
    raise Unreachable(f"{file.path}: {reason}", hint=_AGAIN_HINT)


async def _blocks(
    session: aiohttp.ClientSession, file: RemoteFile, have: int, tls: ssl.SSLContext | None
) -> AsyncIterator[bytes | None]:
    """Yield what a server sends of a file from `have` on; None: from its beginning instead."""
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    async with session.get(file.url, headers=headers, ssl=tls or True) as answer:
        if have and answer.status in (200, 416):
            yield None
        if answer.status == 416:
            return
        answer.raise_for_status()
        left = file.size - (have if answer.status == 206 else 0)
        async for block in answer.content.iter_chunked(_BLOCK_BYTES):
            left -= len(block)
            yield block
            if left < 0:
                return  # more than was told: its size is wrong


def _size(path: Path) -> int:
    """Return how much of a file is there; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path.stat().st_size


def _append(path: Path, block: bytes) -> None:
    with path.open("ab") as out:
        out.write(block)


def _drop(path: Path) -> None:
    path.unlink(missing_ok=True)


def _move(coming: Path, folder: Path) -> None:
    """Put a whole model into its place. Raises ConfigError."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        coming.rename(folder)
    except OSError as error:
        raise _no_folder(folder, error) from None


def _make_room(folder: Path, total: int) -> None:
    """Raise ConfigError when the disk has no room for `total` bytes, less what is there already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise _no_folder(folder, error) from None
    if free < total - there + SPARE_BYTES:
        raise ConfigError(
            [f"LOCAL_MODELS_DIR: {_mb(total - there)} are needed in {folder.parent}, {_mb(free)} are free"]
        )


def _no_folder(folder: Path, error: OSError) -> ConfigError:
    return ConfigError([f"LOCAL_MODELS_DIR: {folder} cannot be written ({error.strerror or type(error).__name__})"])


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        return f"HTTP {error.status} from {error.request_info.url.host}"
    return str(error) if isinstance(error, ValueError) else type(error).__name__
