// The command line: the bot's commands and their options, from the payload that it synced.

import { $, el } from "./dom.js";
import { current, locale, t } from "./words.js";

const CHAT = 1, SUB = 1, GROUP = 2, STRING = 3, INTEGER = 4, BOOLEAN = 5, USER = 6, CHANNEL = 7, ROLE = 8, MENTIONABLE = 9, NUMBER = 10, FILE = 11;
const TYPING_PAUSE_MS = 200; // choices are requested after this pause in typing

export class CommandLine {
  #commands = [];
  #chosen = -1;
  #shown = [];
  #command = null;
  #about = null;
  #timer = 0;

  /** `names()` returns who and what can be chosen. `handleAnswer(answer)` and `showError(code)` show the result. */
  constructor(link, names, handleAnswer, showError) {
    Object.assign(this, { link, names, handleAnswer, showError });
    const line = $("line");
    line.addEventListener("input", () => this.#suggest());
    line.addEventListener("keydown", (event) => this.#key(event));
    line.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
    $("write").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter();
    });
    $("options").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    $("options").addEventListener("keydown", (event) => event.key === "Escape" && this.#dismiss());
  }

  setAbout(about) {
    this.#about = about;
  }

  /** While there is no connection, nothing can be sent, so nothing can be typed. */
  setConnected(connected) {
    $("composer").inert = !connected;
    $("line").disabled = !connected;
  }

  setCommands(commands) {
    this.#commands = commands.filter((command) => command.type === CHAT).flatMap((command) => leaves(command, command.name));
    this.#commands.sort((a, b) => a.name.localeCompare(b.name));
  }

  translate() {
    $("line").placeholder = t("write");
    $("line").setAttribute("aria-label", t("write"));
    if (this.#command) this.#choose(this.#command);
  }

  #suggest() {
    const text = $("line").value;
    if (!text.startsWith("/")) return this.#close();
    const wanted = text.slice(1).toLowerCase().trimEnd();
    this.#shown = this.#commands.filter((command) => command.name.startsWith(wanted) || localized(command, "name").startsWith(wanted));
    if (!this.#shown.length) this.#shown = this.#commands.filter((command) => command.name.includes(wanted));
    this.#chosen = this.#shown.length ? 0 : -1;
    this.#draw();
  }

  #draw() {
    const list = $("suggestions");
    list.replaceChildren(
      ...this.#shown.map((command, index) =>
        el(
          "li",
          { role: "option", id: `suggestion-${index}`, "aria-selected": String(index === this.#chosen), on: { mousedown: (event) => event.preventDefault(), click: () => this.#choose(command) } },
          el("strong", { text: `/${command.name}` }),
          ...command.options.slice(0, 4).map((option) => el("span", { class: option.required ? "option required" : "option", text: option.name })),
          el("span", { class: "about", text: localized(command, "description") }),
        ),
      ),
    );
    list.hidden = !this.#shown.length;
    $("line").setAttribute("aria-expanded", String(!list.hidden));
    if (this.#chosen >= 0) $("line").setAttribute("aria-activedescendant", `suggestion-${this.#chosen}`);
    list.children[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }

  #close() {
    this.#shown = [];
    $("suggestions").hidden = true;
    $("line").setAttribute("aria-expanded", "false");
    $("line").removeAttribute("aria-activedescendant");
  }

  #key(event) {
    if (!this.#shown.length || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.#chosen = (this.#chosen + step + this.#shown.length) % this.#shown.length;
      this.#draw();
    } else if (event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.#choose(this.#shown[this.#chosen]);
    } else if (event.key === "Escape") {
      this.#close();
    }
  }

  async #enter() {
    const line = $("line");
    const text = line.value.trim();
    if (!text) return;
    if (text.startsWith("/")) {
      const found = this.#shown[this.#chosen] ?? this.#commands.find((command) => `/${command.name}` === text);
      if (found) this.#choose(found);
      return;
    }
    line.value = "";
    const bot = this.names()[`@${this.#about.bot}`];
    this.handleAnswer(await this.link.request("write", { text: text.replaceAll(`@${bot}`, `<@${this.#about.bot}>`) }));
  }

  /** Choose a command: run it at once, or ask for its options first. */
  #choose(command) {
    this.#close();
    $("line").value = "";
    this.#command = command;
    if (!command.options.length) {
      this.#run();
      return;
    }
    const options = $("options");
    options.replaceChildren(
      el("p", {}, el("strong", { text: `/${command.name}` }), el("span", { class: "about", text: localized(command, "description") })),
      el("div", { class: "fields" }, ...command.options.map((option) => this.#field(command, option))),
      el(
        "div",
        { class: "actions" },
        el("button", { type: "submit", class: "primary", text: t("run", { command: `/${command.name}` }) }),
        el("button", { type: "button", class: "ghost", text: t("cancel"), on: { click: () => this.#dismiss() } }),
      ),
    );
    options.hidden = false;
    // With nothing required, pressing Enter again runs it.
    (options.querySelector("[required]") ?? options.querySelector("button")).focus();
  }

  #dismiss() {
    this.#command = null;
    $("options").hidden = true;
    $("options").replaceChildren();
    $("line").focus();
  }

  #field(command, option) {
    const input = this.#input(command, option);
    input.name = option.name;
    input.required = Boolean(option.required);
    const label = localized(option, "name") + (option.required ? ` (${t("required")})` : "");
    return el("label", { class: "field" }, el("span", { text: label }), input, el("small", { text: localized(option, "description") }));
  }

  #input(command, option) {
    const pick = (pairs) =>
      el("select", {}, el("option", { value: "", text: t("choose") }), ...pairs.map(([value, text]) => el("option", { value: String(value), text })));
    const named = (pattern) => Object.entries(this.names()).filter(([key]) => pattern.test(key)).map(([key, text]) => [key.replace(/^\D+/, ""), text]);
    if (option.choices?.length) return pick(option.choices.map((choice) => [choice.value, localized(choice, "name")]));
    switch (option.type) {
      case BOOLEAN:
        return pick([["true", t("yes")], ["false", t("no")]]);
      case USER:
      case MENTIONABLE:
        return pick(named(/^@\d/));
      case ROLE:
        return pick(named(/^@&/));
      case CHANNEL:
        return pick(this.#about.channels.filter((c) => !option.channel_types || option.channel_types.includes(c.kind)).map((c) => [c.id, c.name]));
      case FILE:
        return el("input", { type: "file" });
      case INTEGER:
      case NUMBER:
        if (!option.autocomplete) return el("input", { type: "number", step: option.type === INTEGER ? 1 : "any", min: option.min_value, max: option.max_value });
    }
    const input = el("input", { type: "text", minlength: option.min_length, maxlength: option.max_length, autocomplete: "off" });
    return option.autocomplete ? this.#autocompleted(command, option, input) : input;
  }

  /** An input with autocomplete from the bot. */
  #autocompleted(command, option, input) {
    const list = el("datalist", { id: `choices-${option.name}` });
    input.setAttribute("list", list.id);
    const ask = async () => {
      const typed = { ...this.#typed(command), [option.name]: input.value };
      const answer = await this.link.request("complete", { name: command.name, option: option.name, typed });
      input.choices = new Map((answer.choices ?? []).map((choice) => [localized(choice, "name"), choice.value]));
      list.replaceChildren(...[...input.choices.keys()].map((name) => el("option", { value: name })));
    };
    const soon = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(ask, TYPING_PAUSE_MS);
    };
    input.addEventListener("input", soon);
    input.addEventListener("focus", soon, { once: true });
    queueMicrotask(() => input.after(list));
    return input;
  }

  #typed(command) {
    const values = {};
    for (const option of command.options) {
      const input = $("options").elements.namedItem(option.name);
      if (!input || input.value === "" || option.type === FILE) continue;
      const value = input.choices?.get(input.value) ?? input.value;
      if (option.type === BOOLEAN) values[option.name] = value === "true";
      else if (option.type === INTEGER || option.type === NUMBER) values[option.name] = Number(value);
      else values[option.name] = String(value);
    }
    return values;
  }

  async #run() {
    const command = this.#command;
    const options = this.#typed(command);
    try {
      for (const option of command.options.filter((item) => item.type === FILE)) {
        const file = $("options").elements.namedItem(option.name)?.files[0];
        if (file) options[option.name] = { file: await this.link.upload(file) };
      }
    } catch {
      this.showError("too large");
      return;
    }
    this.#dismiss();
    this.handleAnswer(await this.link.request("command", { name: command.name, options }));
  }
}

/** A name or description in the page's language, as Discord would show it. */
function localized(item, key) {
  const table = item[`${key}_localizations`] ?? {};
  return table[locale()] ?? (current() === "en" ? table["en-GB"] : undefined) ?? item[key] ?? "";
}

function leaves(command, path) {
  const options = command.options ?? [];
  const below = options.filter((option) => option.type === SUB || option.type === GROUP);
  if (!below.length || path.split(" ").length > 2) return [{ ...command, name: path, name_localizations: path.includes(" ") ? null : command.name_localizations, options }];
  return below.flatMap((option) => leaves(option, `${path} ${option.name}`));
}
