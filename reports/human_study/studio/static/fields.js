// The fields of an avatar, for the studio and for the page of `avatarbench create`.

// Shows pictures in an image. Only one is requested at a time; then the latest follows.
// `shown` is the address of the picture that is there.
export function liveImage(image, root, shown) {
  let wanted = shown;
  let drawing = false;
  function draw(address) {
    wanted = address;
    if (drawing || wanted === shown) return;
    drawing = true;
    shown = wanted;
    image.src = root + shown;
  }
  function drawNext() {
    drawing = false;
    draw(wanted);
  }
  image.addEventListener("load", drawNext);
  image.addEventListener("error", drawNext);
  return draw;
}

// The address of the avatar with the values of the form.
export function currentAddress(form, state) {
  const address = new URL(state.avatar, location.href);
  for (const [name, value] of new FormData(form)) {
    if (name in state.values) address.searchParams.set(name, value);
  }
  return address.pathname + address.search;
}

// Show values, and which fields are active.
export function fillFields(form, state) {
  for (const [name, value] of Object.entries(state.values)) {
    const fields = form.elements[name];
    if (fields instanceof RadioNodeList) {
      for (const radio of fields) radio.checked = radio.value === value;
    } else {
      fields.value = value;
      fields.nextElementSibling.value = value;
    }
  }
  for (const fieldset of form.querySelectorAll("[data-field]")) {
    const active = state.active[fieldset.dataset.field];
    fieldset.disabled = !active;
    const condition = fieldset.querySelector(".condition");
    if (condition) condition.hidden = active;
  }
}

// Thumbnails have the colours of the avatar.
export function recolour(form, colours) {
  for (const picture of form.querySelectorAll("[data-thumbnail]")) {
    const [path, query] = picture.getAttribute("src").split("?");
    const version = new URLSearchParams(query).get("v");
    picture.src = `${path}?${new URLSearchParams({ v: version })}&${colours}`;
  }
}
