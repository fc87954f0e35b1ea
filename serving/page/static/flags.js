// The list of flags. It flows while nobody looks at it closely: under the pointer, with the focus inside, while one
// flag is open or when told to pause, it stands still, and says how many are newer.

import { byId, el, icon, put, say } from "./dom.js";
import { empty } from "./empty.js";
import { OUTCOMES, clock, day, money, score } from "./format.js";

const SHOWN = 60;
const FEW = 8; // on a phone, so that what stands below is not a mile away
const KEPT = 200;
const DRAW_MS = 400;

let flags = [];
let drawnUpTo = 0;
let filter = "all";
let sources = {};
let open = () => {};
let current = null;
let paused = false;
let drawn = 0;
let waiting = null;
let all = false;
const narrow = matchMedia("(max-width: 720px)");
const verdicts = new Map();

export function start(opened) {
  open = opened;
  const list = byId("scroll");
  for (const name of ["pointerenter", "pointerleave", "focusin", "focusout"]) list.addEventListener(name, () => setTimeout(draw));
  list.addEventListener("keydown", arrows);
  byId("pause").addEventListener("click", () => { paused = !paused; draw(); });
  byId("more").addEventListener("click", () => { all = true; draw(true); });
  narrow.addEventListener("change", () => draw(true));
  for (const button of document.querySelectorAll("[data-filter]")) {
    button.addEventListener("click", () => {
      filter = button.dataset.filter;
      for (const each of document.querySelectorAll("[data-filter]")) each.setAttribute("aria-pressed", each === button);
      draw(true);
    });
  }
}

export function add(more) {
  if (more.more && flags.length) flags = [];
  flags = [...more.flags.toReversed(), ...flags].slice(0, KEPT);
  if (more.more) drawnUpTo = more.flags.at(-1)?.number || 0;
  draw(more.more);
}

export function told(found) {
  sources = found;
  if (!flags.length) draw();
}

export function judged(id, verdict) {
  verdicts.set(id, verdict);
  draw(true, true);
}

export const verdictOf = (id) => verdicts.get(id);

export function opened(id) {
  current = id;
  for (const row of byId("rows").children) row.setAttribute("aria-current", row.dataset.event === id);
  if (id === null) draw();
}

const held = () => paused || current !== null || byId("scroll").matches(":hover") && matchMedia("(hover: hover)").matches || byId("scroll").contains(document.activeElement);

function draw(now = false, same = false) {
  const since = performance.now() - drawn;
  if (!now && since < DRAW_MS) {
    waiting ??= setTimeout(() => { waiting = null; draw(); }, DRAW_MS - since);
    return;
  }
  drawn = performance.now();
  const still = held();
  if (!still && !same || !drawnUpTo) drawnUpTo = flags[0]?.number || 0;
  const fits = flags.filter((each) => filter === "all" || each.outcome === filter);
  const newer = fits.filter((each) => each.number > drawnUpTo).length;
  bar(still, newer);
  if (!still || now) rows(fits.filter((each) => each.number <= drawnUpTo).slice(0, SHOWN));
  byId("more").hidden = all || !narrow.matches || fits.length <= FEW;
}

function bar(still, newer) {
  const pause = byId("pause");
  pause.setAttribute("aria-pressed", paused);
  put(pause, icon(paused ? "play" : "pause"), el("span", {}, paused ? "Go on" : "Pause"));
  byId("held").hidden = !still || !newer;
  say(byId("held"), `${newer} newer`);
}

function rows(fitting) {
  const shown = narrow.matches && !all ? fitting.slice(0, FEW) : fitting;
  const body = byId("rows");
  const there = new Map([...body.children].map((row) => [row.dataset.event, row]));
  const focused = document.activeElement?.closest?.("tr")?.dataset.event;
  const first = there.size === 0;
  const made = shown.map((flag) => fresh(there.get(flag.event_id), flag) || row(flag, first || there.has(flag.event_id)));
  made.forEach((each, nth) => each.classList.toggle("dated", !nth || day(shown[nth].event_time) !== day(shown[nth - 1].event_time)));
  place(body, made);
  const tab = made.find((each) => each.dataset.event === focused) || made[0];
  for (const each of made) each.querySelector(".why button").tabIndex = each === tab ? 0 : -1;
  if (focused && tab?.dataset.event === focused) tab.querySelector(".why button").focus({ preventScroll: true });
  nothing(shown.length === 0);
}

