"""The file of a backup: a head, every row as a line of JSON, and their number, in gzip."""

import gzip
import json
import os
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from errno import EEXIST
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Date, Table

from bot.errors import BadBackup
from bot.store.base import READ_BATCH_ROWS
from bot.store.damage import fits
from bot.store.database import newest_revision
from bot.store.erasures import ERASURES_KEPT
from bot.store.private_files import PRIVATE_FILE_MODE
from bot.store.settings import setting_key
from bot.store.tables import Base, SettingRow, UtcDateTime

BACKUP_FORMAT = 1
PASSING_TABLES = ("news", "identifies", "holds", "calls")
"""Tables about running processes: not saved."""
SAVED_TABLES = {table.name: table for table in Base.metadata.sorted_tables if table.name not in PASSING_TABLES}

Row = dict[str, Any]
_MAX_HEAD_BYTES = 4096
"""Of the line with which a backup begins."""


@dataclass(slots=True)
class BackupSurvey:
    """A whole backup, looked through before anything is changed."""

    taken: datetime
    answered: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    "line id -> people whose words it answers"
    keys: set[str] = field(default_factory=set)
    "names of the keys that seal its words"


@contextmanager
def whole_file(file: Path) -> Iterator[IO[bytes]]:
    """Write a backup that only its owner may read; unless it becomes whole, nothing of it stays. Raises OSError.

    It takes no place but that of another backup: not that of a folder, a device, or the database itself.
    """
    if file.exists() and not (file.is_file() and _may_replace(file)):
        raise FileExistsError(EEXIST, "that is something else than a backup")
    passing = file.with_name(file.name + ".new")
    with suppress(FileNotFoundError):
        passing.unlink()
    try:
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE), "wb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(passing, file)
    except BaseException:
        with suppress(OSError):
            passing.unlink()
        raise


def _may_replace(file: Path) -> bool:
    """Whether a file is empty, or begins as a backup of any version does."""
    if not file.stat().st_size:
        return True
    try:
        with gzip.open(file, "rb") as old:
            head = json.loads(old.readline(_MAX_HEAD_BYTES))
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError):
        return False
    return isinstance(head, dict) and "kikite_backup" in head


def surveyed(file: Path) -> BackupSurvey:
    """Raises BadBackup and OSError."""
    records = _records(file)
    head = next(records, None)
    if not isinstance(head, dict) or head.get("kikite_backup") != BACKUP_FORMAT:
        raise BadBackup("this is not a backup of the bot")
    try:
        schema, taken = str(head["schema"]), datetime.fromisoformat(head["taken"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        raise BadBackup("the head of the backup is damaged") from None
    if schema > newest_revision():
        raise BadBackup(f"the backup is of a newer version of the bot (schema {schema})")
    survey, rows, end = BackupSurvey(taken), 0, None
    if _now() - survey.taken > ERASURES_KEPT:
        raise BadBackup(f"the backup is older than {ERASURES_KEPT.days} days: what was deleted since is not known")
    for record in records:
        if isinstance(record, dict):
            end = record
            continue
        rows += 1
        name, row = _sound(record, rows)
        if name == "answer_people":
            survey.answered[row["message_id"]].add(row["user_id"])
        if key := row.get("sealed") or (name == SettingRow.__tablename__ and setting_key(row)):
            survey.keys.add(key)
    if end != {"rows": rows}:
        raise BadBackup("the end of the backup is missing")
    return survey


def _sound(record: Any, number: int) -> tuple[str, Row]:
    """Return the table and the columns of a row that the database can take. Raises BadBackup."""
    match record:
        case [str(name), dict(row)]:
            table = SAVED_TABLES.get(name)
        case _:
            raise BadBackup(f"row {number} of the backup is damaged")
    if table is None:
        raise BadBackup(f"the backup has a table that is not known ({name})")
    try:
        whole = all(
            table.columns[column].nullable if value is None else fits(table.columns[column].type, value)
            for column, value in row.items()
        )
        _typed(table, row)
    except (KeyError, ValueError):
        whole = False
    needed = [column.name for column in table.columns if not column.nullable]
    if not whole or any(column not in row for column in needed):
        raise BadBackup(f"row {number} of the backup is damaged ({name})")
    return name, row


def _records(file: Path) -> Iterator[Any]:
    """Yield the lines of a backup. Raises BadBackup and OSError."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise BadBackup(f"the backup is damaged ({type(error).__name__})") from None


def batches(file: Path) -> Iterator[tuple[Table, list[Row]]]:
    """Yield the rows of a backup, some at a time, as the database takes them."""
    rows = (record for record in _records(file) if isinstance(record, list))
    for name, group in groupby(rows, lambda record: record[0]):
        table = SAVED_TABLES[name]
        while batch := [_typed(table, row) for _, row in islice(group, READ_BATCH_ROWS)]:
            yield table, batch


def _typed(table: Table, row: Mapping[str, Any]) -> Row:
    made: Row = {}
    for name, value in row.items():
        kind = table.columns[name].type
        if value is not None and isinstance(kind, UtcDateTime):
            value = datetime.fromisoformat(value)
        elif value is not None and isinstance(kind, Date):
            value = date.fromisoformat(value)
        made[name] = value
    return made


def _now() -> datetime:
    return datetime.now(UTC)
