// What a page does with JavaScript; each page works without it.
import { initAll } from "./govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// -- keyboard ---------------------------------------------------------------------------------------------------------

const help = document.getElementById("keyboard-help");
let pending = null;

function shortcuts() {
  return [...document.querySelectorAll("[data-key]")];
}

function fillHelp() {
  const list = help.querySelector("dl");
  for (const old of list.querySelectorAll("[data-of-page]")) old.remove();
  for (const one of shortcuts()) {
    const keys = document.createElement("dt");
    for (const key of one.dataset.key.split(" ")) {
      const kbd = document.createElement("kbd");
      kbd.textContent = key;
      keys.append(kbd, " ");
    }
    const what = document.createElement("dd");
    what.textContent = one.dataset.keyLabel || one.textContent.trim();
    keys.dataset.ofPage = what.dataset.ofPage = "";
    list.append(keys, what);
  }
}

function rows() {
  return [...document.querySelectorAll("[data-row] a[href]:first-of-type")];
}

function moveRow(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + by, 0), all.length - 1)].focus();
}

function tickRow() {
  document.activeElement?.closest("[data-row]")?.querySelector("input[type=checkbox]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // What looks like a button is pressed like one.
  if (event.key === " " && event.target.matches("a[role=button]")) {
    event.preventDefault();
    return event.target.click();
  }
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "?" && help) {
    fillHelp();
    help.showModal();
    event.preventDefault();
    return;
  }
  if (event.key === "j") return moveRow(1);
  if (event.key === "k") return moveRow(-1);
  if (event.key === "x") return tickRow();
  const typed = pending ? `${pending} ${event.key}` : event.key;
  const hit = shortcuts().find((one) => one.dataset.key === typed);
  pending = hit ? null : event.key;
  if (hit) {
    event.preventDefault();
    hit.focus();
    if (!hit.matches("input, textarea")) hit.click();
  }
});

for (const one of document.querySelectorAll("[data-shown]")) one.hidden = false;
document.getElementById("keyboard-open")?.addEventListener("click", () => {
  fillHelp();
  help.showModal();
});

// -- forms ------------------------------------------------------------------------------------------------------------

// A form is sent once; its idempotency key makes a second one harmless, and this spares people the wait.
document.addEventListener("submit", (event) => {
  if (event.target.querySelector("[data-download]")) return;
  for (const button of event.target.querySelectorAll("button[type=submit], button:not([type])")) {
    setTimeout(() => { button.disabled = true; }, 0);
  }
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});
// A long list of codes shows those that have the word, and those that are chosen.
for (const input of document.querySelectorAll("input[data-find]")) {
  const items = [...document.getElementById(input.dataset.find).children];
  input.addEventListener("input", () => {
    const word = input.value.trim().toLocaleLowerCase();
    for (const item of items) {
      const text = `${item.textContent} ${item.dataset.words}`.toLocaleLowerCase();
      item.hidden = !(text.includes(word) || item.querySelector("input").checked);
    }
  });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});

// -- live parts: what is ticked, opened, focused and scrolled stays when they are fetched again ------------------------

let kept = null;
// By what an element is found again: rows are links.
const named = (element) => element.id || element.getAttribute("href") || "";
document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.target.closest?.("[data-live]");
  if (!part) return;
  kept = {
    id: part.id,
    ticked: [...part.querySelectorAll("input:checked")].map((one) => one.id),
    opened: [...part.querySelectorAll("details[open][id]")].map((one) => one.id),
    focused: part.contains(document.activeElement) ? named(document.activeElement) : null,
    scrolled: [...part.querySelectorAll(".scroll")].map((one) => one.scrollLeft),
  };
});
document.addEventListener("htmx:afterSwap", () => {
  const part = kept && document.getElementById(kept.id);
  if (!part) return;
  for (const id of kept.ticked) {
    const box = id && document.getElementById(id);
    if (box) box.checked = true;
  }
  for (const id of kept.opened) document.getElementById(id)?.setAttribute("open", "");
  part.querySelectorAll(".scroll").forEach((one, at) => { one.scrollLeft = kept.scrolled[at] ?? 0; });
  if (kept.focused !== null) {
    const again = [...part.querySelectorAll("[id], a[href]")].find((one) => named(one) === kept.focused);
    (again ?? part.querySelector(".scroll"))?.focus({ preventScroll: true });
  }
  for (const one of part.querySelectorAll("[data-shown], [data-print]")) one.hidden = false;
  kept = null;
});
// After an interruption the page asks what it missed.
let interrupted = false;
document.addEventListener("htmx:sseError", () => { interrupted = true; });
document.addEventListener("htmx:sseOpen", () => {
  if (!interrupted) return;
  interrupted = false;
  for (const part of document.querySelectorAll("[data-live]")) window.htmx.trigger(part, "sse:changed");
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-tick-all]")) return;
  const boxes = [...event.target.form.querySelectorAll("input[type=checkbox]")];
  const all = boxes.every((one) => one.checked);
  for (const one of boxes) one.checked = !all;
});
