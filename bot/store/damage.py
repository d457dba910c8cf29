"""What a cell of a SQLite file reads as when it holds something else than its column does: a damaged byte can do that.

SQLite gives back whatever is there, of any type. Each kind of column has a neutral value of its own type for that, so
that nothing that reads on stumbles over it; `is_damaged` knows it. PostgreSQL refuses such values itself.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Boolean, Date, Dialect, Float, FromClause, Integer, String, Text
from sqlalchemy.dialects import sqlite


class _Integer(int):
    pass


class _Float(float):
    pass


class _Text(str):
    __slots__ = ()


DAMAGED_TIME, DAMAGED_DATE = datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1)
DAMAGED_INTEGER, DAMAGED_FLOAT, DAMAGED_TEXT = _Integer(0), _Float(0.0), _Text("")
_DAMAGED_VALUES = frozenset(map(id, (DAMAGED_TIME, DAMAGED_DATE, DAMAGED_INTEGER, DAMAGED_FLOAT, DAMAGED_TEXT)))
"""Told apart from the same value by their identity; a damaged flag reads as None."""

Reader: TypeAlias = Any
"""SQLAlchemy's result processor: a function from what the driver read to what it stands for."""


def is_damaged(table: FromClause, row: Mapping[Any, Any]) -> bool:
    """Return whether a row that was read holds something that its table cannot."""
    empty = [name for name, value in row.items() if value is None]
    return any(id(value) in _DAMAGED_VALUES for value in row.values()) or any(
        name in table.columns and not table.columns[name].nullable for name in empty
    )


def fits(kind: Any, value: object) -> bool:
    """Return whether a value of JSON is one for a column of this type; dates and times are text there."""
    match kind:
        case Boolean():
            return isinstance(value, bool)
        case Integer():
            return isinstance(value, int) and not isinstance(value, bool)
        case Float():
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _reader(types: type | tuple[type, ...], mark: object) -> Any:
    def result_processor(_self: Any, _dialect: Dialect, _coltype: object) -> Reader:
        return lambda value: value if value is None or isinstance(value, types) else mark

    return result_processor


class _SqliteInteger(Integer):
    result_processor = _reader(int, DAMAGED_INTEGER)


class _SqliteBigInteger(BigInteger):
    result_processor = _reader(int, DAMAGED_INTEGER)


class _SqliteFloat(Float[float]):
    result_processor = _reader((int, float), DAMAGED_FLOAT)


class _SqliteString(String):
    result_processor = _reader(str, DAMAGED_TEXT)


class _SqliteText(Text):
    result_processor = _reader(str, DAMAGED_TEXT)


class _SqliteBoolean(Boolean):
    def result_processor(self, dialect: Dialect, coltype: object) -> Reader:
        return lambda value: bool(value) if value in (0, 1) else None


class SqliteTime(sqlite.DATETIME):
    def result_processor(self, dialect: Dialect, coltype: object) -> Reader:
        return _tried(super().result_processor(dialect, coltype), DAMAGED_TIME)


class _SqliteDate(sqlite.DATE):
    def result_processor(self, dialect: Dialect, coltype: object) -> Reader:
        return _tried(super().result_processor(dialect, coltype), DAMAGED_DATE)


def _tried(read: Any, mark: object) -> Reader:
    def value(raw: Any) -> Any:
        try:
            return read(raw)
        except (TypeError, ValueError):
            return mark

    return value


SQLITE_TYPES: dict[type, type] = {
    Integer: _SqliteInteger,
    BigInteger: _SqliteBigInteger,
    Float: _SqliteFloat,
    String: _SqliteString,
    Text: _SqliteText,
    Boolean: _SqliteBoolean,
    Date: _SqliteDate,
}
"""How SQLite's dialect reads each type."""
