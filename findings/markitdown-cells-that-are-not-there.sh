#!/bin/sh
# markitdown 0.1.9 (what many agents read spreadsheets with), XLSX: a column of whole numbers with one cell empty is floats, and
# large ones are rounded to seven digits: the telephone number 819012345678 is 8.190123e+11, the order 123456789012 is
# 1.234568e+11, and 7 is 7.0. Without the empty cell they are whole. The empty cell says NaN. A bar within a cell ("x|y")
# splits it into two cells of the Markdown table; in a CSV it is escaped. No error, no warning.
# One would expect: cells say what the sheet says, as for a CSV.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check "markitdown[xlsx]==0.1.9" openpyxl==3.1.5 pandas==3.1.1 2>/dev/null
"$dir/venv/bin/python" -W ignore - <<'PY'
import io

import openpyxl
from markitdown import MarkItDown


def table(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return MarkItDown().convert_stream(file, file_extension=".xlsx").text_content.splitlines()[3:]


HEAD = ("Name", "Telephone", "Pieces")
gap = table(HEAD, ("Ann", 819012345678, 7), ("Bob", None, None), ("x|y", 819087654321, 8))
full = table(HEAD, ("Ann", 819012345678, 7), ("x|y", 819087654321, 8))
bar = MarkItDown().convert_stream(io.BytesIO(b'Name,Pieces\n"x|y",8\n'), file_extension=".csv").text_content.splitlines()[-1]
print(*gap, "without the empty row:", *full, "from CSV:", bar, sep="\n")
assert gap == ["| Ann | 8.190123e+11 | 7.0 |", "| Bob | NaN | NaN |", "| x|y | 8.190877e+11 | 8.0 |"]
assert full == ["| Ann | 819012345678 | 7 |", "| x|y | 819087654321 | 8 |"]
assert bar == "| x\\|y | 8 |"
PY
