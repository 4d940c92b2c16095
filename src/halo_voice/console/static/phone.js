// The browser phone: commands go up by POST, what happens in the call comes down as events.

import { Ears, Mouth } from "./speech.js";

const $ = (id) => document.getElementById(id);
const phone = $("phone");
const words = JSON.parse(phone.dataset.words);
const token = phone.dataset.token;
const TRACE_MAX = 1500;
const comma = document.documentElement.lang === "en" ? "." : ",";

let call = null; // { address, source, playing: Map(playback → bubble), began }

const mouth = new Mouth();
const ears = new Ears({
  sound: () => command({ do: "hear", text: "", over: false }),
  interim: (text) => command({ do: "hear", text, over: false }),
  final: (text) => command({ do: "hear", text, over: true }),
  fault: (name) => hint(words[name] ?? words.ears_failed),
});

async function post(address, body) {
  const reply = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", "x-halo-token": token },
    body: JSON.stringify(body),
  });
  return [reply.status, await reply.json().catch(() => ({}))];
}

let sending = Promise.resolve(); // commands keep their order
function command(body) {
  const address = call?.address;
  if (!address) return;
  sending = sending.then(() => post(address, body)).catch(() => {});
}

async function place() {
  $("call").disabled = true;
  clear();
  const faults = [...document.querySelectorAll("[name=fault]:checked")].map((box) => box.value);
  const wish = {
    profile: $("profile").value,
    recogniser: $("recogniser").value,
    faults,
    ms_per_character: $("aloud").checked ? mouth.pace : 65,
  };
  const [status, told] = await post("/console/phone/calls", wish).catch(() => [0, {}]);
  if (status !== 200) {
    aside(status === 429 ? words.busy : words.no_server, "bad");
    $("call").disabled = false;
    return;
  }
  begin(`/console/phone/calls/${told.id}`, told.call_id);
}

function begin(address, id) {
  const source = new EventSource(`${address}/events`);
  call = { address, id, source, playing: new Map(), began: null };
  source.onmessage = (message) => take(JSON.parse(message.data));
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) finish(words.no_server);
  };
  busy(true);
}

function busy(on) {
  $("call").hidden = on;
  $("call").disabled = false;
  $("hang").hidden = !on;
  for (const each of [$("line"), $("send"), ...$("keypad").children]) each.disabled = !on;
  for (const each of [$("profile"), $("recogniser"), ...document.querySelectorAll("[name=fault]")]) {
    each.disabled = on && each.value !== "backend_down";
  }
  if (on) $("line").focus();
  if (on && $("microphone").checked) ears.open();
  if (!on) ears.close();
}

function finish(why) {
  call?.source.close();
  mouth.stop();
  for (const bubble of document.querySelectorAll(".bubble.now")) bubble.classList.remove("now");
  const id = call?.id;
  call = null;
  busy(false);
  state("over");
  $("hearing").hidden = true;
  const line = aside(why);
  if (id) {
    const link = document.createElement("a");
    link.href = `/console/calls/${id}`;
    link.textContent = words.open_call;
    line.append(" ", link);
  }
}

// ---- what happens ------------------------------------------------------------------------------

const readers = {
  state: (event) => state(event.name),
  connected: (event) => {
    call.began = performance.now();
    aside(words.connected, "", event.ms);
  },
  say: (event) => {
    const resumed = call.playing.get(event.playback);
    const bubble = resumed ?? add("assistant", event.text, event.ms);
    bubble.replaceChildren(event.text, meta(event.ms));
    bubble.classList.add("now");
    const rest = resumed ? event.text.slice(resumed.dataset.heard?.length ?? 0) : event.text;
    call.playing.set(event.playback, bubble);
    if ($("aloud").checked) mouth.say(rest.trim());
    else mouth.stop();
  },
  quiet: (event) => call.playing.get(event.playback)?.classList.remove("now"),
  cut: (event) => {
    mouth.stop();
    const bubble = call.playing.get(event.playback);
    if (!bubble) return;
    const whole = bubble.firstChild?.textContent ?? "";
    const unheard = document.createElement("span");
    unheard.className = "unheard";
    unheard.textContent = whole.slice(event.heard.length);
    bubble.dataset.heard = event.heard;
    bubble.replaceChildren(event.heard, unheard, meta(event.ms));
    bubble.classList.remove("now");
  },
  caller: (event) => {
    add("caller", event.text, event.ms);
    $("hearing").hidden = true;
  },
  key: (event) => aside(`${words.key} ${event.key}`, "", event.ms),
  interim: (event) => hearing(event.text),
  result: (event) => hearing(event.text),
  interrupted: () => {},
  answered: (event) => {
    if (event.outcome === "apologised") aside(words.apologised, "bad", event.ms);
  },
  trouble: (event) => aside(words[event.what] ?? event.what, "bad", event.ms),
  struck: (event) => aside(`${words.fault} ${event.what}`, "bad", event.ms),
  fault: (event) => aside(event.on ? words.down : words.up, "bad"),
  failure: (event) => aside(event.text, "bad"),
  steps: (event) => steps(event),
  trace: (event) => trace(event),
  placed: () => {},
  over: (event) => finish(event.reason === "failed" ? words.failed : words.over),
};

