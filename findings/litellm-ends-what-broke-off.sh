#!/bin/sh
# litellm 1.108.7, its proxy: a streamed chat completion that ends in mid-sentence, without `finish_reason` and without
# `[DONE]`, as from a model server that was stopped behind a proxy that closes its answers properly, reaches the client as a
# whole answer: with finish_reason "stop" and `[DONE]`, which nobody had sent. Nothing tells it from an answer that ends
# there, so no client can ask again. An upstream whose connection breaks is told as an error.
# Guess before looking: it is passed on as it came, or with an error.
set -eu
dir=$(mktemp -d)
proxy=
upstream=
trap 'kill $proxy $upstream 2>/dev/null || true; rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'litellm[proxy]==1.108.7' 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
cat >"$dir/upstream.py" <<'PY'
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for word in ("Three", " words", " came"):
            choice = {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            data = b"data: " + json.dumps(chunk).encode() + b"\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Upstream).serve_forever()
PY
cat >"$dir/ask.py" <<'PY'
import json
import sys
import time
import urllib.request

body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi."}]}).encode()
head = {"content-type": "application/json", "authorization": "Bearer sk-x"}
url = f"http://127.0.0.1:{sys.argv[1]}/v1/chat/completions"
for left in range(240, -1, -1):
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=60)
        break
    except OSError:
        if not left:
            raise
        time.sleep(0.5)
lines = []
try:
    for line in answer:
        lines.append(line.decode().strip())
except Exception:
    pass
text = "\n".join(lines)
words = "words" if "came" in text else "no words"
end = "stop" if '"finish_reason":"stop"' in text.replace(" ", "") else "no stop"
print(f"{words}, {end}, {'[DONE]' if '[DONE]' in text else 'no [DONE]'}, {'error' if 'error' in text else 'no error'}")
PY
port() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
up=$(port)
python3 "$dir/upstream.py" "$up" &
upstream=$!
at=$(port)
cat >"$dir/config.yaml" <<YAML
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_base: "http://127.0.0.1:$up/v1", api_key: k}
general_settings: {master_key: sk-x}
YAML
cd "$dir"
LITELLM_LOCAL_MODEL_COST_MAP=True "$dir/venv/bin/litellm" --config config.yaml --host 127.0.0.1 --port "$at" --telemetry False >"$dir/log" 2>&1 &
proxy=$!
direct=$(python3 ask.py "$up")
through=$(python3 ask.py "$at")
echo "asked directly: $direct"
echo "through the proxy: $through"
[ "$direct" = "words, no stop, no [DONE], no error" ] && [ "$through" = "words, stop, [DONE], no error" ]