/* Rows that stay are not touched: neither their animation nor a finger on them begins anew. */
function place(body, made) {
  let at = body.firstElementChild;
  const wanted = new Set(made);
  for (const each of made) {
    while (at && !wanted.has(at)) { const gone = at; at = at.nextElementSibling; gone.remove(); }
    if (each === at) at = at.nextElementSibling;
    else body.insertBefore(each, at);
  }
  while (at) { const gone = at; at = at.nextElementSibling; gone.remove(); }
}

const fresh = (row, flag) => (row && row.dataset.verdict === (verdicts.get(flag.event_id) || "") ? row : null);

function row(flag, first) {
  const verdict = verdicts.get(flag.event_id) || "";
  const why = flag.reasons.map((each) => each.sentence).join(" ");
  const button = el("button", { type: "button", tabindex: -1, "aria-haspopup": "dialog", "aria-label": `${OUTCOMES[flag.outcome]}, ${money(flag.amount_minor, flag.currency)} ${flag.currency}, card ${flag.card_id}: ${why}` }, why);
  return el("tr", { class: first ? null : "new", "data-event": flag.event_id, "data-verdict": verdict, "aria-current": flag.event_id === current, onanimationend: (event) => event.currentTarget.classList.remove("new"), onclick: () => { byId("rows").querySelectorAll(".why button").forEach((each) => { each.tabIndex = each === button ? 0 : -1; }); open(flag, button); } },
    el("td", { class: "time" }, clock(flag.event_time), " ", el("small", {}, day(flag.event_time))),
    el("td", { class: "outcome" }, badge(flag.outcome), verdict ? [" ", el("span", { class: "badge verdict" }, icon(verdict === "fraud" ? "warn" : "ok"), verdict)] : null),
    el("td", { class: "amount number" }, money(flag.amount_minor, flag.currency), el("small", {}, flag.currency)),
    el("td", { class: "card-id" }, flag.card_id),
    el("td", { class: "of-score" }, el("span", { class: "score", "--share": flag.score ?? 0 }, el("i"), score(flag.score))),
    el("td", { class: "why" }, button));
}

export const badge = (outcome) => el("span", { class: "badge", "data-outcome": outcome }, icon(outcome), OUTCOMES[outcome] || outcome);

function nothing(so) {
  const space = byId("no-flags");
  space.hidden = !so;
  byId("table").classList.toggle("unseen", so);
  if (!so) return;
  const topic = sources.flags;
  if (flags.length) put(space, empty("None of these yet", `${flags.length} flags of the other kind are in the list.`));
  else if (!topic) put(space, empty("Looking for flags", "The server has not said yet what is on the topic of flags."));
  else if (topic.state === "away") put(space, empty("The flags cannot be read", topic.said, [topic.fix]));
  else if (topic.state === "empty") put(space, empty("There is no topic of flags yet", topic.said, [topic.fix]));
  else put(space, empty("No flags yet", "They appear here the moment a worker decides. Score what is on the topic of transactions, and let the simulator send some:", ["fraudstream score", "fraudstream simulate --rate 50"]));
}

function arrows(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  const buttons = [...byId("rows").querySelectorAll(".why button")];
  const place = buttons.indexOf(document.activeElement);
  if (!(event.key in steps) || place < 0) return;
  event.preventDefault();
  const next = buttons[Math.min(Math.max(place + steps[event.key], 0), buttons.length - 1)];
  for (const each of buttons) each.tabIndex = each === next ? 0 : -1;
  next.focus();
}
