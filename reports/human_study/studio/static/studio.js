// Live avatar, immediate saving, keyboard undo. The form also works without this script.

const form = document.getElementById("avatar");
const live = document.getElementById("live");
const message = document.getElementById("message");
const done = document.getElementById("done");
const button = (action) => form.querySelector(`button[value="${action}"]`);

let state = JSON.parse(form.dataset.state);
let shown = state.avatar; // address of the last requested picture
let wanted = shown; // address of the picture for the current form values
let drawing = false;
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

// Only one picture is requested at a time. Then the latest wanted one follows.
function draw(address) {
  wanted = address;
  if (drawing || wanted === shown) return;
  drawing = true;
  shown = wanted;
  live.src = form.dataset.root + shown;
}
function drawNext() {
  drawing = false;
  draw(wanted);
}
live.addEventListener("load", drawNext);
live.addEventListener("error", drawNext);

function preview() {
  const address = new URL(state.avatar, location.href);
  for (const [name, value] of Object.entries(formValues())) {
    if (!(name in state.values)) continue;
    address.searchParams.set(name, value);
  }
  draw(address.pathname + address.search);
}

// Show the server's state: values, active fields, undo and redo.
function show(next) {
  if (next.colours !== state.colours) recolour(next.colours);
  state = next;
  document.getElementById("lock").disabled = next.done;
  for (const [name, flagged] of Object.entries(next.flags)) form.elements[name].checked = flagged;
  if (button("copy")) button("copy").disabled = next.done;
  form.elements.revision.value = next.revision;
  for (const [name, value] of Object.entries(next.values)) {
    const fields = form.elements[name];
    if (fields instanceof RadioNodeList) {
      for (const radio of fields) radio.checked = radio.value === value;
    } else {
      fields.value = value;
      fields.nextElementSibling.value = value;
    }
  }
  for (const fieldset of form.querySelectorAll("[data-field]")) {
    const active = next.active[fieldset.dataset.field];
    fieldset.disabled = !active;
    const condition = fieldset.querySelector(".condition");
    if (condition) condition.hidden = active;
  }
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

// Thumbnails have the colours of the avatar.
function recolour(colours) {
  for (const picture of form.querySelectorAll("[data-thumbnail]")) {
    const [path, query] = picture.getAttribute("src").split("?");
    const version = new URLSearchParams(query).get("v");
    picture.src = `${path}?${new URLSearchParams({ v: version })}&${colours}`;
  }
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
  preview();
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
