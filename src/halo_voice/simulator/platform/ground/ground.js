// A context as it was made: what a call has changed of the engine's own objects is put back after it.
//
// Evaluated before the platform. The result is a function that puts everything back, and says whether it could: else
// the context has to be thrown away. It sees what assignments, deletions and new members do, wherever they do it; flags
// of properties and the engine's hidden settings it does not see, and mould.py lets no scenario in that names them.

(function () {
  "use strict";
  const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, isExtensible, defineProperty, deleteProperty } = Reflect;
  const { is } = Object;
  const world = globalThis;

  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
  const hidden = [
    function* () {}, async function () {}, async function* () {}, (function* () {})(), (async function* () {})(),
    [].values(), new Map().values(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/x/g),
  ];

  const objects = [];
  const seen = new Set();
  const waiting = [world, ...hidden.map(getPrototypeOf)];
  while (waiting.length) {
    const object = waiting.pop();
    if (!isObject(object) || seen.has(object)) continue;
    seen.add(object);
    const found = ownKeys(object).map((name) => [name, getOwnPropertyDescriptor(object, name)]);
    // A function's name and length are no assignment's prey, and half of all there is.
    const own = (name) => typeof object !== "function" || (name !== "name" && name !== "length");
    const kept = found.filter(([name, property]) => "value" in property && own(name));
    objects.push({
      object, found, count: found.length, prototype: getPrototypeOf(object), extensible: isExtensible(object),
      names: kept.map(([name]) => name), values: kept.map(([, property]) => property.value),
    });
    waiting.push(getPrototypeOf(object));
    for (const [, { value, get, set }] of found) waiting.push(value, get, set);
  }

  function isWhole({ object, count, prototype, extensible, names, values }) {
    if (ownKeys(object).length !== count) return false;
    if (getPrototypeOf(object) !== prototype || isExtensible(object) !== extensible) return false;
    for (let n = 0; n < names.length; n++) {
      if (object[names[n]] !== values[n] && !is(object[names[n]], values[n])) return false;
    }
    return true;
  }

  function mend({ object, found }) {
    const names = new Set(found.map(([name]) => name));
    for (const name of ownKeys(object)) {
      if (!names.has(name)) deleteProperty(object, name);
    }
    for (const [name, property] of found) {
      const now = getOwnPropertyDescriptor(object, name);
      if (now === undefined || !is(now.value, property.value) || now.get !== property.get || now.set !== property.set) {
        defineProperty(object, name, property);
      }
    }
  }

  return function restore() {
    let whole = true;
    for (let n = 0; n < objects.length; n++) {
      const each = objects[n];
      if (isWhole(each)) continue;
      mend(each);
      whole = isWhole(each) && whole;
    }
    return whole;
  };
})()
