// The channel's chat: messages with their edits, buttons and files.

import { components, form } from "./components.js";
import { $, avatar, el } from "./dom.js";
import { markdown } from "./markdown.js";
import { current, t } from "./words.js";

const MESSAGE_COMMAND = 3; // command type: on the menu of a message

export class Chat {
  #messages = new Map(); // id -> [message, element]
  #names = {};
  #menus = [];
  #about = null;

  constructor(link, showError) {
    this.link = link;
    this.showError = showError;
  }

  setAbout(about) {
    this.#about = about;
    this.translate();
  }

  translate() {
    if (!this.#about) return;
    $("chat-title").textContent = t("chat of", { channel: this.#about.channel.name });
    this.#redraw();
  }

  setNames(names) {
    this.#names = names;
    this.#redraw();
  }

  setCommands(commands) {
    this.#menus = commands.filter((command) => command.type === MESSAGE_COMMAND);
    this.#redraw();
  }

  get names() {
    return this.#names;
  }

  #redraw() {
    for (const [message] of [...this.#messages.values()]) this.#put(message);
  }

  show(messages) {
    const list = $("messages");
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    for (const message of messages) this.#put(message);
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  remove(ids) {
    for (const id of ids) {
      this.#messages.get(id)?.[1].remove();
      this.#messages.delete(id);
    }
  }

  #put(message) {
    const before = this.#messages.get(message.id)?.[1];
    const focused = before?.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const made = this.#message(message);
    if (before) {
      before.replaceWith(made);
    } else {
      const after = [...this.#messages.keys()].find((id) => BigInt(id) > BigInt(message.id));
      if (after) this.#messages.get(after)[1].before(made);
      else $("messages").append(made);
    }
    this.#messages.set(message.id, [message, made]);
    if (focused) made.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #message(message) {
    const at = new Date(message.at).toLocaleTimeString(current(), { hour: "2-digit", minute: "2-digit" });
    const small = [
      message.ephemeral && t("only you"),
      message.thread && t("in thread", { thread: message.thread }),
    ].filter(Boolean);
    const act = async (id, values) => this.handleAnswer(await this.link.request("click", { message: message.id, id, values }));
    return el(
      "li",
      { class: message.ephemeral ? "message ephemeral" : "message", "data-message": message.id },
      avatar(message.author),
      el(
        "div",
        { class: "body" },
        message.used && el("p", { class: "used", text: t("used", { command: message.used }) }),
        message.answers && el("p", { class: "used", text: `↱ ${message.answers.replace(/\*\*|__|~~|\|\||`/g, "")}` }),
        el("p", { class: "head" }, el("strong", { text: message.author.name }), message.author.bot && el("span", { class: "tag", text: t("bot") }), el("time", { text: at }), this.#menu(message)),
        message.thinking
          ? el("p", { class: "thinking", text: t("thinking") })
          : el("div", { class: "content" }, ...markdown(message.content, this.#names)),
        ...message.embeds.map((embed) => this.#embed(embed)),
        ...message.attachments.map((file) => attachment(file)),
        ...components(message.components, this.#names, act),
        small.length > 0 && el("p", { class: "foot", text: small.join(" · ") }),
      ),
    );
  }

  #menu(message) {
    if (!this.#menus.length || message.ephemeral) return null;
    const shown = (command) => command.name_localizations?.[current() === "ja" ? "ja" : "en-US"] ?? command.name;
    const made = el(
      "select",
      { class: "menu", "aria-label": t("apps") },
      el("option", { value: "", text: "⋯" }),
      ...this.#menus.map((command) => el("option", { value: command.name, text: shown(command) })),
    );
    made.addEventListener("change", async () => {
      const name = made.value;
      made.value = "";
      if (name) this.handleAnswer(await this.link.request("menu", { name, message: message.id }));
    });
    return made;
  }

  #embed(embed) {
    return el(
      "div",
      { class: "container" },
      embed.title && el("h4", { text: embed.title }),
      embed.description && el("div", {}, ...markdown(embed.description, this.#names)),
      ...(embed.fields ?? []).map((field) => el("div", {}, el("strong", { text: field.name }), ...markdown(field.value, this.#names))),
      embed.footer && el("small", { text: embed.footer.text }),
    );
  }

  /** Show the result of a request: a form to fill in, or an error. */
  handleAnswer(answer) {
    if (answer.error) this.showError(answer.error);
    if (answer.form) {
      form(answer.form, this.#names, async (fields) => this.handleAnswer(await this.link.request("submit", { form: answer.form.key, fields })));
    }
    return answer;
  }
}

function attachment(file) {
  const address = `files/${file.id}`;
  const size = file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
  return el(
    "div",
    { class: "file" },
    file.type.startsWith("audio/") && el("audio", { controls: true, preload: "none", src: address }),
    el("a", { href: address, download: file.name, text: `${file.name} · ${size}`, "aria-label": t("download", { name: file.name }) }),
  );
}
