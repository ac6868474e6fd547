"use strict";
document.documentElement.classList.add("script");

/* What a save button gives: a file made in the page. */
function saveFile(name, type, content) {
  const url = content instanceof Blob ? URL.createObjectURL(content) : content.startsWith("data:") ? content
    : URL.createObjectURL(new Blob([content], { type: type + ";charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function csvLine(values) {
  return values.map((value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  }).join(",") + "\n";
}

/* Theme: as the system, light or dark; kept where the browser lets a file keep it. */
(() => {
  const root = document.documentElement, button = document.getElementById("theme");
  const order = ["", "light", "dark"], name = { "": "as the system", light: "light", dark: "dark" };
  const show = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    button.textContent = "Theme: " + name[theme];
  };
  let theme = "";
  try { theme = localStorage.getItem("bactrian-theme") || ""; } catch { /* a browser may forbid it to files */ }
  if (!order.includes(theme)) theme = "";
  show(theme);
  button.addEventListener("click", () => {
    theme = order[(order.indexOf(theme) + 1) % order.length];
    show(theme);
    try { localStorage.setItem("bactrian-theme", theme); } catch { /* the choice then holds for this page */ }
  });
})();

/* The part in view is marked in the navigation. */
(() => {
  const links = [...document.querySelectorAll(".tabs a")];
  if (!links.length) return;
  const parts = links.map((link) => document.getElementById(link.hash.slice(1)));
  let marked = null;
  const mark = () => {
    let here = 0;
    parts.forEach((part, place) => { if (part.getBoundingClientRect().top < 120) here = place; });
    if (innerHeight + scrollY >= document.documentElement.scrollHeight - 2) here = parts.length - 1;
    if (marked === links[here]) return;
    if (marked) marked.removeAttribute("aria-current");
    marked = links[here];
    marked.setAttribute("aria-current", "true");
    const bar = marked.parentElement;
    bar.scrollLeft = marked.offsetLeft - bar.offsetLeft - 24;
  };
  let waits = false;
  addEventListener("scroll", () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; mark(); });
  }, { passive: true });
  mark();
})();
