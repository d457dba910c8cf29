// The microphone and the loudspeaker of this page.

const RATE = 48000;
const LOUD_FLAG = 0x80000000;
const HANGOVER_FRAMES = 15; // frames sent after the level falls: 300 ms, because people pause within a word
const PRE_ROLL_FRAMES = 4; // frames sent from before the level rises, because words can begin softly

export class Sound extends EventTarget {
  mode = "open"; // or "hold"
  pressed = false; // push-to-talk
  muted = false; // open microphone
  threshold = -50; // dBFS
  filters = true;
  device = "";
  sending = false;
  buffer = { waiting: 0, held: 0, gaps: 0 };
  #context = null;
  #capture = null;
  #stream = null;
  #source = null;
  #speaker = null;
  #gain = null;
  #hangover = 0;
  #preRoll = [];

  /** Open the loudspeaker. Call it from a click or a key press, which browsers require. */
  async openSpeaker() {
    if (this.#context) return;
    this.#context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    await this.#context.audioWorklet.addModule(new URL("speaker-worklet.js", import.meta.url));
    this.#speaker = new AudioWorkletNode(this.#context, "speaker", { numberOfInputs: 0, outputChannelCount: [2] });
    this.#speaker.port.onmessage = ({ data }) => (this.buffer = data);
    this.#gain = this.#context.createGain();
    this.#speaker.connect(this.#gain).connect(this.#context.destination);
    await this.#context.resume();
  }

  /** Open the microphone. Throws whatever getUserMedia throws. Events: "frame" (ArrayBuffer), "level" (dBFS). */
  async openMicrophone() {
    this.closeMicrophone();
    if (!navigator.mediaDevices) throw new DOMException("", "NotSupportedError");
    const filters = this.filters;
    this.#stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        deviceId: this.device ? { exact: this.device } : undefined,
        channelCount: 1,
        echoCancellation: filters,
        noiseSuppression: filters,
        autoGainControl: filters,
      },
    });
    this.#stream.getAudioTracks()[0].addEventListener("ended", () => this.dispatchEvent(new Event("lost")));
    let context = this.#context;
    try {
      this.#source = context.createMediaStreamSource(this.#stream);
    } catch {
      context = this.#capture = new AudioContext(); // some browsers capture only at the device's own rate
      this.#source = context.createMediaStreamSource(this.#stream);
    }
    await context.audioWorklet.addModule(new URL("microphone-worklet.js", import.meta.url));
    const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }) => this.#take(data);
    this.#source.connect(node);
  }

  closeMicrophone() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#source?.disconnect();
    this.#capture?.close();
    this.#stream = this.#source = this.#capture = null;
    this.sending = false;
  }

  get isOpen() {
    return this.#context !== null;
  }

  get hasMicrophone() {
    return this.#stream !== null;
  }

  async devices() {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return all.filter((device) => device.kind === "audioinput" && device.deviceId);
  }

  set volume(value) {
    if (this.#gain) this.#gain.gain.value = value;
  }

  /** Milliseconds from the page's last buffer to the loudspeaker, as the browser estimates it. */
  get outputLatencyMs() {
    return 1000 * (this.#context?.outputLatency || this.#context?.baseLatency || 0);
  }

  play(pcm) {
    this.#speaker?.port.postMessage(pcm, [pcm]);
  }

  /** Decide whether to send a frame: while the key is held, or while the person speaks and shortly after. */
  #take({ pcm, level, number }) {
    const loud = level > this.threshold;
    this.dispatchEvent(new CustomEvent("level", { detail: level }));
    const frame = new Uint8Array(4 + pcm.byteLength);
    new DataView(frame.buffer).setUint32(0, (number | (loud ? LOUD_FLAG : 0)) >>> 0, true);
    frame.set(new Uint8Array(pcm), 4);
    if (this.mode === "hold") {
      this.#preRoll = [];
      this.sending = this.pressed;
    } else {
      this.#hangover = loud ? HANGOVER_FRAMES : Math.max(0, this.#hangover - 1);
      this.sending = !this.muted && this.#hangover > 0;
    }
    if (!this.sending) {
      this.#preRoll.push(frame.buffer);
      if (this.#preRoll.length > PRE_ROLL_FRAMES) this.#preRoll.shift();
      return;
    }
    if (this.mode === "open") for (const early of this.#preRoll.splice(0)) this.#send(early);
    this.#send(frame.buffer);
  }

  #send(frame) {
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }
}
