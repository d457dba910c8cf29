#!/bin/sh
# @portkey-ai/gateway 1.15.2 (with @hono/node-server 1.14.1, with which its streams pass): a client that hangs up in the
# middle of a streamed answer, as at a barge-in or a "stop" button, ends nothing. The gateway reads the upstream's answer to its
# last word, which is made, and billed, for nobody. Asked directly, the same upstream sees the connection close at once.
# Guess before looking: the end of the client's connection ends the request to the upstream, as with nginx.
set -eu
dir=$(mktemp -d)
gateway=
upstream=
trap 'kill $gateway $upstream 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
printf '{"name":"x","version":"1.0.0","dependencies":{"@portkey-ai/gateway":"1.15.2"},"overrides":{"@hono/node-server":"1.14.1"}}' >package.json
npm install --silent --no-audit --no-fund >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >upstream.js <<'JS'
// Forty words, one every 50 ms. GET tells how many of them the last answer came to, and how it ended.
const state = { words: 0, end: 'none' };
require('http').createServer((request, response) => {
  if (request.method === 'GET') return response.end(JSON.stringify(state));
  request.resume();
  request.on('end', () => {
    Object.assign(state, { words: 0, end: 'none' });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => {
      state.words++;
      const choice = { index: 0, delta: { content: 'word ' }, finish_reason: null };
      const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice] };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      if (state.words < 40) return;
      clearInterval(timer);
      state.end = 'whole';
      response.end('data: [DONE]\n\n');
    }, 50);
    response.on('close', () => {
      clearInterval(timer);
      if (state.end === 'none') state.end = 'hung up';
    });
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
JS
cat >ask.js <<'JS'
const [asked, upstream] = process.argv.slice(2);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const retried = async (call) => {
  for (let left = 120; ; left--) {
    try { return await call(); } catch (error) { if (left === 0) throw error; await wait(500); }
  }
};
(async () => {
  await retried(() => fetch(`http://127.0.0.1:${upstream}/`));
  const headers = { 'content-type': 'application/json', authorization: 'Bearer k', 'x-portkey-provider': 'openai' };
  headers['x-portkey-custom-host'] = `http://127.0.0.1:${upstream}/v1`;
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi.' }] });
  const stop = new AbortController();
  const url = `http://127.0.0.1:${asked}/v1/chat/completions`;
  const answer = await retried(() => fetch(url, { method: 'POST', headers, body, signal: stop.signal }));
  await answer.body.getReader().read();
  stop.abort();
  for (;;) {
    const state = await (await fetch(`http://127.0.0.1:${upstream}/`)).json();
    if (state.end !== 'none') return console.log(state.end);
    await wait(100);
  }
})();
JS
port() { node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
up=$(port)
node upstream.js "$up" &
upstream=$!
at=$(port)
node node_modules/@portkey-ai/gateway/build/start-server.js --port="$at" --headless >/dev/null 2>&1 &
gateway=$!
direct=$(node ask.js "$up" "$up")
through=$(node ask.js "$at" "$up")
echo "asked directly: $direct; through the gateway: $through"
[ "$direct" = "hung up" ] && [ "$through" = whole ]
