// The realtime player of VoxTTS: text is sent piece by piece, a flush makes a phrase of it.

EVENTS_OF["VoxTTS.RealtimeTTSPlayer"] = "PlayerEvents";

/** Shapes that the surface has as types only: field -> what its value must be. */
function checkShape(where, value, shape) {
  if (!isObject(value) || Array.isArray(value)) {
    violation("misuse", where, `${where}: an object is needed, got ${value === null ? "null" : typeof value}`);
    return false;
  }
  for (const name of Object.keys(value)) {
    if (!(name in shape)) violation("unknown", `${where}.${name}`, `${where}: the field ${name} does not exist`);
    else if (value[name] !== undefined) checkType(where, name, value[name], shape[name]);
  }
  return true;
}

const REALTIME_PLAYER = {
  className: "VoxTTS.RealtimeTTSPlayer",
  unusable: PLAYER.unusable,
  fields: PLAYER.fields,
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    ...MEDIA_METHODS,
    id: PLAYER.methods.id,
    pause: PLAYER.methods.pause,
    resume: PLAYER.methods.resume,
    stop: PLAYER.methods.stop,
    send(player, parameters) {
      const where = "VoxTTS.RealtimeTTSPlayer.send";
      if (!checkShape(where, parameters, { send_text: "object", contextId: "string" })) return;
      const given = parameters.send_text;
      if (!checkShape(where, given, { text: "string", flush_context: "object" })) return;
      if (!checkType(where, "the text", given.text, "string")) return;
      toPlayer(player, where, "live_send", { text: given.text, flush: isObject(given.flush_context) });
    },
    clearBuffer: (player) => toPlayer(player, "VoxTTS.RealtimeTTSPlayer.clearBuffer", "live_clear"),
  },
};

implementations["VoxTTS.createRealtimeTTSPlayer"] = (parameters) => {
  const where = "VoxTTS.createRealtimeTTSPlayer";
  needsModule(where, "VoxTTS");
  const shape = { createContextParameters: "object", apiKey: "string", trace: "boolean" };
  if (checkShape(where, parameters, shape) && checkShape(where, parameters.createContextParameters, { create: "object", contextId: "string" })) {
    const { create } = parameters.createContextParameters;
    if (create) checkShape(where, create, { modelId: "string", voiceId: "string", cloning: "object" });
    for (const [name, list] of [["modelId", "VoxTTSModelList"], ["voiceId", "VoxTTSVoiceList"]]) {
      const known = !create || create[name] === undefined || isValueOf(list, create[name]);
      if (!known) violation("misuse", where, `${where}: ${name} must be a member of ${list}`);
    }
  }
  return makePlayer("create_live_player", {}, false, REALTIME_PLAYER);
};
