// Small charts: a line over the last minutes, with a gap where nobody said anything.

import { put, svg } from "./dom.js";

const WIDE = 180;
const HIGH = 56;
const TOP = 6;

const SHORTEST = 60;
const PEAK = 4;

/* `lines` are arrays of numbers and nulls, the newest last; all on one scale from zero. A peak that would flatten all
   the rest is cut off at the top; below `least` nothing is worth looking at closely. */
export function spark(chart, lines, label, least) {
  const values = lines.flat().filter((each) => each !== null).toSorted((one, other) => one - other);
  const highest = Math.min(values.at(-1) || 0, PEAK * (values[Math.floor(values.length * 0.9)] || Infinity));
  const scale = Math.max(highest, least);
  chart.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`);
  chart.setAttribute("aria-label", label);
  put(chart, ...lines.flatMap((line, number) => paths(line, scale, number ? "two" : "")));
}

function paths(line, scale, name) {
  const drawn = [];
  for (const run of runs(line)) {
    const points = run.map(([at, value]) => `${at.toFixed(1)} ${(HIGH - 1 - (HIGH - TOP - 1) * Math.min(value / scale, 1)).toFixed(2)}`);
    const [first, last] = [run[0][0], run[run.length - 1][0]];
    drawn.push(svg("path", { class: `area ${name}`, d: `M${first} ${HIGH}L${points.join("L")}L${last} ${HIGH}Z` }));
    drawn.push(svg("path", { class: name, d: `M${points.join("L")}` }));
  }
  return drawn;
}

function runs(line) {
  const step = WIDE / (Math.max(line.length, SHORTEST) - 1);
  const found = [];
  let run = [];
  line.forEach((value, place) => {
    if (value === null) {
      if (run.length) found.push(run);
      run = [];
    } else run.push([WIDE - (line.length - 1 - place) * step, value]);
  });
  return run.length ? [...found, run] : found;
}