function take(event) {
  if (call) readers[event.type]?.(event);
}

function clear() {
  $("bubbles").replaceChildren();
  $("trace").replaceChildren();
  $("steps").tBodies[0].replaceChildren();
  $("timer").textContent = "";
}

function state(name) {
  $("status").dataset.state = name;
  $("state").textContent = words[`state_${name}`] ?? name;
}

function stamp(ms) {
  return `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
}

function meta(ms) {
  const line = document.createElement("span");
  line.className = "meta";
  line.textContent = stamp(ms);
  return line;
}

function put(element) {
  const box = $("bubbles");
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  box.append(element);
  if (low) box.scrollTop = box.scrollHeight;
  return element;
}

function add(who, text, ms) {
  const bubble = document.createElement("div");
  bubble.className = `bubble ${who}`;
  bubble.append(text, meta(ms));
  return put(bubble);
}

function aside(text, kind = "", ms = null) {
  const line = document.createElement("div");
  line.className = `aside ${kind}`;
  line.textContent = ms === null ? text : `${stamp(ms)} · ${text}`;
  return put(line);
}

function hearing(text) {
  $("hearing").hidden = !text;
  $("heard").textContent = text;
}

function hint(text) {
  $("speech-hint").hidden = !text;
  $("speech-hint").textContent = text;
}

function steps({ turn, lengths }) {
  const row = $("steps").tBodies[0].insertRow();
  const shown = (ms) => (ms === undefined ? "—" : (ms / 1000).toFixed(2).replace(".", comma));
  const cells = ["asr", "first_token", "first_phrase", "voice", "audible"].map((name) => shown(lengths[name]));
  for (const text of [turn, ...cells]) row.insertCell().textContent = text;
}

function trace({ ms, who, what }) {
  const box = $("trace");
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  const line = document.createElement("div");
  const parts = [["ms", ms], [`who ${who === "fault" ? "fault" : ""}`, who], ["what", what]];
  for (const [kind, text] of parts) {
    const part = document.createElement("span");
    part.className = kind;
    part.textContent = text;
    line.append(part);
  }
  box.append(line);
  if (box.childElementCount > TRACE_MAX) box.firstChild.remove();
  if (low) box.scrollTop = box.scrollHeight;
}

// ---- what somebody does ------------------------------------------------------------------------

$("call").addEventListener("click", place);
$("hang").addEventListener("click", () => command({ do: "hang_up" }));
$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("line").value.trim();
  if (text) command({ do: "say", text });
  $("line").value = "";
});
$("keypad").addEventListener("click", (event) => {
  const key = event.target.dataset.key;
  if (key) command({ do: "press", key });
});
$("microphone").addEventListener("change", (event) => {
  if (event.target.checked) $("recogniser").value = "heard";
  if (event.target.checked && call) ears.open();
  else ears.close();
  hint(event.target.checked ? words.headphones : "");
});
$("aloud").addEventListener("change", () => $("aloud").checked || mouth.stop());
document.querySelector("[value=backend_down]").addEventListener("change", (event) => {
  if (call) command({ do: "break", down: event.target.checked });
});
addEventListener("pagehide", () => {
  // Who closes the page hangs up; `keepalive` lets the request outlive it.
  if (!call) return;
  const headers = { "content-type": "application/json", "x-halo-token": token };
  fetch(call.address, { method: "POST", keepalive: true, headers, body: '{"do":"hang_up"}' });
});
setInterval(() => {
  if (call?.began) $("timer").textContent = stamp(performance.now() - call.began);
}, 500);

// On a telephone's screen the conversation matters more than the keys.
if (matchMedia("(max-width: 720px)").matches) {
  for (const each of document.querySelectorAll(".options")) each.open = false;
}
if (!ears.there) {
  $("microphone").disabled = true;
  hint(words.no_ears);
}
if (!mouth.there) {
  $("aloud").checked = false;
  $("aloud").disabled = true;
}
