// ApplicationStorage: what outlives the session, by key and for a time.

const MAX_KEY = 200;
const MAX_VALUE = 2000;
const MAX_TTL_S = 7776000;

function stored(operation, key, fields) {
  const where = `ApplicationStorage.${operation}`;
  needsModule(where, "ApplicationStorage");
  checkType(where, "the key", key, "string");
  if (String(key).length > MAX_KEY) return Promise.reject(new Error(`${where}: the key is over ${MAX_KEY} characters`));
  return asked("storage", Object.assign({ operation, key: String(key) }, fields));
}

const storageKey = (found) => (found ? record("StorageKey", found) : null);

Object.assign(implementations, {
  "ApplicationStorage.put"(key, value, ttl) {
    const where = "ApplicationStorage.put";
    checkType(where, "the value", value, "string");
    checkType(where, "the time to live", ttl, "number");
    if (String(value).length > MAX_VALUE) return Promise.reject(new Error(`${where}: the value is over ${MAX_VALUE} characters`));
    if (!(ttl >= 0 && ttl <= MAX_TTL_S)) return Promise.reject(new Error(`${where}: the time to live is over ${MAX_TTL_S} s`));
    return stored("put", key, { value: String(value), ttl_s: ttl }).then(storageKey);
  },
  "ApplicationStorage.get": (key) => stored("get", key).then(storageKey),
  "ApplicationStorage.remove": (key) => stored("remove", key).then(storageKey),
  "ApplicationStorage.keys": (pattern, count) =>
    stored("keys", pattern === undefined ? "" : pattern, { count: count === undefined ? 1000 : count })
      .then((found) => record("StoragePage", found)),
});
