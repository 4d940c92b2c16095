// VoxEngine itself: the session, its log, its secrets, its end.

const MAX_LOG_CHARACTERS = 15000;

const session = { className: "VoxEngine", listeners: new Map(), customData: CONFIG.customData, over: false };

incoming.app = ({ event, data, call }) => {
  if (event === "Application.Terminating") {
    timersAllowed = false;
    requestsLeftAtEnd = 1;
  }
  const fields = Object.assign({}, data);
  if (call) fields.call = makeCall(call.id, call).proxy;
  tell(session, event, fields);
};

function terminate() {
  if (session.over) return;
  session.over = true;
  command("terminate");
}

Object.assign(implementations, {
  "VoxEngine.addEventListener": (event, callback) => addEventListener(session, event, callback),
  "VoxEngine.removeEventListener": (event, callback) => removeEventListener(session, event, callback),
  "VoxEngine.terminate": terminate,
  "VoxEngine.customData": (data) => (session.customData = newCustomData("VoxEngine.customData", session.customData, data)),

  "VoxEngine.getSecretValue"(name) {
    checkType("VoxEngine.getSecretValue", "the name", name, "string");
    return Object.hasOwn(CONFIG.secrets, name) ? CONFIG.secrets[name] : undefined;
  },

  // Inferred: what is over the limit is cut.
  "Logger.write"(message) {
    command("log", { text: String(message).slice(0, MAX_LOG_CHARACTERS), cut: String(message).length > MAX_LOG_CHARACTERS });
  },
  "Logger.hideTones": (flag) => command("hide_tones", { hide: !!flag }),
  trace: (data) => command("log", { text: String(data), cut: false }),
});

later("calls_out.js", [
  "VoxEngine.callPSTN", "VoxEngine.callSIP", "VoxEngine.callUser", "VoxEngine.sendMediaBetween",
  "VoxEngine.stopMediaBetween", "VoxEngine.easyProcess", "VoxEngine.playSoundAndHangup",
  "VoxEngine.createToneScriptPlayer", "VoxEngine.enqueueTask",
]);
later("websocket.js", ["VoxEngine.createWebSocket"]);
later("voxtts.js", ["VoxTTS.createRealtimeTTSPlayer"]);
later("silero.js", ["Silero.createVAD"]);
later("amd.js", ["AMD.create"]);
later("call_list.js", ["reportResult", "reportError", "reportProgress", "requestNextAttempt"].flatMap((name) => [`CallList.${name}`, `CallList.${name}Async`]));
later("storage.js", ["put", "get", "remove", "keys"].map((name) => `ApplicationStorage.${name}`));
