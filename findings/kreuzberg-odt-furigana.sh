#!/bin/sh
# kreuzberg 4.10.4: a word with furigana in an OpenDocument text (text:ruby, OpenDocument 1.3 Part 3 section 6.4) is gone,
# the word itself (text:ruby-base) together with its reading; what stands before and after it stays. No error.
# Guess before looking: the word stays, with or without its reading.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check kreuzberg==4.10.4 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io
import zipfile

from kreuzberg import extract_bytes_sync

OPEN = "urn:oasis:names:tc:opendocument:xmlns:"
MIME = "application/vnd.oasis.opendocument.text"
RUBY = "<text:ruby><text:ruby-base>会議</text:ruby-base><text:ruby-text>かいぎ</text:ruby-text></text:ruby>"
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as file:
    file.writestr("mimetype", MIME)
    file.writestr(
        "META-INF/manifest.xml",
        f'<manifest:manifest xmlns:manifest="{OPEN}manifest:1.0" manifest:version="1.3"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{MIME}"/><manifest:file-entry '
        'manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
    )
    file.writestr(
        "content.xml",
        f'<office:document-content xmlns:office="{OPEN}office:1.0" xmlns:text="{OPEN}text:1.0" office:version="1.3">'
        f"<office:body><office:text><text:p>明日の{RUBY}は九時です。</text:p></office:text></office:body>"
        "</office:document-content>",
    )
seen = extract_bytes_sync(out.getvalue(), MIME).content.strip()
print(seen)
assert seen == "明日のは九時です。"
PY
