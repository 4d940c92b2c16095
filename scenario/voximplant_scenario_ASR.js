/// <reference path="./voxengine.d.ts" />
// HALO's side of a telephone call, run by Voximplant's VoxEngine: it hears, speaks, keeps every deadline and ends the call.
// The words come from our backend; when the backend, the recogniser or the voice is gone, this file apologises and says goodbye by itself.
// Upload it byte for byte: what belongs to one company comes with the backend's first answer, what is secret from VoxEngine.getSecretValue.

require(Modules.ASR);


// ------------------------------------------------------------------------------------------------
// Settings: what holds until the backend's first answer, and without it. Times in milliseconds.
// ------------------------------------------------------------------------------------------------

const SCENARIO_VERSION = "1.0";

const DEFAULTS = {
  asr: { profile: "Google.ru_RU", model: "", interim: true, single_utterance: true, confidence_scale: 100, phrase_hints: [] },
  voice: "Yandex.Neural.ru_RU_alena",
  progressive: true,
  texts: {
    greeting: "Здравствуйте! Я голосовой ассистент компании HALO. Чем могу помочь?",
    filler: "Секунду, пожалуйста.",
    repeat: "Простите, не расслышал. Повторите, пожалуйста.",
    reprompts: ["Вы меня слышите? Скажите, пожалуйста, чем я могу помочь.", "Я вас не слышу. Говорите, пожалуйста, чуть громче."],
    apology: "Извините, сейчас не получилось ответить. Повторите, пожалуйста, ваш вопрос.",
    bye_turns: "К сожалению, время нашего разговора подошло к концу. Спасибо за звонок, до свидания!",
    bye_silence: "Я вас не слышу. Перезвоните нам, пожалуйста, ещё раз. До свидания!",
    bye_failure: "Извините, у нас технические неполадки. Перезвоните нам, пожалуйста, чуть позже. До свидания!",
    bye_time: "Извините, разговор длится слишком долго, мне придётся его завершить. До свидания!",
  },
  audio: { apology: "", goodbye: "" },
  limits: {
    turns: 12, reprompts: 2, apologies: 2, confidence: 0.3, phrase_chars: 400,
    call_ms: 600000, no_speech_ms: 6500, capture_ms: 12000, utterance_ms: 60000, result_ms: 3000, filler_ms: 2000,
    turn_ms: 7000, connect_ms: 2000, playback_start_ms: 2500, playback_grace_ms: 1500, goodbye_ms: 6000,
  },
  recording: { enabled: false, stereo: true },
};

// The scenario's own limits: no company needs to change them.
const RING_MS = 20000; // answered, but never connected
const PROFILE_MS = 1000; // the greeting waits no longer for the backend's first answer
const RETRY_MS = 2500; // a second attempt needs at least this much of the turn's time
const REPLY_MARGIN_MS = 1000; // the backend is asked to answer this much before our own deadline
const LATE_MS = 1000; // after hang-up: results that are still on their way
const REPORT_MS = 5000; // the answer to a report, and to the first request
const RECORDING_MS = 8000; // the recording's address
const LATE_TEXTS = 5; // kept for the report, and so many characters of each
const LATE_CHARS = 300;
const VOICE_FAULTS = 2; // phrases in a row that nobody heard


// ------------------------------------------------------------------------------------------------
// Decide: (config, state, event) → [state, actions]. Pure; knows no clock and nothing of VoxEngine.
// ------------------------------------------------------------------------------------------------
//
//   ringing → meeting → speaking ⇄ listening → hearing → recognising → thinking → filling → holding
//                          │                                              └── speaking ──┘
//                          └→ hanging → closing → reporting → filing → over
//
// Every event carries `at` (ms). Every state but `over` has one deadline: the action `wait` replaces it, the event `expired` is it.
// Turns and phrases are numbered; what comes late for an older number falls through to ALWAYS and is kept or dropped there.

const START_STATE = {
  name: "ringing", turn: 0, phrase: 0, reprompts: 0, prompts: 0, apologies: 0, voiceFaults: 0, asrFaults: 0,
  repeated: false, unsure: false, // asked to repeat: in this turn; for want of any confidence, in this call
  fresh: false, lineSilent: false, lastText: "", late: [], voice: null, pending: null, question: null, attempt: 0,
  askedAt: 0, speechAt: 0, quietAt: 0, connectedAt: 0, endedAt: 0, reason: "",
  profiled: false, confirmed: false, // the backend's first answer came; the backend knows the call
  records: false, recording: "", recorded: false, reported: false, broken: false,
};

