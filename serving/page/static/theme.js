"use strict";
// Before anything is drawn: the theme that was chosen, or the system's.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; } };
  const apply = () => {
    const theme = chosen();
    document.documentElement.dataset.theme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
    return theme;
  };
  system.addEventListener("change", apply);
  apply();
  globalThis.theme = {
    chosen,
    choose(theme) {
      try { localStorage.setItem("theme", theme); } catch { /* it holds until the page is closed */ }
      document.documentElement.dataset.theme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
    },
  };
})();
