"""A person's say, for whoever runs the bot and is asked on paper: without Discord and without a running bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.config import Settings
from bot.jobs import podcast_folder
from bot.jobs.context import folder_beside
from bot.store.repository import SqlStore
from bot.types import Forgotten


async def forget(settings: Settings, user_id: int) -> Forgotten:
    """Forget a person in every server. Raises ConfigError, StoreError."""
    podcast_folder.forget(folder_beside(settings.database_url), user_id)
    async with _store(settings) as store:
        return await store.forget(user_id)


async def export(settings: Settings, user_id: int) -> dict[str, Any]:
    """Return all that is kept of a person, as JSON has it. Raises ConfigError, StoreError."""
    async with _store(settings) as store:
        return await store.export(user_id)


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[SqlStore]:
    key = settings.store_key.get_secret_value() if settings.store_key else None
    store = await SqlStore.open(settings.database_url, key)
    try:
        yield store
    finally:
        await store.aclose()
