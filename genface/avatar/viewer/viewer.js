"use strict";
// A rig in the browser: AUs to vertices as in genface.avatar.Rig, drawn by WebGL 2.
const data = JSON.parse(document.getElementById("data").textContent);
const arrays = unpack(data.binary, data.arrays);
const $ = (id) => document.getElementById(id);

function unpack(text, table) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const kinds = { f4: Float32Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, u1: Uint8Array };
  const found = {};
  for (const [name, [kind, offset, count]] of Object.entries(table))
    found[name] = new kinds[kind](bytes.buffer, offset, count);
  return found;
}

// ---- The rig -----------------------------------------------------------------
const AUS = data.aus, A = AUS.length, at = new Map(AUS.map((name, k) => [name, k]));
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

/** Drivers of the morphs from both sides' AUs ([left, right] per AU) and gaze. */
function drivers(sides, gaze) {
  const s = Float32Array.from(sides, (x) => clamp(x, 0, 1)), given = s.slice();
  for (const [faded, under] of data.fades)
    for (let k = 0; k < 2; k++) {
      const left = given[2 * faded + k] * (1 - given[2 * under + k]);
      s[2 * faded + k] = Math.min(s[2 * faded + k], left);
    }
  for (const [more, whole] of data.adds)
    for (let k = 0; k < 2; k++) s[2 * more + k] = Math.max(given[2 * more + k] - given[2 * whole + k], 0);
  const [pitch, yaw] = gaze.map((x) => clamp(x / data.lidsFollow, -1, 1));
  const out = [], up = Math.max(pitch, 0), down = Math.max(-pitch, 0);
  const right = Math.max(yaw, 0), left = Math.max(-yaw, 0);
  const looks = [up, up, down, down, right, left, left, right];
  looks.forEach((look, k) => {
    const shut = data.shut.reduce((sum, au) => sum + s[2 * au + (k % 2)], 0);
    out.push(look * (1 - shut));
  });
  const mixed = data.mixtures.flatMap(([a, b]) => [s[2 * a] * s[2 * b], s[2 * a + 1] * s[2 * b + 1]]);
  return [...s, ...out, ...mixed];
}

function morphWeights(values) {
  if (!arrays.drive) return values;
  const S = data.targets, weights = new Float32Array(S);
  values.forEach((v, d) => { if (v) for (let k = 0; k < S; k++) weights[k] += v * arrays.drive[d * S + k]; });
  return weights;
}

/** Vertices of the rig before eyes and head turn, lips and lids kept apart. */
function deform(weights, into) {
  into.set(arrays.neutral);
  const { rows, values, ends, scales } = arrays;
  for (let k = 0; k < data.targets; k++) {
    const w = weights[k] * scales[k];
    if (w) for (let n = ends[k]; n < ends[k + 1]; n++) {
      const v = 3 * rows[n];
      into[v] += w * values[3 * n]; into[v + 1] += w * values[3 * n + 1]; into[v + 2] += w * values[3 * n + 2];
    }
  }
  for (const pair of data.edges) keepApart(into, pair);
}

/** Crossed edges of lips and lids give way to each other (genface.avatar.contact). */
function keepApart(v, { upper, lower, above, below, yields }) {
  const x = (rows) => rows.map((row) => v[3 * row]), y = (rows) => rows.map((row) => v[3 * row + 1]);
  const xu = x(upper), xl = x(lower), yu = y(upper), yl = y(lower);
  const high = () => heightAt(xl, xu, yu), low = () => heightAt(xu, xl, yl);
  const under = low().map((h, k) => yields * Math.max(h - yu[k], 0)), over = high().map((h, k) => (1 - yields) * Math.max(yl[k] - h, 0));
  under.forEach((d, k) => { yu[k] += d; }); over.forEach((d, k) => { yl[k] -= d; });
  high().forEach((h, k) => { const d = Math.max(yl[k] - h, 0); over[k] += d; yl[k] -= d; });
  low().forEach((h, k) => { under[k] += Math.max(h - yu[k], 0); });
  for (const [[points, moved, shares], by, sign] of [[above, under, 1], [below, over, -1]])
    points.forEach((point, n) => { v[3 * moved[n] + 1] += sign * shares[n] * by[point]; });
}
function heightAt(places, xs, ys) {
  return places.map((place) => {
    let height = ys[0];
    for (let k = 1; k < xs.length; k++) height += clamp((place - xs[k - 1]) / Math.max(xs[k] - xs[k - 1], 1e-6), 0, 1) * (ys[k] - ys[k - 1]);
    return height;
  });
}