const TABLE = {
  ringing: {
    alerted: (config, state) => [state, [{ do: "fetchProfile" }, { do: "answer" }, { do: "wait", ms: RING_MS }]],
    connected: (config, state, event) => {
      const met = { ...state, name: "meeting", connectedAt: event.at, quietAt: event.at };
      const limit = { do: "limitCall", ms: config.limits.call_ms };
      return state.profiled ? greet(config, met, [limit]) : [met, [limit, { do: "wait", ms: PROFILE_MS }]];
    },
    expired: (config, state, event) => close(state, event, "not_connected", [{ do: "hangup" }]),
  },
  meeting: {
    profiled: (config, state, event) => greet(config, profiled(state, event)),
    expired: (config, state) => greet(config, state),
  },
  speaking: {
    phraseStarted: (config, state, event) => {
      if (!isCurrent(state, event)) return [state, []];
      const ms = event.duration + config.limits.playback_grace_ms;
      return [{ ...state, voice: { ...state.voice, started: true, endsAt: event.at + event.duration } }, [{ do: "wait", ms }]];
    },
    phraseEnded: (config, state, event) => {
      if (!isCurrent(state, event)) return [state, []];
      return event.failed ? speakAgain(config, state, event) : afterPhrase(config, spoken(state, event), event);
    },
    expired: (config, state, event) => {
      const done = state.voice.started ? spoken(state, event) : { ...state, voiceFaults: state.voiceFaults + 1 };
      return afterPhrase(config, done, event, [{ do: "hush" }]);
    },
    // A recogniser that is late: what we asked the caller to repeat has arrived after all.
    heard: (config, state, event) => (state.voice.kind === "prompt" ? hear : keepLate)(config, state, event),
  },
  listening: {
    speechStarted: (config, state, event) => startHearing(config, state, event),
    interim: (config, state, event) => startHearing(config, state, event),
    speechCaptured: (config, state, event) => recognise(config, state, event),
    heard: (config, state, event) => hear(config, state, event),
    expired: (config, state, event) => prompt(config, state, reprompt(config, state)),
  },
  hearing: {
    interim: (config, state, event) => {
      if (event.at - state.speechAt > config.limits.utterance_ms) return recognise(config, state, event);
      return keepHearing(config, state, event);
    },
    voiceStarted: (config, state, event) => keepHearing(config, { ...state, lineSilent: false }, event),
    voiceStopped: (config, state, event) => {
      const quietAt = config.asr.interim ? state.quietAt : event.at; // interim results are the better pulse
      return keepHearing(config, { ...state, lineSilent: true, quietAt }, event);
    },
    speechCaptured: (config, state, event) => recognise(config, state, event),
    heard: (config, state, event) => hear(config, state, event),
    expired: (config, state, event) => prompt(config, state, reprompt(config, state)),
  },
  recognising: {
    heard: (config, state, event) => hear(config, state, event),
    expired: (config, state, event) => prompt(config, state, reprompt(config, state)),
  },
  thinking: {
    replied: (config, state, event) => answer(config, state, event),
    failed: (config, state, event) => retryOr(apologise, config, state, event),
    expired: (config, state, event) => {
      const phrase = state.phrase + 1;
      const voice = { phrase, kind: "filler", next: "", started: false, endsAt: event.at + config.limits.playback_start_ms };
      const ms = Math.max(1, config.limits.turn_ms - (event.at - state.askedAt));
      return [{ ...state, name: "filling", phrase, voice }, [{ do: "say", phrase, text: config.texts.filler }, { do: "wait", ms }]];
    },
  },
  filling: {
    phraseStarted: (config, state, event) => {
      if (!isCurrent(state, event)) return [state, []];
      const endsAt = event.at + event.duration + config.limits.playback_grace_ms;
      return [{ ...state, voice: { ...state.voice, started: true, endsAt } }, []];
    },
    phraseEnded: (config, state, event) => [isCurrent(state, event) ? { ...state, voice: null, quietAt: event.at } : state, []],
    replied: (config, state, event) => answer(config, state, event),
    failed: (config, state, event) => retryOr(apologise, config, state, event),
    expired: (config, state, event) => apologise(config, { ...state, voice: null }, event, [{ do: "hush" }]),
  },
  // The reply is here, the filler is still playing: it may end by itself, but not for ever.
  holding: {
    phraseStarted: (config, state, event) => {
      return [state, isCurrent(state, event) ? [{ do: "wait", ms: event.duration + config.limits.playback_grace_ms }] : []];
    },
    phraseEnded: (config, state, event) => (isCurrent(state, event) ? speak(config, state, state.pending) : [state, []]),
    expired: (config, state) => speak(config, state, state.pending, [{ do: "hush" }]),
  },
  hanging: {
    expired: (config, state, event) => close(state, event, state.reason),
  },
  closing: {
    heard: (config, state, event) => keepLate(config, state, event),
    expired: (config, state) => {
      const report = { do: "report", ...summary(state) };
      return [{ ...state, name: "reporting" }, [{ do: "stopEars" }, report, { do: "wait", ms: REPORT_MS }]];
    },
  },
  reporting: {
    reported: (config, state, event) => file({ ...state, reported: event.ok }),
    expired: (config, state) => file(state),
  },
  filing: {
    recorded: (config, state, event) => {
      return state.recorded ? [state, []] : [{ ...state, recorded: true }, [{ do: "fileRecording", url: event.url }, { do: "wait", ms: REPORT_MS }]];
    },
    filed: (config, state) => finish(state),
    // The final address never came: the one given at the start is better than none.
    expired: (config, state) => {
      if (state.recorded || !state.recording) return finish(state);
      return [{ ...state, recorded: true }, [{ do: "fileRecording", url: state.recording }, { do: "wait", ms: REPORT_MS }]];
    },
  },
  over: {},
};

