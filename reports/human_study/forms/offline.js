"use strict";
// Shows one face at a time and stores every answer in this browser.
(() => {
  const form = document.getElementById("form");
  const facts = form.dataset;
  const steps = [...document.querySelectorAll(".step")];
  const faces = steps.filter((step) => step.classList.contains("face"));
  const agree = document.getElementById("agree");
  const begin = document.getElementById("begin");
  const place = `avatarbench ${facts.study} ${facts.assignment} ${facts.language}`;
  const answers = faces.map(() => ({ answer: "", rt: "", shown: "", given: "", changes: 0 }));
  let here = 0;
  let since = 0;

  const now = () => new Date().toISOString();
  const answered = () => answers.filter((one) => one.answer).length;

  function keep() {
    if (facts.preview) return;
    try {
      localStorage.setItem(place, JSON.stringify({ answers, here, agreed: agree.checked }));
    } catch { /* Without storage the file can still be saved. */ }
  }

  function restore() {
    if (facts.preview) return;
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(place));
    } catch { return; }
    if (!kept || kept.answers.length !== answers.length) return;
    kept.answers.forEach((one, index) => Object.assign(answers[index], one));
    agree.checked = kept.agreed;
    here = kept.agreed ? kept.here : 0;
    faces.forEach((face, index) => {
      for (const input of face.querySelectorAll("input")) {
        input.checked = input.value === answers[index].answer;
      }
    });
  }

  function show(index) {
    here = Math.max(0, Math.min(index, steps.length - 1));
    steps.forEach((step, number) => step.classList.toggle("here", number === here));
    const one = answers[faces.indexOf(steps[here])];
    if (one && !one.shown) one.shown = now();
    since = performance.now();
    refresh();
    keep();
    const heading = steps[here].querySelector("h2, legend");
    if (heading && index !== 0) heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  function refresh() {
    const text = document.getElementById("count");
    const done = answered();
    text.textContent = text.dataset.text.replace("{done}", done).replace("{count}", faces.length);
    const bar = document.getElementById("done");
    bar.value = done;
    bar.setAttribute("aria-label", text.textContent);
    begin.disabled = !agree.checked;
    faces.forEach((face, index) => {
      face.querySelector(".next").disabled = !answers[index].answer;
      const locked = facts.back === "no" && index + 1 < here;
      for (const input of face.querySelectorAll("input")) input.disabled = locked;
    });
    const left = document.getElementById("left");
    const missing = faces.length - done;
    const sentence = missing === 1 ? left.dataset.one : left.dataset.text;
    left.textContent = missing ? sentence.replace("{left}", missing) : "";
  }

  function choose(index, value) {
    const one = answers[index];
    if (one.answer === value) return;
    if (one.answer) one.changes += 1;
    else one.rt = Math.round(performance.now() - since);
    one.answer = value;
    one.given = now();
    refresh();
    keep();
  }

  function quoted(value) {
    const text = String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function file() {
    const rows = answers.map((one, index) => ({
      study: facts.study, assignment: facts.assignment, language: facts.language,
      consent: agree.checked ? "yes" : "", consent_version: facts.consentVersion,
      position: index + 1, answer: one.answer, rt_ms: one.rt, shown_at: one.shown,
      answered_at: one.given, revisions: one.changes,
    }));
    const columns = facts.columns.split(" ");
    const lines = rows.map((row) => columns.map((name) => quoted(row[name])).join(","));
    return [columns.join(","), ...lines, ""].join("\n");
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file()], { type: "text/csv" }));
    link.download = `answers-${facts.study}-${facts.assignment}.csv`;
    document.body.append(link);
    link.click();
    link.remove();
    const saved = document.getElementById("saved");
    saved.textContent = saved.dataset.text;
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    const index = faces.indexOf(event.target.closest(".face"));
    if (index >= 0) choose(index, event.target.value);
    refresh();
    keep();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "save") save();
    else show(here + (button.classList.contains("back") ? -1 : 1));
  });
  document.addEventListener("keydown", (event) => {
    const index = faces.indexOf(steps[here]);
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      if (answers[index].answer) show(here + 1);
      return;
    }
    const options = steps[here].querySelectorAll(".options input");
    const option = /^[1-9]$/.test(event.key) ? options[Number(event.key) - 1] : null;
    if (!option || option.disabled) return;
    option.checked = true;
    option.focus();
    choose(index, option.value);
  });

  document.documentElement.classList.add("js");
  restore();
  show(here);
})();
