"""Backups of the database as commands: beside a running bot, or in its place."""

from pathlib import Path

from bot.cli.people import open_store
from bot.cli.wording import counted
from bot.config import Settings
from bot.errors import BadBackup, StoreError
from bot.store.backup import Restored

WRITE_HINT = "Choose another file, in a folder that this user can write to and that is not full."


async def backup(settings: Settings, file: Path) -> list[str]:
    """Save all that is kept; return what to say. Raises ConfigError, StoreError."""
    async with open_store(settings) as store:
        try:
            saved = await store.backup(file)
        except OSError as error:
            raise StoreError(f"{file} can't be written ({error.strerror})", hint=WRITE_HINT) from error
    told = [f"saved: {counted(saved.rows, 'row')} in {file}, which only this user may read"]
    if saved.damaged:
        told.append(f"left out, because the database's file is damaged there: {counted(saved.damaged, 'row')}")
    if settings.store_key is None:
        told.append("STORE_KEY is not set, so transcripts in it are unencrypted. Keep it as safe as the database.")
    else:
        told.append(
            "transcripts in it are encrypted: without STORE_KEY nobody can read them. Keep that key somewhere else."
        )
    return told


async def restore(settings: Settings, file: Path) -> list[str]:
    """Put a backup in the place of what is kept; return what to say. Raises ConfigError, StoreError."""
    async with open_store(settings) as store:
        try:
            return _told(await store.restore(file))
        except OSError as error:
            raise BadBackup(f"{file} can't be read ({error.strerror})") from error


def _told(done: Restored) -> list[str]:
    taken = f"{done.taken:%Y-%m-%d %H:%M} UTC"
    told = [f"restored: {counted(done.rows, 'row')} from the backup of {taken}"]
    if done.left_out:
        told.append(f"left out, because deleted since: {counted(done.left_out, 'row')}")
    if done.fresh or done.nameless:
        why = "The database was empty" if done.fresh else "The list of who was forgotten is damaged"
        told.append(
            f"{why}, so deletions after {taken} are unknown: run `python -m bot forget-user "
            "ID` for everyone who asked to be forgotten since."
        )
    return told
