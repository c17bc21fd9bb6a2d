// Number keys, protection from double submits, and preloading of the next pictures.
"use strict";

const form = document.getElementById("rate");
const keys = document.querySelector(".keys");
const toggle = keys.querySelector("button");

// Single-key shortcuts can be switched off (WCAG 2.1.4).
let keysAreOn = localStorage.getItem("keys") !== "off";

function showKeys() {
  keys.hidden = false;
  toggle.textContent = keysAreOn ? toggle.dataset.off : toggle.dataset.on;
}

toggle.addEventListener("click", () => {
  keysAreOn = !keysAreOn;
  localStorage.setItem("keys", keysAreOn ? "on" : "off");
  showKeys();
});

document.addEventListener("keydown", (event) => {
  if (!keysAreOn || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter") {
    // Links, buttons and radio buttons handle Enter themselves.
    if (event.target === document.body || event.target.id === "content") {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  const radio = /^[0-9]$/.test(event.key) && form.querySelector(`[data-key="${event.key}"]`);
  if (!radio) return;
  event.preventDefault();
  radio.checked = true;
  radio.focus();
});

form.addEventListener("submit", (event) => {
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.querySelector("button").textContent = form.dataset.sending;
});

// A page restored from the browser's cache may show an outdated answer.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

window.addEventListener("load", () => {
  for (const name of form.dataset.ahead.split(" ").filter(Boolean)) {
    new Image().src = `${form.dataset.root}/pictures/${name}.webp`;
  }
});

showKeys();
