// The page: puts the parts together.

import { Chat } from "./chat.js";
import { CommandLine } from "./command.js";
import { $, el } from "./dom.js";
import { Link } from "./link.js";
import { Room } from "./room.js";
import { Sound } from "./sound.js";
import { Timing } from "./timing.js";
import { current, known, speak, t } from "./words.js";

const MOVED = 4001;
const REFUSED = {
  NotAllowedError: "mic refused", SecurityError: "mic refused", NotFoundError: "mic none", OverconstrainedError: "mic none",
  NotSupportedError: "mic none", NotReadableError: "mic busy", AbortError: "mic busy",
};

const link = new Link();
const sound = new Sound();
const chat = new Chat(link, complain);
const room = new Room(link, complain);
const line = new CommandLine(link, () => chat.namesNow, (answer) => chat.told(answer), complain);
const timing = new Timing(link, sound);
let about = null;
let now = null;
let cost = null;
let inside = false;
let bannerFor = "";
let bannerWhat = null;

// What the playground tells

link.addEventListener("news", ({ detail: news }) => {
  if (news.taken) {
    $("welcome").close();
    banner("taken", {}, "use here", () => {
      unbanner("taken");
      link.takeOver();
    });
  }
  if (news.about) {
    about = news.about;
    for (const part of [room, chat, line]) part.about(about);
    link.ask("speak", { language: current() });
    label();
    if (!inside && !$("welcome").open) $("welcome").showModal();
    if (inside) link.ask("enter", {});
  }
  if (news.names) chat.names(news.names);
  if (news.commands) {
    line.commands(news.commands);
    chat.commands(news.commands);
  }
  if (news.now) {
    now = news.now;
    timing.people(now.people);
    room.show(now);
    stopped();
  }
  if (news.gone) chat.gone(news.gone);
  if (news.messages) chat.show(news.messages);
  if (news.turns) timing.show(news.turns);
  if (news.cost !== undefined) {
    cost = Number(news.cost);
    label();
  }
});
link.addEventListener("sound", ({ detail }) => sound.play(detail));
link.addEventListener("closed", ({ detail: code }) => {
  sound.closeMicrophone();
  microphone();
  if (code === MOVED) banner("moved", {}, "use here", () => location.reload());
  else banner("ended");
});

function stopped() {
  if (now.state === "stopped") {
    banner("stopped", { why: now.fault ?? "" }, "start", () => link.ask("start"));
  } else {
    unbanner("stopped");
  }
}

// Banner and complaints

function banner(key, values = {}, act = null, pressed = null) {
  bannerFor = key;
  bannerWhat = () => banner(key, values, act, pressed);
  const text = known(key) ? t(key, values) : key;
  if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
  $("banner-act").hidden = !act;
  $("banner-act").textContent = act ? t(act) : "";
  $("banner-act").onclick = pressed;
  $("banner").hidden = false;
}

function unbanner(key) {
  if (bannerFor !== key) return;
  bannerFor = "";
  bannerWhat = null;
  $("banner").hidden = true;
}

function complain(code) {
  if (!$("banner").hidden && bannerFor !== "complaint") return;
  banner(code);
  bannerFor = "complaint";
  setTimeout(() => unbanner("complaint"), 8000);
}

// The person's own voice

sound.addEventListener("frame", ({ detail }) => link.voice(detail));
sound.addEventListener("level", ({ detail: level }) => {
  $("meter").style.setProperty("--level", `${Math.max(0, Math.min(100, ((level + 80) / 80) * 100))}%`);
  $("meter").setAttribute("aria-valuenow", String(Math.round(level)));
  $("meter").classList.toggle("sending", sound.sending);
});
sound.addEventListener("lost", () => {
  sound.closeMicrophone();
  microphone();
  banner("mic lost", {}, "again", openMicrophone);
});

async function enter(withMicrophone) {
  $("welcome").close();
  inside = true;
  $("voice").hidden = false;
  await sound.openSpeaker();
  if (withMicrophone) await openMicrophone();
  microphone();
  chat.told(await link.ask("enter", { call: true }));
}

async function leave() {
  inside = false;
  sound.closeMicrophone();
  $("voice").hidden = true;
  await link.ask("leave");
  $("welcome").showModal();
}

async function openMicrophone() {
  for (const key of ["mic refused", "mic none", "mic busy", "mic lost"]) unbanner(key);
  try {
    await sound.openMicrophone();
    await listDevices();
  } catch (error) {
    banner(REFUSED[error.name] ?? "mic busy", {}, "again", openMicrophone);
  }
  microphone();
}

