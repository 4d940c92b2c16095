// Time and chance: timers, a Date and a Math.random that follow the session's clock and seed.

const MAX_TIMERS = 100; // active at a time
const MIN_INTERVAL_MS = 100;

const timers = new Map();
let lastTimer = 0;
let timersAllowed = true; // not any more after Terminating

function startTimer(where, callback, ms, repeats, extra) {
  if (typeof callback !== "function") {
    violation("misuse", where, `${where}: the callback must be a function`);
    return 0;
  }
  if (extra.length) violation("misuse", where, `${where} passes no extra arguments to its callback`);
  if (ms !== undefined) checkType(where, "the delay", ms, "number");
  if (repeats && !(ms >= MIN_INTERVAL_MS)) {
    violation("misuse", where, `${where}: the interval must be at least ${MIN_INTERVAL_MS} ms`);
  }
  // Inferred: the platform names the limit but not what happens beyond it.
  if (timers.size >= MAX_TIMERS) refuse(`Exceeded the limit of ${MAX_TIMERS} active timers!`);
  const id = ++lastTimer;
  if (!timersAllowed) {
    command("ignored", { what: `${where} after Terminating` });
    return id;
  }
  timers.set(id, { callback, repeats });
  command("timer", { timer: id, ms: Math.max(0, Number(ms) || 0), repeats });
  return id;
}

function stopTimer(id) {
  if (timers.delete(id)) command("clear_timer", { timer: id });
}

incoming.timer = ({ timer }) => {
  const found = timers.get(timer);
  if (!found) return;
  if (!found.repeats) timers.delete(timer);
  guarded(found.callback);
};

implementations.setTimeout = (callback, ms, ...extra) => startTimer("setTimeout", callback, ms, false, extra);
implementations.setInterval = (callback, ms, ...extra) => startTimer("setInterval", callback, ms, true, extra);
implementations.clearTimeout = stopTimer;
implementations.clearInterval = stopTimer;

// ---- chance ------------------------------------------------------------------------------------

let chance = CONFIG.seed >>> 0;

/** Mulberry32: small, good enough for ids, the same on every machine. */
function random() {
  chance = (chance + 0x6d2b79f5) >>> 0;
  let t = chance;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

Math.random = random;

implementations.uuidgen = () =>
  "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(random() * 16).toString(16));

// ---- dates: always UTC, whatever the machine thinks ----------------------------------------------

const RealDate = Date;
const machineOffset = RealDate.prototype.getTimezoneOffset;

/** Milliseconds of a text without a zone, read as UTC. */
function parseDate(text) {
  const ms = RealDate.parse(text);
  const dateOnly = /^\d{4}(-\d\d){0,2}$/.test(text);
  if (dateOnly || /(Z|GMT|UTC|[+-]\d\d:?\d\d)\s*(\(.*\))?$/.test(text)) return ms;
  return ms - machineOffset.call(new RealDate(ms)) * 60000;
}

function SessionDate(...args) {
  if (!new.target) return new SessionDate().toString();
  let ms;
  if (args.length === 0) ms = SessionDate.now();
  else if (args.length > 1) ms = RealDate.UTC(...args);
  else ms = typeof args[0] === "string" ? parseDate(args[0]) : args[0];
  return Reflect.construct(RealDate, [ms], new.target);
}
SessionDate.now = () => CONFIG.epochMs + nowMs;
SessionDate.UTC = RealDate.UTC;
SessionDate.parse = parseDate;
SessionDate.prototype = RealDate.prototype;
Object.defineProperty(SessionDate, "name", { value: "Date" });
Object.defineProperty(RealDate.prototype, "constructor", { value: SessionDate, writable: true, configurable: true });

for (const part of ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"]) {
  for (const verb of ["get", "set"]) {
    const inUtc = RealDate.prototype[verb + "UTC" + part];
    if (inUtc) RealDate.prototype[verb + part] = function (...args) { return inUtc.apply(this, args); };
  }
}
RealDate.prototype.getTimezoneOffset = () => 0;
RealDate.prototype.toString = function () {
  return this.toUTCString().replace("GMT", "GMT+0000 (UTC)");
};

// Zones that have had one offset since 2016; others need a table that we do not carry.
const ZONE_HOURS = {
  "UTC": 0, "Europe/Kaliningrad": 2, "Europe/Moscow": 3, "Europe/Samara": 4, "Europe/Volgograd": 3,
  "Asia/Yekaterinburg": 5, "Asia/Omsk": 6, "Asia/Novosibirsk": 7, "Asia/Krasnoyarsk": 7, "Asia/Irkutsk": 8,
  "Asia/Yakutsk": 9, "Asia/Vladivostok": 10, "Asia/Magadan": 11, "Asia/Kamchatka": 12,
};

implementations.getLocalTime = (zone, date) => {
  if (!(zone in ZONE_HOURS)) return unemulated(`getLocalTime(${zone})`);
  return new SessionDate(date.getTime() + ZONE_HOURS[zone] * 3600000);
};
