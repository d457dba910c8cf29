// The page: connects its parts.

import { Chat } from "./chat.js";
import { CommandLine } from "./command.js";
import { $, el } from "./dom.js";
import { Link } from "./link.js";
import { Room } from "./room.js";
import { Sound } from "./sound.js";
import { Timing } from "./timing.js";
import { current, known, setLanguage, t } from "./words.js";

const ENDED_AFTER_FAILURES = 6;
const MICROPHONE_ERRORS = {
  NotAllowedError: "mic refused", SecurityError: "mic refused", NotFoundError: "mic none", OverconstrainedError: "mic none",
  NotSupportedError: "mic none", NotReadableError: "mic busy", AbortError: "mic busy",
};

const link = new Link();
const sound = new Sound();
const chat = new Chat(link, showError);
const room = new Room(link, showError);
const commandLine = new CommandLine(link, () => chat.names, (answer) => chat.handleAnswer(answer), showError);
const timing = new Timing(link, sound);
let about = null;
let now = null;
let cost = null;
let joined = false;
let hadMicrophone = false;
let reconnecting = false;
let bannerFor = "";
let redrawBanner = null;

// Updates from the playground

link.addEventListener("update", ({ detail: update }) => {
  if (update.taken && reconnecting) {
    link.takeOver(); // the playground has not noticed yet that this page's own connection is gone
  } else if (update.taken) {
    $("welcome").close();
    showBanner("taken", {}, "use here", () => {
      hideBanner("taken");
      link.takeOver();
    });
  }
  if (update.about) {
    about = update.about;
    for (const part of [room, chat, commandLine]) part.setAbout(about);
    link.request("speak", { language: current() });
    showModel();
    if (!joined && !$("welcome").open) $("welcome").showModal();
    if (joined) link.request("enter", {});
    if (reconnecting) backAgain();
  }
  if (update.names) chat.setNames(update.names);
  if (update.commands) {
    commandLine.setCommands(update.commands);
    chat.setCommands(update.commands);
  }
  if (update.now) {
    now = update.now;
    timing.setPeople(now.people);
    room.show(now);
    showStopped();
  }
  if (update.gone) chat.remove(update.gone);
  if (update.messages) chat.show(update.messages);
  if (update.turns) timing.show(update.turns);
  if (update.cost !== undefined) {
    cost = Number(update.cost);
    showModel();
  }
});
link.addEventListener("sound", ({ detail }) => sound.play(detail));
link.addEventListener("moved", () => {
  sound.closeMicrophone();
  showMicrophone();
  commandLine.setConnected(false);
  showBanner("moved", {}, "use here", () => location.reload());
});
link.addEventListener("lost", ({ detail: failures }) => {
  hadMicrophone ||= sound.hasMicrophone;
  reconnecting = true;
  sound.closeMicrophone();
  showMicrophone();
  commandLine.setConnected(false);
  showBanner(failures < ENDED_AFTER_FAILURES ? "reconnecting" : "ended");
});

/** The playground answers again: go on where the page was. */
function backAgain() {
  reconnecting = false;
  commandLine.setConnected(true);
  hideBanner("reconnecting");
  hideBanner("ended");
  if (joined && hadMicrophone) openMicrophone();
  hadMicrophone = false;
}

function showStopped() {
  if (now.state === "stopped") {
    showBanner("stopped", { why: now.fault ?? "" }, "start", () => link.request("start"));
  } else {
    hideBanner("stopped");
  }
}

// Banner and error messages

function showBanner(key, values = {}, act = null, pressed = null) {
  bannerFor = key;
  redrawBanner = () => showBanner(key, values, act, pressed);
  const text = known(key) ? t(key, values) : key;
  if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
  $("banner-act").hidden = !act;
  $("banner-act").textContent = act ? t(act) : "";
  $("banner-act").onclick = pressed;
  $("banner").hidden = false;
}

function hideBanner(key) {
  if (bannerFor !== key) return;
  bannerFor = "";
  redrawBanner = null;
  $("banner").hidden = true;
}