const AFTER_THE_CALL = ["closing", "reporting", "filing", "over"];

const ALWAYS = {
  profiled: (config, state, event) => [profiled(state, event), []],
  speechStarted: (config, state) => [{ ...state, fresh: true }, []],
  voiceStarted: (config, state) => [{ ...state, lineSilent: false }, []],
  voiceStopped: (config, state, event) => [{ ...state, lineSilent: true, quietAt: event.at }, []],
  heard: (config, state, event) => keepLate(config, state, event),
  replied: (config, state) => [{ ...state, confirmed: true }, []],
  asrFailed: (config, state, event) => (AFTER_THE_CALL.includes(state.name) ? [state, []] : loseEars(config, state, event)),
  recordingStarted: (config, state, event) => [{ ...state, recording: event.url }, []],
  recorded: (config, state, event) => [{ ...state, recorded: true, recording: event.url }, []],
  timeUp: (config, state, event) => {
    if (AFTER_THE_CALL.includes(state.name) || isLeaving(state)) return [state, []];
    return leave(config, state, "time_limit", config.texts.bye_time, [{ do: "hush" }]);
  },
  disconnected: (config, state, event) => {
    if (AFTER_THE_CALL.includes(state.name)) return [state, []];
    return close(state, event, state.reason || (state.connectedAt ? "caller_hung_up" : "not_connected"));
  },
  reported: (config, state, event) => [{ ...state, reported: event.ok }, []],
  // One request is still allowed: the report, if it has not got through.
  terminating: (config, state, event) => {
    const last = { ...state, reason: state.reason || "terminated", endedAt: state.endedAt || event.at };
    return [{ ...last, name: "over", reported: true }, state.reported ? [] : [{ do: "report", ...summary(last) }]];
  },
  // A fault of this very file: say goodbye once, then end, whatever happens.
  broke: (config, state, event) => {
    if (AFTER_THE_CALL.includes(state.name)) return finish(state);
    if (state.broken) return close(state, event, "scenario_error", [{ do: "hangup" }]);
    return leave(config, { ...state, broken: true, reason: "scenario_error" }, "scenario_error", config.texts.bye_failure, [{ do: "hush" }]);
  },
};

function decide(config, state, event) {
  const row = TABLE[state.name] || {};
  const rule = row[event.type] || ALWAYS[event.type];
  const stale = event.turn !== undefined && event.turn !== state.turn;
  return rule && !stale ? rule(config, state, event) : [state, []];
}

function profiled(state, event) {
  return { ...state, profiled: true, confirmed: state.confirmed || event.confirmed };
}

function isCurrent(state, event) {
  return state.voice !== null && state.voice.phrase === event.phrase;
}

function isLeaving(state) {
  return state.name === "hanging" || (state.voice !== null && state.voice.next === "leave");
}

function greet(config, state, before = []) {
  return speak(config, state, { kind: "greeting", text: config.texts.greeting, next: "listen" }, before);
}

function speak(config, state, what, before = []) {
  const phrase = state.phrase + 1;
  const voice = { ...what, phrase, attempt: 0, started: false, endsAt: 0 };
  const actions = [...before, { do: "deafen" }, { do: "say", phrase, text: what.text }, { do: "wait", ms: config.limits.playback_start_ms }];
  return [{ ...state, name: "speaking", phrase, voice, pending: null }, actions];
}

