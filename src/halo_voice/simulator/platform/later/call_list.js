// What a session tells the call list that began it. Inferred: each report is a request of its own, so that after
// Terminating only one is left for all.

function tellList(name, data, done) {
  const where = `CallList.${name}`;
  const progress = name === "requestNextAttempt" ? "object" : null;
  if (data === null || !(typeof data === "object" || (!progress && typeof data === "string"))) {
    violation("misuse", where, `${where}: an object${progress ? "" : " or a string"} is wanted`);
    return;
  }
  if (requestsLeftAtEnd <= 0) {
    command("ignored", { what: `${where} after Terminating, and after a request` });
    return;
  }
  requestsLeftAtEnd--;
  asked("call_list", { verb: name, data: typeof data === "string" ? data : JSON.stringify(data) }).then((result) =>
    guarded(done, record("Net.HttpRequestResult", result)),
  );
}

for (const name of ["reportResult", "reportError", "reportProgress", "requestNextAttempt"]) {
  implementations[`CallList.${name}`] = (data, callback) => tellList(name, data, callback || (() => undefined));
  implementations[`CallList.${name}Async`] = (data) => new Promise((resolve) => tellList(name, data, resolve));
}
