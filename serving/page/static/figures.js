// The tiles: what happened in the last second, and how that went over the last minutes.

import { byId, el, icon, put, say } from "./dom.js";
import { OUTCOMES, milliseconds, number, share } from "./format.js";
import { spark } from "./spark.js";

const POINTS = 180;
const ORDER = ["approve", "review", "block"];
let series = [];
let round = 0;

export function figures(state) {
  if (state.series) series = state.series;
  else if (state.round !== round) series.push(state.figures ? point(state.figures) : [null, null, null, null, null]);
  series = series.slice(-POINTS);
  round = state.round;
  draw(state.figures, state.sources.workers);
}

const point = (found) => [found.at, found.per_s, found.p50_ms, found.p99_ms, found.lag_records];
const column = (place) => series.map((each) => each[place]);
const high = (line) => Math.max(...line.filter((each) => each !== null), 0);

function draw(now, workers) {
  for (const name of ["rate", "latency", "outcomes", "lag"]) byId(`tile-${name}`).classList.toggle("still", !now);
  const [rates, halves, most, waits] = [1, 2, 3, 4].map(column);
  const none = workers && workers.state === "away" ? "no worker answers" : "nobody has said yet";
  say(byId("rate"), number(now?.per_s));
  say(byId("rate-under"), now ? `at most ${number(high(rates))} in ${minutes()}` : none);
  spark(byId("spark-rate"), [rates], `Transactions per second over ${minutes()}, at most ${number(high(rates))}`, 10);
  say(byId("p50"), milliseconds(now?.p50_ms));
  say(byId("p99"), milliseconds(now?.p99_ms));
  say(byId("latency-under"), now ? now.latency : "");
  spark(byId("spark-latency"), [halves, most], `Latency over ${minutes()}: half within at most ${milliseconds(high(halves))}, 99 % within at most ${milliseconds(high(most))}`, 5);
  say(byId("lag"), number(now?.lag_records));
  say(byId("lag-under"), now ? waiting(now) : none);
  spark(byId("spark-lag"), [waits], `Records that wait over ${minutes()}, at most ${number(high(waits))}`, 50);
  outcomes(now?.outcomes || {});
}

const minutes = () => (series.length < 100 ? `the last ${series.length} s` : `the last ${Math.round(series.length / 60)} min`);
const waiting = (now) => (now.lag_s === null ? "nothing is known of how long" : now.lag_records ? `the oldest for ${milliseconds(now.lag_s * 1000)}` : "everything is answered");

function outcomes(found) {
  const counts = ORDER.map((name) => found[name]?.total || 0);
  const all = counts.reduce((sum, each) => sum + each, 0);
  say(byId("flagged"), all ? share(counts[1] + counts[2], all) : "–");
  const bars = ORDER.map((name, place) => {
    const bar = el("i", { "data-outcome": name });
    bar.style.flex = `${counts[place]} 0 0`;
    return counts[place] ? bar : null;
  });
  put(byId("stack"), ...bars);
  put(byId("outcomes"), ...ORDER.map((name, place) =>
    el("div", {}, el("dt", { "data-outcome": name }, icon(name), OUTCOMES[name]), el("dd", { title: share(counts[place], all) }, all ? number(counts[place]) : "–"))));
}
