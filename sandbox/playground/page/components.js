// Buttons, selects, Components V2 and forms, and what pressing them does.

import { $, el } from "./dom.js";
import { markdown } from "./markdown.js";
import { t } from "./words.js";

const ROW = 1, BUTTON = 2, STRING_SELECT = 3, TEXT_INPUT = 4, SECTION = 9, TEXT = 10, SEPARATOR = 14, CONTAINER = 17, LABEL = 18;
const SELECTS = { 3: "", 5: "@", 6: "@&", 7: "@", 8: "#" };
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/** Return the nodes of a message's components. Pressing one calls `press(id, values)`. */
export function components(list, names, press) {
  return list.map((part) => component(part, names, press)).filter(Boolean);
}

function component(part, names, press) {
  const below = () => components(part.components ?? [], names, press);
  switch (part.type) {
    case ROW:
      return el("div", { class: "buttons" }, ...below());
    case SECTION:
      return el("div", { class: "section" }, el("div", {}, ...below()), ...components([part.accessory], names, press));
    case CONTAINER: {
      const made = el("div", { class: "container" }, ...below());
      if (Number.isInteger(part.accent_color)) {
        made.style.setProperty("--accent", `#${part.accent_color.toString(16).padStart(6, "0")}`);
      }
      return made;
    }
    case TEXT:
      return el("div", { class: "text" }, ...markdown(part.content, names));
    case SEPARATOR:
      return part.divider === false ? el("div", { class: "space" }) : el("hr");
    case BUTTON:
      return button(part, press);
    default:
      return part.type in SELECTS ? select(part, names, (values) => press(part.custom_id, values)) : null;
  }
}

function button(part, press) {
  const label = [part.emoji && !part.emoji.id ? part.emoji.name : "", part.label ?? ""].filter(Boolean).join(" ");
  const style = STYLES[part.style] ?? "secondary";
  if (part.style === 5) {
    return el("a", { class: "button link", href: part.url, rel: "noopener noreferrer", target: "_blank", text: label });
  }
  return el("button", {
    type: "button", class: style, disabled: part.disabled, text: label, "data-id": part.custom_id,
    on: { click: () => press(part.custom_id, []) },
  });
}

function select(part, names, choose) {
  const many = (part.max_values ?? 1) > 1;
  const options = (part.options ?? mentionable(part, names)).map((option) =>
    el("option", { value: option.value, text: option.label, selected: option.default }),
  );
  const made = el("select", {
    multiple: many, disabled: part.disabled, name: part.custom_id, "data-id": part.custom_id, "aria-label": part.placeholder ?? part.custom_id,
  });
  if (!many) made.append(el("option", { value: "", text: part.placeholder || t("choose"), selected: !part.options?.some((o) => o.default) }));
  made.append(...options);
  if (choose) made.addEventListener("change", () => made.value && choose([...made.selectedOptions].map((option) => option.value)));
  return made;
}

function mentionable(part, names) {
  const sign = SELECTS[part.type];
  return Object.entries(names)
    .filter(([key]) => (sign === "@" ? /^@\d/ : sign === "@&" ? /^@&/ : /^#/).test(key))
    .map(([key, label]) => ({ value: key.replace(/^\D+/, ""), label }));
}

/** Show a form that the bot opened. `send(fields)` is called when the person submits it. */
export function form(modal, names, send) {
  const dialog = $("form");
  const fields = [];
  const field = (part, label = part.label, hint = "") => {
    if (part.type === LABEL) return field(part.component, part.label, part.description);
    if (part.type === ROW) return el("div", {}, ...part.components.map((item) => field(item)));
    if (part.type === TEXT) return el("div", {}, ...markdown(part.content, names));
    const input =
      part.type === TEXT_INPUT
        ? el(part.style === 2 ? "textarea" : "input", {
            placeholder: part.placeholder, maxlength: part.max_length, minlength: part.min_length, required: part.required !== false,
            rows: part.style === 2 ? 4 : null,
          })
        : select(part, names, null);
    if (part.value) input.value = part.value;
    fields.push([part.custom_id, input]);
    return el("label", { class: "field" }, el("span", { text: label ?? "" }), input, hint && el("small", { text: hint }));
  };
  const close = el("button", { type: "button", class: "ghost", text: t("cancel"), on: { click: () => dialog.close() } });
  const made = el(
    "form", { method: "dialog" }, el("h2", { text: modal.title }), ...modal.components.map((part) => field(part)),
    el("div", { class: "actions" }, el("button", { type: "submit", class: "primary", text: t("send") }), close),
  );
  made.addEventListener("submit", () => {
    const value = (input) => (input.tagName === "SELECT" ? [...input.selectedOptions].map((o) => o.value).filter(Boolean) : input.value);
    send(Object.fromEntries(fields.map(([id, input]) => [id, value(input)])));
  });
  dialog.replaceChildren(made);
  dialog.showModal();
}
