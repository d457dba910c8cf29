#!/bin/sh
# @portkey-ai/gateway 1.15.2, installed as its readme says (`npx @portkey-ai/gateway`): every streamed chat completion
# of an upstream that answers well becomes status 500, "Something went wrong". The same request without `stream`, and
# every error of the upstream, comes through. It adds headers to the answer, which @hono/node-server from 1.14.2 on lets
# nobody change; its package.json asks for ^1.3.3. With 1.14.1 by an `overrides`, streams pass.
# Guess before looking: what the upstream streams comes through as it is, at most without fields that it does not know.
set -eu
dir=$(mktemp -d)
gateway=
upstream=
trap 'kill $gateway $upstream 2>/dev/null || true; rm -rf "$dir"' EXIT
cat >"$dir/upstream.js" <<'JS'
require('http').createServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    const streams = JSON.parse(body).stream === true;
    const choice = { index: 0, finish_reason: 'stop' };
    if (!streams) {
      response.writeHead(200, { 'content-type': 'application/json' });
      choice.message = { role: 'assistant', content: 'Hello.' };
      response.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [choice] }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    choice.delta = { role: 'assistant', content: 'Hello.' };
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice] };
    response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
JS
cat >"$dir/ask.js" <<'JS'
const [gateway, upstream] = process.argv.slice(2);
const ask = async (stream) => {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer k', 'x-portkey-provider': 'openai' };
  headers['x-portkey-custom-host'] = `http://127.0.0.1:${upstream}/v1`;
  const body = JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'Hi.' }] });
  for (let left = 120; ; left--) {
    try {
      const answer = await fetch(`http://127.0.0.1:${gateway}/v1/chat/completions`, { method: 'POST', headers, body });
      return `${answer.status} ${(await answer.text()).includes('Hello.') ? 'with' : 'without'} the words`;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
};
(async () => console.log(`whole: ${await ask(false)}; streamed: ${await ask(true)}`))();
JS
# Free ports, one after the other.
port() { node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
try() { # name, more of package.json
    mkdir "$dir/gateway"
    cd "$dir/gateway"
    printf '{"name":"x","version":"1.0.0","dependencies":{"@portkey-ai/gateway":"1.15.2"}%s}' "$2" >package.json
    npm install --silent --no-audit --no-fund >/dev/null 2>&1 ||
        { echo "not installed" >&2; : >"$dir/missing"; exit 2; }
    up=$(port)
    node "$dir/upstream.js" "$up" &
    upstream=$!
    at=$(port)
    node node_modules/@portkey-ai/gateway/build/start-server.js --port="$at" --headless >/dev/null 2>&1 &
    gateway=$!
    echo "$1, $(node "$dir/ask.js" "$at" "$up")"
    kill $gateway $upstream
    wait $gateway $upstream 2>/dev/null || true
    cd "$dir"
    rm -rf "$dir/gateway"
}
{
    try 'as installed' ''
    try 'with @hono/node-server 1.14.1' ',"overrides":{"@hono/node-server":"1.14.1"}'
} | tee "$dir/seen"
[ ! -e "$dir/missing" ] || exit 2
cat >"$dir/expected" <<'TXT'
as installed, whole: 200 with the words; streamed: 500 without the words
with @hono/node-server 1.14.1, whole: 200 with the words; streamed: 200 with the words
TXT
cmp "$dir/expected" "$dir/seen"
