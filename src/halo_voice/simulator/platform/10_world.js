// The wire to the world outside: commands go out, events come in, and every error is written down.
//
// The files of this folder are one program: they are put together in the order of their numbers
// inside one function, so that nothing of them is visible to the scenario but what `globals` gives it.
// Those in `later` join it when a scenario first asks for what they emulate.

const INDEX = __index; // table -> key -> where its line begins, see tables.py
const CONFIG = JSON.parse(__config); // what belongs to this one session, see engine.py
const strict = CONFIG.mode === "strict";

const outbox = []; // commands not yet collected by the world
let nowMs = 0; // the session's clock; set by every event

Error.stackTraceLimit = 40; // our own frames must not push the scenario's out of the report

/** `fields` is given away: the command is made of it. */
function command(op, fields = {}) {
  fields.op = op;
  outbox.push(fields);
}

/** One line of a table: names and values of the API surface. Empty when the table has no such key. */
function tableText(table, key) {
  const from = INDEX[table][key];
  return from === undefined ? "" : __lines.slice(from, __lines.indexOf("\n", from));
}

// ---- errors ------------------------------------------------------------------------------------

const reported = new WeakSet(); // errors already written down when they were made

function isObject(value) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Something the platform does not have, does not allow, or that we do not emulate. Throws in strict mode. */
function violation(kind, name, message) {
  const error = new Error(message);
  command("violation", { kind, name, message, stack: error.stack });
  if (!strict) return;
  reported.add(error);
  throw error;
}

/** The platform's own exception: a scenario may catch it and live. */
function refuse(message) {
  command("refused", { message });
  throw new Error(message);
}

function reportError(how, thrown) {
  const error = thrown instanceof Error;
  command("error", {
    how, // "throw" or "rejection"
    message: error ? String(thrown) : "thrown: " + String(thrown),
    stack: error ? String(thrown.stack) : "",
    reported: isObject(thrown) && reported.has(thrown),
  });
}

/** Runs one callback of the scenario. Returns false when it threw. */
function guarded(callback, argument) {
  try {
    const result = callback(argument);
    if (result instanceof Promise) result.then(undefined, (e) => reportError("rejection", e));
    return true;
  } catch (e) {
    reportError("throw", e);
    return false;
  }
}

// ---- events from the world ---------------------------------------------------------------------

const incoming = {}; // type of event -> function(event); each file adds its own

/** Delivers one event and gives the commands that came of it. What promises add is drained afterwards. */
function step(text) {
  const event = JSON.parse(text);
  nowMs = event.at;
  incoming[event.type](event);
  return drain();
}

function drain() {
  if (outbox.length === 0) return "[]";
  const text = JSON.stringify(outbox);
  outbox.length = 0;
  return text;
}

// ---- promises that the world settles -----------------------------------------------------------

const promises = new Map();
let lastPromise = 0;

/** A promise for the answer to one command; the command carries its number as `promise`. */
function asked(op, fields) {
  const number = ++lastPromise;
  fields.promise = number;
  command(op, fields);
  return new Promise((resolve, reject) => promises.set(number, { resolve, reject }));
}

incoming.settle = ({ promise, value, error }) => {
  const waiting = promises.get(promise);
  promises.delete(promise);
  if (error === undefined) waiting.resolve(value);
  else waiting.reject(new Error(error));
};
