// Updates the progress without reloading the page.
"use strict";

const SECONDS = 5;
const live = document.getElementById("live");
document.getElementById("live-note").hidden = false;
document.getElementById("refresh").hidden = true;

async function refresh() {
  if (document.hidden || live.contains(document.activeElement)) return;
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  if (fresh) live.replaceChildren(...fresh.childNodes);
  else location.reload();
}

setInterval(() => refresh().catch(() => {}), SECONDS * 1000);
