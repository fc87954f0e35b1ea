// Puts the parts together: the stream feeds figures, list and side; a click opens the detail.

import { byId, icon, put, say } from "./dom.js";
import * as detail from "./detail.js";
import { figures } from "./figures.js";
import * as flags from "./flags.js";
import { KEY, follow } from "./link.js";
import { churn, side } from "./side.js";

const QUIET_MS = 4_000;
const THEMES = ["auto", "light", "dark"];
const THEME_WORDS = { auto: "as the system has it", light: "light", dark: "dark" };
let announced = 0;
let stood = "";

/* What is said aloud is little: how the connection stands, what was published. Never a figure or a flag. */
function announce(text) {
  const at = performance.now();
  if (at - announced < QUIET_MS && text === byId("announce").textContent) return;
  announced = at;
  byId("announce").textContent = text;
}

function link(state, said) {
  byId("link").dataset.state = state;
  say(byId("link-said"), state === "live" ? "Live" : "Reconnecting");
  byId("link").title = said;
  document.body.classList.toggle("away", state !== "live");
  if (state === stood) return;
  if (stood || state !== "live") announce(state === "live" ? "Connected again" : `Not connected: ${said}. Trying again.`);
  stood = state;
}

function hello(about) {
  byId("about").hidden = !about.title;
  say(byId("about"), about.title || "");
  detail.hello(about);
}

function state(found) {
  figures(found);
  side(found);
  flags.told(found.sources);
}

/* Asks for a key until one was given; `wrong` where the server refused the one that is known. */
function key(wrong) {
  link("away", "an API key is wanted");
  const dialog = byId("ask");
  say(byId("key-wrong"), wrong ? "The server does not know this key." : "");
  byId("key").value = "";
  return new Promise((done) => {
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => { sessionStorage.setItem(KEY, byId("key").value.trim()); done(); }, { once: true });
    dialog.showModal();
  });
}

function themes() {
  const button = byId("theme");
  const draw = () => {
    const chosen = globalThis.theme.chosen();
    button.setAttribute("aria-label", `Theme: ${THEME_WORDS[chosen]}`);
    button.title = `Theme: ${THEME_WORDS[chosen]}`;
    put(button, icon(chosen));
  };
  button.addEventListener("click", () => {
    globalThis.theme.choose(THEMES[(THEMES.indexOf(globalThis.theme.chosen()) + 1) % THEMES.length]);
    draw();
  });
  draw();
}

themes();
flags.start(detail.show);
detail.start(announce);
setInterval(churn, 5_000);
follow({ hello, state, flags: flags.add, key, link });
