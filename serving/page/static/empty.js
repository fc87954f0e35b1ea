// What stands where nothing is yet: why, and the command that fills it.

import { el, icon } from "./dom.js";

export function command(text) {
  const copy = el("button", { type: "button", "aria-label": `Copy: ${text}`, title: "Copy" }, icon("copy"));
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.replaceChildren(icon("ok"));
    } catch {
      getSelection().selectAllChildren(copy.previousSibling);
    }
  });
  return el("span", { class: "command" }, el("code", {}, text), copy);
}

export function empty(title, said, commands = []) {
  return el("div", { class: "empty" }, el("b", {}, title), said ? el("p", {}, said) : null, commands.filter(Boolean).map(command));
}
