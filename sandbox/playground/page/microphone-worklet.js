// Cuts the microphone input into 20 ms frames of s16le mono 48 kHz, each with its level.

const RATE = 48000;
const FRAME = 960;

class Microphone extends AudioWorkletProcessor {
  #frame = new Int16Array(FRAME);
  #filled = 0;
  #power = 0;
  #number = 0;
  #at = 0; // position in the input, to resample from devices that do not run at 48 kHz
  #previous = 0;

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    if (sampleRate === RATE) {
      for (const sample of samples) this.#put(sample);
      return true;
    }
    const step = sampleRate / RATE;
    for (; this.#at < samples.length; this.#at += step) {
      const index = Math.floor(this.#at);
      const left = index === 0 ? this.#previous : samples[index - 1];
      this.#put(left + (samples[index] - left) * (this.#at - index));
    }
    this.#at -= samples.length;
    this.#previous = samples[samples.length - 1];
    return true;
  }

  #put(sample) {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.#frame[this.#filled++] = Math.round(clipped * 32767);
    this.#power += clipped * clipped;
    if (this.#filled < FRAME) return;
    const level = Math.max(-96, 10 * Math.log10(this.#power / FRAME + 1e-10));
    const pcm = this.#frame.buffer;
    this.port.postMessage({ pcm, level, number: this.#number++ }, [pcm]);
    this.#frame = new Int16Array(FRAME);
    this.#filled = this.#power = 0;
  }
}

registerProcessor("microphone", Microphone);
