"""Settings of servers and channels, in place of those of the environment; what people wrote in them is sealed.

A sealed setting has a name of its own, so that a version of the bot that cannot open it finds none.
"""

from typing import Any

import structlog
from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Damaged
from bot.store.base import rows_changed, writable
from bot.store.damage import is_damaged
from bot.store.erasures import ErasureRepository
from bot.store.seal import DAMAGED_KEY_NAME
from bot.store.tables import SettingRow
from bot.types import Setting, voice_owner

log = structlog.get_logger(__name__)

WHOLE_SERVER = 0
"""Channel id of a setting for the whole server."""
WRITTEN_SETTINGS = ("persona", "names")
"""Settings that hold words of people."""
SEALED_SETTING_PREFIX = "sealed:"
"""The value of such a setting is the name of its key, a colon, and the sealed words."""


class SettingsRepository(ErasureRepository):
    async def settings(self) -> list[Setting]:
        async with self._transaction(reads=True) as connection:
            rows = (await connection.execute(select(*SettingRow.__table__.columns))).mappings().all()
        opened = [setting for row in rows if (setting := self._opened(row)) is not None]
        # A version of the bot without keys may have written one since.
        newest: dict[tuple[int, int | None, str], Setting] = {}
        for setting in sorted(opened, key=lambda one: one.changed_at):
            newest[setting.guild_id, setting.channel_id, setting.name] = setting
        return list(newest.values())

    async def set(self, setting: Setting) -> None:
        async with self._transaction() as connection:
            await self._put_setting(connection, setting)
            if (user_id := voice_owner(setting.name)) is not None:
                await self._voice_back(connection, setting.guild_id, user_id)
            await self._tell(connection, "settings", setting.guild_id)

    async def unset(self, guild_id: int, channel_id: int | None, *names: str) -> int:
        which = delete(SettingRow).where(
            SettingRow.guild_id == guild_id, SettingRow.channel_id == (channel_id or WHOLE_SERVER)
        )
        if names:
            which = which.where(SettingRow.name.in_([*names, *(SEALED_SETTING_PREFIX + name for name in names)]))
        async with self._transaction() as connection:
            gone = await rows_changed(connection, which)
            for user_id in filter(None, map(voice_owner, names)):
                await self._voice_erased(connection, guild_id, user_id)
            await self._tell(connection, "settings", guild_id)
        return gone

    async def _put_setting(self, connection: AsyncConnection, setting: Setting) -> None:
        row: dict[str, Any] = {name: getattr(setting, name) for name in Setting.__dataclass_fields__}
        row["channel_id"] = setting.channel_id or WHOLE_SERVER
        row["value"] = writable(setting.value)
        other = SEALED_SETTING_PREFIX + setting.name
        if self._seal.key is not None and setting.name in WRITTEN_SETTINGS:
            row["value"] = f"{self._seal.key}:{self._seal.seal(row['value'], setting_place(row))}"
            row["name"], other = other, setting.name
        if setting.name in WRITTEN_SETTINGS:
            same = (SettingRow.guild_id == row["guild_id"]) & (SettingRow.channel_id == row["channel_id"])
            await connection.execute(delete(SettingRow).where(same, SettingRow.name == other))
        await self._put(connection, SettingRow, row, ["guild_id", "channel_id", "name"])

    async def _reseal_settings(self, give_up_damaged: bool) -> None:
        """Seal what people wrote with the first key; what does not open stays as it is."""
        if self._seal.key is None:
            return
        async with self._transaction() as connection:
            for row in await _written(connection):
                if setting_key(row) == self._seal.key:
                    continue
                if (setting := self._opened(row)) is not None:
                    await self._put_setting(connection, setting)
                elif give_up_damaged:
                    words = str(row["value"]).partition(":")[2]
                    damaged = {**row, "value": f"{DAMAGED_KEY_NAME}:{words}"}
                    await self._put(connection, SettingRow, damaged, ["guild_id", "channel_id", "name"])

    async def _setting_keys(self, connection: AsyncConnection) -> frozenset[str | None]:
        """Return the names of the keys that seal settings; None: some are not sealed."""
        return frozenset(setting_key(row) for row in await _written(connection))

    def _opened(self, row: Any) -> Setting | None:
        if is_damaged(SettingRow.__table__, row):
            log.warning("setting_damaged", guild=row["guild_id"], setting=row["name"])
            return None
        values = {**row, "channel_id": row["channel_id"] or None}
        if (key := setting_key(row)) is not None:
            name = row["name"].removeprefix(SEALED_SETTING_PREFIX)
            sealed = str(row["value"]).partition(":")[2]
            try:
                words = self._seal.open(sealed, key, setting_place({**row, "name": name}))
            except Damaged:
                log.warning("setting_damaged", guild=row["guild_id"], setting=name)
                return None
            values |= {"name": name, "value": words}
        return Setting(**values)


async def _written(connection: AsyncConnection) -> list[Any]:
    """Return the settings that hold words of people, sealed or not."""
    sealed = SettingRow.name.startswith(SEALED_SETTING_PREFIX)
    which = select(*SettingRow.__table__.columns).where(or_(SettingRow.name.in_(WRITTEN_SETTINGS), sealed))
    return list((await connection.execute(which)).mappings().all())


def setting_key(row: Any) -> str | None:
    """Return the name of the key that seals a setting; None: it is not sealed."""
    return str(row["value"]).partition(":")[0] if str(row["name"]).startswith(SEALED_SETTING_PREFIX) else None


def setting_place(row: Any) -> str:
    """Return what the words of a setting are bound to."""
    return f"settings.value {row['guild_id']} {row['channel_id'] or WHOLE_SERVER} {row['name']}"
