// Small charts: a line over the last minutes, with a gap where nobody said anything.

import { put, svg } from "./dom.js";

const WIDE = 180;
const HIGH = 56;
const TOP = 6;

/* `lines` are arrays of numbers and nulls, the newest last; all on one scale from zero. */
export function spark(chart, lines, label) {
  const highest = Math.max(...lines.flat().filter((each) => each !== null), 0);
  const scale = highest > 0 ? highest : 1;
  chart.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`);
  chart.setAttribute("aria-label", label);
  put(chart, ...lines.flatMap((line, number) => paths(line, scale, number ? "two" : "")));
}

function paths(line, scale, name) {
  const drawn = [];
  for (const run of runs(line)) {
    const points = run.map(([at, value]) => `${at.toFixed(1)} ${(HIGH - 1 - ((HIGH - TOP - 1) * value) / scale).toFixed(2)}`);
    const [first, last] = [run[0][0], run[run.length - 1][0]];
    drawn.push(svg("path", { class: `area ${name}`, d: `M${first} ${HIGH}L${points.join("L")}L${last} ${HIGH}Z` }));
    drawn.push(svg("path", { class: name, d: `M${points.join("L")}` }));
  }
  return drawn;
}

function runs(line) {
  const found = [];
  let run = [];
  line.forEach((value, place) => {
    if (value === null) {
      if (run.length) found.push(run);
      run = [];
    } else run.push([WIDE - line.length + 1 + place, value]);
  });
  return run.length ? [...found, run] : found;
}
