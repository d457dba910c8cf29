"""The tables. Snowflakes are 64-bit integers, times are UTC, money is in whole micro-dollars."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKey, Index, Integer, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from bot.store.damage import SqliteTime


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; naive in SQLite, which stores no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(SqliteTime() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {int: BigInteger, datetime: UtcDateTime}  # noqa: RUF012 (SQLAlchemy reads it so)


class MessageRow(Base):
    """One line of a channel's history; `speaker` and `text` are sealed where the store has a key.

    Under the negative id of a channel stands what was gleaned from its lines (ports.Store.glean).
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "channel_id", "at"),
        Index(None, "guild_id", "at"),
        Index(None, "speaker_id"),
        Index(None, "sealed", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[int]
    channel_id: Mapped[int]
    at: Mapped[datetime]
    role: Mapped[str] = mapped_column(String(9))
    speaker_id: Mapped[int]
    speaker: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    audio_id: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[float | None]
    interrupted: Mapped[bool]
    sealed: Mapped[str | None] = mapped_column(String(16))
    "name of the key it is sealed with (store/seal.py); None: not sealed"


class AnswerPersonRow(Base):
    """Whose words an answer replies to: it is deleted with them."""

    __tablename__ = "answer_people"
    __table_args__ = (Index(None, "user_id"),)

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class ChargeRow(Base):
    """What one request cost."""

    __tablename__ = "charges"
    __table_args__ = (Index(None, "guild_id", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime]
    guild_id: Mapped[int]
    channel_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(Text)
    text_in: Mapped[int]
    audio_in: Mapped[int]
    cached_in: Mapped[int]
    text_out: Mapped[int]
    audio_out: Mapped[int]
    micro_dollars: Mapped[int | None]
    "None: no price was known"
    estimated: Mapped[bool]


class ChargePersonRow(Base):
    """Whose words caused a charge; a table of its own, so that deleting a person keeps the sums."""

    __tablename__ = "charge_people"
    __table_args__ = (Index(None, "user_id"),)

    charge_id: Mapped[str] = mapped_column(ForeignKey("charges.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)


class ChargePurseRow(Base):
    """Who else caused a charge and was forgotten since: nameless, so that their cap is not empty for the day."""

    __tablename__ = "charge_purses"

    charge_id: Mapped[str] = mapped_column(ForeignKey("charges.id", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32), primary_key=True)
    "bot.types.purse_owner under the day's key"


class PurseKeyRow(Base):
    """The key of the hashes of one day; it goes with the day, and then nobody can compare them with an id."""

    __tablename__ = "purse_keys"

    day: Mapped[date] = mapped_column(primary_key=True)
    "UTC"
    key: Mapped[str] = mapped_column(Text)
    "32 random bytes in base64, sealed where the store has a key"
    sealed: Mapped[str | None] = mapped_column(String(16))
    "as in messages"


class HoldRow(Base):
    """Money held back for a request, for one purse; it names nobody, and ends by itself when a process was killed."""

    __tablename__ = "holds"
    __table_args__ = (Index(None, "guild_id", "owner"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32), primary_key=True)
    "bot.types.purse_owner under the day's key; empty: the server's purse"
    guild_id: Mapped[int]
    micro_dollars: Mapped[int]
    until: Mapped[datetime]


class ForgettingRow(Base):
    """Somebody whose words are being deleted, in batches; what an ended process left is finished by the next."""

    __tablename__ = "forgettings"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class ErasureRow(Base):
    """Something that was deleted at somebody's wish, so that no backup brings it back (store/erasures.py)."""

    __tablename__ = "erasures"

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class ConsentRow(Base):
    """Who agreed to be heard in a server, and who withdrew."""

    __tablename__ = "consents"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    agreed: Mapped[bool]
    at: Mapped[datetime]
    policy: Mapped[str | None] = mapped_column(String(16))
    "version of the text they agreed to"


class CallRow(Base):
    """An open call, to which a restart returns."""

    __tablename__ = "calls"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[int]
    started_at: Mapped[datetime]


class SettingRow(Base):
    """A setting of a server or one of its channels, in place of the one of the environment."""

    __tablename__ = "settings"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    "0: the whole server"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[int | None]
    "None after that person asked to be forgotten"
    changed_at: Mapped[datetime]


class NewsRow(Base):
    """A change for the other processes; kept for an hour."""

    __tablename__ = "news"
    __table_args__ = (Index(None, "at"), {"sqlite_autoincrement": True})

    # SQLite auto-increments only columns declared INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    guild_id: Mapped[int]
    "0: every server"
    subject: Mapped[int]
    "the person forgotten, the channel cleared, else 0"


class DepartureRow(Base):
    """A server that removed the bot; its data is deleted some days later."""

    __tablename__ = "departures"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class IdentifyRow(Base):
    """One login of a shard; kept for a day."""

    __tablename__ = "identifies"

    shard_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[float] = mapped_column(primary_key=True)
    "Unix seconds"
