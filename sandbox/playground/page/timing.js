// Where the time of each turn went, the page's own delay, and the network sliders.

import { $, el } from "./dom.js";
import { t } from "./words.js";

const PARTS = ["speech", "silence", "model", "path", "playing"];
const MAX_PART_MS = 1500; // longer parts are cut to this length in the bar
const SHOWN_TURNS = 12;
const GOAL_MS = 220; // without the model: the project's goal for the median
const CAPTURE_MS = 20; // a microphone frame takes this long to fill
const MIX_MS = 10; // a frame waits this long on average for the mixer's next tick

export class Timing {
  #turns = [];
  #people = {};

  constructor(link, sound) {
    this.link = link;
    this.sound = sound;
    for (const name of ["loss", "delay", "jitter"]) {
      $(name).addEventListener("input", () => {
        this.#showSliders();
        this.#sendNetwork();
      });
    }
    setInterval(() => this.#showOwnDelay(), 1000);
  }

  translate() {
    this.#showSliders();
    this.show(this.#turns);
  }

  setPeople(people) {
    for (const person of people) this.#people[person.id] = person.name;
  }

  show(turns) {
    this.#turns = turns;
    $("no-turns").hidden = turns.length > 0;
    $("turns").replaceChildren(...turns.slice(-SHOWN_TURNS).reverse().map((turn) => this.#turn(turn)));
  }

  #turn(turn) {
    const parts = PARTS.map((name) => [name, turn[name]]).filter(([, ms]) => ms !== null && ms > 0);
    const bar = el("div", { class: "bar", "aria-hidden": "true" });
    for (const [name, ms] of parts) {
      const part = el("span", { class: name, title: `${t(name)} ${Math.round(ms)} ms` });
      part.style.flexGrow = Math.min(ms, MAX_PART_MS);
      bar.append(part);
    }
    const figure = ([name, ms]) => `${t(name)} ${Math.round(ms)}`;
    const remarks = [];
    if (turn.total !== null) remarks.push(t("total", { ms: Math.round(turn.total) }));
    if (turn.stopped !== null) remarks.push(t("talked over", { ms: Math.round(turn.stopped) }));
    if (turn.status !== null && turn.status >= 400) remarks.push(t("refused", { status: turn.status }));
    else if (turn.unheard) remarks.push(t("unheard"));
    else if (turn.total === null && turn.playing === null) remarks.push(t("running"));
    const own = turn.own === null ? null : Math.max(0, Math.round(turn.own));
    return el(
      "li",
      { class: turn.unheard ? "turn unheard" : "turn" },
      el(
        "p",
        { class: "row" },
        el("strong", { text: `${t("turn", { number: turn.number })}${turn.who ? ` · ${this.#people[turn.who] ?? ""}` : ""}` }),
        own !== null && el("span", { class: own <= GOAL_MS ? "own good" : "own", text: t("own time", { ms: own }), title: t("goal") }),
      ),
      bar,
      el("p", { class: "small", text: parts.map(figure).join(" · ") }),
      remarks.length > 0 && el("p", { class: "small", text: remarks.join(" · ") }),
    );
  }

  async #showOwnDelay() {
    if (!this.link.isOpen || !this.sound.isOpen) return;
    const answer = await this.link.ping();
    if (answer.error) return;
    const trip = this.link.roundTrip / 2;
    const inbound = this.sound.hasMicrophone ? CAPTURE_MS + trip : null;
    const { held, gaps } = this.sound.buffer;
    const outbound = MIX_MS + trip + Math.max(answer.waiting, 40) + held + this.sound.outputLatencyMs;
    const rows = [
      ["own in", inbound === null ? "–" : `${inbound.toFixed(0)} ms`],
      ["own out", `${outbound.toFixed(0)} ms`],
      ["own sum", `${((inbound ?? 0) + outbound).toFixed(0)} ms`],
      ["own gaps", String(gaps)],
    ];
    $("own").replaceChildren(...rows.flatMap(([name, value]) => [el("dt", { text: t(name) }), el("dd", { text: value })]));
  }

  #showSliders() {
    for (const name of ["loss", "delay", "jitter"]) {
      const unit = name === "loss" ? " %" : " ms";
      document.querySelector(`output[for=${name}]`).textContent = $(name).value + unit;
    }
  }

  #sendNetwork() {
    const value = (name, unit) => Number($(name).value) / unit;
    this.link.request("network", { loss: value("loss", 100), delay: value("delay", 1000), jitter: value("jitter", 1000) });
  }
}
