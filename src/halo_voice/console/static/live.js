// The live calls, asked for again and again while the page is looked at.

const EVERY_MS = 1500;
const root = document.getElementById("live");
const words = JSON.parse(root.dataset.words);
const lives = document.getElementById("lives");
const count = document.getElementById("count");
const cards = new Map(); // by the call's id

function element(kind, name, text = "") {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = text;
  return made;
}

function card(call) {
  const made = element("article", "live");
  const head = element("header", "headline");
  const title = element("a", "", call.caller || words.unknown);
  title.href = `/console/calls/${encodeURIComponent(call.id)}`;
  head.append(title, element("span", "facts"));
  made.append(head, element("div", "bubbles short"));
  if (root.dataset.ends === "1") {
    const end = element("button", "bad", words.end);
    end.type = "button";
    end.addEventListener("click", () => order(call.id, "end", end, words.ending, words.elsewhere));
    made.append(end);
    if (call.staffed) {
      const connect = element("button", "", words.connect);
      connect.type = "button";
      connect.addEventListener("click", () => order(call.id, "connect", connect, words.connecting, words.unconnected));
      made.append(connect);
    }
  }
  return made;
}

function show(call) {
  if (!cards.has(call.id)) {
    cards.set(call.id, card(call));
    lives.append(cards.get(call.id));
  }
  const made = cards.get(call.id);
  const time = `${Math.floor(call.seconds / 60)}:${String(call.seconds % 60).padStart(2, "0")}`;
  const facts = [call.profile, time, `${words.turns} ${call.turns}`, `${words.latency} ${call.latency}`];
  made.querySelector(".facts").textContent = facts.join(" · ");
  const talk = [];
  for (const { user, reply } of call.talk) {
    talk.push(element("div", "bubble caller", user));
    if (reply) talk.push(element("div", "bubble assistant", reply));
  }
  const box = made.querySelector(".bubbles");
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  box.replaceChildren(...talk);
  if (low) box.scrollTop = box.scrollHeight;
}

async function order(id, what, button, done, failed) {
  button.disabled = true;
  const reply = await fetch(`/console/live/${encodeURIComponent(id)}/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-halo-token": root.dataset.token },
    body: "{}",
  }).catch(() => null);
  button.textContent = reply?.ok ? done : failed;
}

async function look() {
  const reply = await fetch("/console/live/calls").catch(() => null);
  if (!reply?.ok) return;
  const { calls } = await reply.json();
  const now = new Set(calls.map((call) => call.id));
  for (const [id, made] of cards) {
    if (now.has(id)) continue;
    made.remove();
    cards.delete(id);
  }
  calls.forEach(show);
  document.getElementById("none").hidden = calls.length > 0;
  count.hidden = calls.length === 0;
  count.textContent = calls.length;
}

setInterval(() => document.hidden || look(), EVERY_MS);
look();
