"""A person's rights, for an operator who is asked on paper: without Discord and without a running bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.errors import StoreUnavailable
from bot.jobs.analysis_notes import AnalysisNotesOnDisk
from bot.jobs.job_folder import folder_beside
from bot.jobs.minutes.posted import KeptMinutes
from bot.jobs.podcast_folder import FailedPodcasts
from bot.privacy.erasure import Erasure
from bot.privacy.export import export_json
from bot.store.database import OPERATOR_HINT
from bot.store.repository import SqlStore
from bot.types import Forgotten


async def forget(settings: Settings, user_id: int) -> Forgotten:
    """Erase a person in every server. Raises ConfigError, StoreError."""
    folder = folder_beside(settings)
    async with open_store(settings) as store:
        return await Erasure(
            store, [FailedPodcasts(folder), AnalysisNotesOnDisk(folder), KeptMinutes(folder)]
        ).forget_person(user_id)


async def export(settings: Settings, user_id: int) -> str:
    """Return all that is kept of a person as JSON. Raises ConfigError, StoreError."""
    async with open_store(settings) as store:
        return await export_json(store, user_id)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[SqlStore]:
    """Open the database that the settings name. Raises ConfigError, StoreError."""
    key = settings.store_key.get_secret_value() if settings.store_key else None
    try:
        store = await SqlStore.open(settings.database_url, key)
        try:
            yield store
        finally:
            await store.aclose()
    except StoreUnavailable as error:
        raise StoreUnavailable(str(error), hint=OPERATOR_HINT) from error
