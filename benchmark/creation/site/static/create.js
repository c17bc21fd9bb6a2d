// A picture becomes an avatar at once, which can then be adjusted.

import { currentAddress, fillFields, liveImage, recolour } from "../studio/fields.js";

const LONGEST = 1280; // pixels of the side that is sent
const form = document.getElementById("avatar");
const photo = document.getElementById("photo");
const video = document.getElementById("video");
const message = document.getElementById("message");
const faces = document.getElementById("faces");
const root = form.dataset.root;
const by = (id) => document.getElementById(id);

let state = JSON.parse(form.dataset.state);
let predicted = null;
let past = [];
let asked = 0;
let sent = 0;
const draw = liveImage(by("live"), root, state.avatar);

function report(text, failed = false) {
  message.textContent = text;
  message.classList.toggle("lost", failed);
}

function show(next) {
  if (next.colours !== state.colours) recolour(form, next.colours);
  state = next;
  fillFields(form, next);
  draw(next.avatar);
  const query = next.avatar.split("?")[1];
  by("png").href = `${root}/avatar.png?${query}&size=large`;
  by("json").href = `${root}/vector.json?${query}`;
  by("undo").disabled = past.length === 0;
  by("reset").disabled = predicted === null || predicted.avatar === next.avatar;
}

function change(next) {
  if (next.avatar === state.avatar) return;
  past.push(state);
  show(next);
}

// The server says which fields are active.
async function update() {
  const mine = ++asked;
  try {
    const answer = await fetch(`${root}/state?${currentAddress(form, state).split("?")[1]}`);
    const next = await answer.json();
    if (mine === asked) change(next);
  } catch {
    report("The server cannot be reached.", true);
  }
}

function stopCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
  by("shoot").hidden = true;
  by("camera").hidden = !canUseCamera;
}

const canUseCamera = Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia);
by("camera").hidden = !canUseCamera;

async function startCamera() {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" } });
  } catch {
    report("The camera cannot be used. Choose a picture instead.", true);
    return;
  }
  video.hidden = false;
  await video.play();
  by("camera").hidden = true;
  by("shoot").hidden = false;
  by("shoot").focus();
}

// Draw the square of `picture` around a box, or all of it.
function paint(picture, box) {
  const { width, height } = picture;
  const side = Math.min(width, height, box ? 2.2 * Math.max(box[2] - box[0], box[3] - box[1]) : Infinity);
  const centre = box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : [width / 2, height / 2];
  const left = Math.min(Math.max(centre[0] - side / 2, 0), width - side);
  const top = Math.min(Math.max(centre[1] - side / 2, 0), height - side);
  photo.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, photo.width, photo.height);
  photo.setAttribute("aria-label", box ? "The face in your picture" : "Your picture");
}

// The picture, not larger than needed; null if the browser cannot read the file.
async function shrink(source) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(source);
  } catch {
    return null;
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const small = document.createElement("canvas");
  small.width = Math.max(1, Math.round(bitmap.width * scale));
  small.height = Math.max(1, Math.round(bitmap.height * scale));
  small.getContext("2d").drawImage(bitmap, 0, 0, small.width, small.height);
  return small;
}

async function encode(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

async function send(source) {
  const mine = ++sent; // answers to earlier pictures are ignored
  stopCamera();
  report("Looking at the picture…");
  const small = await shrink(source);
  if (mine !== sent) return;
  if (small) paint(small, null);
  const blob = small ? await new Promise((done) => small.toBlob(done, "image/jpeg", 0.92)) : source;
  let answer;
  let content;
  try {
    answer = await fetch(`${root}/avatars`, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": form.dataset.csrf },
      body: JSON.stringify({ picture: await encode(blob) }),
    });
    content = await answer.json();
  } catch {
    if (mine === sent) report("The server cannot be reached.", true);
    return;
  }
  if (mine !== sent) return;
  if (!answer.ok) {
    report(content.error ?? "That did not work.", true);
    return;
  }
  choose(small, content.faces, 0);
  listFaces(small, content.faces);
  by("caption").textContent = "Your picture";
  by("which").textContent = "Your avatar";
  report(content.faces.length > 1 ? `There are ${content.faces.length} faces. This is the largest.` : "Here is your avatar. Adjust it as you like.");
}

function choose(small, found, index) {
  predicted = found[index];
  past = [];
  if (small) paint(small, predicted.box);
  show(predicted);
  for (const [i, button] of [...faces.children].entries()) button.setAttribute("aria-pressed", String(i === index));
}

function listFaces(small, found) {
  faces.replaceChildren();
  faces.hidden = found.length < 2;
  if (faces.hidden) return;
  for (const index of found.keys()) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = `Face ${index + 1}`;
    button.setAttribute("aria-pressed", String(index === 0));
    button.addEventListener("click", () => choose(small, found, index));
    faces.append(button);
  }
}

const pictureOf = (list) => [...(list ?? [])].find((file) => file.type.startsWith("image/") || /\.(heic|heif)$/i.test(file.name));

by("file").addEventListener("change", (event) => {
  const file = event.target.files[0];
  event.target.value = ""; // the same file can be chosen again
  if (file) send(file);
});
by("camera").addEventListener("click", startCamera);
by("shoot").addEventListener("click", async () => send(await createImageBitmap(video)));
by("undo").addEventListener("click", () => {
  show(past.pop());
  report("Undone.");
});
by("reset").addEventListener("click", () => {
  change(predicted);
  report("This is the avatar as predicted from the picture.");
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", (event) => {
  if (!(event.target.name in state.values)) return;
  if (event.target.type === "range") event.target.nextElementSibling.value = event.target.value;
  draw(currentAddress(form, state));
});
form.addEventListener("change", (event) => {
  if (event.target.name in state.values) update();
});
document.addEventListener("paste", (event) => {
  const file = pictureOf(event.clipboardData?.files);
  if (file) send(file);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const file = pictureOf(event.dataTransfer.files);
  if (file) send(file);
  else report("That is not a picture.", true);
});
