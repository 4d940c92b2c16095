// Unknown means loud: every namespace, enum, object and event is watched for names that do not exist.

const CONSTANT_LISTS = ["VoiceList", "ASRProfileList", "ASRModelList"];

const implementations = {}; // dotted name -> function or object that the other files emulate

/** Names whose emulation few calls need: its file, in the folder `later`, is read when one is first asked for. */
function later(file, names) {
  const read = (name) => () => {
    for (const each of names) delete implementations[each];
    readLater(file);
    return implementations[name];
  };
  for (const name of names) Object.defineProperty(implementations, name, { get: read(name), configurable: true, enumerable: true });
}

// Names that every JavaScript value may be asked for: by promises, JSON, or the engine itself.
const TOLERATED = new Set(["then", "toJSON", "constructor", "prototype", "__proto__"]);
const tolerated = (name) => typeof name === "symbol" || TOLERATED.has(name) || name in Object.prototype;

const split = (text) => (text ? text.split(" ") : []);
const surfaceSets = new Map();

/** The set of names that a table of the surface holds under a key; empty when it has no such key. */
function names(table, key) {
  const cacheKey = table + ":" + key;
  let found = surfaceSets.get(cacheKey);
  if (!found) surfaceSets.set(cacheKey, (found = new Set(split(tableText(table, key)))));
  return found;
}

function unknown(name) {
  violation("unknown", name, `${name} does not exist`);
  return undefined;
}

function unemulated(name) {
  violation("unemulated", name, `${name} exists but is not emulated`);
  return nothing;
}

// What an unemulated thing gives in collect mode: it can be called, constructed and read for ever.
const nothing = new Proxy(function () {}, {
  get: (target, name) => (tolerated(name) ? undefined : nothing),
  apply: () => nothing,
  construct: () => nothing,
});

// ---- namespaces and enums ----------------------------------------------------------------------

/** A platform constant such as `VoiceList.Google.ru_RU_Wavenet_A`: opaque, known by its path. */
class Constant {
  constructor(path) {
    this.path = path;
    Object.freeze(this);
  }
  toString() {
    return this.path;
  }
  toJSON() {
    return this.path;
  }
}

const isConstantOf = (list, value) => value instanceof Constant && value.path.startsWith(list + ".");

function leaf(path) {
  if (path in implementations) return implementations[path];
  if (path in INDEX.enums) return enumeration(path);
  if (path in INDEX.children) return namespace(path);
  if (CONSTANT_LISTS.includes(path.slice(0, path.indexOf(".")))) return new Constant(path);
  return unemulated(path);
}

/** A watched object whose members are made when they are first read. */
function watched(path, members, make, target = {}) {
  const write = (_, name) => {
    violation("misuse", `${path}.${String(name)}`, `${path}.${String(name)} cannot be set: ${path} belongs to the platform`);
    return true;
  };
  return new Proxy(target, {
    get(made, name) {
      if (Object.hasOwn(made, name)) return made[name];
      if (typeof name !== "symbol" && members.has(name)) {
        const value = make(`${path}.${name}`, name);
        if (value !== nothing) made[name] = value;
        return value;
      }
      return tolerated(name) ? made[name] : unknown(`${path}.${name}`);
    },
    has: (made, name) => members.has(name) || name in made,
    ownKeys: (made) => [...new Set([...members, ...Reflect.ownKeys(made)])],
    getOwnPropertyDescriptor: (made, name) =>
      members.has(name)
        ? { value: make(`${path}.${name}`, name), enumerable: true, configurable: true }
        : Reflect.getOwnPropertyDescriptor(made, name),
    set: write,
    defineProperty: write,
    deleteProperty: write,
  });
}

const namespace = (path) => watched(path, names("children", path), leaf);

const enumValues = new Map(); // dotted name of the enum -> {member: value}
const enumSets = new Map(); // the same -> the set of its values

function valuesOf(path) {
  let values = enumValues.get(path);
  if (!values) enumValues.set(path, (values = JSON.parse(tableText("enums", path))));
  return values;
}

function isValueOf(path, value) {
  let values = enumSets.get(path);
  if (!values) enumSets.set(path, (values = new Set(Object.values(valuesOf(path)))));
  return values.has(value);
}

function enumeration(path) {
  const values = valuesOf(path);
  return watched(path, new Set(Object.keys(values)), (_, name) => values[name]);
}

// ---- objects and events ------------------------------------------------------------------------

/** Watches an emulated object. `methods` are those that we emulate, made for a unit when first read. */
class Methods {
  constructor(unit, className, methods) {
    this.unit = unit;
    this.className = className;
    this.methods = methods; // name -> function(unit, …); without a prototype
    this.bound = { __proto__: null };
  }
  get(target, name) {
    if (Object.hasOwn(target, name)) return target[name];
    const made = this.bound[name];
    if (made) return made;
    const method = this.methods[name];
    if (method) return (this.bound[name] = method.bind(null, this.unit));
    if (name in target) return target[name];
    if (names("classes", this.className).has(name)) return unemulated(`${this.className}.${name}`);
    if (tolerated(name)) return undefined;
    unknown(`${this.className}.${String(name)}`);
    return nothing;
  }
  has(target, name) {
    return name in this.methods || name in target;
  }
  set(target, name, value) {
    // Scenarios do hang data on a call. What looks like a handler would never be called, though.
    if (/^on[A-Z_]/.test(String(name))) unknown(`${this.className}.${String(name)}`);
    target[name] = value;
    return true;
  }
}

/** The emulated object of a class of the surface that a scenario sees of a unit. */
const instance = (unit, className, methods) => new Proxy({}, new Methods(unit, className, methods));

// Names of fields that the surface lacks although production has seen them.
const FIELDS_SEEN_IN_PRODUCTION = { _ASRResultEvent: ["transcript"], _PlayerAudioChunksPlaybackFinishedEvent: ["final"] };

/** Watches the values of one interface of the surface; one watcher serves them all. */
class Fields {
  constructor(interfaceName) {
    this.interfaceName = interfaceName;
    this.known = new Set([...names("fields", interfaceName), ...(FIELDS_SEEN_IN_PRODUCTION[interfaceName] || [])]);
  }
  get(target, name) {
    if (name in target) return target[name];
    if (this.known.has(name) || tolerated(name)) return undefined;
    return unknown(`${this.interfaceName}.${String(name)}`);
  }
}

const fieldsOf = new Map(); // name of the interface -> its watcher

/** A value with the fields of an interface of the surface: events, HTTP results. */
function record(interfaceName, fields) {
  let watcher = fieldsOf.get(interfaceName);
  if (!watcher) fieldsOf.set(interfaceName, (watcher = new Fields(interfaceName)));
  return new Proxy(fields, watcher);
}

/** Checks an options object against the fields of its interface. */
function checkOptions(where, interfaceName, options) {
  if (options === undefined) return;
  if (!isObject(options) || Array.isArray(options)) {
    violation("misuse", where, `${where}: the parameters must be an object, got ${typeof options}`);
    return;
  }
  const known = names("fields", interfaceName);
  for (const name of Object.keys(options)) {
    if (!known.has(name)) violation("unknown", `${interfaceName}.${name}`, `${where}: ${interfaceName}.${name} does not exist`);
  }
}

function checkType(where, what, value, type) {
  if (typeof value === type) return true;
  violation("misuse", where, `${where}: ${what} must be a ${type}, got ${value === null ? "null" : typeof value}`);
  return false;
}
