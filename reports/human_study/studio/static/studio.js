// Live avatar, immediate saving, keyboard undo. The form also works without this script.

import { currentAddress, fillFields, liveImage, recolour } from "./fields.js";

const form = document.getElementById("avatar");
const live = document.getElementById("live");
const message = document.getElementById("message");
const done = document.getElementById("done");
const button = (action) => form.querySelector(`button[value="${action}"]`);

let state = JSON.parse(form.dataset.state);
let saving = null; // promise of the running request
let unsaved = false;

for (const part of form.querySelectorAll("[data-plain]")) part.hidden = true;
for (const part of form.querySelectorAll("[data-script]")) part.hidden = false;

function report(text, failed = false) {
  message.textContent = text;
  message.classList.toggle("lost", failed);
}

function formValues() {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (name in state.values || name.startsWith("flag")) values[name] = value;
  }
  return values;
}

const draw = liveImage(live, form.dataset.root, state.avatar);

// Show the server's state: values, active fields, undo and redo.
function show(next) {
  if (next.colours !== state.colours) recolour(form, next.colours);
  state = next;
  document.getElementById("lock").disabled = next.done;
  for (const [name, flagged] of Object.entries(next.flags)) form.elements[name].checked = flagged;
  if (button("copy")) button("copy").disabled = next.done;
  form.elements.revision.value = next.revision;
  fillFields(form, next);
  for (const action of ["undo", "redo"]) {
    const what = next[action];
    const had = document.activeElement === button(action);
    button(action).disabled = what === null || next.done;
    button(action).querySelector(".what").textContent = what === null ? "" : `: ${what}`;
    if (had && what === null) button(action === "undo" ? "redo" : "undo").focus();
  }
  done.hidden = !next.done;
  draw(next.avatar);
}

async function post(fields) {
  const body = new URLSearchParams(fields);
  body.set("revision", state.revision);
  const headers = { Accept: "application/json", "X-CSRF-Token": form.dataset.csrf };
  const answer = await fetch(location.pathname, { method: "POST", headers, body });
  const content = await answer.json();
  if ("revision" in content) return { content, stale: answer.status === 409 };
  const error = new Error(content.error);
  error.refused = answer.status < 500 && answer.status !== 429;
  throw error;
}

const describe = (error) => (error instanceof TypeError ? "The server cannot be reached." : error.message);

const pause = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

// Save the form, and again while there are newer changes. Retries if the server fails.
// Resolves to whether everything is saved.
async function saveAll() {
  while (unsaved) {
    unsaved = false;
    report("Saving…");
    try {
      const { content, stale } = await post({ action: "save", ...formValues() });
      if (stale) {
        unsaved = false;
        show(content);
        report(`${content.error}.`, true);
        return false;
      }
      if (unsaved) {
        state = content;
      } else {
        show(content);
        report("Saved.");
      }
    } catch (error) {
      unsaved = true;
      if (error.refused) {
        report(`Not saved. ${describe(error)}`, true);
        return false;
      }
      report(`Not saved yet. ${describe(error)} Trying again…`, true);
      await pause(2000);
    }
  }
  return true;
}

function save() {
  unsaved = true;
  saving ??= saveAll().finally(() => { saving = null; });
  return saving;
}

async function act(action) {
  if (saving) await saving;
  if (button(action)?.disabled !== false) return;
  try {
    const fields = { action };
    if (action === "copy") fields.source = form.elements.source.value;
    const { content, stale } = await post(fields);
    unsaved = false; // discard rejected changes, show the server's state
    show(content);
    const words = { undo: "Undone.", redo: "Redone.", copy: "Copied.", reopen: "Reopened." };
    report(stale ? `${content.error}.` : words[action], stale);
  } catch (error) {
    report(`That did not work. ${describe(error)}`, true);
  }
}

form.addEventListener("input", (event) => {
  if (event.target.id === "crop") return;
  if (event.target.type === "range") event.target.nextElementSibling.value = event.target.value;
  draw(currentAddress(form, state));
});
form.addEventListener("change", (event) => {
  if (event.target.id !== "crop") save();
});
form.addEventListener("submit", async (event) => {
  const action = event.submitter?.value ?? "save";
  if (action === "done" && !saving && !unsaved) return;
  event.preventDefault();
  if (action === "done") {
    if (await (saving ?? save())) form.requestSubmit(button("done"));
    return;
  }
  if (action === "save") await save();
  else await act(action);
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  const action = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
  if (!action) return;
  event.preventDefault();
  act(action);
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved || saving) event.preventDefault();
});
// A page restored from the browser's cache may be outdated.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
