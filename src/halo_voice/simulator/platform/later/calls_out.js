// Outgoing calls, the tone that is heard meanwhile, two calls joined, and places in a queue for operators.

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

// ---- a place in a queue ------------------------------------------------------------------------
//
// Inferred: the operator's call is up when OperatorReached comes, and the scenario joins it; `end` is for who waits, and
// hangs up on nobody.

EVENTS_OF.SmartQueueTask = "SmartQueueEvents";

const PRIORITY_MAX = 100;
let lastTask = 0;

const TASK = {
  className: "SmartQueueTask",
  unusable: () => "a task of a queue takes no media: join its agentCall",
  fields: (task) => ({ task: task.proxy }),
  before(task, event, data) {
    if (event === "SmartQueue.OperatorReached") data.agentCall = task.agent = answeredBy(task);
    if (event === "SmartQueue.ClientDisconnected") data.cancel = () => command("end_task", { task: task.id });
  },
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    end(task, description, status) {
      const where = "SmartQueueTask.end";
      checkType(where, "the description", description, "string");
      if (status !== undefined && !isValueOf("TerminationStatus", status)) {
        violation("misuse", where, `${where}: the status must be one of TerminationStatus`);
      }
      command("end_task", { task: task.id });
    },
  },
  watched: (task, className, methods) =>
    new Proxy(
      {
        get id() { return task.id; },
        get clientCall() { return task.client; },
        get agentCall() { return task.agent; },
        get parameters() { return task.parameters; },
      },
      new Methods(task, className, methods),
    ),
};

function answeredBy(task) {
  const facts = {
    session_call_id: implementations.uuidgen(), incoming: false, callerid: "", display_name: "",
    number: "", client_type: "user", custom_data: "",
  };
  const call = makeCall(task.leg, facts);
  call.state = "CONNECTED";
  return call.proxy;
}

function enqueueTask(parameters) {
  const where = "VoxEngine.enqueueTask";
  needsModule(where, "SmartQueue");
  checkOptions(where, "SmartQueueTaskParameters", parameters);
  const { call, queue, priority = 50, timeout = 0 } = parameters || {};
  const client = target(where, call);
  const named = queue && (typeof queue.name === "string" ? queue.name : queue.id);
  if (!named) violation("misuse", where, `${where}: queue must have a name or an id`);
  for (const [name, value] of Object.entries({ priority, timeout })) checkType(where, name, value, "number");
  if (!(priority >= 1 && priority <= PRIORITY_MAX)) violation("misuse", where, `${where}: priority must be 1 to ${PRIORITY_MAX}`);
  const id = `task:${++lastTask}`;
  const state = { client: call, agent: null, parameters, leg: `call:out${++lastOutgoing - (CONFIG.outgoing ? 1 : 0)}` };
  const task = makeUnit(TASK, id, state);
  command("enqueue", { task: id, call: client.id, leg: state.leg, queue: String(named), priority, timeout_s: timeout });
  return task.proxy;
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
  "VoxEngine.enqueueTask": enqueueTask,
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
