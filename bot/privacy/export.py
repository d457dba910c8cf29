"""What is kept of a person, for them to take along."""

import json

from bot.ports import Store


async def export_json(store: Store, user_id: int) -> str:
    """Return all that the store keeps of a person as one JSON document. Raises StoreError."""
    return json.dumps(await store.export(user_id), ensure_ascii=False, indent=1, default=str)