// The voice failed: once more as plain short text, then a recorded prompt, then on without it.
function speakAgain(config, state, event) {
  const attempt = state.voice.attempt + 1;
  const recorded = state.voice.next === "leave" ? config.audio.goodbye : config.audio.apology;
  const next = { ...state, phrase: state.phrase + 1, voice: { ...state.voice, attempt, phrase: state.phrase + 1, started: false } };
  const wait = { do: "wait", ms: config.limits.playback_start_ms };
  if (attempt === 1) return [next, [{ do: "hush" }, { do: "say", phrase: next.phrase, text: plain(state.voice.text) }, wait]];
  if (attempt === 2 && recorded) return [next, [{ do: "hush" }, { do: "play", phrase: next.phrase, url: recorded }, wait]];
  return afterPhrase(config, { ...state, voiceFaults: state.voiceFaults + 1 }, event, [{ do: "hush" }]);
}

// The phrase was heard: it fell silent at its known length, however late we learn of it.
function spoken(state, event) {
  return { ...state, voiceFaults: 0, quietAt: state.voice.started ? Math.min(event.at, state.voice.endsAt) : event.at };
}

function afterPhrase(config, state, event, before = []) {
  const next = state.voice.next;
  const done = { ...state, voice: null };
  if (next === "leave") return hangUp(config, done, before);
  if (state.voiceFaults > VOICE_FAULTS) return hangUp(config, { ...done, reason: "voice_down" }, before);
  if (next === "finish") return leave(config, done, "turn_limit", config.texts.bye_turns, before);
  return listen(config, done, event, before);
}

function listen(config, state, event, before = []) {
  if (state.asrFaults > 1) return leave(config, state, "recogniser_down", config.texts.bye_failure, before);
  const record = config.recording.enabled && !state.records ? [{ do: "record" }] : [];
  const wait = { do: "wait", ms: speechMs(config, state, event) };
  return [{ ...state, name: "listening", records: config.recording.enabled }, [...before, ...record, { do: "listen" }, wait]];
}

function startHearing(config, state, event) {
  return keepHearing(config, { ...state, name: "hearing", fresh: true, speechAt: event.at }, event);
}

// Waits for more of what the caller says. The line's own ear tells a recogniser that has died from a caller who speaks
// for long: while there is a voice, a recogniser may be silent for its patience (interim results are its pulse).
function keepHearing(config, state, event) {
  if (state.lineSilent) return [state, [{ do: "wait", ms: speechMs(config, state, event) }]];
  const ms = config.asr.interim ? config.limits.no_speech_ms : config.limits.capture_ms;
  return [{ ...state, quietAt: event.at }, [{ do: "wait", ms }]];
}

// The caller's time to speak; what has passed in silence counts.
function speechMs(config, state, event) {
  const silent = Math.max(0, event.at - state.quietAt);
  return Math.max(Math.min(1500, config.limits.no_speech_ms), config.limits.no_speech_ms - silent);
}

function recognise(config, state, event) {
  return [{ ...state, name: "recognising", quietAt: event.at }, [{ do: "deafen" }, { do: "wait", ms: config.limits.result_ms }]];
}

function hear(config, state, event) {
  const before = state.voice ? [{ do: "hush" }] : [];
  if (!state.fresh && event.text && event.text === state.lastText) return [state, []]; // the same result once more
  const calm = { ...state, fresh: false, voice: null };
  if (!event.text) return state.voice ? [state, []] : prompt(config, calm, reprompt(config, state));
  const doubtful = event.confidence === 0 ? !state.unsure : event.confidence < config.limits.confidence;
  if (doubtful && !state.repeated && !state.voice) {
    const asked = { ...calm, repeated: true, unsure: state.unsure || event.confidence === 0 };
    return prompt(config, asked, config.texts.repeat);
  }
  const turn = state.turn + 1;
  const ask = { do: "ask", turn, text: event.text, confidence: event.confidence, start: !state.confirmed, ms: config.limits.turn_ms };
  const accepted = { ...calm, name: "thinking", turn, lastText: event.text, askedAt: event.at, attempt: 0, reprompts: 0, repeated: false, quietAt: event.at };
  return [{ ...accepted, question: ask }, [...before, { do: "deafen" }, ask, { do: "wait", ms: config.limits.filler_ms }]];
}

// Other words each time: a caller who hears the same sentence again thinks of a machine that hangs.
function reprompt(config, state) {
  return config.texts.reprompts[state.prompts % config.texts.reprompts.length];
}

