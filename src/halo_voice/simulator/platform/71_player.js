// Players: a phrase or a file that is made once and can be sent to several targets.

const MAX_PLAYERS = 10; // per session; a finished one counts until stop()

let openPlayers = 0;
let lastPlayer = 0;

function toPlayer(player, where, op, fields = {}) {
  if (player.stopped) {
    violation("misuse", where, `${where}: the player was stopped; stop() destroys it`);
    return;
  }
  fields.player = player.id;
  command(op, fields);
}

const PLAYER = {
  className: "Player",
  unusable: (player) => (player.stopped ? "the player was stopped; stop() destroys it" : ""),
  fields: (player) => ({ player: player.proxy }),
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    ...MEDIA_METHODS,
    id: (player) => player.id,
    pause: (player) => toPlayer(player, "Player.pause", "pause_player"),
    resume: (player) => toPlayer(player, "Player.resume", "resume_player"),
    stop(player) {
      if (player.stopped) return;
      toPlayer(player, "Player.stop", "stop_player");
      player.stopped = true;
      openPlayers--;
    },
    addMarker(player, offset) {
      if (checkType("Player.addMarker", "the offset", offset, "number")) toPlayer(player, "Player.addMarker", "marker", { offset });
    },
  },
};

function makePlayer(op, fields, paused, kind = PLAYER) {
  // Inferred: the limit is documented, what happens beyond it is not.
  if (openPlayers >= MAX_PLAYERS) refuse(`Exceeded the limit of ${MAX_PLAYERS} media players!`);
  openPlayers++;
  const player = makeUnit(kind, `player:${++lastPlayer}`, { stopped: false });
  fields.player = player.id;
  fields.paused = !!paused;
  command(op, fields);
  return player.proxy;
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
