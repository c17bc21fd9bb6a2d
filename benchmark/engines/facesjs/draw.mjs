// Draws facesjs avatars for avatarbench: one JSON line in, one JSON line out
// (docs/engine-protocol.md). Usage: node draw.mjs FOLDER_WITH_NODE_MODULES
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const build = join(process.argv[2], "node_modules", "facesjs", "build");
const load = (name) => import(pathToFileURL(join(build, name)).href);
const { faceToSvgString } = await load("faceToSvgString.js");
const { default: shapes } = await load("svgs.js");
const SPEC = JSON.parse(readFileSync(new URL("spec.json", import.meta.url), "utf8"));
const colours = Object.fromEntries(
  SPEC.parameters.filter((p) => p.colours).map((p) => [
    p.name, Object.fromEntries(p.options.map((o, i) => [o, p.colours[i]]))]),
);

// The order in which facesjs draws, and the part class of each feature.
const PARTS = { hairBg: 7, body: 8, jersey: 9, ear: 6, head: 1, eyeLine: 1, smileLine: 1,
  miscLine: 1, facialHair: 1, eye: 2, eyebrow: 3, mouth: 4, nose: 5, hair: 7, glasses: 10 };
const PAIRS = new Set(["ear", "smileLine", "eye", "eyebrow"]);
const [LEFT, TOP, EDGE] = [-15, 75, 430];
const between = (low, high, share) => low + (high - low) * share;

function faceOf(a) {
  return {
    fatness: a.fatness, teamColors: ["#3c6e9f", "#2b4d70", "#e8eef2"],
    hairBg: { id: a.back_hair },
    body: { id: "body", color: colours.skin_tone[a.skin_tone], size: 1 },
    jersey: { id: "jersey2" },
    ear: { id: "ear1", size: 0.8 },
    head: { id: a.head_type, shave: `rgba(0,0,0,${between(0, 0.2, a.stubble).toFixed(4)})` },
    eyeLine: { id: "none" },
    smileLine: { id: "none", size: 1 },
    miscLine: { id: "none" }, facialHair: { id: a.facial_hair },
    eye: { id: a.eye_type, angle: between(-10, 15, a.eye_angle) },
    eyebrow: { id: a.brow_type, angle: between(-15, 20, a.brow_angle) },
    hair: { id: a.hair_type, color: colours.hair_colour[a.hair_colour], flip: false },
    mouth: { id: a.mouth_type, flip: false },
    nose: { id: a.nose_type, flip: false, size: between(0.5, 1.25, a.nose_size) },
    glasses: { id: a.glasses }, accessories: { id: "none" },
  };
}

// The document's top-level groups in order: one for each drawn feature, two for pairs.
function groupsOf(inner) {
  const groups = [];
  let depth = 0, start = 0;
  for (const tag of inner.matchAll(/<g\b[^>]*>|<\/g>/g)) {
    if (tag[0] === "</g>") {
      if (--depth === 0) groups.push(inner.slice(start, tag.index + 4));
    } else if (depth++ === 0) start = tag.index;
  }
  return groups;
}

function flat(group, red) {
  const paint = `rgb(${red},0,0)`;
  return group
    .replace(/\b(fill|stroke|stop-color)="(?!none)[^"]*"/g, `$1="${paint}"`)
    .replace(/\b(fill|stroke):(?!none)[^;"]+/g, `$1:${paint}`)
    .replace(/\b(fill-opacity|stroke-opacity|opacity)[:=]"?[\d.]+"?;?/g, "")
    .replace("<g", `<g fill="${paint}"`);
}

function documentOf(avatar, size, kind) {
  const face = faceOf(avatar);
  const svg = faceToSvgString(face);
  let inner = svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"));
  if (kind !== "render") {
    const drawn = Object.keys(PARTS).filter((name) => shapes[name][face[name].id]);
    const names = drawn.flatMap((name) => (PAIRS.has(name) ? [name, name] : [name]));
    const groups = groupsOf(inner);
    if (groups.length !== names.length) throw new Error("facesjs draws in an unknown order");
    const red = (name) => (kind === "parts" ? PARTS[name] : 255 * (name === "facialHair"));
    inner = groups.map((group, i) => flat(group, red(names[i]))).join("");
  }
  const ground = kind === "render" ? "#e8eef2" : "#000";
  const edges = kind === "render" ? "" : ' shape-rendering="crispEdges"';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"
    viewBox="${LEFT} ${TOP} ${EDGE} ${EDGE}"${edges}>
    <rect x="${LEFT}" y="${TOP}" width="${EDGE}" height="${EDGE}" fill="${ground}"/>
    ${inner}</svg>`;
}

function answer({ type, id, size, avatars }) {
  if (type === "spec") return SPEC;
  if (!["render", "parts", "beards"].includes(type)) return { id, error: `unknown request ${type}` };
  try {
    return { id, pictures: avatars.map((avatar) => documentOf(avatar, size, type)) };
  } catch (error) {
    return { id, error: String(error.message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
}
