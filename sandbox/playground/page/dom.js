// Elements without innerHTML: text from people and from the bot only becomes text nodes.

export const $ = (id) => document.getElementById(id);

/** Make an element. `props`: class, text, on (listeners), and attributes; null and false omit one. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else if (key === "text") made.textContent = value;
    else if (key === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Return the hue of a person, which is always the same. */
export function hue(id) {
  let sum = 7;
  for (const digit of String(id).slice(-9)) sum = (sum * 31 + digit.charCodeAt(0)) % 360;
  return sum;
}

export function avatar(person) {
  const made = el("span", { class: person.bot ? "avatar bot" : "avatar", "aria-hidden": "true" });
  if (!person.bot) {
    made.textContent = [...person.name][0] ?? "?";
    made.style.setProperty("--hue", hue(person.id));
  }
  return made;
}
