"""Re-encryption of all that is kept, beside a running bot: the way to a new STORE_KEY."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.cli.people import open_store
from bot.cli.wording import counted
from bot.config import Settings
from bot.errors import ConfigError
from bot.jobs.job_folder import folder_beside

RESEALED_BATCH_LINES = 100
"""Lines sealed in one transaction: a call's line waits behind it."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """What was sealed with the first key of STORE_KEY."""

    lines: int
    files: int
    damaged: int
    "lines that no key opens"
    older_keys: tuple[str, ...]
    "names of other keys that something is still sealed with"
    keys: int
    "keys in STORE_KEY"

    def report(self) -> list[str]:
        """Say what was done, and what may be done now."""
        told = [f"encrypted with the first key: {counted(self.lines, 'line')}, {counted(self.files, 'file')}"]
        if self.damaged:
            told.append(f"damaged, left unchanged: {counted(self.damaged, 'line')} that no key decrypts")
        if self.older_keys:
            told.append(
                f"still in use: {', '.join(self.older_keys)}. Keep the old keys in STORE_KEY, restart every bot that "
                "doesn't have the new key first, see to it that the disk is not full, and run this again."
            )
        elif self.keys > 1:
            told.append("everything is encrypted with the first key in STORE_KEY: you can remove the others.")
        else:
            told.append("everything is encrypted with STORE_KEY.")
        return told


async def reseal(settings: Settings, progress: Callable[[int], None]) -> Resealed:
    """Seal every line and file with the first key. After an interruption, the next run does the rest.

    `progress` is called with the number of lines so far. Raises ConfigError and StoreError.
    """
    if settings.store_key is None:
        raise ConfigError(["STORE_KEY is not set, so there is no key to encrypt with"])
    lines = 0
    async with open_store(settings) as store:
        while done := await store.reseal(RESEALED_BATCH_LINES, give_up_damaged=True):
            lines += done
            progress(lines)
        files = folder_beside(settings).reseal()
        older = {*await store.older_keys(), *files.older_keys}
        damaged = await store.damaged_lines()
        keys = len(settings.store_key.get_secret_value().split(","))
    return Resealed(lines, files.files, damaged, tuple(sorted(older)), keys)
