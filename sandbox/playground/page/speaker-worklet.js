// Plays the frames from the playground. A few are buffered, because a late frame would leave a gap.

const RATE = 48000;
const MIN_BUFFER = 960 * 3; // samples
const MAX_BUFFER = 960 * 8;
const CAPACITY = RATE * 2;

class Speaker extends AudioWorkletProcessor {
  #ring = new Float32Array(CAPACITY);
  #read = 0;
  #filled = 0;
  #target = MIN_BUFFER;
  #playing = false;
  #gaps = 0;
  #lastFrame = 0;
  #reportedAt = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#take(new Int16Array(data));
  }

  #take(frame) {
    this.#lastFrame = currentTime;
    if (this.#filled > MAX_BUFFER) {
      // Too much is buffered after a stall: drop the oldest, or playout stays late forever.
      const drop = this.#filled - this.#target;
      this.#read = (this.#read + drop) % CAPACITY;
      this.#filled -= drop;
    }
    let at = (this.#read + this.#filled) % CAPACITY;
    for (const sample of frame) {
      this.#ring[at] = sample / 32768;
      at = at + 1 === CAPACITY ? 0 : at + 1;
    }
    this.#filled += frame.length;
  }

  process(_, [output]) {
    const [out] = output;
    const stale = currentTime - this.#lastFrame > 0.06;
    if (!this.#playing && (this.#filled >= this.#target || (this.#filled && stale))) this.#playing = true;
    if (this.#playing) {
      const count = Math.min(out.length, this.#filled);
      for (let n = 0; n < count; n++) {
        out[n] = this.#ring[this.#read];
        this.#read = this.#read + 1 === CAPACITY ? 0 : this.#read + 1;
      }
      this.#filled -= count;
      if (count < out.length) {
        this.#playing = false;
        if (!stale) {
          this.#gaps++;
          this.#target = Math.min(this.#target + 480, MAX_BUFFER / 2);
        }
      }
    }
    for (const channel of output.slice(1)) channel.set(out);
    if (currentTime - this.#reportedAt > 0.1) {
      this.#reportedAt = currentTime;
      this.port.postMessage({ waiting: (1000 * this.#filled) / RATE, held: (1000 * this.#target) / RATE, gaps: this.#gaps });
    }
    return true;
  }
}

registerProcessor("speaker", Speaker);
