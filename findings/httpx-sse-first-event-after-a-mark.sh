#!/bin/sh
# httpx-sse 0.4.3 and sseclient-py 1.9.0: of a stream of events that begins with a byte order mark, the first event is gone.
# WHATWG HTML section 9.2.5 allows the mark, and .NET's StreamWriter with Encoding.UTF8 writes it. The mark is taken
# for the beginning of the field's name, and unknown fields are passed over: no error. openai 3.54.0 for Python loses the first
# words of an answer the same way; openai 6.49.0 for Node does not.
# Guess before looking: the mark is dropped, as the format says.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 httpx-sse==0.4.3 sseclient-py==1.9.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import httpx
import httpx_sse
import sseclient

EVENTS = b"data: Hello\n\ndata: world\n\n"
MARK = b"\xef\xbb\xbf"


def by_httpx_sse(stream):
    response = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=stream)
    return [event.data for event in httpx_sse.EventSource(response).iter_sse()]


def by_sseclient(stream):
    return [event.data for event in sseclient.SSEClient(iter([stream])).events()]


for read in (by_httpx_sse, by_sseclient):
    without, with_mark = read(EVENTS), read(MARK + EVENTS)
    print(f"{read.__name__}: without a mark {without}, with it {with_mark}")
    assert (without, with_mark) == (["Hello", "world"], ["world"])
PY