// Asks the caller to speak (again), so many times in a row and no more.
function prompt(config, state, text, before = []) {
  if (state.reprompts >= config.limits.reprompts) return leave(config, state, "no_input", config.texts.bye_silence, before);
  return speak(config, { ...state, reprompts: state.reprompts + 1, prompts: state.prompts + 1 }, { kind: "prompt", text, next: "listen" }, before);
}

function answer(config, state, event) {
  const known = { ...state, confirmed: true };
  const next = event.action === "hangup" ? "leave" : state.turn >= config.limits.turns ? "finish" : "listen";
  if (event.outcome === "apologised") return apologise(config, known, event, [], { kind: "apology", text: event.text, next });
  const reason = next === "leave" ? "assistant_hung_up" : "";
  return hold(config, { ...known, apologies: 0, reason }, event, { kind: "answer", text: event.text, next });
}

function retryOr(otherwise, config, state, event) {
  const left = config.limits.turn_ms - (event.at - state.askedAt);
  if (!event.retry || state.attempt > 0 || left - event.retryMs < RETRY_MS) return otherwise(config, state, event);
  const ask = { ...state.question, start: state.question.start || event.unknown, ms: left - event.retryMs, delay: event.retryMs };
  return [{ ...state, attempt: 1 }, [ask]];
}

function apologise(config, state, event, before = [], spoken = null) {
  if (state.apologies >= config.limits.apologies) {
    const bye = { kind: "goodbye", text: config.texts.bye_failure, next: "leave" };
    return hold(config, { ...state, reason: "backend_down" }, event, bye, before);
  }
  const next = state.turn >= config.limits.turns ? "finish" : "listen";
  const sorry = spoken || { kind: "apology", text: config.texts.apology, next };
  return hold(config, { ...state, apologies: state.apologies + 1 }, event, sorry, before);
}

// Speaks now, or as soon as the filler has ended: never two voices at once, never half a filler.
function hold(config, state, event, what, before = []) {
  if (state.voice === null) return speak(config, state, what, before);
  return [{ ...state, name: "holding", pending: what }, [...before, { do: "wait", ms: Math.max(1, state.voice.endsAt - event.at) }]];
}

function leave(config, state, reason, text, before = []) {
  return speak(config, { ...state, reason: state.reason || reason }, { kind: "goodbye", text, next: "leave" }, before);
}

function hangUp(config, state, before) {
  return [{ ...state, name: "hanging" }, [...before, { do: "hangup" }, { do: "wait", ms: config.limits.goodbye_ms }]];
}

function loseEars(config, state, event) {
  const lost = { ...state, asrFaults: state.asrFaults + 1 };
  const before = [{ do: "stopEars" }];
  if (!["listening", "hearing", "recognising"].includes(state.name)) return [lost, before]; // the next `listen` makes a new one, or says goodbye
  if (lost.asrFaults > 1) return leave(config, lost, "recogniser_down", config.texts.bye_failure, before);
  return prompt(config, lost, config.texts.repeat, before);
}

function keepLate(config, state, event) {
  if (!event.text || event.text === state.lastText || state.late.length >= LATE_TEXTS) return [state, []];
  return [{ ...state, late: [...state.late, clip(event.text, LATE_CHARS)] }, []];
}

function close(state, event, reason, before = []) {
  const closed = { ...state, name: "closing", reason, voice: null, endedAt: event.at };
  return [closed, [...before, { do: "hush" }, { do: "deafen" }, { do: "unlimitCall" }, { do: "wait", ms: LATE_MS }]];
}

function file(state) {
  if (!state.records) return finish(state);
  const known = state.recorded ? [{ do: "fileRecording", url: state.recording }] : [];
  return [{ ...state, name: "filing" }, [...known, { do: "wait", ms: RECORDING_MS }]];
}

function finish(state) {
  return [{ ...state, name: "over" }, [{ do: "terminate" }]];
}

function summary(state) {
  const duration = state.connectedAt ? Math.max(0, state.endedAt - state.connectedAt) : 0;
  return { reason: state.reason, duration_ms: duration, turns: state.turn, late: state.late, start: !state.confirmed };
}

function plain(text) {
  const words = text.replace(/[^0-9A-Za-zА-Яа-яЁё .,!?-]/g, " ").replace(/\s+/g, " ").trim();
  return clip(words, 200);
}

// Cuts at a sentence end, else at a space; never longer than `limit`.
function clip(text, limit) {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit);
  const sentence = Math.max(head.lastIndexOf(". "), head.lastIndexOf("! "), head.lastIndexOf("? "));
  const end = sentence > limit / 3 ? sentence + 1 : head.lastIndexOf(" ");
  return end > 0 ? head.slice(0, end) : head;
}


