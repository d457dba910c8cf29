// The WebSocket to the playground: requests and answers, updates, and audio both ways. It connects again by itself.

const RETRY_MILLISECONDS = [250, 500, 1000, 2000, 4000];
const TAKEN_OVER_CODE = 4001;

export class Link extends EventTarget {
  #socket = null;
  #number = 0;
  #waiting = new Map();
  #failures = 0;
  roundTrip = null; // milliseconds

  /**
   * Connect, and again after a loss. Events: "update" (detail: JSON), "sound" (detail: ArrayBuffer), "open",
   * "lost" (detail: attempts that failed since), "moved" (another tab has taken over; nothing connects again).
   */
  open() {
    const socket = new WebSocket(new URL("socket", location.href).href.replace(/^http/, "ws"));
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("open", () => {
      this.#failures = 0;
      this.#emit("open");
    });
    socket.addEventListener("close", ({ code }) => {
      for (const settle of this.#waiting.values()) settle({ error: "closed" });
      this.#waiting.clear();
      if (code === TAKEN_OVER_CODE) {
        this.#emit("moved");
        return;
      }
      const wait = RETRY_MILLISECONDS[Math.min(this.#failures, RETRY_MILLISECONDS.length - 1)];
      this.#emit("lost", this.#failures++);
      setTimeout(() => this.open(), wait);
    });
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Send a request. Resolves to the answer; its `error` says why the request failed. */
  request(name, more = {}) {
    if (!this.isOpen) return Promise.resolve({ error: "closed" });
    const n = ++this.#number;
    return new Promise((settle) => {
      this.#waiting.set(n, settle);
      this.#socket.send(JSON.stringify({ do: name, n, ...more }));
    });
  }

  /** Send 20 ms of audio. Drop it when the connection is congested, because late audio is useless. */
  sendFrame(buffer) {
    if (this.isOpen && this.#socket.bufferedAmount < 65536) this.#socket.send(buffer);
  }

  /** Replace the page that is open elsewhere. */
  takeOver() {
    this.#socket.send("take over");
  }

  /** Upload a file. Resolves to its key. */
  async upload(file) {
    const answer = await fetch(`upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).file;
  }

  async ping() {
    const sent = performance.now();
    const answer = await this.request("ping");
    if (!answer.error) this.roundTrip = performance.now() - sent;
    return answer;
  }

  #receive(data) {
    if (data instanceof ArrayBuffer) {
      this.#emit("sound", data);
      return;
    }
    const update = JSON.parse(data);
    if ("re" in update) {
      this.#waiting.get(update.re)?.(update);
      this.#waiting.delete(update.re);
    } else {
      this.#emit("update", update);
    }
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
