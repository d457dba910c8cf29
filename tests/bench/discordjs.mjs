// discord.js's receiver and the decoder that its guide pipes it into, without a network.
// node discordjs.mjs <folder with node_modules> <in.json> <out.pcm>; intelligibility.py writes the one and reads the other:
// {"key": base64, "streams": [[datagram in base64, in the order of arrival, …], …]}, each of a stranger to the last, SSRC 1;
// for each stream its bytes (u32 LE), then its sound, s16le 48 kHz stereo.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , folder, from, to] = process.argv;
const require = createRequire(join(folder, "package.json"));
const { EndBehaviorType, VoiceReceiver } = require("@discordjs/voice");
const prism = require("prism-media");
await new Promise((resolve) => setTimeout(resolve, 100)); // @discordjs/voice loads its cipher in a task of its own

const { key, streams } = JSON.parse(readFileSync(from, "utf8"));
const out = [];
for (const datagrams of streams) {
  const receiver = new VoiceReceiver({ state: { status: "ready", networking: { state: { code: 4 } } } });
  receiver.connectionData = {
    encryptionMode: "aead_xchacha20_poly1305_rtpsize",
    nonceBuffer: Buffer.alloc(24),
    secretKey: Buffer.from(key, "base64"),
  };
  receiver.ssrcMap.update({ userId: "11", audioSSRC: 1 });
  const packets = receiver.subscribe("11", { end: { behavior: EndBehaviorType.Manual } });
  const decoder = packets.pipe(new prism.opus.Decoder({ rate: 48000, channels: 2, frameSize: 960 }));
  const decoded = [];
  await new Promise((resolve, reject) => {
    packets.on("error", reject);
    decoder.on("error", reject);
    decoder.on("data", (pcm) => decoded.push(pcm) === datagrams.length && resolve());
    for (const datagram of datagrams) receiver.onUdpMessage(Buffer.from(datagram, "base64"));
  });
  packets.destroy();
  decoder.destroy();
  const sound = Buffer.concat(decoded);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(sound.length);
  out.push(length, sound);
}
writeFileSync(to, Buffer.concat(out));
process.exit(0); // its timers of who speaks are not waited for
