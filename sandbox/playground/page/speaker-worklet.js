// Plays the frames that come from the playground; a few wait, so that a late one leaves no gap.

const RATE = 48000;
const LEAST = 960 * 3;
const MOST = 960 * 8;
const CAPACITY = RATE * 2;

class Speaker extends AudioWorkletProcessor {
  #ring = new Float32Array(CAPACITY);
  #read = 0;
  #filled = 0;
  #wanted = LEAST;
  #playing = false;
  #gaps = 0;
  #lastFrame = 0;
  #told = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#take(new Int16Array(data));
  }

  #take(frame) {
    this.#lastFrame = currentTime;
    if (this.#filled > MOST) {
      // Too much waits, after a hiccup: let the oldest go, rather than stay late for ever.
      const drop = this.#filled - this.#wanted;
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
    if (!this.#playing && (this.#filled >= this.#wanted || (this.#filled && stale))) this.#playing = true;
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
          this.#wanted = Math.min(this.#wanted + 480, MOST / 2);
        }
      }
    }
    for (const channel of output.slice(1)) channel.set(out);
    if (currentTime - this.#told > 0.1) {
      this.#told = currentTime;
      this.port.postMessage({ waiting: (1000 * this.#filled) / RATE, held: (1000 * this.#wanted) / RATE, gaps: this.#gaps });
    }
    return true;
  }
}

registerProcessor("speaker", Speaker);
