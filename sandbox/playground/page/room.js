// The voice channel: its people, the bot's state, and the guests.

import { $, avatar, el } from "./dom.js";
import { t } from "./words.js";

const HEARD_AS = { Anna: "anna", Ben: "ben", Yuki: "yuki", Sora: "yuki", Mia: "anna", Omar: "ben" };

export class Room {
  #about = null;
  #people = new Map(); // id -> its element, so that nothing flickers and focus stays
  #guests = new Map();

  constructor(link, complain) {
    this.link = link;
    this.complain = complain;
    $("add-guest").addEventListener("click", async () => this.#tell(await link.ask("guest")));
  }

  about(about) {
    this.#about = about;
    this.words();
  }

  /** Say everything anew, in the language that was chosen. */
  words() {
    $("channel").textContent = this.#about?.channel.name ?? "";
    for (const node of [...this.#people.values(), ...this.#guests.values()]) node.remove();
    this.#people.clear();
    this.#guests.clear();
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
    this.#each(this.#people, $("people"), now.people, (person) => this.#person(person), (node, person) => {
      node.classList.toggle("speaking", person.speaking);
      node.querySelector(".sr").textContent = person.speaking ? t("speaking") : "";
    });
    const guests = now.people.filter((person) => person.guest);
    this.#each(this.#guests, $("guests"), guests, (guest) => this.#guest(guest), (node, guest) => {
      node.querySelector(".hush").hidden = !guest.saying;
      node.querySelector(".say").hidden = guest.saying;
    });
  }

  #each(known, parent, people, make, update) {
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

  #guest(guest) {
    const own = this.#about.clips.filter((clip) => clip.id.startsWith(HEARD_AS[guest.name] ?? guest.name.toLowerCase()));
    const others = this.#about.clips.filter((clip) => clip.voice && !own.includes(clip));
    const noises = this.#about.clips.filter((clip) => !clip.voice);
    const option = (clip) => el("option", { value: clip.id, text: clip.text, lang: clip.language || null });
    const select = el(
      "select",
      { "aria-label": t("sentence of", { name: guest.name }) },
      ...own.map(option),
      el("optgroup", { label: "…" }, ...others.map(option)),
      el("optgroup", { label: t("noises") }, ...noises.map(option)),
    );
    const file = el("input", { type: "file", accept: "audio/*,video/*", class: "sr", tabindex: "-1" });
    file.addEventListener("change", () => this.#bring(guest, file.files[0]));
    const ask = (act, more = {}) => async () => this.#tell(await this.link.ask(act, { guest: guest.id, ...more }));
    const made = el(
      "li",
      { class: "guest", "data-guest": guest.name },
      el("div", { class: "row" }, avatar(guest), el("strong", { text: guest.name }), el("button", {
        type: "button", class: "ghost x", text: "×", "aria-label": t("goodbye", { name: guest.name }), on: { click: ask("goodbye") },
      })),
      select,
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", class: "say", text: t("say"), on: { click: () => ask("say", { clip: select.value })() } }),
        el("button", { type: "button", class: "hush", text: t("hush"), on: { click: ask("hush") } }),
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
      this.#bring(guest, event.dataTransfer.files[0]);
    });
    return made;
  }

  async #bring(guest, file) {
    if (!file) return;
    try {
      const key = await this.link.bring(file);
      this.#tell(await this.link.ask("say", { guest: guest.id, file: key }));
    } catch {
      this.complain("too large");
    }
  }

  #tell(answer) {
    if (answer.error) this.complain(answer.error);
  }
}
