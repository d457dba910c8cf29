// The socket to the playground: questions with answers, news, and sound both ways.

export class Link extends EventTarget {
  #socket = null;
  #number = 0;
  #waiting = new Map();
  trip = null; // milliseconds there and back

  /** Connect. Events: "news" (detail: JSON), "sound" (detail: ArrayBuffer), "closed" (detail: close code). */
  open() {
    const socket = new WebSocket(new URL("socket", location.href).href.replace(/^http/, "ws"));
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code }) => {
      for (const settle of this.#waiting.values()) settle({ error: "closed" });
      this.#waiting.clear();
      this.#tell("closed", code);
    });
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Have something done; resolves to the answer, which carries `error` when it could not be done. */
  ask(act, more = {}) {
    if (!this.isOpen) return Promise.resolve({ error: "closed" });
    const n = ++this.#number;
    return new Promise((settle) => {
      this.#waiting.set(n, settle);
      this.#socket.send(JSON.stringify({ do: act, n, ...more }));
    });
  }

  /** Send 20 ms of sound, unless the line is stuck: old sound is of no use. */
  voice(buffer) {
    if (this.isOpen && this.#socket.bufferedAmount < 65536) this.#socket.send(buffer);
  }

  /** Take the place of the page that is open elsewhere. */
  takeOver() {
    this.#socket.send("take over");
  }

  /** Bring a file; resolves to the key by which it is asked for. */
  async bring(file) {
    const answer = await fetch(`upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).file;
  }

  async ping() {
    const sent = performance.now();
    const answer = await this.ask("ping");
    if (!answer.error) this.trip = performance.now() - sent;
    return answer;
  }

  #take(data) {
    if (data instanceof ArrayBuffer) {
      this.#tell("sound", data);
      return;
    }
    const news = JSON.parse(data);
    if ("re" in news) {
      this.#waiting.get(news.re)?.(news);
      this.#waiting.delete(news.re);
    } else {
      this.#tell("news", news);
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
