// Comforts of the page of a run. Without this script the page is complete.
"use strict";

// Tables: sort by a column, hide columns, show only some rows.

function make(tag, content, facts = {}) {
  const element = Object.assign(document.createElement(tag), facts);
  element.append(...[content].flat());
  return element;
}

function plainText(cell) {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("small").forEach((part) => part.remove());
  return copy.textContent.trim();
}

// The number that a cell begins with. A commit such as 47c12a4 is none.
function number(cell) {
  const text = plainText(cell).replaceAll("−", "-").replaceAll(",", "");
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(text);
  const found = text.match(/^[<~±]?\s*(-?\d+(\.\d+)?)(?![\w.])/);
  return found ? Number(found[1]) : null;
}

function enhanceTable(section) {
  const table = section.querySelector("table");
  const headRows = [...table.tHead.rows];
  const stub = headRows[0].cells[0];
  const heads = [...headRows.at(-1).cells].filter((head) => head !== stub);
  const groups = headRows.length > 1 ? [...headRows[0].cells].slice(1) : [];
  const bodies = [...table.tBodies].map((body) => ({
    body,
    rows: [...body.rows].filter((row) => row.cells[0].scope === "row"),
  }));
  const rows = bodies.flatMap((part) => part.rows);
  if (rows.length < 2 || !heads.length) return;

  function sortBy(head, key, ascending) {
    for (const other of [stub, ...heads]) other.removeAttribute("aria-sort");
    if (key) head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    for (const part of bodies) {
      const sorted = key ? [...part.rows].sort((a, b) => {
        const [one, two] = [key(a), key(b)];
        if (one === null || two === null) return (one === null) - (two === null);
        const order = one < two ? -1 : one > two ? 1 : 0;
        return ascending ? order : -order;
      }) : part.rows;
      part.body.append(...sorted);
    }
  }

  function addSort(head, key, first) {
    let clicks = 0;
    const button = make("button", [...head.childNodes], { type: "button", className: "sort" });
    button.addEventListener("click", () => {
      clicks = head.hasAttribute("aria-sort") ? (clicks + 1) % 3 : 1;
      sortBy(head, clicks ? key : null, clicks === 1 ? first : !first);
    });
    head.append(button);
  }

  addSort(stub, (row) => plainText(row.cells[0]).toLowerCase(), true);
  heads.forEach((head, index) => {
    const higherFirst = !head.textContent.includes("↓");
    if (rows.some((row) => number(row.cells[index + 1]) !== null)) {
      addSort(head, (row) => number(row.cells[index + 1]), !higherFirst);
    } else {
      addSort(head, (row) => plainText(row.cells[index + 1]).toLowerCase(), true);
    }
  });

  const spans = groups.map((group) => group.colSpan);
  const owners = spans.flatMap((span, group) => Array(span).fill(group));
  function hideColumn(index, hidden) {
    heads[index].hidden = hidden;
    for (const row of rows) row.cells[index + 1].hidden = hidden;
    const group = groups[owners[index]];
    if (group) {
      const shown = heads.filter((head, at) => owners[at] === owners[index] && !head.hidden).length;
      group.hidden = !shown;
      group.colSpan = Math.max(shown, 1);
    }
  }

  function choices(title, names, change) {
    const labels = names.map((name, index) => {
      const box = make("input", [], { type: "checkbox", checked: true });
      box.addEventListener("change", () => change(index, !box.checked));
      return make("label", [box, ` ${name}`]);
    });
    return make("fieldset", [make("legend", title), ...labels]);
  }

  const names = heads.map((head, index) => {
    const group = groups[owners[index]];
    return [group ? plainText(group) : "", plainText(head)].filter(Boolean).join(" ");
  });
  const labels = [...new Set(rows.map((row) => plainText(row.cells[0])))];
  const parts = [make("summary", "Choose columns and rows")];
  if (heads.length > 1) parts.push(choices("Columns", names, hideColumn));
  parts.push(choices("Rows", labels, (index, hidden) => {
    for (const row of rows) {
      if (plainText(row.cells[0]) === labels[index]) row.hidden = hidden;
    }
  }));
  section.prepend(make("details", parts, { className: "choices" }));
}

for (const section of document.querySelectorAll("main section.table")) {
  if (!section.closest(".published")) enhanceTable(section);
}

// A link into closed details opens them.

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target; part; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  if (target && location.hash) target.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();
