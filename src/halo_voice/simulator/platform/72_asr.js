// Recognisers: they start when they are made, hear what is sent to them, and are dead after stop().

const required = new Set(); // modules that the scenario has loaded
let lastAsr = 0;

implementations.require = (module) => {
  if (Object.values(valuesOf("Modules")).includes(module)) required.add(module);
  else violation("unknown", "Modules.undefined", `require: ${String(module)} is no module; is its name in Modules?`);
};

function needsModule(where, name) {
  if (required.has(valuesOf("Modules")[name])) return;
  violation("misuse", where, `${where} needs require(Modules.${name}) first`);
}

implementations["VoxEngine.createASR"] = (parameters) => {
  const where = "VoxEngine.createASR";
  needsModule(where, "ASR");
  checkOptions(where, "ASRParameters", parameters);
  const given = parameters || {};
  if (!("profile" in given)) violation("misuse", where, `${where}: profile is required`);
  checkConstant(where, "ASRProfileList", "profile", given);
  checkConstant(where, "ASRModelList", "model", given);

  const id = `asr:${++lastAsr}`;
  const profile = pathOf(given, "profile") || "";
  let unit = null;
  const alive = (method) => {
    if (!unit.stopped) return true;
    violation("misuse", `ASR.${method}`, `ASR.${method}: the recogniser was stopped; make a new one`);
    return false;
  };
  unit = makeUnit("ASR", id, { stopped: false }, {
    id: () => id,
    language: () => profile.split(".").pop(),
    dictionary: () => given.phraseHints || [],
    stop() {
      if (!alive("stop")) return;
      unit.stopped = true;
      command("stop_asr", { asr: id });
    },
  });
  unit.unusable = () => (unit.stopped ? "the recogniser was stopped; make a new one" : "");
  unit.base = () => ({ asr: unit.proxy });
  command("create_asr", {
    asr: id, profile, model: pathOf(given, "model"),
    interim: !!given.interimResults,
    single_utterance: given.singleUtterance === undefined ? null : !!given.singleUtterance,
  });
  return unit.proxy;
};
