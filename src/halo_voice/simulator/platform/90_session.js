// VoxEngine itself: the session, its calls, its log and its storage.

const MAX_LOG_CHARACTERS = 15000;
const MAX_KEY = 200;
const MAX_VALUE = 2000;
const MAX_TTL_S = 7776000;

const session = Object.assign(eventSource("VoxEngine"), { className: "VoxEngine", customData: CONFIG.customData, over: false });

incoming.app = ({ event, data, call }) => {
  if (event === "Application.Terminating") {
    timersAllowed = false;
    requestsLeftAtEnd = 1;
  }
  const fields = Object.assign({}, data);
  if (call) fields.call = calls.make(call.id, call).proxy;
  session.tell(event, fields);
};

// ---- outgoing calls ----------------------------------------------------------------------------

let lastOutgoing = 0;

function callOut(where, kind, number, callerid, parameters) {
  checkType(where, "the destination", number, "string");
  const id = `call:out${++lastOutgoing}`;
  const facts = {
    session_call_id: implementations.uuidgen(), incoming: false, callerid: String(callerid || ""), display_name: "",
    number: String(number), client_type: kind, custom_data: "",
  };
  command("call_out", { call: id, kind, number: String(number), callerid: facts.callerid, parameters: parameters || {} });
  return calls.make(id, facts).proxy;
}

// ---- two calls joined --------------------------------------------------------------------------

function between(one, other, act) {
  const first = target("VoxEngine.sendMediaBetween", one);
  const second = target("VoxEngine.sendMediaBetween", other);
  if (!first || !second) return;
  act(first, other);
  act(second, one);
}

/** Joins two calls; when one ends, so do the other and the session. */
function easyProcess(one, other, onEstablished) {
  const end = (survivor) => () => {
    survivor.hangup();
    terminate();
  };
  one.addEventListener("Call.Disconnected", end(other));
  other.addEventListener("Call.Disconnected", end(one));
  one.addEventListener("Call.Failed", end(other));
  other.addEventListener("Call.Failed", end(one));
  other.addEventListener("Call.Connected", () => {
    if (one.state() === "ALERTING") one.answer();
    if (one.state() === "CONNECTED") between(one, other, sendMedia);
    else one.addEventListener("Call.Connected", () => between(one, other, sendMedia));
    if (onEstablished) onEstablished(one, other);
  });
}

function playSoundAndHangup(url) {
  session.addEventListener("Application.CallAlerting", ({ call }) => {
    call.addEventListener("Call.Connected", () => call.startPlayback(url));
    call.addEventListener("Call.PlaybackFinished", () => call.hangup());
    call.addEventListener("Call.Disconnected", terminate);
    call.answer();
  });
}

function terminate() {
  if (session.over) return;
  session.over = true;
  command("terminate");
}

Object.assign(implementations, {
  "VoxEngine.addEventListener": session.addEventListener,
  "VoxEngine.removeEventListener": session.removeEventListener,
  "VoxEngine.terminate": terminate,
  "VoxEngine.easyProcess": easyProcess,
  "VoxEngine.playSoundAndHangup": playSoundAndHangup,
  "VoxEngine.sendMediaBetween": (one, other) => between(one, other, sendMedia),
  "VoxEngine.stopMediaBetween": (one, other) => between(one, other, stopMedia),
  "VoxEngine.customData": (data) => (session.customData = newCustomData("VoxEngine.customData", session.customData, data)),

  "VoxEngine.getSecretValue"(name) {
    checkType("VoxEngine.getSecretValue", "the name", name, "string");
    return Object.hasOwn(CONFIG.secrets, name) ? CONFIG.secrets[name] : undefined;
  },

  "VoxEngine.callPSTN"(number, callerid, parameters) {
    checkOptions("VoxEngine.callPSTN", "CallPSTNParameters", parameters);
    checkType("VoxEngine.callPSTN", "the caller id", callerid, "string");
    return callOut("VoxEngine.callPSTN", "pstn", number, callerid, parameters);
  },
  "VoxEngine.callSIP"(to, parameters) {
    checkOptions("VoxEngine.callSIP", "CallSIPParameters", parameters);
    return callOut("VoxEngine.callSIP", "sip", to, (parameters || {}).callerid, parameters);
  },
  "VoxEngine.callUser"(parameters) {
    checkOptions("VoxEngine.callUser", "CallUserParameters", parameters);
    return callOut("VoxEngine.callUser", "user", (parameters || {}).username, (parameters || {}).callerid, parameters);
  },

  // Inferred: what is over the limit is cut.
  "Logger.write"(message) {
    command("log", { text: String(message).slice(0, MAX_LOG_CHARACTERS), cut: String(message).length > MAX_LOG_CHARACTERS });
  },
  "Logger.hideTones": (flag) => command("hide_tones", { hide: !!flag }),
  trace: (data) => command("log", { text: String(data), cut: false }),
});

// ---- storage -----------------------------------------------------------------------------------

function stored(operation, key, fields) {
  const where = `ApplicationStorage.${operation}`;
  needsModule(where, "ApplicationStorage");
  checkType(where, "the key", key, "string");
  if (String(key).length > MAX_KEY) return Promise.reject(new Error(`${where}: the key is over ${MAX_KEY} characters`));
  return asked("storage", Object.assign({ operation, key: String(key) }, fields));
}

const storageKey = (found) => (found ? record("StorageKey", found) : null);

Object.assign(implementations, {
  "ApplicationStorage.put"(key, value, ttl) {
    const where = "ApplicationStorage.put";
    checkType(where, "the value", value, "string");
    checkType(where, "the time to live", ttl, "number");
    if (String(value).length > MAX_VALUE) return Promise.reject(new Error(`${where}: the value is over ${MAX_VALUE} characters`));
    if (!(ttl >= 0 && ttl <= MAX_TTL_S)) return Promise.reject(new Error(`${where}: the time to live is over ${MAX_TTL_S} s`));
    return stored("put", key, { value: String(value), ttl_s: ttl }).then(storageKey);
  },
  "ApplicationStorage.get": (key) => stored("get", key).then(storageKey),
  "ApplicationStorage.remove": (key) => stored("remove", key).then(storageKey),
  "ApplicationStorage.keys": (pattern, count) =>
    stored("keys", pattern === undefined ? "" : pattern, { count: count === undefined ? 1000 : count })
      .then((found) => record("StoragePage", found)),
});