/** Rotation by Pitch, Roll, Yaw (genface.geometry.pose), row by row. */
function rotation([pitch, roll, yaw]) {
  const [cp, sp, cr, sr, cy, sy] = [pitch, roll, yaw].flatMap((x) => [Math.cos(x), Math.sin(x)]);
  const y = [cy, 0, -sy, 0, 1, 0, sy, 0, cy], x = [1, 0, 0, 0, cp, sp, 0, -sp, cp], z = [cr, -sr, 0, sr, cr, 0, 0, 0, 1];
  return times(times(y, x), z);
}
function times(a, b) {
  const c = new Array(9).fill(0);
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
  return c;
}
function turn(r, p, centre, from, to, share = 1) {
  for (let k = from; k < to; k += 3) {
    const d = [p[k] - centre[0], p[k + 1] - centre[1], p[k + 2] - centre[2]];
    for (let i = 0; i < 3; i++) {
      const moved = r[3 * i] * d[0] + r[3 * i + 1] * d[1] + r[3 * i + 2] * d[2] + centre[i];
      p[k + i] = share * moved + (1 - share) * (d[i] + centre[i]);
    }
  }
}

// ---- What is drawn -----------------------------------------------------------
const V = arrays.neutral.length / 3, vertices = new Float32Array(3 * V);
const P = arrays.source.length, control = new Float32Array(3 * P);
const refined = arrays.smoothEnds.length - 1, ends = arrays.smoothEnds;
const bodyCount = arrays.bodyPoints ? arrays.bodyPoints.length / 3 : 0;
const eyeRows = data.eyes.map((eye, k) => arrays[`eye${k}`]);
const starts = [refined];
eyeRows.forEach((rows) => starts.push(starts.at(-1) + rows.length));
const N = starts.at(-1) + bodyCount;
const points = new Float32Array(3 * N), normals = new Float32Array(3 * N);
const triangles = arrays.triangles, shared = arrays.shared;

function figure(face) {
  deform(morphWeights(drivers(face.sides, face.gaze)), vertices);
  for (let p = 0; p < P; p++) for (let k = 0; k < 3; k++) {
    const v = 3 * arrays.source[p] + k;
    control[3 * p + k] = arrays.points[3 * p + k] + arrays.follow[p] * (vertices[v] - arrays.neutral[v]);
  }
  for (let p = 0; p < refined; p++) {
    let x = 0, y = 0, z = 0;
    for (let n = ends[p]; n < ends[p + 1]; n++) {
      const w = arrays.smoothWeights[n] / 16384, c = 3 * arrays.smoothColumns[n];
      x += w * control[c]; y += w * control[c + 1]; z += w * control[c + 2];
    }
    points[3 * p] = x; points[3 * p + 1] = y; points[3 * p + 2] = z;
  }
  const look = rotation([face.gaze[0], 0, face.gaze[1]]), head = rotation(face.pose);
  eyeRows.forEach((rows, e) => {
    rows.forEach((row, k) => { for (let i = 0; i < 3; i++) points[3 * (starts[e] + k) + i] = vertices[3 * row + i]; });
    turn(look, points, data.eyes[e].centre, 3 * starts[e], 3 * starts[e + 1]);
  });
  turn(head, points, data.pivot, 0, 3 * starts.at(-1));
  for (let b = 0; b < bodyCount; b++) {
    const to = 3 * (starts.at(-1) + b);
    for (let i = 0; i < 3; i++) points[to + i] = arrays.bodyPoints[3 * b + i];
    turn(head, points, data.pivot, to, to + 3, arrays.bodyFollow[b]);
  }
  shade();
}

