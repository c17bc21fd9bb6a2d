// Live avatar, saving at once, undo by keyboard. Without this file the form still works.

const form = document.getElementById("avatar");
const live = document.getElementById("live");
const said = document.getElementById("said");
const done = document.getElementById("done");
const button = (action) => form.querySelector(`button[value="${action}"]`);

let state = JSON.parse(form.dataset.state);
let shown = state.avatar; // the address of the picture that was asked for last
let wanted = shown; // the address of the picture that shows what the form says
let drawing = false;
let saving = null; // the promise of the request under way
let unsaved = false;

for (const part of form.querySelectorAll("[data-plain]")) part.hidden = true;
for (const part of form.querySelectorAll("[data-script]")) part.hidden = false;

function say(text, lost = false) {
  said.textContent = text;
  said.classList.toggle("lost", lost);
}

function formValues() {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (name in state.values) values[name] = value;
  }
  return values;
}

// One picture is asked for at a time; of those wanted meanwhile only the last.
function draw(address) {
  wanted = address;
  if (drawing || wanted === shown) return;
  drawing = true;
  shown = wanted;
  live.src = shown;
}
function drawn() {
  drawing = false;
  draw(wanted);
}
live.addEventListener("load", drawn);
live.addEventListener("error", drawn);

function preview() {
  const address = new URL(state.avatar, location.href);
  for (const [name, value] of Object.entries(formValues())) {
    address.searchParams.set(name, value);
  }
  draw(address.pathname + address.search);
}

// Take over what the server holds: values, what is active, what can be taken back.
function show(next) {
  state = next;
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
    button(action).disabled = what === null;
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

const why = (error) => (error instanceof TypeError ? "The server cannot be reached." : error.message);

const pause = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

// Save what the form says until the server has it; changes made meanwhile go next.
// Says whether all of it is saved.
async function saveAll() {
  while (unsaved) {
    unsaved = false;
    say("Saving…");
    try {
      const { content, stale } = await post({ action: "save", ...formValues() });
      if (stale) {
        unsaved = false;
        show(content);
        say(`${content.error}.`, true);
        return false;
      }
      if (unsaved) {
        state = content;
      } else {
        show(content);
        say("Saved.");
      }
    } catch (error) {
      unsaved = true;
      if (error.refused) {
        say(`Not saved. ${why(error)}`, true);
        return false;
      }
      say(`Not saved yet. ${why(error)} Trying again…`, true);
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
    unsaved = false; // what was refused before gives way to what the server holds
    show(content);
    const words = { undo: "Taken back.", redo: "Done again.", copy: "Copied." };
    say(stale ? `${content.error}.` : words[action], stale);
  } catch (error) {
    say(`That did not work. ${why(error)}`, true);
  }
}

form.addEventListener("input", (event) => {
  if (event.target.type === "range") event.target.nextElementSibling.value = event.target.value;
  preview();
});
form.addEventListener("change", save);
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
// A page that comes back from the browser's memory may be older than what is saved.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