// ------------------------------------------------------------------------------------------------
// Act: one short function for each action. `line` is the call: its state, settings, player and recogniser.
// ------------------------------------------------------------------------------------------------

const ACT = {
  fetchProfile(line) {
    void post(line, "/call/start", line.start, REPORT_MS).then((result) => dispatch(line, () => readProfile(line, result)));
  },
  answer(line) {
    line.call.handleMicStatus(true);
    line.call.answer();
  },
  wait(line, action) {
    clearTimeout(line.deadline);
    line.deadline = setTimeout(() => dispatch(line, () => ({ type: "expired" })), action.ms);
  },
  limitCall(line, action) {
    line.limit = setTimeout(() => dispatch(line, () => ({ type: "timeUp" })), action.ms);
  },
  unlimitCall(line) {
    clearTimeout(line.limit);
  },
  say(line, action) {
    const voice = lookup(VoiceList, line.config.voice) || lookup(VoiceList, DEFAULTS.voice);
    const parameters = { voice, progressivePlayback: line.config.progressive };
    play(line, action.phrase, () => VoxEngine.createTTSPlayer(speakable(action.text, line.config.limits.phrase_chars), parameters));
  },
  play(line, action) {
    play(line, action.phrase, () => VoxEngine.createURLPlayer({ url: action.url }));
  },
  hush(line) {
    const player = line.player;
    line.player = null;
    if (player) quietly(() => player.stop());
  },
  listen(line) {
    try {
      if (!line.asr) line.asr = createEars(line);
      line.call.sendMediaTo(line.asr);
      line.fed = true;
    } catch (error) {
      dispatch(line, () => ({ type: "asrFailed", error }));
    }
  },
  deafen(line) {
    if (line.fed) quietly(() => line.call.stopMediaTo(line.asr));
    line.fed = false;
  },
  stopEars(line) {
    const asr = line.asr;
    line.asr = null;
    line.fed = false;
    if (asr) quietly(() => asr.stop());
  },
  // The HTTP turn. A stream answers with the same events: `replied` and `failed`.
  ask(line, action) {
    if (action.delay) setTimeout(() => dispatch(line, () => (isAsking(line, action.turn) ? sendTurn(line, action) : null)), action.delay);
    else sendTurn(line, action);
  },
  record(line) {
    line.call.record({ stereo: line.config.recording.stereo });
  },
  hangup(line) {
    quietly(() => line.call.hangup());
  },
  report(line, action) {
    const body = { call_id: line.id, reason: action.reason, duration_ms: action.duration_ms, turns: action.turns, late: action.late };
    const sent = post(line, "/call/end", action.start ? { ...body, start: line.start } : body, REPORT_MS);
    void sent.then((result) => dispatch(line, () => ({ type: "reported", ok: result.code === 200 })));
  },
  fileRecording(line, action) {
    const sent = post(line, "/process_audio", { call_id: line.id, url: action.url }, REPORT_MS);
    void sent.then(() => dispatch(line, () => ({ type: "filed" })));
  },
  terminate(line) {
    clearTimeout(line.deadline);
    VoxEngine.terminate();
  },
};

// A player for each phrase: its events carry the phrase's number, so an old one cannot pass for the new one.
function play(line, phrase, create) {
  ACT.hush(line);
  try {
    const player = create();
    line.player = player;
    on(line, player, PlayerEvents.Started, (e) => ({ type: "phraseStarted", phrase, duration: inMilliseconds(e.duration) }));
    on(line, player, PlayerEvents.PlaybackFinished, (e) => ended(line, player, phrase, Boolean(e.error)));
    on(line, player, PlayerEvents.Error, () => ended(line, player, phrase, true));
    player.sendMediaTo(line.call);
  } catch (error) {
    dispatch(line, () => ({ type: "phraseEnded", phrase, failed: true, error }));
  }
}

function ended(line, player, phrase, failed) {
  if (line.player === player) line.player = null;
  quietly(() => player.stop()); // ten players are all that a session may have
  return { type: "phraseEnded", phrase, failed };
}

// For what may already have ended on the platform's side: that is no fault of the call.
function quietly(end) {
  try {
    end();
  } catch (error) {
    Logger.write("[HALO] ended already: " + error);
  }
}

