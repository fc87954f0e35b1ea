// What decides: sources, degradations, the model, the churn generation, the workers.

import { byId, el, icon, put } from "./dom.js";
import { command, empty } from "./empty.js";
import { milliseconds, moment, number, plural, span } from "./format.js";

const NAMES = { flags: "Kafka", workers: "Workers", redis: "Redis", registry: "Registry" };
const STATES = { ok: "there", empty: "nothing yet", away: "away", unused: "not asked" };
const PROMOTE = ["fraudstream train", "fraudstream models promote models:/fraud/1"];
let told = "";
let state = null;

export function side(found) {
  state = found;
  sources(found.sources);
  notes(found.notes);
  const same = JSON.stringify([found.model, found.sources, found.figures && [found.figures.answering, found.figures.workers, found.figures.partitions, found.figures.stages]]);
  if (same === told) return;
  told = same;
  put(byId("model"), found.model ? model(found.model, found.sources.registry) : without(found.sources.registry, "No model is live", "The rules decide until one is promoted.", PROMOTE));
  put(byId("work"), found.figures?.answering ? work(found.figures) : without(found.sources.workers, "No worker answers", "Nothing is scored until one runs.", ["fraudstream score"]));
  churn();
}

/* Its age grows without any event. */
export function churn() {
  if (!state) return;
  const found = state.churn;
  if (!found) {
    put(byId("churn"), without(state.sources.redis, "No churn generation", "Decisions are made without churn scores until one is published.", ["fraudstream nightly run"]));
    return;
  }
  put(byId("churn"),
    el("p", { class: "lead" }, found.generation),
    facts([
      ["Published", `${span(Math.max(Date.now() - found.published_at, 0) / 1000)} ago`],
      ["As of", moment(found.as_of).slice(0, 16)],
      ["Customers", number(found.rows)],
      ["By", found.model],
    ]));
}

function model(found, source) {
  return [
    el("p", { class: "lead" }, found.name === "rules" ? "Rules alone" : `${found.name} ${found.version}`),
    cuts(found),
    facts([
      ["Policy", found.policy],
      ["Reviews from", found.review_at?.toFixed(3)],
      ["Blocks from", found.block_at?.toFixed(3)],
      ["Live since", found.promoted_at ? moment(found.promoted_at).slice(0, 16) : null],
      ["Contents", found.digest ? el("code", {}, found.digest.slice(0, 12)) : null],
    ]),
    found.name === "rules" ? el("div", { class: "empty" }, el("p", {}, source?.said || ""), PROMOTE.map(command)) : null,
  ].filter(Boolean).reduce((all, each) => { all.append(each); return all; }, document.createDocumentFragment());
}

/* Which scores are approved, reviewed, blocked. */
function cuts(found) {
  if (found.review_at === null || found.block_at === null) return null;
  const [review, block] = [Math.min(found.review_at, 1), Math.min(found.block_at, 1)];
  return el("div", { class: "cuts", "aria-hidden": "true" }, [["approve", review], ["review", block - review], ["block", 1 - block]].map(([outcome, wide]) => {
    const part = el("i", { "data-outcome": outcome });
    part.style.flex = `${wide} 0 0`;
    return wide > 0 ? part : null;
  }));
}

function work(found) {
  const slowest = Object.entries(found.stages).toSorted((one, other) => other[1] - one[1]).slice(0, 4);
  const page = document.createDocumentFragment();
  page.append(el("p", { class: "lead" }, found.workers ? `${found.answering} of ${plural(found.workers, "worker")}` : plural(found.answering, "worker")));
  const list = facts(found.partitions === null ? [] : [["Partitions", number(found.partitions)]]);
  if (slowest.length) list.append(el("dt", { class: "over" }, "Slowest steps of a lot, 99 % within"), el("dd", { class: "unseen" }));
  for (const [stage, ms] of slowest) list.append(el("dt", {}, stage), el("dd", {}, milliseconds(ms)));
  page.append(list);
  return page;
}

export function facts(rows) {
  return el("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function without(source, title, said, commands) {
  if (source?.state === "away") return empty(title, source.said, [source.fix]);
  if (source?.state === "unused") return empty(title, source.said, [source.fix]);
  return empty(title, source?.said || said, commands);
}

function sources(found) {
  const known = Object.keys(NAMES).filter((name) => found[name]);
  put(byId("sources"), ...known.map((name) => {
    const { state: how, said } = found[name];
    return el("li", { "data-state": how, title: said }, icon(how), el("span", {}, NAMES[name], el("span", { class: how === "away" ? "" : "unseen" }, `: ${STATES[how]}`)));
  }));
}

function notes(found) {
  const place = byId("notes");
  place.hidden = !found.length;
  put(place, ...found.map((note) => el("p", {}, icon("warn"), el("span", {}, note.text, note.fix ? [" ", el("small", {}, note.fix)] : null))));
}
