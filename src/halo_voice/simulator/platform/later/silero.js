// The voice detector of Silero: hears the calls that are sent to it.

EVENTS_OF["Silero.VAD"] = "Silero.VADEvents";

let lastVad = 0;

function toVad(vad, where, op) {
  if (vad.closed) violation("misuse", where, `${where}: the detector was closed; make a new one`);
  else command(op, { vad: vad.id });
}

const VAD = {
  className: "Silero.VAD",
  unusable: (vad) => (vad.closed ? "the detector was closed; make a new one" : ""),
  fields: (vad) => ({ vad: vad.proxy }),
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    id: (vad) => vad.id,
    webSocketId: (vad) => `${vad.id}:socket`,
    reset: (vad) => toVad(vad, "Silero.VAD.reset", "reset_vad"),
    close(vad) {
      if (vad.closed) return;
      toVad(vad, "Silero.VAD.close", "close_vad");
      vad.closed = true;
    },
  },
};

implementations["Silero.createVAD"] = (parameters) => {
  const where = "Silero.createVAD";
  needsModule(where, "Silero");
  checkOptions(where, "Silero.VADParameters", parameters);
  const given = parameters || {};
  for (const name of ["threshold", "minSilenceDurationMs", "speechPadMs"]) {
    if (given[name] !== undefined) checkType(where, name, given[name], "number");
  }
  const vad = makeUnit(VAD, `vad:${++lastVad}`, { closed: false });
  const { minSilenceDurationMs = 300, speechPadMs = 0 } = given;
  return asked("create_vad", { vad: vad.id, min_silence_ms: minSilenceDurationMs, pad_ms: speechPadMs }).then(() => vad.proxy);
};
