// Players: a phrase or a file that is made once and can be sent to several targets.

const MAX_PLAYERS = 10; // per session; a finished one counts until stop()

let openPlayers = 0;
let lastPlayer = 0;

function makePlayer(op, fields, paused) {
  // Inferred: the limit is documented, what happens beyond it is not.
  if (openPlayers >= MAX_PLAYERS) refuse(`Exceeded the limit of ${MAX_PLAYERS} media players!`);
  const id = `player:${++lastPlayer}`;
  openPlayers++;

  let unit = null;
  const alive = (where) => {
    if (!unit.stopped) return true;
    violation("misuse", where, `${where}: the player was stopped; stop() destroys it`);
    return false;
  };
  const send = (operation, extra) => command(operation, Object.assign({ player: id }, extra));

  unit = makeUnit("Player", id, { stopped: false }, {
    id: () => id,
    pause: () => alive("Player.pause") && send("pause_player"),
    resume: () => alive("Player.resume") && send("resume_player"),
    stop() {
      if (unit.stopped) return;
      unit.stopped = true;
      openPlayers--;
      send("stop_player");
    },
    addMarker(offset) {
      if (checkType("Player.addMarker", "the offset", offset, "number") && alive("Player.addMarker")) send("marker", { offset });
    },
    ...mediaMethods(() => unit),
  });
  unit.unusable = () => (unit.stopped ? "the player was stopped; stop() destroys it" : "");
  unit.base = () => ({ player: unit.proxy });
  command(op, Object.assign({ player: id, paused: !!paused }, fields));
  return unit.proxy;
}

implementations["VoxEngine.createTTSPlayer"] = (text, parameters) => {
  const where = "VoxEngine.createTTSPlayer";
  checkType(where, "the text", text, "string");
  checkSpeech(where, "TTSPlayerParameters", parameters);
  const given = parameters || {};
  const fields = { text: String(text), voice: pathOf(given, "voice"), progressive: !!given.progressivePlayback };
  return makePlayer("create_tts_player", fields, given.onPause);
};

implementations["VoxEngine.createURLPlayer"] = (request, parameters) => {
  const where = "VoxEngine.createURLPlayer";
  checkOptions(where, "URLPlayerRequest", request);
  checkOptions(where, "URLPlayerParameters", parameters);
  const { url, method, headers, body } = request || {};
  checkType(where, "the address", url, "string");
  if (body) checkOptions(`${where} body`, "URLPlayerRequestBody", body);
  const given = parameters || {};
  const fields = { url: String(url), method: method || "GET", headers: headers || [], body: (body && body.text) || "", loop: !!given.loop };
  return makePlayer("create_url_player", fields, given.onPause);
};
