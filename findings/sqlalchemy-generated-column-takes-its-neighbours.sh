#!/bin/sh
# SQLAlchemy 2.1.9: the expression of a generated column of SQLite is read too far where the table was created in one
# line: up to the last bracket of that line, so that it holds the columns behind it. The same statement with a line per
# column is read right; SQLite keeps a statement as it was typed. A copy of the schema (`MetaData.reflect`, `create_all`)
# ends in a syntax error then; what compares schemas finds a difference where there is none.
# Guess before looking: the expression alone, wherever the lines break.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check SQLAlchemy==2.1.9 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import sqlalchemy as sa

TABLE = (
    "CREATE TABLE calls (id INTEGER PRIMARY KEY,",
    "ms INTEGER,",
    "seconds INTEGER GENERATED ALWAYS AS (ms / 1000) STORED,",
    "place TEXT DEFAULT ('here'))",
)


def read(statement):
    """Return the expression, and how it goes to create the same table elsewhere."""
    engine, metadata = sa.create_engine("sqlite://"), sa.MetaData()
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
        metadata.reflect(connection)
    expression = str(metadata.tables["calls"].c.seconds.computed.sqltext)
    try:
        metadata.create_all(sa.create_engine("sqlite://"))
    except sa.exc.OperationalError as error:
        return expression, str(error.orig)
    return expression, "copied"


lines, line = read("\n".join(TABLE)), read(" ".join(TABLE))
print("a line per column:", *lines, sep="\n    ")
print("one line:", *line, sep="\n    ")
assert lines == ("ms / 1000", "copied")
assert line == ("ms / 1000) STORED, place TEXT DEFAULT ('here'", 'near "STORED": syntax error')
PY