function showError(code) {
  if (!$("banner").hidden && bannerFor !== "error") return;
  showBanner(code);
  bannerFor = "error";
  setTimeout(() => hideBanner("error"), 8000);
}

// The person's microphone

sound.addEventListener("frame", ({ detail }) => link.sendFrame(detail));
sound.addEventListener("level", ({ detail: level }) => {
  $("meter").style.setProperty("--level", `${Math.max(0, Math.min(100, ((level + 80) / 80) * 100))}%`);
  $("meter").setAttribute("aria-valuenow", String(Math.round(level)));
  $("meter").classList.toggle("sending", sound.sending);
});
sound.addEventListener("lost", () => {
  sound.closeMicrophone();
  showMicrophone();
  showBanner("mic lost", {}, "again", openMicrophone);
});

async function enter(withMicrophone) {
  $("welcome").close();
  joined = true;
  $("voice").hidden = false;
  await sound.openSpeaker();
  if (withMicrophone) await openMicrophone();
  showMicrophone();
  chat.handleAnswer(await link.request("enter", { call: true }));
}

async function leave() {
  joined = false;
  sound.closeMicrophone();
  $("voice").hidden = true;
  await link.request("leave");
  $("welcome").showModal();
}

async function openMicrophone() {
  for (const key of ["mic refused", "mic none", "mic busy", "mic lost"]) hideBanner(key);
  try {
    await sound.openMicrophone();
    await listDevices();
  } catch (error) {
    showBanner(MICROPHONE_ERRORS[error.name] ?? "mic busy", {}, "again", openMicrophone);
  }
  showMicrophone();
}

async function listDevices() {
  const found = await sound.devices();
  $("device").replaceChildren(
    el("option", { value: "", text: t("default device") }),
    ...found.map((device) => el("option", { value: device.deviceId, text: device.label, selected: device.deviceId === sound.device })),
  );
}

/** Show the state of the microphone. */
function showMicrophone() {
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
  showMicrophone();
}

$("enter").addEventListener("click", () => enter(true));
$("enter-silent").addEventListener("click", () => enter(false));
$("welcome").addEventListener("cancel", (event) => event.preventDefault());
$("leave").addEventListener("click", leave);
$("talk").addEventListener("click", () => {
  if (!sound.hasMicrophone) openMicrophone();
  else if (sound.mode === "open") {
    sound.muted = !sound.muted;
    showMicrophone();
  }
});
$("talk").addEventListener("pointerdown", (event) => {
  $("talk").setPointerCapture(event.pointerId);
  press(true);
});
for (const kind of ["pointerup", "pointercancel", "blur"]) $("talk").addEventListener(kind, () => press(false));
const isTyping = (target) => target.closest("input:not([type=range]):not([type=radio]):not([type=checkbox]), select, textarea, dialog, summary, button:not(#talk), a");
addEventListener("keydown", (event) => {
  if (event.code === "Space" && sound.mode === "hold" && joined && !isTyping(event.target)) {
    event.preventDefault();
    press(true);
  } else if (event.key === "/" && !isTyping(event.target)) {
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
    showMicrophone();
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

// Languages, and the tabs of a narrow page

function showModel() {
  if (!about) return;
  $("model").textContent = about.live ? t("real model", { model: about.model }) : t("stand-in");
  $("model").classList.toggle("costs", about.live);
  $("welcome-model").textContent = about.live ? t("welcome real", { model: about.model }) : t("welcome stand-in");
  $("cost").hidden = !about.live || cost === null;
  $("cost").textContent = cost === null ? "" : t("cost", { sum: cost.toFixed(4) });
}

function useLanguage(language) {
  setLanguage(language);
  for (const part of [room, chat, commandLine, timing]) part.translate();
  showModel();
  showMicrophone();
  if (now) room.show(now);
  redrawBanner?.();
  link.request("speak", { language });
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
  button.addEventListener("click", () => useLanguage(button.dataset.language));
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
useLanguage(wanted ?? (navigator.language.startsWith("ja") ? "ja" : "en"));
link.open();
