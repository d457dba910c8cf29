// The voice channel: its people, the bot's state, and the extra people who say recordings ("guests" on the page).

import { $, avatar, el } from "./dom.js";
import { t } from "./words.js";

const CLIPS_OF = { Anna: "anna", Ben: "ben", Yuki: "yuki", Sora: "yuki", Mia: "anna", Omar: "ben" };

export class Room {
  #about = null;
  #people = new Map(); // id -> its element, reused, which avoids flicker and keeps the focus
  #extraPeople = new Map();

  constructor(link, showError) {
    this.link = link;
    this.showError = showError;
    $("add-guest").addEventListener("click", async () => this.#handleAnswer(await link.request("add person")));
  }

  setAbout(about) {
    this.#about = about;
    this.translate();
  }

  /** Show every text again in the chosen language. */
  translate() {
    $("channel").textContent = this.#about?.channel.name ?? "";
    for (const node of [...this.#people.values(), ...this.#extraPeople.values()]) node.remove();
    this.#people.clear();
    this.#extraPeople.clear();
  }

  show(now) {
    const { state } = now;
    $("orb").dataset.state = state;
    $("state").textContent = t(`state ${state}`);
    const hint = `hint ${state}`;
    $("hint").textContent = t(hint) === hint ? "" : t(hint);
    $("voice-status").textContent = now.status ?? "";
    $("voice-status").hidden = !now.status;
    $("nobody").hidden = now.people.length > 0;
    this.#sync(this.#people, $("people"), now.people, (person) => this.#person(person), (node, person) => {
      node.classList.toggle("speaking", person.speaking);
      node.querySelector(".sr").textContent = person.speaking ? t("speaking") : "";
    });
    const extraPeople = now.people.filter((person) => person.extra);
    this.#sync(this.#extraPeople, $("guests"), extraPeople, (person) => this.#extraPerson(person), (node, person) => {
      node.querySelector(".hush").hidden = !person.saying;
      node.querySelector(".say").hidden = person.saying;
    });
  }

  #sync(known, parent, people, make, update) {
    const there = new Set(people.map((person) => person.id));
    for (const [id, node] of known) {
      if (!there.has(id)) {
        node.remove();
        known.delete(id);
      }
    }
    for (const person of people) {
      if (!known.has(person.id)) {
        known.set(person.id, make(person));
        parent.append(known.get(person.id));
      }
      update(known.get(person.id), person);
    }
  }

  #person(person) {
    const role = person.bot ? t("bot") : person.id === this.#about.you ? t("you") : t("guest");
    return el(
      "li",
      { "data-id": person.id },
      avatar(person),
      el("span", { class: "name", text: person.name }),
      el("span", { class: "role", text: role }),
      el("span", { class: "sr" }),
    );
  }

  #extraPerson(person) {
    const own = this.#about.clips.filter((clip) => clip.id.startsWith(CLIPS_OF[person.name] ?? person.name.toLowerCase()));
    const others = this.#about.clips.filter((clip) => clip.voice && !own.includes(clip));
    const noises = this.#about.clips.filter((clip) => !clip.voice);
    const option = (clip) => el("option", { value: clip.id, text: clip.text, lang: clip.language || null });
    const select = el(
      "select",
      { "aria-label": t("sentence of", { name: person.name }) },
      ...own.map(option),
      el("optgroup", { label: "…" }, ...others.map(option)),
      el("optgroup", { label: t("noises") }, ...noises.map(option)),
    );
    const file = el("input", { type: "file", accept: "audio/*,video/*", class: "sr", tabindex: "-1" });
    file.addEventListener("change", () => this.#upload(person, file.files[0]));
    const ask = (act, more = {}) => async () => this.#handleAnswer(await this.link.request(act, { person: person.id, ...more }));
    const made = el(
      "li",
      { class: "guest", "data-guest": person.name },
      el("div", { class: "row" }, avatar(person), el("strong", { text: person.name }), el("button", {
        type: "button", class: "ghost x", text: "×", "aria-label": t("goodbye", { name: person.name }), on: { click: ask("remove person") },
      })),
      select,
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", class: "say", text: t("say"), on: { click: () => ask("say", { clip: select.value })() } }),
        el("button", { type: "button", class: "hush", text: t("hush"), on: { click: ask("stop saying") } }),
        el("button", { type: "button", class: "ghost", text: t("file"), on: { click: () => file.click() } }),
        file,
      ),
    );
    for (const kind of ["dragover", "dragenter"]) {
      made.addEventListener(kind, (event) => {
        event.preventDefault();
        made.classList.add("over");
      });
    }
    made.addEventListener("dragleave", () => made.classList.remove("over"));
    made.addEventListener("drop", (event) => {
      event.preventDefault();
      made.classList.remove("over");
      this.#upload(person, event.dataTransfer.files[0]);
    });
    return made;
  }

  async #upload(person, file) {
    if (!file) return;
    try {
      const key = await this.link.upload(file);
      this.#handleAnswer(await this.link.request("say", { person: person.id, file: key }));
    } catch {
      this.showError("too large");
    }
  }

  #handleAnswer(answer) {
    if (answer.error) this.showError(answer.error);
  }
}
