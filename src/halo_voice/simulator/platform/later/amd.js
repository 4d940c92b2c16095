// The detector of answering machines. It hears the call that it was given to with `callPSTN`.

EVENTS_OF["AMD.AnsweringMachineDetector"] = "AMD.Events";

const MAX_AMD_MS = 20000;
let lastAmd = 0;

const AMD_UNIT = {
  className: "AMD.AnsweringMachineDetector",
  unusable: () => "a detector takes no media: give it to callPSTN",
  fields: (amd) => ({ amd: amd.proxy }),
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    id: (amd) => amd.id,
    // The same event as a promise; inferred: it settles with the first of the two.
    detect: (amd) =>
      new Promise((resolve) => {
        for (const event of Object.values(valuesOf("AMD.Events"))) addEventListener(amd, event, resolve);
      }),
  },
};

implementations["AMD.create"] = (parameters) => {
  const where = "AMD.create";
  checkOptions(where, "AMD.Parameters", parameters);
  const { model, timeout = 6500, thresholds } = parameters || {};
  if (!isValueOf("AMD.Model", model)) violation("misuse", where, `${where}: model must be one of AMD.Model`);
  checkType(where, "timeout", timeout, "number");
  if (timeout < 0 || timeout > MAX_AMD_MS) violation("misuse", where, `${where}: timeout must be 0 to ${MAX_AMD_MS} ms`);
  checkOptions(`${where} thresholds`, "AMD.Thresholds", thresholds);
  const amd = makeUnit(AMD_UNIT, `amd:${++lastAmd}`, {});
  command("create_amd", { amd: amd.id, model: String(model), timeout_ms: timeout });
  return amd.proxy;
};
