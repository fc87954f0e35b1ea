// What the card of a flag did of late, approved ones too, with how far back the log was read for it.

import { el, icon, put } from "./dom.js";
import { empty } from "./empty.js";
import { badge } from "./flags.js";
import { clock, day, moment, money, plural, score } from "./format.js";
import { ask } from "./link.js";

const MOST = 20;
const HEADS = ["Outcome", "Time", "Amount", "Place"];
const UNDECIDED = { waiting: ["empty", "Waiting"], not_scored: ["unused", "Not scored"], unknown: ["unused", "Not known"] };
const MEANS = {
  unflagged: "no flag, so approved",
  waiting: "not decided yet",
  not_scored: "no worker decided it",
  unknown: "the logs do not tell",
};

/* `still` says whether the flag is the one that is open. */
export async function history(flag, part, still) {
  const title = part.firstElementChild;
  const fill = (...children) => {
    const held = document.activeElement === title;
    if (still()) put(part, title, ...children);
    if (held) title.focus({ preventScroll: true });
  };
  try {
    const { source } = flag;
    const near = source ? `&partition=${source.partition}&offset=${source.offset}` : "";
    const found = await ask(`v1/cards/${encodeURIComponent(flag.card_id)}/transactions?limit=${MOST}${near}`);
    const rows = found.transactions;
    fill(rows.length ? table(rows, flag) : empty("Nothing was found of this card", "The log has no transaction of it any more, as far as it was read."), el("p", { class: "note", "data-ended": found.ended }, looked(found)));
  } catch (error) {
    const again = el("button", { type: "button", class: "act", onclick: () => { title.tabIndex = -1; title.focus(); fill(el("p", { class: "note" }, "Being fetched again")); history(flag, part, still); } }, "Try again");
    fill(empty("The history cannot be read", error.name === "TypeError" ? "The server does not answer." : error.message, [`fraudstream flags --from earliest --card ${flag.card_id}`]), again);
  }
}

function table(rows, flag) {
  return el("table", { class: "past", "aria-label": "The card's transactions, the newest first" },
    el("thead", {}, el("tr", {}, HEADS.map((name) => el("th", { scope: "col", class: name === "Amount" ? "number" : null }, name)))),
    el("tbody", {}, rows.map((each) => row(each, each.event_id === flag.event_id))));
}

function row(each, here) {
  const known = each.outcome === null ? undecided(each.status) : badge(each.outcome);
  const how = each.score === null ? MEANS[each.status] || "" : `score ${score(each.score)}`;
  return el("tr", { "data-event": each.event_id, "data-status": each.status, "aria-current": here },
    el("td", {}, known, " ", el("small", {}, how)),
    el("td", {}, clock(each.event_time), " ", el("small", {}, day(each.event_time)), here ? [" ", el("small", {}, "this flag")] : null),
    el("td", { class: "number" }, money(each.amount_minor, each.currency), " ", el("small", {}, each.currency)),
    el("td", {}, each.terminal_id, " ", el("small", {}, place(each))));
}

const undecided = (status) => el("span", { class: "badge" }, icon(UNDECIDED[status][0]), UNDECIDED[status][1]);

const place = ({ country, channel, merchant_category: category }) =>
  [country, channel?.toLowerCase(), category === null ? null : `category ${category}`].filter(Boolean).join(", ");

function looked({ transactions, looked_back_to: back, looked_from: from, ended }) {
  const since = back.time === null ? `offset ${back.offset}` : moment(back.time);
  const said = {
    limit: `The log was read back until ${plural(transactions.length, "transaction")} of the card were found, to what arrived at ${since}.`,
    beginning: `The log was read back to where it begins, with what arrived at ${since}.`,
    bound: `The log was read back to what arrived at ${since} and no further: there may be earlier ones.`,
  }[ended];
  return from.newest ? said : `${said} Later ones are left out.`;
}
