// Outgoing calls, the tone that is heard meanwhile, and two calls joined.

let lastOutgoing = 0;

function callOut(where, kind, number, callerid, parameters) {
  checkType(where, "the destination", number, "string");
  // Where nobody calls, the first one that is called is the person whom the session is about.
  const order = ++lastOutgoing - (CONFIG.outgoing ? 1 : 0);
  const id = order ? `call:out${order}` : "call:1";
  const facts = {
    session_call_id: implementations.uuidgen(), incoming: false, callerid: String(callerid || ""), display_name: "",
    number: String(number), client_type: kind, custom_data: "",
  };
  command("call_out", { call: id, kind, number: String(number), callerid: facts.callerid, amd: detectorOf(parameters) });
  return makeCall(id, facts).proxy;
}

function detectorOf(parameters) {
  const amd = (parameters || {}).amd;
  if (amd === undefined) return "";
  const unit = target("VoxEngine.callPSTN", amd);
  return unit ? unit.id : "";
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
  addEventListener(session, "Application.CallAlerting", ({ call }) => {
    call.addEventListener("Call.Connected", () => call.startPlayback(url));
    call.addEventListener("Call.PlaybackFinished", () => call.hangup());
    call.addEventListener("Call.Disconnected", terminate);
    call.answer();
  });
}

Object.assign(implementations, {
  "VoxEngine.easyProcess": easyProcess,
  "VoxEngine.playSoundAndHangup": playSoundAndHangup,
  "VoxEngine.sendMediaBetween": (one, other) => between(one, other, sendMedia),
  "VoxEngine.stopMediaBetween": (one, other) => between(one, other, stopMedia),

  "VoxEngine.createToneScriptPlayer"(script, parameters) {
    const where = "VoxEngine.createToneScriptPlayer";
    checkType(where, "the script", script, "string");
    checkOptions(where, "ToneScriptPlayerParameters", parameters);
    return makePlayer("create_tone_player", { script: String(script), loop: !!(parameters || {}).loop }, false);
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
});
