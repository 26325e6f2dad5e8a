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
  const list = help?.querySelector("dl");
  if (!list || list.childElementCount) return;
  for (const one of shortcuts()) {
    const keys = document.createElement("dt");
    for (const key of one.dataset.key.split(" ")) {
      const kbd = document.createElement("kbd");
      kbd.textContent = key;
      keys.append(kbd, " ");
    }
    const what = document.createElement("dd");
    what.textContent = one.dataset.keyLabel || one.textContent.trim();
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

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "?" && help) {
    fillHelp();
    help.showModal();
    event.preventDefault();
    return;
  }
  if (event.key === "j") return moveRow(1);
  if (event.key === "k") return moveRow(-1);
  const typed = pending ? `${pending} ${event.key}` : event.key;
  const hit = shortcuts().find((one) => one.dataset.key === typed);
  pending = hit ? null : event.key;
  if (hit) {
    event.preventDefault();
    if (hit.matches("input, textarea")) hit.focus();
    else hit.click();
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
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