async function listDevices() {
  const found = await sound.devices();
  $("device").replaceChildren(
    el("option", { value: "", text: t("default device") }),
    ...found.map((device) => el("option", { value: device.deviceId, text: device.label, selected: device.deviceId === sound.device })),
  );
}

/** Show how the microphone stands. */
function microphone() {
  const open = sound.mode === "open";
  const key = !sound.hasMicrophone ? "talk none" : open ? (sound.muted ? "talk muted" : "talk open") : sound.pressed ? "talk held" : "talk hold";
  $("talk").textContent = t(key);
  $("talk").setAttribute("aria-pressed", String(sound.hasMicrophone && (open ? !sound.muted : sound.pressed)));
  $("talk").classList.toggle("off", !sound.hasMicrophone || (open && sound.muted));
  $("meter").hidden = !sound.hasMicrophone;
}

function press(pressed) {
  if (sound.mode !== "hold" || sound.pressed === pressed) return;
  sound.pressed = pressed;
  microphone();
}

$("enter").addEventListener("click", () => enter(true));
$("enter-silent").addEventListener("click", () => enter(false));
$("welcome").addEventListener("cancel", (event) => event.preventDefault());
$("leave").addEventListener("click", leave);
$("talk").addEventListener("click", () => {
  if (!sound.hasMicrophone) openMicrophone();
  else if (sound.mode === "open") {
    sound.muted = !sound.muted;
    microphone();
  }
});
$("talk").addEventListener("pointerdown", (event) => {
  $("talk").setPointerCapture(event.pointerId);
  press(true);
});
for (const kind of ["pointerup", "pointercancel", "blur"]) $("talk").addEventListener(kind, () => press(false));
const types = (target) => target.closest("input:not([type=range]):not([type=radio]):not([type=checkbox]), select, textarea, dialog, summary, button:not(#talk), a");
addEventListener("keydown", (event) => {
  if (event.code === "Space" && sound.mode === "hold" && inside && !types(event.target)) {
    event.preventDefault();
    press(true);
  } else if (event.key === "/" && !types(event.target)) {
    event.preventDefault();
    show("chat");
    $("line").value = "/";
    $("line").focus();
    $("line").dispatchEvent(new Event("input"));
  }
});
addEventListener("keyup", (event) => event.code === "Space" && press(false));
addEventListener("blur", () => press(false));
for (const radio of document.querySelectorAll("input[name=mode]")) {
  radio.addEventListener("change", () => {
    sound.mode = radio.value;
    sound.pressed = false;
    microphone();
  });
}
$("threshold").addEventListener("input", () => (sound.threshold = Number($("threshold").value)));
$("volume").addEventListener("input", () => (sound.volume = Number($("volume").value)));
$("device").addEventListener("change", () => {
  sound.device = $("device").value;
  openMicrophone();
});
$("filters").addEventListener("change", () => {
  sound.filters = $("filters").checked;
  if (sound.hasMicrophone) openMicrophone();
});

// Languages and the parts of a narrow page

function label() {
  if (!about) return;
  $("model").textContent = about.live ? t("real model", { model: about.model }) : t("stand-in");
  $("model").classList.toggle("costs", about.live);
  $("welcome-model").textContent = about.live ? t("welcome real", { model: about.model }) : t("welcome stand-in");
  $("cost").hidden = !about.live || cost === null;
  $("cost").textContent = cost === null ? "" : t("cost", { sum: cost.toFixed(4) });
}

function use(language) {
  speak(language);
  for (const part of [room, chat, line, timing]) part.words();
  label();
  microphone();
  if (now) room.show(now);
  bannerWhat?.();
  link.ask("speak", { language });
  try {
    localStorage.setItem("language", language);
  } catch {
    // private windows may refuse
  }
}

function show(tab) {
  document.body.dataset.tab = tab;
  for (const button of document.querySelectorAll(".tabs button")) {
    button.setAttribute("aria-current", String(button.dataset.tab === tab));
  }
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => use(button.dataset.language));
}
for (const button of document.querySelectorAll(".tabs button")) {
  button.addEventListener("click", () => show(button.dataset.tab));
}
document.querySelector(".skip").addEventListener("click", () => show("chat"));

let wanted = null;
try {
  wanted = localStorage.getItem("language");
} catch {
  // as above
}
show("room");
use(wanted ?? (navigator.language.startsWith("ja") ? "ja" : "en"));
link.open();
