// The part of Discord's markdown that the bot's messages use, as text nodes and plain elements.

import { el } from "./dom.js";

const INLINE = new RegExp(
  [
    /\\([\\*_~`|>#\-[\]()<:@.+!])/, // 1 escape
    /(`+)([\s\S]+?)\2(?!`)/, // 2 3 code
    /\*\*([\s\S]+?)\*\*(?!\*)/, // 4 bold
    /__([\s\S]+?)__(?!_)/, // 5 underline
    /~~([\s\S]+?)~~/, // 6 struck
    /\|\|([\s\S]+?)\|\|/, // 7 spoiler
    /\*([^\s*](?:[\s\S]*?[^\s*])?)\*(?!\*)/, // 8 italics
    /\b_([^\s_](?:[\s\S]*?[^\s_])?)_\b/, // 9 italics
    /\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/, // 10 11 link
    /<?(https?:\/\/[^\s<>]+)>?/, // 12 address
    /<(@!?|@&|#)(\d+)>/, // 13 14 mention
    /<\/([^:>]+):\d+>/, // 15 command
    /<t:(-?\d+)(?::([tTdDfFR]))?>/, // 16 17 time
    /<a?:(\w+):\d+>/, // 18 emoji
  ]
    .map((part) => part.source)
    .join("|"),
  "g",
);

const TIME_STYLES = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** Return the nodes of one line. `names` maps "@id", "#id" and "@&id" to the text to show. */
export function inline(text, names) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > at) nodes.push(text.slice(at, found.index));
    nodes.push(mark(found, names));
    at = found.index + found[0].length;
  }
  if (at < text.length) nodes.push(text.slice(at));
  return nodes;
}

function mark(found, names) {
  const within = (tag, text, props) => el(tag, props, ...inline(text, names));
  if (found[1]) return found[1];
  if (found[3] !== undefined) return el("code", { text: found[3].trim() });
  if (found[4] !== undefined) return within("strong", found[4]);
  if (found[5] !== undefined) return within("u", found[5]);
  if (found[6] !== undefined) return within("s", found[6]);
  if (found[7] !== undefined) return within("span", found[7], { class: "spoiler", tabindex: "0" });
  if (found[8] !== undefined) return within("em", found[8]);
  if (found[9] !== undefined) return within("em", found[9]);
  if (found[10] !== undefined) return link(found[11], found[10]);
  if (found[12] !== undefined) return link(found[12], found[12]);
  if (found[14] !== undefined) {
    const sign = found[13].replace("!", "");
    return el("span", { class: "mention", text: sign[0] + (names[sign + found[14]] ?? "?") });
  }
  if (found[15] !== undefined) return el("span", { class: "mention", text: `/${found[15]}` });
  if (found[16] !== undefined) {
    return time(new Date(1000 * Number(found[16])), found[17] ?? "f");
  }
  return `:${found[18]}:`;
}

/** Show a time in one of Discord's styles. A relative one says how long ago it was when it was drawn. */
function time(at, style) {
  const language = document.documentElement.lang;
  const whole = new Intl.DateTimeFormat(language, TIME_STYLES.F).format(at);
  const text = style === "R" ? ago(at, language) : new Intl.DateTimeFormat(language, TIME_STYLES[style]).format(at);
  return el("time", { text, title: whole });
}

function ago(at, language) {
  const seconds = (at.getTime() - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

// Nothing is fetched to show a link; only a click opens it.
function link(address, text) {
  return el("a", { href: address, rel: "noopener noreferrer", target: "_blank", text });
}

const BLOCK = [
  [/^(#{1,3}) (.*)$/, (m, names) => el(`h${m[1].length + 2}`, {}, ...inline(m[2], names))],
  [/^-# (.*)$/, (m, names) => el("small", {}, ...inline(m[1], names))],
  [/^> ?(.*)$/, (m, names) => el("blockquote", {}, ...inline(m[1], names))],
  [/^\s*[-*] (.*)$/, (m, names) => el("p", { class: "item" }, ...inline(m[1], names))],
  [/^\s*(\d+\.) (.*)$/, (m, names) => el("p", { class: "item numbered", "data-number": m[1] }, ...inline(m[2], names))],
];

/** Return the nodes of a message's text. */
export function markdown(text, names) {
  const nodes = [];
  text.split(/```(?:\w*\n)?([\s\S]*?)```/).forEach((part, index) => {
    if (index % 2) {
      nodes.push(el("pre", {}, el("code", { text: part.replace(/\n$/, "") })));
      return;
    }
    for (const line of part.split("\n")) {
      if (!line.trim()) continue;
      const rule = BLOCK.find(([pattern]) => pattern.test(line));
      nodes.push(rule ? rule[1](line.match(rule[0]), names) : el("p", {}, ...inline(line, names)));
    }
  });
  return nodes;
}
