"""Settings of servers and channels, in place of those of the environment."""

from sqlalchemy import delete, select

from bot.store.base import Repository, rows_changed, writable
from bot.store.tables import SettingRow
from bot.types import Setting

WHOLE_SERVER = 0
"""Channel id of a setting for the whole server."""


class SettingsRepository(Repository):
    async def settings(self) -> list[Setting]:
        columns = list(SettingRow.__table__.columns)
        async with self._transaction(reads=True) as connection:
            rows = (await connection.execute(select(*columns))).mappings().all()
        return [Setting(**{**row, "channel_id": row["channel_id"] or None}) for row in rows]

    async def set(self, setting: Setting) -> None:
        row = {name: getattr(setting, name) for name in Setting.__dataclass_fields__}
        row["channel_id"] = setting.channel_id or WHOLE_SERVER
        row["value"] = writable(setting.value)
        async with self._transaction() as connection:
            await self._put(connection, SettingRow, row, ["guild_id", "channel_id", "name"])
            await self._tell(connection, "settings", setting.guild_id)

    async def unset(self, guild_id: int, channel_id: int | None, *names: str) -> int:
        which = delete(SettingRow).where(
            SettingRow.guild_id == guild_id, SettingRow.channel_id == (channel_id or WHOLE_SERVER)
        )
        if names:
            which = which.where(SettingRow.name.in_(names))
        async with self._transaction() as connection:
            gone = await rows_changed(connection, which)
            await self._tell(connection, "settings", guild_id)
        return gone
