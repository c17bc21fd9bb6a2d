// Sorts the cases by the score of a row, or by the gap between two rows.
(() => {
  "use strict";
  const form = document.querySelector("form.sorting");
  if (!form) return;
  const table = document.getElementById("case-list");
  const bodies = [...table.tBodies];
  const chosen = (name) => form.elements[name];
  const text = (select) => select.selectedOptions[0].textContent.trim();
  const valuesOf = (row) => JSON.parse(row.dataset.values);

  function showScores() {
    const metric = chosen("metric");
    const { decimals, direction } = metric.selectedOptions[0].dataset;
    const sign = direction === "lower" ? 1 : -1;
    for (const row of table.querySelectorAll("tr[data-values]")) {
      const cells = [...row.querySelectorAll("td:not(.truth)")];
      const scores = valuesOf(row).map((of) => of[metric.value]);
      const printed = scores.map((s) => (s === null ? "" : s.toFixed(Number(decimals))));
      const rivals = cells
        .map((cell, at) => ("ranked" in cell.dataset && printed[at] ? sign * printed[at] : Infinity));
      const best = Math.min(...rivals);
      cells.forEach((cell, at) => {
        const shown = cell.querySelector(".score");
        if (!shown) return;
        shown.textContent = printed[at].replace("-", "−") || "—";
        shown.classList.toggle("best", rivals[at] === best && best !== Infinity);
      });
    }
  }

  function sort() {
    const order = chosen("order").value;
    const metric = chosen("metric");
    const lower = metric.selectedOptions[0].dataset.direction === "lower";
    const rival = chosen("rival").value;
    const key = (body) => {
      const values = valuesOf(body.rows[chosen("engine").value]);
      const score = (at) => values[at][metric.value];
      const mine = score(chosen("row").value);
      const other = rival === "" ? 0 : score(rival);
      if (mine === null || other === null) return null;
      const worse = (lower ? 1 : -1) * (mine - other);
      if (order === "gap") return -Math.abs(mine - other);
      return order === "worst" ? -worse : worse;
    };
    const sorted = order
      ? [...bodies].sort((a, b) => (key(a) ?? Infinity) - (key(b) ?? Infinity) || 0)
      : bodies;
    table.append(...sorted);
    const versus = rival === "" ? "" : ` compared with ${text(chosen("rival"))}`;
    form.querySelector("[role=status]").textContent = order
      ? `${text(metric)} of ${text(chosen("row"))}${versus} on ` +
        `${text(chosen("engine"))}: ${text(chosen("order"))}.`
      : "";
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    if (chosen("order").value === "gap" && chosen("rival").value === "") {
      chosen("rival").value = chosen("row").value === "0" ? "1" : "0";
    }
    const sorts = ["row", "rival", "engine"].includes(event.target.name);
    if (sorts && chosen("order").value === "") {
      chosen("order").value = chosen("rival").value === "" ? "best" : "gap";
    }
    const size = chosen("size").value;
    if (size) table.style.setProperty("--side", size);
    else table.style.removeProperty("--side");
    showScores();
    if (event.target.name !== "size") sort();
  });
})();
