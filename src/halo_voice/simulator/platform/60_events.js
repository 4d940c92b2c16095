// Listeners: who wants to hear which event, and how it is told.

const EVENTS_OF = { VoxEngine: "AppEvents", Call: "CallEvents", ASR: "ASREvents", Player: "PlayerEvents" };

const interfaces = {}; // value of an event -> name of the interface of its payload

function isEvent(unit, where, event) {
  const enumName = EVENTS_OF[unit.className];
  if (typeof event === "string" && isValueOf(enumName, event)) return true;
  if (event === undefined) {
    violation("unknown", `${enumName}.undefined`, `${where}: the event is undefined; is its name in ${enumName}?`);
  } else {
    violation("unknown", `${enumName}.${String(event)}`, `${where}: «${String(event)}» is no event of ${enumName}`);
  }
  return false;
}

function addEventListener(unit, event, callback) {
  const where = `${unit.className}.addEventListener`;
  if (!isEvent(unit, where, event)) return;
  if (typeof callback !== "function") {
    violation("misuse", where, `${where}: the handler of ${event} is not a function`);
    return;
  }
  const found = unit.listeners.get(event);
  if (found) found.push(callback);
  else unit.listeners.set(event, [callback]);
}

function removeEventListener(unit, event, callback) {
  if (!isEvent(unit, `${unit.className}.removeEventListener`, event)) return;
  if (callback === undefined) unit.listeners.delete(event);
  else unit.listeners.set(event, (unit.listeners.get(event) || []).filter((each) => each !== callback));
}

/** Stops at the first listener that throws: the session is over then. */
function tell(unit, event, fields) {
  const found = unit.listeners.get(event);
  if (!found || found.length === 0) return;
  const name = payloadOf(EVENTS_OF[unit.className], event);
  for (const callback of found.slice()) {
    if (!guarded(callback, record(name, fields))) return;
  }
}

function payloadOf(enumName, event) {
  if (!(event in interfaces)) {
    const values = valuesOf(enumName);
    const member = Object.keys(values).find((each) => values[each] === event);
    interfaces[event] = tableText("payloads", `${enumName}.${member}`);
  }
  return interfaces[event];
}

// ---- things that have a number, events and media -----------------------------------------------

const units = new Map(); // "call:1" -> {id, className, kind, listeners, proxy, and its own state}
const unitOf = new WeakMap(); // proxy -> the same

/** Makes an emulated object known under its id.
 *
 *  `kind`, one for each class: its name, its methods (the unit comes first), `fields(unit, event)` that all its
 *  events have, `unusable(unit)` says why no media can flow, `before(unit, event, data)` follows what happens to it,
 *  `watched` makes another proxy than `instance`. */
function makeUnit(kind, id, state) {
  const unit = state;
  unit.id = id;
  unit.kind = kind;
  unit.className = kind.className;
  unit.listeners = new Map();
  unit.proxy = (kind.watched || instance)(unit, kind.className, kind.methods);
  units.set(id, unit);
  unitOf.set(unit.proxy, unit);
  return unit;
}

incoming.event = ({ unit: id, event, data }) => {
  const unit = units.get(id);
  if (!unit) return;
  if (unit.kind.before) unit.kind.before(unit, event, data);
  tell(unit, event, Object.assign(unit.kind.fields(unit, event), data));
};

// ---- media -------------------------------------------------------------------------------------

function target(where, proxy) {
  const unit = isObject(proxy) ? unitOf.get(proxy) : undefined;
  if (!unit) violation("misuse", where, `${where}: the target is no call, player or recogniser`);
  return unit;
}

function sendMedia(source, proxy, parameters) {
  const where = `${source.className}.sendMediaTo`;
  checkOptions(where, "SendMediaParameters", parameters);
  const to = target(where, proxy);
  if (!to) return;
  for (const end of [source, to]) {
    const problem = end.kind.unusable(end);
    if (problem) {
      violation("misuse", where, `${where}: ${problem}`);
      return;
    }
  }
  command("send_media", { from: source.id, to: to.id });
}

function stopMedia(source, proxy) {
  const to = target(`${source.className}.stopMediaTo`, proxy);
  if (to) command("stop_media", { from: source.id, to: to.id });
}

const EVENT_METHODS = { addEventListener, removeEventListener };
const MEDIA_METHODS = { sendMediaTo: sendMedia, stopMediaTo: stopMedia };
