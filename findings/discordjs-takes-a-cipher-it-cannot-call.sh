#!/bin/sh
# @discordjs/voice 0.19.2 with libsodium-wrappers (0.8.4, and 0.7.15), the first of the ciphers that it names: it takes the
# package with `import()`, whose namespace is made before the functions are there, so that only the default export has them.
# The report of dependencies names the cipher, and each packet fails: "is not a function". Where the server offers
# aes256-gcm nobody notices, for Node has that itself. With @noble/ciphers 2.4.0 the same code opens the packet.
# Guess before looking: a cipher that the report names works; one that does not is refused with the list of those that do.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for cipher in libsodium-wrappers@0.8.4 libsodium-wrappers@0.7.15 @noble/ciphers@2.4.0; do
    place=$(echo "$cipher" | tr -d /@)
    mkdir "$place"
    cd "$place"
    npm init -y >/dev/null
    npm install --silent --no-audit --no-fund @discordjs/voice@0.19.2 "$cipher" >/dev/null 2>&1 ||
        { echo "not installed" >&2; exit 2; }
    cat >run.js <<'JS'
const { VoiceReceiver, generateDependencyReport } = require('@discordjs/voice');

const key = Buffer.alloc(32, 7);
// The three bytes f8 ff fe under that key, an RTP header and the nonce 1, as libsodium seals them.
const packet = Buffer.from('8078000100000000000000092dde9bd3a167e83faac4926731e98503be385700000001', 'hex');

(async () => {
  await new Promise((done) => setTimeout(done, 1000)); // the library takes its cipher meanwhile
  const named = /(libsodium-wrappers|@noble\/ciphers): (?!not found)\S+/.exec(generateDependencyReport())[0];
  let found;
  try {
    const open = VoiceReceiver.prototype.decrypt;
    found = open.call({}, packet, 'aead_xchacha20_poly1305_rtpsize', Buffer.alloc(24), key).toString('hex');
  } catch (error) {
    found = error.message;
  }
  console.log(`${named} | ${found}`);
})();
JS
    node run.js | tee -a ../seen
    cd ..
done
[ "$(grep -c "^libsodium-wrappers: .* is not a function$" seen)" = 2 ]
grep -q "^@noble/ciphers: .* | f8fffe$" seen
