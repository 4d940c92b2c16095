// Calls: answer, speak, listen, record, hang up.

const MAX_CALL_DATA_BYTES = 200;
const MAX_MESSAGE_BYTES = 8192;

const calls = {
  /** A call in the state ALERTING (incoming) or PROGRESSING (ours). State names are inferred. */
  make(id, facts) {
    let unit = null;
    const say = (op, fields) => command(op, Object.assign({ call: id }, fields));

    /** True when the call can be spoken into; otherwise a violation. Inferred: the platform only says
     *  that a connected call is needed. */
    const needsMedia = (where) => {
      const problem = unit.unusable();
      if (problem) violation("misuse", where, `${where}: ${problem}`);
      return !problem;
    };
    // Inferred: what tidies up after a call that has ended does no harm.
    const ifAlive = (where) => {
      if (unit.state !== "TERMINATED") return true;
      command("ignored", { what: `${where} on a call that has ended` });
      return false;
    };
    const ifAlerting = (where) => {
      if (unit.state === "ALERTING" && facts.incoming) return true;
      if (unit.state === "TERMINATED") return ifAlive(where);
      violation("misuse", where, `${where}: only for an incoming call that was not answered yet`);
      return false;
    };

    unit = makeUnit("Call", id, { state: facts.incoming ? "ALERTING" : "PROGRESSING", earlyMedia: false }, {
      id: () => facts.session_call_id,
      state: () => unit.state,
      toString: () => `Call ${facts.session_call_id}`,
      incoming: () => facts.incoming,
      callerid: () => facts.callerid,
      displayName: () => facts.display_name,
      number: () => facts.number,
      clientType: () => facts.client_type,
      vad: () => required.has("asr"), // the ASR module switches voice detection on
      customData: (data) => (facts.custom_data = newCustomData("Call.customData", facts.custom_data, data)),

      answer(headers, parameters) {
        checkOptions("Call.answer", "CallAnswerParameters", parameters);
        if (ifAlerting("Call.answer")) say("answer");
      },
      reject(code) {
        checkType("Call.reject", "the code", code, "number");
        if (ifAlerting("Call.reject")) say("reject", { code });
      },
      decline(code) {
        if (ifAlerting("Call.decline")) say("reject", { code });
      },
      ring() {
        if (ifAlerting("Call.ring")) say("ring");
      },
      startEarlyMedia() {
        if (!ifAlerting("Call.startEarlyMedia")) return;
        unit.earlyMedia = true;
        say("early_media");
      },
      hangup() {
        if (ifAlive("Call.hangup")) say("hangup");
      },

      say(text, parameters) {
        if (!checkType("Call.say", "the text", text, "string") || !needsMedia("Call.say")) return;
        checkSpeech("Call.say", "CallSayParameters", parameters);
        say("say", { text, voice: pathOf(parameters, "voice"), progressive: !!(parameters || {}).progressivePlayback });
      },
      startPlayback(url, parameters) {
        if (!checkType("Call.startPlayback", "the address", url, "string") || !needsMedia("Call.startPlayback")) return;
        checkOptions("Call.startPlayback", "StartPlaybackParameters", parameters);
        say("start_playback", { url, loop: !!(parameters || {}).loop });
      },
      stopPlayback() {
        if (ifAlive("Call.stopPlayback")) say("stop_playback");
      },
      record(parameters) {
        if (!needsMedia("Call.record")) return;
        checkOptions("Call.record", "CallRecordParameters", parameters);
        say("record", { stereo: !!(parameters || {}).stereo });
      },

      handleTones(handle) {
        say("handle_tones", { handle: !!handle });
      },
      handleMicStatus(handle) {
        say("handle_mic", { handle: !!handle });
      },
      sendDigits(digits) {
        if (checkType("Call.sendDigits", "the digits", digits, "string") && needsMedia("Call.sendDigits")) say("digits", { digits });
      },
      sendMessage(text) {
        if (checkType("Call.sendMessage", "the text", text, "string") && needsMedia("Call.sendMessage")) sendText("message", text);
      },
      sendInfo(mimeType, body) {
        if (checkType("Call.sendInfo", "the body", body, "string") && needsMedia("Call.sendInfo")) sendText("info", body);
      },
      ...mediaMethods(() => unit),
    });

    function sendText(op, text) {
      if (utf8(text).length > MAX_MESSAGE_BYTES) refuse(`The message is over ${MAX_MESSAGE_BYTES} bytes`); // inferred: throws
      say(op, { text });
    }

    unit.unusable = () => {
      if (unit.state === "CONNECTED" || (unit.state === "ALERTING" && unit.earlyMedia)) return "";
      return unit.state === "TERMINATED" ? "the call has ended" : "the call is not connected";
    };
    unit.base = (event) => ({ call: unit.proxy, name: event, id: facts.session_call_id });
    unit.before = (event) => {
      if (event === "Call.Connected") unit.state = "CONNECTED";
      if (event === "Call.Disconnected" || event === "Call.Failed") unit.state = "TERMINATED";
    };
    return unit;
  },
};

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
