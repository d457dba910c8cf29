#!/bin/sh
# markitdown 0.1.9 (what many agents read spreadsheets with), XLSX: a column of whole numbers with one cell empty is floats, and
# large ones are rounded to seven digits: the telephone number 819012345678 is 8.190123e+11, and 7 is 7.0. Without the empty
# cell they are whole. No error, no warning.
# One would expect: cells say what the sheet says.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check "markitdown[xlsx]==0.1.9" openpyxl==3.1.5 pandas==3.1.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" -W ignore - <<'PY'
import io

import openpyxl
from markitdown import MarkItDown

HEAD, ANN, CARL = ("Name", "Telephone", "Pieces"), ("Ann", 819012345678, 7), ("Carl", 819087654321, 8)


def table(*rows):
    book = openpyxl.Workbook()
    for row in (HEAD, *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    lines = MarkItDown().convert_stream(file, file_extension=".xlsx").text_content.splitlines()
    return [line for line in lines if "Ann" in line or "Carl" in line]


gap, full = table(ANN, ("Bob", None, None), CARL), table(ANN, CARL)
print("with an empty cell:", *gap, "without:", *full, sep="\n")
assert gap == ["| Ann | 8.190123e+11 | 7.0 |", "| Carl | 8.190877e+11 | 8.0 |"]
assert full == ["| Ann | 819012345678 | 7 |", "| Carl | 819087654321 | 8 |"]
PY
