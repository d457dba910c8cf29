#!/bin/sh
# odfdo 3.27.3 (OpenDocument), `to_markdown`: each paragraph of a list item becomes an item. A recipe of two steps, the first
# of which has a second paragraph, comes out with three. Word processors write such a paragraph wherever somebody deletes
# the mark before it. No error.
# Guess before looking: the second paragraph indented below the first.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check odfdo==3.27.3 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from odfdo import Document, List, ListItem, Paragraph

document = Document("text")
document.body.clear()
steps, first = List(), ListItem("Pour the water.")
first.append(Paragraph("Wait a minute."))
steps.append(first)
steps.append(ListItem("Drink."))
document.body.append(steps)
markdown = document.to_markdown()
print(markdown)
assert len(list(document.body.lists[0].get_elements("text:list-item"))) == 2
assert [line.strip() for line in markdown.splitlines()] == ["-  Pour the water.", "-  Wait a minute.", "-  Drink."]
PY
