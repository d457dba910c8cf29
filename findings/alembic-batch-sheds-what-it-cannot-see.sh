#!/bin/sh
# alembic 1.20.1 (SQLAlchemy 2.1.9): to add a column to a table of SQLite, batch_alter_table with recreate="always" makes the
# table anew from what it can read of it. STRICT, named checks and defaults stay. Without a word are gone: COLLATE NOCASE, so
# that two names that differ in case alone are no longer one; AUTOINCREMENT, so that the number of a deleted row is given
# again; ON CONFLICT IGNORE, so that what was passed over is now an error; DESC and the collation of an index; and the
# triggers. Of an unnamed check it does warn.
# Guess before looking: all but the triggers stays, or is named in a warning, as unnamed checks are.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check alembic==1.20.1 SQLAlchemy==2.1.9 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import warnings

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

TABLES = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE UNIQUE,"
    " code TEXT UNIQUE ON CONFLICT IGNORE, age INTEGER, CONSTRAINT grown CHECK (age < 150)) STRICT",
    "CREATE TABLE log (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE INDEX by_age ON people (age DESC)",
    "CREATE INDEX by_name ON people (name COLLATE BINARY)",
    "CREATE TRIGGER joined AFTER INSERT ON people BEGIN INSERT INTO log (name) VALUES (new.name); END",
)
KEPT = ("STRICT", "CONSTRAINT grown")
LOST = ("AUTOINCREMENT", "COLLATE NOCASE", "ON CONFLICT IGNORE", "DESC", "COLLATE BINARY", "CREATE TRIGGER")


def schema(connection):
    return "\n".join(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").scalars())


def tried(connection, *inserts):
    """Return the rows that these leave, or the error."""
    try:
        with connection.begin_nested():
            for insert in inserts:
                connection.exec_driver_sql(insert)
            rows = connection.exec_driver_sql("SELECT id, name FROM people ORDER BY id").fetchall()
    except sa.exc.IntegrityError:
        return "refused"
    return [tuple(row) for row in rows]


CASES = ("INSERT INTO people (name) VALUES ('Ann')", "INSERT INTO people (name) VALUES ('ann')")
AGAIN = ("INSERT INTO people (name) VALUES ('Bo')", "DELETE FROM people", "INSERT INTO people (name) VALUES ('Cy')")

seen = []
for recreated in (False, True):
    with sa.create_engine("sqlite://").begin() as connection:
        for statement in TABLES:
            connection.exec_driver_sql(statement)
        if recreated:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                operations = Operations(MigrationContext.configure(connection))
                with operations.batch_alter_table("people", recreate="always") as batch:
                    batch.add_column(sa.Column("note", sa.Text()))
            assert not told, told
        left = schema(connection)
        gone = [part for part in KEPT + LOST if part not in left]
        seen.append((gone, tried(connection, *CASES), tried(connection, *AGAIN)))
        print("after:" if recreated else "before:", "gone:", gone, "| Ann, ann:", seen[-1][1], "| once more:", seen[-1][2])
assert seen[0] == ([], "refused", [(2, "Cy")]), seen[0]
assert seen[1] == (list(LOST), [(1, "Ann"), (2, "ann")], [(1, "Cy")]), seen[1]
PY
