// Calls: answer, speak, listen, record, hang up.

const MAX_CALL_DATA_BYTES = 200;
const MAX_MESSAGE_BYTES = 8192;

function toCall(call, op, fields = {}) {
  fields.call = call.id;
  command(op, fields);
}

function callUnusable(call) {
  if (call.state === "CONNECTED" || (call.state === "ALERTING" && call.earlyMedia)) return "";
  return call.state === "TERMINATED" ? "the call has ended" : "the call is not connected";
}

/** True when the call can be spoken into; otherwise a violation. Inferred: the platform only says that a
 *  connected call is needed. */
function hasMedia(call, where) {
  const problem = callUnusable(call);
  if (problem) violation("misuse", where, `${where}: ${problem}`);
  return !problem;
}

/** Inferred: what tidies up after a call that has ended does no harm. */
function isAlive(call, where) {
  if (call.state !== "TERMINATED") return true;
  command("ignored", { what: `${where} on a call that has ended` });
  return false;
}

function isAlerting(call, where) {
  if (call.state === "ALERTING" && call.facts.incoming) return true;
  if (call.state === "TERMINATED") return isAlive(call, where);
  violation("misuse", where, `${where}: only for an incoming call that was not answered yet`);
  return false;
}

function sendText(call, op, text) {
  if (utf8(text).length > MAX_MESSAGE_BYTES) refuse(`The message is over ${MAX_MESSAGE_BYTES} bytes`); // inferred: throws
  toCall(call, op, { text });
}

const CALL = {
  className: "Call",
  unusable: callUnusable,
  fields: (call, event) => ({ call: call.proxy, name: event, id: call.facts.session_call_id }),
  before(call, event) {
    if (event === "Call.Connected") call.state = "CONNECTED";
    if (event === "Call.Disconnected" || event === "Call.Failed") call.state = "TERMINATED";
  },
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    ...MEDIA_METHODS,
    id: (call) => call.facts.session_call_id,
    state: (call) => call.state,
    toString: (call) => `Call ${call.facts.session_call_id}`,
    incoming: (call) => call.facts.incoming,
    callerid: (call) => call.facts.callerid,
    displayName: (call) => call.facts.display_name,
    number: (call) => call.facts.number,
    clientType: (call) => call.facts.client_type,
    vad: () => required.has("asr"), // the ASR module switches voice detection on
    customData: (call, data) => (call.facts.custom_data = newCustomData("Call.customData", call.facts.custom_data, data)),

    answer(call, headers, parameters) {
      checkOptions("Call.answer", "CallAnswerParameters", parameters);
      if (isAlerting(call, "Call.answer")) toCall(call, "answer");
    },
    reject(call, code) {
      checkType("Call.reject", "the code", code, "number");
      if (isAlerting(call, "Call.reject")) toCall(call, "reject", { code });
    },
    decline(call, code) {
      if (isAlerting(call, "Call.decline")) toCall(call, "reject", { code });
    },
    ring(call) {
      if (isAlerting(call, "Call.ring")) toCall(call, "ring");
    },
    startEarlyMedia(call) {
      if (!isAlerting(call, "Call.startEarlyMedia")) return;
      call.earlyMedia = true;
      toCall(call, "early_media");
    },
    hangup(call) {
      if (isAlive(call, "Call.hangup")) toCall(call, "hangup");
    },

    say(call, text, parameters) {
      if (!checkType("Call.say", "the text", text, "string") || !hasMedia(call, "Call.say")) return;
      checkSpeech("Call.say", "CallSayParameters", parameters);
      toCall(call, "say", { text, voice: pathOf(parameters, "voice"), progressive: !!(parameters || {}).progressivePlayback });
    },
    startPlayback(call, url, parameters) {
      if (!checkType("Call.startPlayback", "the address", url, "string") || !hasMedia(call, "Call.startPlayback")) return;
      checkOptions("Call.startPlayback", "StartPlaybackParameters", parameters);
      toCall(call, "start_playback", { url, loop: !!(parameters || {}).loop });
    },
    stopPlayback(call) {
      if (isAlive(call, "Call.stopPlayback")) toCall(call, "stop_playback");
    },
    record(call, parameters) {
      if (!hasMedia(call, "Call.record")) return;
      checkOptions("Call.record", "CallRecordParameters", parameters);
      toCall(call, "record", { stereo: !!(parameters || {}).stereo });
    },

    handleTones: (call, handle) => toCall(call, "handle_tones", { handle: !!handle }),
    handleMicStatus: (call, handle) => toCall(call, "handle_mic", { handle: !!handle }),
    sendDigits(call, digits) {
      if (checkType("Call.sendDigits", "the digits", digits, "string") && hasMedia(call, "Call.sendDigits")) {
        toCall(call, "digits", { digits });
      }
    },
    enableBeepDetection(call, parameters) {
      if (!hasMedia(call, "Call.enableBeepDetection")) return;
      checkOptions("Call.enableBeepDetection", "CallEnableBeepDetectionParameters", parameters);
      toCall(call, "beeps", { handle: true, timeout_ms: (parameters || {}).timeout || 0 });
    },
    disableBeepDetection(call) {
      if (isAlive(call, "Call.disableBeepDetection")) toCall(call, "beeps", { handle: false, timeout_ms: 0 });
    },
    sendMessage(call, text) {
      if (checkType("Call.sendMessage", "the text", text, "string") && hasMedia(call, "Call.sendMessage")) sendText(call, "message", text);
    },
    sendInfo(call, mimeType, body) {
      if (checkType("Call.sendInfo", "the body", body, "string") && hasMedia(call, "Call.sendInfo")) sendText(call, "info", body);
    },
  },
};

/** A call in the state ALERTING (incoming) or PROGRESSING (ours). State names are inferred. */
function makeCall(id, facts) {
  return makeUnit(CALL, id, { facts, state: facts.incoming ? "ALERTING" : "PROGRESSING", earlyMedia: false });
}

// ---- shared by calls and players ---------------------------------------------------------------

function newCustomData(where, old, data) {
  if (data === undefined) return old;
  checkType(where, "the data", data, "string");
  const bytes = utf8(String(data)).length;
  if (bytes > MAX_CALL_DATA_BYTES) {
    refuse(`${where}: ${bytes} bytes are over the limit of ${MAX_CALL_DATA_BYTES}`); // inferred: throws
  }
  return data;
}

const pathOf = (parameters, name) =>
  parameters && parameters[name] instanceof Constant ? parameters[name].path : null;

function checkConstant(where, list, name, parameters) {
  if (!parameters || !(name in parameters)) return;
  const value = parameters[name];
  if (!isConstantOf(list, value) && value !== nothing) {
    violation("misuse", where, `${where}: ${name} must be a member of ${list}, got ${value === null ? "null" : typeof value}`);
  }
}

function checkSpeech(where, interfaceName, parameters) {
  checkOptions(where, interfaceName, parameters);
  checkConstant(where, "VoiceList", "voice", parameters);
  if (parameters) checkOptions(`${where} ttsOptions`, "TTSOptions", parameters.ttsOptions);
}
