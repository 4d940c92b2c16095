// Listeners: who wants to hear which event, and how it is told.

const EVENTS_OF = { VoxEngine: "AppEvents", Call: "CallEvents", ASR: "ASREvents", Player: "PlayerEvents" };

const interfaces = {}; // value of an event -> name of the interface of its payload
const FIELDS_SEEN_IN_PRODUCTION = { _ASRResultEvent: ["transcript"], _PlayerAudioChunksPlaybackFinishedEvent: ["final"] };

/** The two methods that every source of events has, and `tell`, which calls the listeners. */
function eventSource(className) {
  const enumName = EVENTS_OF[className];
  const listeners = new Map();

  function known(where, event) {
    if (typeof event === "string" && Object.values(valuesOf(enumName)).includes(event)) return true;
    if (event === undefined) {
      violation("unknown", `${enumName}.undefined`, `${where}: the event is undefined; is its name in ${enumName}?`);
    } else {
      violation("unknown", `${enumName}.${String(event)}`, `${where}: «${String(event)}» is no event of ${enumName}`);
    }
    return false;
  }

  return {
    addEventListener(event, callback) {
      const where = `${className}.addEventListener`;
      if (!known(where, event)) return;
      if (typeof callback !== "function") {
        violation("misuse", where, `${where}: the handler of ${event} is not a function`);
        return;
      }
      if (!listeners.has(event)) listeners.set(event, []);
      listeners.get(event).push(callback);
    },

    removeEventListener(event, callback) {
      if (!known(`${className}.removeEventListener`, event)) return;
      if (callback === undefined) listeners.delete(event);
      else listeners.set(event, (listeners.get(event) || []).filter((each) => each !== callback));
    },

    /** Stops at the first listener that throws: the session is over then. */
    tell(event, fields) {
      const found = listeners.get(event);
      if (!found || found.length === 0) return;
      for (const callback of found.slice()) {
        const name = payloadOf(enumName, event);
        if (!guarded(callback, record(name, fields, FIELDS_SEEN_IN_PRODUCTION[name]))) return;
      }
    },
  };
}

function payloadOf(enumName, event) {
  if (!(event in interfaces)) {
    const values = valuesOf(enumName);
    const member = Object.keys(values).find((each) => values[each] === event);
    interfaces[event] = TABLES.payloads[`${enumName}.${member}`];
  }
  return interfaces[event];
}

// ---- things that have a number, events and media -----------------------------------------------

const units = new Map(); // "call:1" -> {className, proxy, tell, …}
const unitOf = new WeakMap(); // proxy -> the same

/** Makes an emulated object known under its id. `behaviour` holds its methods. */
function makeUnit(className, id, state, behaviour) {
  const source = eventSource(className);
  const unit = Object.assign(state, { className, id, tell: source.tell });
  behaviour.addEventListener = source.addEventListener;
  behaviour.removeEventListener = source.removeEventListener;
  unit.proxy = instance(className, behaviour);
  units.set(id, unit);
  unitOf.set(unit.proxy, unit);
  return unit;
}

incoming.event = ({ unit: id, event, data }) => {
  const unit = units.get(id);
  if (!unit) return;
  if (unit.before) unit.before(event, data);
  unit.tell(event, Object.assign(unit.base(event), data));
  if (unit.after) unit.after(event, data);
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
    if (!end.unusable) continue;
    const problem = end.unusable();
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

const mediaMethods = (unitRef) => ({
  sendMediaTo: (proxy, parameters) => sendMedia(unitRef(), proxy, parameters),
  stopMediaTo: (proxy) => stopMedia(unitRef(), proxy),
});
