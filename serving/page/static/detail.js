// One decision taken apart: why, what its score is made of, what was seen, what else its card did; and the verdict.

import { byId, el, icon, put } from "./dom.js";
import { empty } from "./empty.js";
import { badge, judged, opened, verdictOf } from "./flags.js";
import { exact, moment, money, plural, score, signed } from "./format.js";
import { history } from "./history.js";
import { ask } from "./link.js";
import { facts } from "./side.js";

const GROUPS = {
  row: "The transaction itself",
  frequency: "How often the card is used",
  amounts: "What the card pays",
  habits: "Where and with what",
  card_labels: "Verdicts on the card",
  terminal_labels: "Verdicts on the terminal",
};
const SOURCE = "live page";
const BEFORE_MS = 86_400_000; // the search for an event begins a day before its own time

let about = { features: [] };
let announce = () => {};
let back = null;
let turn = 0;

export function start(said) {
  announce = said;
  const drawer = byId("detail");
  drawer.addEventListener("close", () => { turn += 1; opened(null); if (back?.isConnected) back.focus(); });
  drawer.addEventListener("click", (event) => { if (event.target === drawer && event.clientX < drawer.getBoundingClientRect().left) drawer.close(); });
}

export function hello(said) {
  about = said;
}

export function show(flag, from) {
  const drawer = byId("detail");
  const mine = (turn += 1);
  back = from;
  opened(flag.event_id);
  const parts = { why: why(flag), score: section("Score", gauge(flag, {})), decide: decide(flag), shares: section("What the score is made of", wait()), past: section("The card's recent history", wait()), features: section("What was seen of it", wait()), about: section("The record", record(flag, {})) };
  put(drawer, head(flag), ...Object.values(parts));
  drawer.scrollTop = 0;
  if (!drawer.open) drawer.showModal();
  byId("detail-title").focus();
  const still = () => mine === turn;
  explain(flag, parts, still);
  history(flag, parts.past, still);
}

function head(flag) {
  return el("header", {},
    el("h2", { id: "detail-title", tabindex: -1 }, `${money(flag.amount_minor, flag.currency)} ${flag.currency}`, badge(flag.outcome)),
    el("p", {}, `Card ${flag.card_id} at terminal ${flag.terminal_id}, ${moment(flag.event_time)}`),
    el("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => byId("detail").close() }, icon("close")));
}

const section = (title, ...children) => el("section", { class: "part" }, el("h3", {}, title), children);
const fill = (part, ...children) => put(part, part.querySelector("h3"), ...children);
const wait = () => el("div", { class: "wait", role: "img", "aria-label": "Being fetched" }, el("i"), el("i"), el("i"));

function why(flag) {
  return section("Why it was flagged", el("ol", { class: "sentences" }, flag.reasons.map((each) => el("li", { title: each.code }, el("span", {}, each.sentence)))));
}

function gauge(flag, thresholds) {
  const marks = [["review", thresholds.review_at], ["block", thresholds.block_at]].filter(([, at]) => Number.isFinite(at) && at <= 1);
  const said = marks.map(([name, at]) => `${name} from ${score(at)}`).join(", ");
  const value = flag.score ?? 0;
  return el("div", {},
    el("p", { class: "figure" }, el("strong", {}, score(flag.score)), el("span", { class: "unit" }, said ? `probability of fraud; ${said}` : "probability of fraud")),
    el("div", { class: "gauge", "aria-hidden": "true" },
      el("div", { class: "track", "data-outcome": flag.outcome, "--share": value }, el("i")),
      marks.map(([name, at]) => el("div", { class: `at ${at < 0.08 ? "early" : at > 0.92 ? "late" : ""}`, "--share": at }, el("span", {}, name)))));
}

/* The verdict: published as a label, and taken back by the other one. */
function decide(flag) {
  const part = el("section", { class: "part decide", "aria-label": "Your verdict" });
  const known = verdictOf(flag.event_id);
  const said = el("p", { role: "status" });
  const fraud = el("button", { type: "button", class: "act fraud", "data-verdict": "fraud" }, icon("warn"), "Confirm fraud");
  const genuine = el("button", { type: "button", class: "act", "data-verdict": "genuine" }, icon("ok"), "Clear: genuine");
  const tell = (title, more, wrong = false) => { said.className = wrong ? "wrong" : ""; put(said, el("b", {}, title), document.createTextNode(more)); };
  const stand = (verdict) => {
    fraud.disabled = verdict === "fraud";
    genuine.disabled = verdict === "genuine";
    if (verdict) tell(`Published: ${verdict}`, "The latest verdict counts; the other button corrects it.");
    else tell("What is your verdict?", "It is published as a label, and the stream learns from it.");
  };
  const publish = async (verdict, button, other) => {
    fraud.disabled = genuine.disabled = true;
    tell(`Publishing: ${verdict}`, "");
    try {
      await ask("v1/labels", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(label(flag, verdict)) });
      judged(flag.event_id, verdict);
      stand(verdict);
      announce(`Published: ${verdict}, card ${flag.card_id}`);
      other.focus();
    } catch (error) {
      fraud.disabled = genuine.disabled = false;
      tell("It was not published", error.name === "TypeError" ? "The server does not answer; try again." : error.message, true);
      button.focus();
    }
  };
  fraud.addEventListener("click", () => publish("fraud", fraud, genuine));
  genuine.addEventListener("click", () => publish("genuine", genuine, fraud));
  stand(known);
  part.append(said, el("div", { class: "buttons" }, fraud, genuine));
  return part;
}

function label(flag, verdict) {
  const { event_id, card_id, terminal_id, amount_minor, currency, event_time } = flag;
  return { event_id, card_id, terminal_id, amount_minor, currency, event_time, is_fraud: verdict === "fraud", source: SOURCE };
}

async function explain(flag, parts, still) {
  try {
    const found = await ask(`v1/decisions/${encodeURIComponent(flag.event_id)}?since=${new Date(flag.event_time - BEFORE_MS).toISOString()}`);
    if (!still()) return;
    const decision = found.decision || found;
    fill(parts.score, gauge(flag, found.thresholds || {}));
    fill(parts.shares, shares(found.contributions || [], decision));
    fill(parts.features, features(found.features || {}));
    fill(parts.about, record({ ...flag, ...decision }, found));
  } catch (error) {
    if (!still()) return;
    const said = error.name === "TypeError" ? "The server does not answer." : error.message;
    for (const part of [parts.shares, parts.features]) fill(part, empty("It cannot be taken apart here", said, [`fraudstream explain ${flag.event_id}`]));
  }
}

/* Bars from zero, one after the other, so that one sees how the margin came about. */
function shares(found, decision) {
  if (!found.length) return empty("Nothing to show", "Nothing is recorded of what the score is made of.");
  let total = 0;
  const bars = found.map((each) => { const from = total; total += each.margin; return { ...each, low: Math.min(from, total), high: Math.max(from, total) }; });
  const low = Math.min(0, ...bars.map((each) => each.low));
  const wide = Math.max(0, ...bars.map((each) => each.high)) - low || 1;
  const axis = (one, name) => el("span", { class: "axis", "aria-hidden": "true", "--zero": -low / wide }, el("i", { class: name, "--from": (one.low - low) / wide, "--size": (one.high - one.low) / wide }));
  const row = (each) => el("tr", { title: each.code }, el("th", { scope: "row" }, each.sentence), el("td", { class: "run" }, axis(each, each.code === "base" ? "base" : each.margin > 0 ? "up" : "")), el("td", { class: "number" }, signed(each.margin)));
  const told = bars.filter((each) => each.code === "base" || Math.abs(each.margin) >= 0.005);
  return el("div", {},
    el("table", { class: "shares" },
      el("tbody", {}, told.map(row)),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "Together, the margin"), el("td", {}), el("td", { class: "number" }, signed(decision.raw_margin ?? total))))),
    el("p", { class: "note" }, `To the right is towards fraud. The margin makes the score of ${score(decision.score)}.`));
}

