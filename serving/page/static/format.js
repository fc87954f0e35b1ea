// Numbers, times and money as people read them. Times are UTC, as everywhere else in the product.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const small = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
export const NONE = "–";

export const number = (value) => (value === null || value === undefined ? NONE : value >= 10 || Number.isInteger(value) ? whole.format(value) : small.format(value));
export const exact = (value) => (value === null || value === undefined || Number.isNaN(value) ? NONE : precise.format(value));
export const share = (part, all) => (all ? `${part / all < 0.1 ? ((100 * part) / all).toFixed(part ? 2 : 0) : Math.round((100 * part) / all)} %` : NONE);
export const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
export const score = (value) => (value === null || value === undefined ? NONE : value.toFixed(3));
export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

export function milliseconds(ms) {
  if (ms === null || ms === undefined) return NONE;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return span(ms / 1000);
}

export function span(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * size) return `${whole.format(Math.floor(seconds / size))} ${unit}`;
  }
  return `${seconds < 10 ? small.format(seconds) : whole.format(seconds)} s`;
}

export function money(minor, currency) {
  let digits = 2;
  try {
    digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  } catch { /* no currency that this browser knows: two digits, as most have */ }
  return new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(minor / 10 ** digits);
}

const iso = (ms) => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`);
export const day = (ms) => iso(ms).slice(0, 10);
export const clock = (ms) => iso(ms).slice(11, 19);
export const moment = (ms) => `${day(ms)} ${clock(ms)} UTC`;

export const OUTCOMES = { block: "Blocked", review: "To review", approve: "Approved" };