function shade() {
  const total = new Float32Array(3 * N);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    const ux = points[b] - points[a], uy = points[b + 1] - points[a + 1], uz = points[b + 2] - points[a + 2];
    const vx = points[c] - points[a], vy = points[c + 1] - points[a + 1], vz = points[c + 2] - points[a + 2];
    const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
    for (let k = 0; k < 3; k++) {
      const s = 3 * shared[triangles[t + k]];
      total[s] += nx; total[s + 1] += ny; total[s + 2] += nz;
    }
  }
  for (let p = 0; p < N; p++) {
    const s = 3 * shared[p], length = Math.hypot(total[s], total[s + 1], total[s + 2]) || 1;
    for (let k = 0; k < 3; k++) normals[3 * p + k] = total[s + k] / length;
  }
}

const VERTEX = `#version 300 es
in vec3 place, normal, tint; in vec2 uv; uniform mat4 camera; uniform vec3 eye;
out vec3 n, at, own; out vec2 texel;
void main() { gl_Position = camera * vec4(place, 1.0); n = normal; at = place; own = tint; texel = uv; }`;
// The light of genface.avatar.light: a wrapped key, a fill, red in half shadow.
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 n, at, own; in vec2 texel; out vec4 result;
uniform sampler2D picture; uniform vec3 colour, eye, ball; uniform float pictured, wet, dim;
const vec3 KEY = normalize(vec3(-0.42, 0.5, 0.76)), FILL = normalize(vec3(0.75, 0.1, 0.55));
void main() {
  vec3 toEye = normalize(eye - at), m = normalize(gl_FrontFacing ? n : -n);
  float key = clamp((dot(m, KEY) + 0.28) / 1.28, 0.0, 1.0), fill = clamp(dot(m, FILL), 0.0, 1.0);
  float white = 0.36 + 0.66 * key + 0.15 * fill - 0.08 * clamp(-m.y, 0.0, 1.0);
  float red = white + 0.16 * key * (1.0 - key);
  float glance = clamp(dot(m, normalize(KEY + toEye)), 0.0, 1.0);
  vec3 base = own * mix(colour, texture(picture, texel).rgb, pictured);
  vec3 lit = base * vec3(red, white, white) * dim + (1.0 - wet) * 0.10 * pow(glance, 24.0) * dim;
  if (wet > 0.5) {  // the upper lid shades the eye, a window is mirrored in it
    float under = (at.y - ball.y) / 1.3;
    lit = base * (1.04 - 0.55 * smoothstep(-0.05, 0.55, under)) + smoothstep(0.985, 0.995, glance);
  }
  result = vec4(lit, 1.0);
}`;

const canvas = $("view");
const gl = canvas.getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
let program, uniforms, placeBuffer, normalBuffer;

function start() {
  if (!gl) { $("message").textContent = "This page needs WebGL 2, which this browser does not offer."; return false; }
  program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text); gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program); gl.useProgram(program);
  uniforms = Object.fromEntries(["camera", "eye", "ball", "colour", "pictured", "wet", "dim"].map((name) => [name, gl.getUniformLocation(program, name)]));
  placeBuffer = attribute("place", 3, points, gl.DYNAMIC_DRAW);
  normalBuffer = attribute("normal", 3, normals, gl.DYNAMIC_DRAW);
  attribute("uv", 2, arrays.uv, gl.STATIC_DRAW);
  attribute("tint", 3, arrays.tint || new Float32Array(3 * N).fill(1), gl.STATIC_DRAW);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, Uint32Array.from(triangles), gl.STATIC_DRAW);
  gl.enable(gl.DEPTH_TEST); gl.clearColor(0, 0, 0, 0);
  for (const group of data.groups) group.texture = texture(data.pictures[group.picture]);
  return true;
}
function attribute(name, size, values, use) {
  const buffer = gl.createBuffer(), where = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer); gl.bufferData(gl.ARRAY_BUFFER, values, use);
  gl.enableVertexAttribArray(where); gl.vertexAttribPointer(where, size, gl.FLOAT, false, 0, 0);
  return buffer;
}
function texture(source) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array([226, 178, 152, 255]));
  if (!source) return made;
  const image = new Image();
  image.onload = () => {
    gl.bindTexture(gl.TEXTURE_2D, made);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    drawn = null;
  };
  image.src = source;
  return made;
}

const orbit = { yaw: 0, pitch: 0, far: 1 };
function camera() {
  const { middle, height } = data.view, cy = Math.cos(orbit.yaw), sy = Math.sin(orbit.yaw);
  const cp = Math.cos(orbit.pitch), sp = Math.sin(orbit.pitch), far = 2.6 * height * orbit.far;
  const eye = [middle[0] + far * sy * cp, middle[1] + far * sp, middle[2] + far * cy * cp];
  const axes = [[cy, 0, -sy], [-sy * sp, cp, -cy * sp], [sy * cp, sp, cy * cp]];
  const aspect = canvas.width / canvas.height, zoom = 5.2 * Math.min(1, aspect * 1.15);
  const near = far / 20, depth = (far * 4 + near) / (near - far * 4), span = (2 * far * 4 * near) / (near - far * 4);
  const m = new Float32Array(16), scale = [zoom / aspect, zoom, 1];
  for (let column = 0; column < 4; column++) {
    const t = axes.map((axis) => column < 3 ? axis[column] : -(axis[0] * eye[0] + axis[1] * eye[1] + axis[2] * eye[2]));
    m.set([scale[0] * t[0], scale[1] * t[1], depth * t[2] + (column === 3 ? span : 0), -t[2]], 4 * column);
  }
  return { matrix: m, eye };
}

function draw() {
  const wide = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio)), high = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
  if (canvas.width !== wide || canvas.height !== high) { canvas.width = wide; canvas.height = high; }
  gl.viewport(0, 0, wide, high); gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  for (const [buffer, values] of [[placeBuffer, points], [normalBuffer, normals]]) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer); gl.bufferSubData(gl.ARRAY_BUFFER, 0, values);
  }
  const [upper, lower] = data.lips || [], gap = vertices[3 * upper + 1] - vertices[3 * lower + 1];
  const slit = data.lips ? clamp(gap / 0.4, 0.15, 1) : 1;  // between lips that hardly part it is dark
  const { matrix, eye } = camera();
  gl.uniformMatrix4fv(uniforms.camera, false, matrix); gl.uniform3fv(uniforms.eye, eye);
  for (const group of data.groups) {
    gl.bindTexture(gl.TEXTURE_2D, group.texture);
    gl.uniform3fv(uniforms.colour, group.colour); gl.uniform1f(uniforms.pictured, group.picture ? 1 : 0);
    gl.uniform1f(uniforms.wet, group.wet ? 1 : 0); gl.uniform1f(uniforms.dim, group.dim * (group.inside ? slit : 1));
    if (group.wet) gl.uniform3fv(uniforms.ball, ballAt(group.eye));
    gl.drawElements(gl.TRIANGLES, group.count, gl.UNSIGNED_INT, 4 * group.first);
  }
}
function ballAt(eye) {
  const centre = Float32Array.from(data.eyes[eye].centre);
  turn(rotation(state.pose), centre, data.pivot, 0, 3);
  return centre;
}

// ---- Time and hands ----------------------------------------------------------
const T = data.frames, hand = new Map();
const state = { time: 0, playing: false, speed: 1, mix: 0, leaving: false, pose: [0, 0, 0], gaze: [0, 0], sides: new Float32Array(2 * A) };
const NAMES = [...AUS, ...data.angles.map((angle) => angle.name)];

function clipAt(values, width, column) {
  if (!values || !T) return 0;
  const f = clamp(state.time * data.fps, 0, T - 1), k = Math.floor(f), rest = f - k;
  const a = values[k * width + column], b = values[Math.min(k + 1, T - 1) * width + column];
  return a + rest * (b - a);
}
const held = (name, clip) => hand.has(name) ? clip + state.mix * (hand.get(name) - clip) : clip;

function pose() {
  AUS.forEach((name, k) => { for (let s = 0; s < 2; s++) state.sides[2 * k + s] = held(name, clipAt(arrays.clip, 2 * A, 2 * k + s) / 65535); });
  for (const angle of data.angles) state[angle.of][angle.column] = held(angle.name, clipAt(arrays[angle.of], angle.of === "pose" ? 3 : 2, angle.column));
}

let drawn = null, before = null;
function tick(now) {
  const step = before === null ? 0 : Math.min((now - before) / 1000, 0.25);
  before = now;
  if (state.playing && T) state.time = (state.time + step * state.speed) % (T / data.fps);
  if (state.leaving) {
    state.mix = Math.max(0, state.mix - step / 0.6);
    if (!state.mix) { hand.clear(); state.leaving = false; }
  }
  refresh();
  requestAnimationFrame(tick);
}
function refresh() {
  const key = JSON.stringify([state.time, state.mix, [...hand], orbit, canvas.clientWidth, canvas.clientHeight, devicePixelRatio]);
  if (key === drawn) return;
  drawn = key;
  pose(); figure(state); draw(); show();
}
function show() {
  const frame = Math.min(T - 1, Math.floor(state.time * data.fps + 1e-6));
  if (T) {
    $("scrub").value = frame;
    $("clock").textContent = `${state.time.toFixed(2)} s · ${frame + 1}/${T}`;
    canvas.style.opacity = arrays.away[frame] ? 0.45 : 1;
    $("message").textContent = arrays.away[frame] ? "no face in the video here" : "";
  }
  $("back").disabled = !hand.size;
  for (const row of rows) {
    const value = row.read();
    row.box.classList.toggle("hand", hand.has(row.name));
    row.text.textContent = value.toFixed(2);
    if (document.activeElement !== row.input || !hand.has(row.name)) row.input.value = value;
  }
}

const rows = [];
function slider(name, label, low, high, read) {
  const box = document.createElement("div"), title = document.createElement("span"), tag = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step: 0.01, value: 0, id: `au-${name}` });
  const text = document.createElement("output");
  box.className = "row"; title.textContent = label; tag.textContent = name; tag.htmlFor = input.id;
  input.addEventListener("input", () => set(name, Number(input.value)));
  box.append(title, tag, input, text); $("sliders").append(box);
  rows.push({ name, box, input, text, read });
}
AUS.forEach((name, k) => slider(name, data.labels[k], 0, 1, () => (state.sides[2 * k] + state.sides[2 * k + 1]) / 2));
for (const angle of data.angles) slider(angle.name, angle.label, -0.6, 0.6, () => state[angle.of][angle.column]);

/** Hold an AU or angle at a value; the others go on with the clip. */
function set(name, value) {
  if (!NAMES.includes(name)) throw new Error(`no slider ${name}`);
  hand.set(name, value); state.mix = 1; state.leaving = false;
}
function seek(frame) { state.time = clamp(frame, 0, Math.max(0, T - 1)) / data.fps; refresh(); }
function play(on = !state.playing) {
  state.playing = on && T > 0;
  $("play").textContent = state.playing ? "Pause" : "Play";
  $("play").setAttribute("aria-pressed", String(state.playing));
}
function back() { state.leaving = hand.size > 0; }
function front() { Object.assign(orbit, { yaw: 0, pitch: 0, far: 1 }); }

$("play").addEventListener("click", () => play());
$("scrub").max = Math.max(0, T - 1);
$("scrub").addEventListener("input", (event) => { play(false); seek(Number(event.target.value)); });
$("speed").addEventListener("change", (event) => { state.speed = Number(event.target.value); });
$("back").addEventListener("click", back);
$("front").addEventListener("click", front);
$("bar").hidden = !T;
if (!T) $("back").textContent = "Back to rest";
let grip = null;
canvas.addEventListener("pointerdown", (event) => { grip = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener("pointerup", () => { grip = null; });
canvas.addEventListener("pointermove", (event) => {
  if (!grip) return;
  orbit.yaw -= (event.clientX - grip[0]) / 150;
  orbit.pitch = clamp(orbit.pitch + (event.clientY - grip[1]) / 150, -1.4, 1.4);
  grip = [event.clientX, event.clientY];
});
canvas.addEventListener("wheel", (event) => { event.preventDefault(); orbit.far = clamp(orbit.far * Math.exp(event.deltaY / 800), 0.25, 4); }, { passive: false });
canvas.addEventListener("dblclick", front);
canvas.addEventListener("keydown", (event) => {
  const keys = { ArrowLeft: ["yaw", 0.1], ArrowRight: ["yaw", -0.1], ArrowUp: ["pitch", 0.1], ArrowDown: ["pitch", -0.1] };
  if (event.key === " ") { event.preventDefault(); play(); }
  if (keys[event.key]) { event.preventDefault(); orbit[keys[event.key][0]] = clamp(orbit[keys[event.key][0]] + keys[event.key][1], -3.2, 3.2); }
});
window.viewer = { state, orbit, seek, play, set, back, front, refresh, vertices, points };
if (start()) { if (T > 1) play(true); requestAnimationFrame(tick); }
