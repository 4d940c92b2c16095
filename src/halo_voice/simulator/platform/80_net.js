// Net: HTTP requests with the platform's queue and limits. The promise settles for failures too; a full
// queue throws.

const MAX_REQUESTS = 35; // three of them active; the world keeps that
const MAX_TIMEOUT_S = 90;
const MAX_CONNECT_S = 6;

const requests = new Map(); // number -> what to do with the result
let lastRequest = 0;
let requestsLeftAtEnd = Infinity; // one after Terminating

/** Headers come as an object or, as seen in production, as ["Name: value", …]. */
function headerList(headers) {
  if (headers === undefined) return [];
  if (!Array.isArray(headers)) return Object.keys(headers).map((name) => [name, String(headers[name])]);
  return headers.map((line) => [line.slice(0, line.indexOf(":")).trim(), line.slice(line.indexOf(":") + 1).trim()]);
}

function postData(where, data) {
  if (data === undefined || typeof data === "string") return data;
  if (Array.isArray(data)) return data;
  violation("misuse", where, `${where}: postData must be a string or an array of bytes; objects are not serialised`);
  return String(data);
}

/** Limits can only be decreased; inferred: a greater value counts as the limit. */
function limit(where, name, value, maximum) {
  if (value === undefined) return maximum;
  checkType(where, name, value, "number");
  return value > 0 && value < maximum ? value : maximum;
}

function send(where, url, options, done) {
  checkType(where, "the address", url, "string");
  checkOptions(where, "Net.HttpRequestOptions", options);
  const given = options || {};
  if (requests.size >= MAX_REQUESTS) refuse("Exceeded the HTTP connection count limit!");
  if (requestsLeftAtEnd <= 0) {
    command("ignored", { what: `a second request after Terminating: ${url}` });
    return;
  }
  requestsLeftAtEnd--;
  const query = Object.keys(given.params || {})
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(given.params[name])}`)
    .join("&");
  const number = ++lastRequest;
  requests.set(number, done);
  command("http", {
    request: number,
    url: query ? String(url) + (String(url).includes("?") ? "&" : "?") + query : String(url),
    method: String(given.method || "GET").toUpperCase(),
    headers: headerList(given.headers),
    body: postData(where, given.postData),
    raw: !!given.rawOutput,
    timeout_s: limit(where, "timeout", given.timeout, MAX_TIMEOUT_S),
    connect_s: limit(where, "connectionTimeout", given.connectionTimeout, MAX_CONNECT_S),
  });
}

incoming.http = ({ request, result }) => {
  const done = requests.get(request);
  requests.delete(request);
  if (done) done(record("Net.HttpRequestResult", result));
};

Object.assign(implementations, {
  "Net.httpRequestAsync": (url, options) =>
    new Promise((resolve) => send("Net.httpRequestAsync", url, options, resolve)),

  "Net.httpRequest"(url, callback, options) {
    if (typeof callback !== "function") {
      violation("misuse", "Net.httpRequest", "Net.httpRequest(url, callback, options): the second argument must be a function");
      return;
    }
    send("Net.httpRequest", url, options, (result) => guarded(callback, result));
  },

  // Not in the published surface, but seen in production.
  "Net.HttpRequestOptions": function () {},
});