function features(found) {
  const meanings = new Map(about.features.map((each) => [each.name, each]));
  const rows = (Array.isArray(found) ? found : Object.entries(found).map(([name, each]) => ({ name, ...(typeof each === "object" && each ? each : { value: each }) })));
  if (!rows.length) return empty("Nothing to show", "The record holds no features.");
  const grouped = Object.entries(GROUPS).map(([group, title]) => [title, rows.filter((each) => (each.group || meanings.get(each.name)?.group || "row") === group)]);
  return el("div", { class: "features" }, grouped.filter(([, all]) => all.length).map(([title, all]) =>
    el("details", {}, el("summary", {}, el("span", {}, title), el("span", { class: "count" }, plural(all.filter((each) => each.value !== null).length, "value"))),
      el("table", {}, el("tbody", {}, all.map((each) => el("tr", {}, el("th", { scope: "row" }, sentence(each.meaning || meanings.get(each.name)?.meaning || each.name), el("code", {}, each.name)), el("td", {}, exact(each.value)))))))));
}

const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

function record(decision, found) {
  const churn = decision.churn;
  return facts([
    ["By the simulator's truth", decision.truth],
    ["Event", el("code", {}, decision.event_id)],
    ["Customer", decision.customer_id],
    ["Terminal", decision.terminal_id],
    ["Model", decision.model ? `${decision.model.name} ${decision.model.version}` : null],
    ["Policy", decision.policy],
    ["Churn", churn ? (churn.score === null ? churn.status.replaceAll("_", " ") : `${exact(churn.score)} (${churn.status})`) : null],
    ["Rules hit", decision.rules?.join(", ")],
    ["Marks", decision.marks?.join(", ")],
    ["Degraded", decision.degraded?.join(", ")],
    ["Record", typeof found.record === "string" ? found.record : decision.source ? `${decision.source.topic}/${decision.source.partition}/${decision.source.offset}` : null],
    ["Decided", decision.scored_at ? moment(decision.scored_at) : null],
    ["Again", el("code", {}, `fraudstream explain ${decision.event_id}`)],
  ]);
}
