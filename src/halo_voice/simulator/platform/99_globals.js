// What the scenario sees: ECMAScript 2022 as in Firefox 115, the platform's names, and nothing else.

const ECMASCRIPT = new Set(
  ("Object Function Error EvalError RangeError ReferenceError SyntaxError TypeError URIError InternalError " +
    "AggregateError Array parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI " +
    "encodeURIComponent escape unescape Infinity NaN undefined eval Number Boolean String Math Reflect Symbol " +
    "globalThis BigInt Date RegExp JSON Proxy Map Set WeakMap WeakSet ArrayBuffer SharedArrayBuffer " +
    "Uint8ClampedArray Int8Array Uint8Array Int16Array Uint16Array Int32Array Uint32Array BigInt64Array " +
    "BigUint64Array Float32Array Float64Array DataView Atomics Promise WeakRef FinalizationRegistry").split(" "),
);

// Newer than the platform's engine, though ours has them.
const TOO_NEW = [
  [Object, "groupBy"], [Map, "groupBy"], [Promise, "withResolvers"], [Promise, "try"], [RegExp, "escape"],
  [Math, "f16round"], [Math, "sumPrecise"], [Error, "isError"], [Error, "captureStackTrace"],
  [String.prototype, "isWellFormed"], [String.prototype, "toWellFormed"],
  [Uint8Array, "fromBase64"], [Uint8Array, "fromHex"], [Uint8Array.prototype, "toBase64"], [Uint8Array.prototype, "toHex"],
  ...["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"]
    .map((name) => [Set.prototype, name]),
];

for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (!ECMASCRIPT.has(name)) delete globalThis[name];
}
for (const [owner, name] of TOO_NEW) delete owner[name];

Object.defineProperty(globalThis, "Date", { value: SessionDate, writable: true, configurable: true });

// A platform name is made when it is first read, so that three thousand constants cost nothing. It can be
// overwritten and declared again, as any global of a classic script.
for (const name of split(tableText("children", ""))) {
  const define = (value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      const value = name in INDEX.children || !(name in implementations) ? leaf(name) : implementations[name];
      define(value);
      return value;
    },
    set: define,
  });
}

// The world takes these two and removes them before the scenario is read.
globalThis.__step = step;
globalThis.__drain = drain;
