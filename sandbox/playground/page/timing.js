// Where the time of each turn went, the page's own path, and the sliders of the line.

import { $, el } from "./dom.js";
import { t } from "./words.js";

const PARTS = ["speech", "silence", "model", "path", "playing"];
const LONGEST = 1500; // milliseconds at which speech and playing are cut short in the picture
const SHOWN = 12;
const GOAL = 220; // milliseconds without the model: the aim of this project for the median
const CAPTURE = 20; // milliseconds that a frame of the microphone takes to fill
const MIX = 10; // milliseconds that a frame waits on average for the next tick of the mixer

export class Timing {
  #turns = [];
  #people = {};

  constructor(link, sound) {
    this.link = link;
    this.sound = sound;
    for (const name of ["loss", "delay", "jitter"]) {
      $(name).addEventListener("input", () => {
        this.#label();
        this.#send();
      });
    }
    setInterval(() => this.#own(), 1000);
  }

  words() {
    this.#label();
    this.show(this.#turns);
  }

  people(people) {
    for (const person of people) this.#people[person.id] = person.name;
  }

  show(turns) {
    this.#turns = turns;
    $("no-turns").hidden = turns.length > 0;
    $("turns").replaceChildren(...turns.slice(-SHOWN).reverse().map((turn) => this.#turn(turn)));
  }

  #turn(turn) {
    const parts = PARTS.map((name) => [name, turn[name]]).filter(([, ms]) => ms !== null && ms > 0);
    const bar = el("div", { class: "bar", "aria-hidden": "true" });
    for (const [name, ms] of parts) {
      const part = el("span", { class: name, title: `${t(name)} ${Math.round(ms)} ms` });
      part.style.flexGrow = Math.min(ms, LONGEST);
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
        own !== null && el("span", { class: own <= GOAL ? "own good" : "own", text: t("own time", { ms: own }), title: t("goal") }),
      ),
      bar,
      el("p", { class: "small", text: parts.map(figure).join(" · ") }),
      remarks.length > 0 && el("p", { class: "small", text: remarks.join(" · ") }),
    );
  }

  async #own() {
    if (!this.link.isOpen || !this.sound.isOpen) return;
    const answer = await this.link.ping();
    if (answer.error) return;
    const trip = this.link.trip / 2;
    const inward = this.sound.hasMicrophone ? CAPTURE + trip : null;
    const { held, gaps } = this.sound.buffer;
    const outward = MIX + trip + Math.max(answer.waiting, 40) + held + this.sound.output;
    const rows = [
      ["own in", inward === null ? "–" : `${inward.toFixed(0)} ms`],
      ["own out", `${outward.toFixed(0)} ms`],
      ["own sum", `${((inward ?? 0) + outward).toFixed(0)} ms`],
      ["own gaps", String(gaps)],
    ];
    $("own").replaceChildren(...rows.flatMap(([name, value]) => [el("dt", { text: t(name) }), el("dd", { text: value })]));
  }

  #label() {
    for (const name of ["loss", "delay", "jitter"]) {
      const unit = name === "loss" ? " %" : " ms";
      document.querySelector(`output[for=${name}]`).textContent = $(name).value + unit;
    }
  }

  #send() {
    const value = (name, unit) => Number($(name).value) / unit;
    this.link.ask("line", { loss: value("loss", 100), delay: value("delay", 1000), jitter: value("jitter", 1000) });
  }
}