function createEars(line) {
  const wish = line.config.asr;
  const parameters = {
    profile: lookup(ASRProfileList, wish.profile) || lookup(ASRProfileList, DEFAULTS.asr.profile),
    interimResults: wish.interim,
    singleUtterance: wish.single_utterance,
    model: lookup(ASRModelList, wish.model),
    phraseHints: wish.phrase_hints.length ? wish.phrase_hints : undefined,
  };
  Object.keys(parameters).forEach((name) => parameters[name] === undefined && delete parameters[name]);
  const asr = VoxEngine.createASR(parameters);
  on(line, asr, ASREvents.CaptureStarted, () => logged({ type: "speechStarted" }, "Speech detected!"));
  on(line, asr, ASREvents.InterimResult, () => ({ type: "interim" }));
  on(line, asr, ASREvents.SpeechCaptured, () => logged({ type: "speechCaptured" }, "Speech captured, recognizing..."));
  on(line, asr, ASREvents.Result, (e) => readResult(line, e));
  on(line, asr, ASREvents.ASRError, (e) => (line.asr === asr ? logged({ type: "asrFailed" }, "Error: " + e.error) : null));
  return asr;
}

function readResult(line, e) {
  const words = typeof e.text === "string" ? e.text : e["transcript"]; // the documentation knows both names
  const text = typeof words === "string" ? speakable(words, 2000) : "";
  const confidence = normalise(e.confidence, line.config.asr.confidence_scale);
  return logged({ type: "heard", text, confidence }, "Result received!", "Text: " + text, "Confidence: " + confidence);
}

function readProfile(line, result) {
  const confirmed = result.code === 200;
  if (confirmed) line.config = merge(DEFAULTS, parse(result.text).profile);
  else Logger.write("[HALO] no profile: " + result.code + "; the built-in one serves");
  return { type: "profiled", confirmed };
}

function isAsking(line, turn) {
  return line.state.turn === turn && (line.state.name === "thinking" || line.state.name === "filling");
}

function sendTurn(line, action) {
  const body = {
    call_id: line.id, turn: action.turn, user_text: action.text, confidence: action.confidence,
    deadline_ms: Math.max(200, Math.min(6000, Math.floor(action.ms - REPLY_MARGIN_MS))),
  };
  const sent = post(line, "/process_text", action.start ? { ...body, start: line.start } : body, action.ms);
  void sent.then((result) => dispatch(line, () => readReply(line, action.turn, result)));
  return null;
}

function readReply(line, turn, result) {
  Logger.write("[ASR] Backend response: " + result.code);
  const reply = result.code === 200 ? parse(result.text) : {};
  const text = typeof reply.ai_text === "string" ? speakable(reply.ai_text, line.config.limits.phrase_chars) : "";
  if (text) return logged({ type: "replied", turn, text, action: reply.action, outcome: reply.outcome }, "AI: " + text);
  return { type: "failed", turn, retry: RETRIED.includes(result.code), retryMs: retryMs(result), unknown: result.code === 404 };
}

// Worth a second attempt: no connection, a broken one, an overloaded backend, a call it does not know. Not: our own mistakes.
const RETRIED = [0, -1, -3, -4, -6, -8, 404, 429, 500, 502, 503, 504];

function retryMs(result) {
  const header = (result.headers || []).find((each) => String(each.key).toLowerCase() === "retry-after");
  const seconds = header ? Number(header.value) : NaN;
  return seconds >= 0 ? seconds * 1000 : 50 + Math.floor(Math.random() * 100);
}

// Never rejects: whatever goes wrong becomes a code, as the platform's own (VoxEngine: 0 and below).
async function post(line, path, body, timeoutMs) {
  try {
    const url = secret("HALO_URL").replace(/\/+$/, "") + path;
    const postData = ascii(JSON.stringify(body));
    const timeout = Math.max(1, Math.ceil(timeoutMs / 1000));
    const connectionTimeout = Math.max(1, Math.min(timeout, Math.round(line.config.limits.connect_ms / 1000)));
    const headers = { "Content-Type": "application/json", ...signature(line, url, postData) };
    return await Net.httpRequestAsync(url, { method: "POST", headers, postData, timeout, connectionTimeout });
  } catch (error) {
    Logger.write("[HALO] request: " + error);
    return { code: 0, text: "" };
  }
}

function signature(line, url, body) {
  const id = secret("HALO_KEY_ID");
  const key = secret("HALO_KEY");
  if (!id || !key) return {};
  const stamp = String(Math.floor(Date.now() / 1000));
  line.nonce += 1;
  const nonce = line.id + "." + line.nonce;
  const path = url.replace(/^[a-z]+:\/\/[^/]+/i, "");
  const mac = Crypto.hmac_sha256(key, ["v1", id, stamp, nonce, "POST", path, body].join("\n"));
  return { "X-Halo-Key": id, "X-Halo-Timestamp": stamp, "X-Halo-Nonce": nonce, "X-Halo-Signature": "v1=" + mac };
}

