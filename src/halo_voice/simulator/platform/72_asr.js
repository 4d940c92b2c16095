// Recognisers: they start when they are made, hear what is sent to them, and are dead after stop().

const required = new Set(); // modules that the scenario has loaded
let lastAsr = 0;

implementations.require = (module) => {
  if (isValueOf("Modules", module)) required.add(module);
  else violation("unknown", "Modules.undefined", `require: ${String(module)} is no module; is its name in Modules?`);
};

function needsModule(where, name) {
  if (required.has(valuesOf("Modules")[name])) return;
  violation("misuse", where, `${where} needs require(Modules.${name}) first`);
}

const ASR_STOPPED = "the recogniser was stopped; make a new one";

const ASR = {
  className: "ASR",
  unusable: (asr) => (asr.stopped ? ASR_STOPPED : ""),
  fields: (asr) => ({ asr: asr.proxy }),
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    id: (asr) => asr.id,
    language: (asr) => asr.profile.split(".").pop(),
    dictionary: (asr) => asr.hints,
    stop(asr) {
      if (asr.stopped) {
        violation("misuse", "ASR.stop", `ASR.stop: ${ASR_STOPPED}`);
        return;
      }
      asr.stopped = true;
      command("stop_asr", { asr: asr.id });
    },
  },
};

implementations["VoxEngine.createASR"] = (parameters) => {
  const where = "VoxEngine.createASR";
  needsModule(where, "ASR");
  checkOptions(where, "ASRParameters", parameters);
  const given = parameters || {};
  if (!("profile" in given)) violation("misuse", where, `${where}: profile is required`);
  checkConstant(where, "ASRProfileList", "profile", given);
  checkConstant(where, "ASRModelList", "model", given);

  const profile = pathOf(given, "profile") || "";
  const asr = makeUnit(ASR, `asr:${++lastAsr}`, { stopped: false, profile, hints: given.phraseHints || [] });
  command("create_asr", {
    asr: asr.id, profile, model: pathOf(given, "model"),
    interim: !!given.interimResults,
    single_utterance: given.singleUtterance === undefined ? null : !!given.singleUtterance,
  });
  return asr.proxy;
};