function secret(name) {
  return VoxEngine.getSecretValue(name) || "";
}

// Every character above `~` as \uXXXX: the signed bytes are the same in every encoding.
function ascii(json) {
  return json.replace(/[\u007f-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : {};
  } catch (error) {
    return {};
  }
}

// What may be spoken or sent: no control characters, no markup, no longer than the limit.
function speakable(text, limit) {
  return clip(text.replace(/[\u0000-\u001f\u007f-\u009f<>&]/g, " ").replace(/\s+/g, " ").trim(), limit);
}

// To 0..1. Vendors give 0..1 or 0..100, some nothing at all.
function normalise(confidence, scale) {
  const value = Number(confidence);
  if (!(value > 0)) return 0;
  const share = value > 1 || (scale === 100 && value === 1) ? value / 100 : value;
  return Math.round(Math.min(1, share) * 100) / 100;
}

// The unit of a player's `duration` is not documented; no phrase lasts 300 s, none 300 ms.
function inMilliseconds(duration) {
  const value = Number(duration);
  if (!(value > 0)) return 30000;
  return value < 300 ? value * 1000 : value;
}

// "Google.ru_RU" below ASRProfileList; undefined where the platform has no such name (any more).
function lookup(list, path) {
  return path ? path.split(".").reduce((found, name) => (found && name in found ? found[name] : undefined), list) : undefined;
}

// The backend's first answer over our defaults; a value of another type leaves the default.
function merge(base, given) {
  if (Array.isArray(base)) return isTexts(given) && given.length >= Math.min(1, base.length) ? given : base;
  if (typeof base !== "object") return typeof given === typeof base && (given !== "" || base === "") ? given : base;
  if (given === null || typeof given !== "object") return base;
  const merged = {};
  Object.keys(base).forEach((name) => { merged[name] = merge(base[name], given[name]); });
  return merged;
}

function isTexts(value) {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && each);
}

function logged(event, ...lines) {
  lines.forEach((each) => Logger.write("[ASR] " + each));
  return event;
}


// ------------------------------------------------------------------------------------------------
// Wire: VoxEngine's events become ours; `dispatch` decides and acts, and is the only place that catches everything.
// ------------------------------------------------------------------------------------------------

function dispatch(line, read) {
  line.queue.push(read);
  if (line.busy) return;
  line.busy = true;
  while (line.queue.length) {
    try {
      advance(line, line.queue.shift()());
    } catch (error) {
      Logger.write("[HALO] fault: " + error + (error && error.stack ? " " + error.stack : ""));
      line.faults += 1;
      if (line.faults > 3) VoxEngine.terminate();
      else line.queue.push(() => ({ type: "broke" }));
    }
  }
  line.busy = false;
}

function advance(line, event) {
  if (!event) return;
  const [state, actions] = decide(line.config, line.state, { ...event, at: Date.now() });
  line.state = state;
  actions.forEach((action) => ACT[action.do](line, action));
}

function on(line, source, event, read) {
  source.addEventListener(event, (e) => dispatch(line, () => read(e)));
}


// ------------------------------------------------------------------------------------------------
// Start: a session is one call.
// ------------------------------------------------------------------------------------------------

function takeCall(e, sessionId) {
  const start = { call_id: sessionId, caller: e.callerid, called: e.destination, scenario_version: SCENARIO_VERSION };
  const line = {
    call: e.call, id: sessionId, start, config: DEFAULTS, state: START_STATE, queue: [], busy: false, faults: 0, nonce: 0,
    deadline: 0, limit: 0, player: null, asr: null, fed: false,
  };
  on(line, e.call, CallEvents.Connected, () => ({ type: "connected" }));
  on(line, e.call, CallEvents.Disconnected, () => ({ type: "disconnected" }));
  on(line, e.call, CallEvents.Failed, () => ({ type: "disconnected" }));
  on(line, e.call, CallEvents.MicStatusChange, (m) => ({ type: m.active ? "voiceStarted" : "voiceStopped" }));
  on(line, e.call, CallEvents.RecordStarted, (r) => ({ type: "recordingStarted", url: r.url }));
  on(line, e.call, CallEvents.RecordStopped, (r) => ({ type: "recorded", url: r.url }));
  VoxEngine.addEventListener(AppEvents.Terminating, () => dispatch(line, () => ({ type: "terminating" })));
  dispatch(line, () => ({ type: "alerted" }));
}

(function start() {
  let sessionId = "";
  VoxEngine.addEventListener(AppEvents.Started, (e) => { sessionId = String(e.sessionId); });
  VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => takeCall(e, sessionId || uuidgen()));
})();
