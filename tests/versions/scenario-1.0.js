/// <reference path="./voxengine.d.ts" />
// HALO's side of a telephone call, run by Voximplant's VoxEngine: it hears, speaks, keeps every deadline and ends the call.
// The words come from our backend; when backend, recogniser or voice are gone, this file apologises and says goodbye itself.
// Upload it byte for byte: what is one company's comes with the backend's first answer, what is secret from getSecretValue.

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
const SPEECH_MS = 1500; // the least that a caller has to begin to speak
const VOICE_FAULTS = 2; // phrases in a row that nobody heard


// ------------------------------------------------------------------------------------------------
// Decide: (state, event) → [state, actions]. Pure; knows no clock and nothing of VoxEngine.
// ------------------------------------------------------------------------------------------------
//
//   ringing → meeting → speaking ⇄ listening → hearing → recognising → thinking → filling → holding
//                          │                                               └── speaking ───┘
//                          └→ hanging → closing → reporting → filing → over
//
// Every event carries `at` (ms). Every state but `over` has one deadline: the action `wait` sets it anew, the event
// `expired` is it. Turns and phrases are numbered; what comes late for an older number, or in a state that does not
// know it, falls through to ALWAYS and is kept or dropped there.

const START_STATE = {
  name: "ringing", profile: DEFAULTS, reason: "",
  turn: 0, phrase: 0, attempt: 0, question: null, // the last numbers; the turn that is being asked, and how often
  voice: null, pending: null, // the phrase that is being spoken; the one that waits for the filler's end
  reprompts: 0, apologies: 0, voiceFaults: 0, // in a row
  prompts: 0, asrFaults: 0, // in the call
  repeated: false, unsure: false, // asked to repeat: in this turn; for want of any confidence, in this call
  fresh: false, lastText: "", late: [], // new speech since the last result; that result; what came too late
  lineSilent: false, quietAt: 0, speechAt: 0, askedAt: 0, connectedAt: 0, endedAt: 0,
  profiled: false, confirmed: false, // the backend's first answer came; the backend knows the call
  records: false, recordingUrl: "", recorded: false, reported: false, broken: false,
};

const TABLE = {
  ringing: {
    alerted: (state) => [state, [{ do: "fetchProfile" }, { do: "answer" }, { do: "wait", ms: RING_MS }]],
    connected: meet,
    expired: (state, event) => close(state, event, "not_connected", [{ do: "hangup" }]),
  },
  meeting: {
    profiled: (state, event) => greet(takeProfile(state, event)),
    expired: (state) => greet(state),
  },
  speaking: {
    phraseStarted: followPhrase,
    phraseEnded: (state, event) => (event.failed ? speakAgain(state, event) : afterPhrase(spoken(state, event), event)),
    expired: (state, event) => afterPhrase(state.voice.started ? spoken(state, event) : unspoken(state), event, [{ do: "hush" }]),
    // A recogniser that is late: what we asked the caller to repeat has arrived after all.
    heard: (state, event) => (state.voice.kind === "prompt" ? hear(state, event) : keepLate(state, event)),
  },
  listening: { speechStarted: startHearing, interim: startHearing, speechCaptured: recognise, heard: hear, expired: reprompt },
  hearing: {
    interim: hearOn,
    voiceStarted: (state, event) => keepHearing({ ...state, lineSilent: false }, event),
    voiceStopped: (state, event) => keepHearing(fallSilent(state, event), event),
    speechCaptured: recognise, heard: hear, expired: reprompt,
  },
  recognising: { heard: hear, expired: reprompt },
  thinking: { replied: answer, failed: retry, expired: fill },
  filling: {
    phraseStarted: (state, event) => [{ ...state, voice: started(state, event) }, []],
    phraseEnded: (state, event) => [{ ...state, voice: null, quietAt: event.at }, []],
    replied: answer, failed: retry,
    expired: (state, event) => apologise({ ...state, voice: null }, event, [{ do: "hush" }]),
  },
  holding: {
    phraseStarted: followPhrase,
    phraseEnded: (state) => speak(state, state.pending),
    expired: (state) => speak(state, state.pending, [{ do: "hush" }]),
  },
  hanging: { expired: (state, event) => close(state, event, state.reason) },
  closing: { expired: report },
  reporting: {
    reported: (state, event) => file({ ...state, reported: event.ok }),
    expired: file,
  },
  filing: {
    recorded: (state, event) => (state.recorded ? [state, []] : fileRecording(state, event.url)),
    filed: finish,
    // The final address never came: the one given at the start is better than none.
    expired: (state) => (state.recorded || !state.recordingUrl ? finish(state) : fileRecording(state, state.recordingUrl)),
  },
  over: {},
};

const ALWAYS = {
  profiled: (state, event) => [takeProfile(state, event), []],
  speechStarted: (state) => [{ ...state, fresh: true }, []],
  voiceStarted: (state) => [{ ...state, lineSilent: false }, []],
  voiceStopped: (state, event) => [{ ...state, lineSilent: true, quietAt: event.at }, []],
  heard: keepLate,
  replied: (state) => [{ ...state, confirmed: true }, []],
  asrFailed: (state, event) => (isAfterCall(state) ? [state, []] : loseEars(state, event)),
  recordingStarted: (state, event) => [{ ...state, recordingUrl: event.url }, []],
  recorded: (state, event) => [{ ...state, recorded: true, recordingUrl: event.url }, []],
  reported: (state, event) => [{ ...state, reported: event.ok }, []],
  timeUp: (state) => {
    if (isAfterCall(state) || isLeaving(state)) return [state, []];
    return leave(state, "time_limit", state.profile.texts.bye_time, [{ do: "hush" }]);
  },
  disconnected: (state, event) => {
    if (isAfterCall(state)) return [state, []];
    return close(state, event, state.reason || (state.connectedAt ? "caller_hung_up" : "not_connected"));
  },
  // One request is still allowed: the report, if it has not got through.
  terminating: (state, event) => {
    const last = { ...state, reason: state.reason || "terminated", endedAt: state.endedAt || event.at };
    return [{ ...last, name: "over", reported: true }, state.reported ? [] : [summary(last)]];
  },
  // A fault of this very file: say goodbye once, then end, whatever happens.
  broke: (state, event) => {
    if (isAfterCall(state)) return finish(state);
    if (state.broken) return close(state, event, "scenario_error", [{ do: "hangup" }]);
    const broken = { ...state, broken: true, reason: "scenario_error" };
    return leave(broken, broken.reason, state.profile.texts.bye_failure, [{ do: "hush" }]);
  },
};

function decide(state, event) {
  const rule = TABLE[state.name][event.type] || ALWAYS[event.type];
  const oldTurn = event.turn !== undefined && event.turn !== state.turn;
  const oldPhrase = event.phrase !== undefined && (state.voice === null || event.phrase !== state.voice.phrase);
  return rule && !oldTurn && !oldPhrase ? rule(state, event) : [state, []];
}

function isAfterCall(state) {
  return ["closing", "reporting", "filing", "over"].includes(state.name);
}

function isLeaving(state) {
  return state.name === "hanging" || (state.voice !== null && state.voice.next === "leave");
}

// Beginning ---------------------------------------------------------------------------------------

function takeProfile(state, event) {
  return { ...state, profiled: true, profile: event.profile || state.profile, confirmed: state.confirmed || event.confirmed };
}

function meet(state, event) {
  const met = { ...state, name: "meeting", connectedAt: event.at, quietAt: event.at };
  const limit = { do: "limitCall", ms: state.profile.limits.call_ms };
  return state.profiled ? greet(met, [limit]) : [met, [limit, { do: "wait", ms: PROFILE_MS }]];
}

function greet(state, before = []) {
  return speak(state, { kind: "greeting", text: state.profile.texts.greeting, next: "listen" }, before);
}

// Speaking: `what` is { kind, text, next }; `next` tells what follows: listen, finish (the last turn), leave ---------

function speak(state, what, before = []) {
  const phrase = state.phrase + 1;
  const voice = { ...what, phrase, attempt: 0, started: false, endsAt: 0 };
  const say = { do: "say", phrase, text: what.text };
  const wait = { do: "wait", ms: state.profile.limits.playback_start_ms };
  return [{ ...state, name: "speaking", phrase, voice, pending: null }, [...before, { do: "deafen" }, say, wait]];
}

function started(state, event) {
  return { ...state.voice, started: true, endsAt: event.at + event.duration };
}

function followPhrase(state, event) {
  const wait = { do: "wait", ms: event.duration + state.profile.limits.playback_grace_ms };
  return [{ ...state, voice: started(state, event) }, [wait]];
}

// The phrase was heard: it fell silent at its known length, however late we learn of it.
function spoken(state, event) {
  const { started: audible, endsAt } = state.voice;
  return { ...state, voiceFaults: 0, quietAt: audible ? Math.min(event.at, endsAt) : event.at };
}

function unspoken(state) {
  return { ...state, voiceFaults: state.voiceFaults + 1 };
}

// The voice failed: once more as plain short text, then a recorded prompt, then on without it.
function speakAgain(state, event) {
  const { limits, audio } = state.profile;
  const phrase = state.phrase + 1;
  const voice = { ...state.voice, phrase, attempt: state.voice.attempt + 1, started: false };
  const url = voice.next === "leave" ? audio.goodbye : audio.apology;
  const said = voice.attempt === 1 ? { do: "say", phrase, text: plain(voice.text) } : { do: "play", phrase, url };
  if (voice.attempt > 2 || (voice.attempt === 2 && !url)) return afterPhrase(unspoken(state), event, [{ do: "hush" }]);
  return [{ ...state, phrase, voice }, [{ do: "hush" }, said, { do: "wait", ms: limits.playback_start_ms }]];
}

function afterPhrase(state, event, before = []) {
  const done = { ...state, voice: null };
  if (state.voice.next === "leave") return hangUp(done, before);
  if (state.voiceFaults > VOICE_FAULTS) return hangUp({ ...done, reason: "voice_down" }, before);
  if (state.voice.next === "finish") return leave(done, "turn_limit", state.profile.texts.bye_turns, before);
  return listen(done, event, before);
}

// Listening ---------------------------------------------------------------------------------------

function listen(state, event, before = []) {
  const { recording, texts } = state.profile;
  if (state.asrFaults > 1) return leave(state, "recogniser_down", texts.bye_failure, before);
  const record = recording.enabled && !state.records ? [{ do: "record" }] : [];
  const wait = { do: "wait", ms: speechMs(state, event) };
  return [{ ...state, name: "listening", records: recording.enabled }, [...before, ...record, { do: "listen" }, wait]];
}

// The caller's time to speak; what has passed in silence counts.
function speechMs(state, event) {
  const whole = state.profile.limits.no_speech_ms;
  return Math.max(Math.min(SPEECH_MS, whole), whole - Math.max(0, event.at - state.quietAt));
}

function startHearing(state, event) {
  return keepHearing({ ...state, name: "hearing", fresh: true, speechAt: event.at }, event);
}

// Waits for more of what the caller says. The line's own ear tells a recogniser that has died from a caller who
// speaks for long: while there is a voice, a recogniser may be silent for a while; interim results are its pulse.
function keepHearing(state, event) {
  const { asr, limits } = state.profile;
  if (state.lineSilent) return [state, [{ do: "wait", ms: speechMs(state, event) }]];
  return [{ ...state, quietAt: event.at }, [{ do: "wait", ms: asr.interim ? limits.no_speech_ms : limits.capture_ms }]];
}

function hearOn(state, event) {
  const tooLong = event.at - state.speechAt > state.profile.limits.utterance_ms;
  return tooLong ? recognise(state, event) : keepHearing(state, event);
}

function fallSilent(state, event) {
  return { ...state, lineSilent: true, quietAt: state.profile.asr.interim ? state.quietAt : event.at };
}

function recognise(state, event) {
  const wait = { do: "wait", ms: state.profile.limits.result_ms };
  return [{ ...state, name: "recognising", quietAt: event.at }, [{ do: "deafen" }, wait]];
}

function hear(state, event) {
  if (!state.fresh && event.text && event.text === state.lastText) return [state, []]; // the same result once more
  if (state.voice && !event.text) return [state, []];
  const calm = { ...state, fresh: false, voice: null };
  if (!event.text) return reprompt(calm);
  const nothing = event.confidence === 0;
  const doubtful = nothing ? !state.unsure : event.confidence < state.profile.limits.confidence;
  if (!doubtful || state.repeated || state.voice) return ask(calm, event, state.voice ? [{ do: "hush" }] : []);
  return prompt({ ...calm, repeated: true, unsure: state.unsure || nothing }, state.profile.texts.repeat);
}

// Other words each time: a caller who hears the same sentence again thinks of a machine that hangs.
function reprompt(state) {
  const { reprompts } = state.profile.texts;
  return prompt(state, reprompts[state.prompts % reprompts.length]);
}

// Asks the caller to speak (again), so many times in a row and no more.
function prompt(state, text, before = []) {
  const { limits, texts } = state.profile;
  if (state.reprompts >= limits.reprompts) return leave(state, "no_input", texts.bye_silence, before);
  const asked = { ...state, reprompts: state.reprompts + 1, prompts: state.prompts + 1 };
  return speak(asked, { kind: "prompt", text, next: "listen" }, before);
}

function loseEars(state, event) {
  const lost = { ...state, asrFaults: state.asrFaults + 1 };
  const before = [{ do: "stopEars" }];
  const hears = ["listening", "hearing", "recognising"].includes(state.name);
  if (!hears) return [lost, before]; // the next `listen` makes a new one, or says goodbye
  return lost.asrFaults > 1 ? listen(lost, event, before) : prompt(lost, state.profile.texts.repeat, before);
}

function keepLate(state, event) {
  if (!event.text || event.text === state.lastText || state.late.length >= LATE_TEXTS) return [state, []];
  return [{ ...state, late: [...state.late, clip(event.text, LATE_CHARS)] }, []];
}

// Asking ------------------------------------------------------------------------------------------

function ask(state, event, before) {
  const { limits } = state.profile;
  const turn = state.turn + 1;
  const { text, confidence } = event;
  const question = { do: "ask", turn, text, confidence, start: !state.confirmed, ms: limits.turn_ms };
  const asked = {
    ...state, name: "thinking", turn, question, attempt: 0, lastText: text, askedAt: event.at, quietAt: event.at,
    reprompts: 0, repeated: false,
  };
  return [asked, [...before, { do: "deafen" }, question, { do: "wait", ms: limits.filler_ms }]];
}

function timeLeft(state, event) {
  return state.profile.limits.turn_ms - (event.at - state.askedAt);
}

function fill(state, event) {
  const { limits, texts } = state.profile;
  const phrase = state.phrase + 1;
  const voice = { phrase, kind: "filler", next: "", started: false, endsAt: event.at + limits.playback_start_ms };
  const wait = { do: "wait", ms: Math.max(1, timeLeft(state, event)) };
  return [{ ...state, name: "filling", phrase, voice }, [{ do: "say", phrase, text: texts.filler }, wait]];
}

// A second attempt under the same number, if there is time for it; then an apology.
function retry(state, event) {
  const ms = timeLeft(state, event) - event.retryMs;
  if (!event.retry || state.attempt > 0 || ms < RETRY_MS) return apologise(state, event);
  const question = { ...state.question, start: state.question.start || event.unknown, ms, delay: event.retryMs };
  return [{ ...state, attempt: 1, question }, [question]];
}

function answer(state, event) {
  const known = { ...state, confirmed: true };
  const what = { kind: "answer", text: event.text, next: event.action === "hangup" ? "leave" : afterTurn(state) };
  if (event.outcome === "apologised") return apologise(known, event, [], { ...what, kind: "apology" });
  const reason = what.next === "leave" ? "assistant_hung_up" : "";
  return hold({ ...known, apologies: 0, reason }, event, what);
}

function apologise(state, event, before = [], given = null) {
  const { limits, texts } = state.profile;
  if (state.apologies >= limits.apologies) {
    const bye = { kind: "goodbye", text: texts.bye_failure, next: "leave" };
    return hold({ ...state, reason: "backend_down" }, event, bye, before);
  }
  const what = given || { kind: "apology", text: texts.apology, next: afterTurn(state) };
  return hold({ ...state, apologies: state.apologies + 1 }, event, what, before);
}

function afterTurn(state) {
  return state.turn >= state.profile.limits.turns ? "finish" : "listen";
}

// Speaks now, or as soon as the filler has ended: never two voices at once, never half a filler, nor one without end.
function hold(state, event, what, before = []) {
  if (state.voice === null) return speak(state, what, before);
  const grace = state.voice.started ? state.profile.limits.playback_grace_ms : 0;
  const wait = { do: "wait", ms: Math.max(1, state.voice.endsAt + grace - event.at) };
  return [{ ...state, name: "holding", pending: what }, [...before, wait]];
}

// Ending ------------------------------------------------------------------------------------------

function leave(state, reason, text, before = []) {
  return speak({ ...state, reason: state.reason || reason }, { kind: "goodbye", text, next: "leave" }, before);
}

function hangUp(state, before) {
  return [{ ...state, name: "hanging" }, [...before, { do: "hangup" }, { do: "wait", ms: state.profile.limits.goodbye_ms }]];
}

function close(state, event, reason, before = []) {
  const closed = { ...state, name: "closing", reason, voice: null, endedAt: event.at };
  return [closed, [...before, { do: "hush" }, { do: "deafen" }, { do: "unlimitCall" }, { do: "wait", ms: LATE_MS }]];
}

function report(state) {
  return [{ ...state, name: "reporting" }, [{ do: "stopEars" }, summary(state), { do: "wait", ms: REPORT_MS }]];
}

function summary(state) {
  const duration_ms = state.connectedAt ? Math.max(0, state.endedAt - state.connectedAt) : 0;
  return { do: "report", reason: state.reason, duration_ms, turns: state.turn, late: state.late, start: !state.confirmed };
}

function file(state) {
  if (!state.records) return finish(state);
  const filing = { ...state, name: "filing" };
  return state.recorded ? fileRecording(filing, state.recordingUrl) : [filing, [{ do: "wait", ms: RECORDING_MS }]];
}

function fileRecording(state, url) {
  return [{ ...state, recorded: true }, [{ do: "fileRecording", url }, { do: "wait", ms: REPORT_MS }]];
}

function finish(state) {
  return [{ ...state, name: "over" }, [{ do: "terminate" }]];
}

// Words -------------------------------------------------------------------------------------------

function plain(text) {
  return clip(text.replace(/[^0-9A-Za-zА-Яа-яЁё .,!?-]/g, " ").replace(/\s+/g, " ").trim(), 200);
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
    void post(line, "/call/start", line.start, REPORT_MS).then((result) => dispatch(line, () => readProfile(result)));
  },
  answer(line) {
    line.call.answer();
    quietly(() => line.call.handleMicStatus(true));
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
    const { voice: name, progressive, limits } = line.state.profile;
    const voice = lookup(VoiceList, name) || lookup(VoiceList, DEFAULTS.voice);
    const text = speakable(action.text, limits.phrase_chars);
    play(line, action.phrase, () => VoxEngine.createTTSPlayer(text, { voice, progressivePlayback: progressive }));
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
    const again = () => (isAsking(line, action.turn) ? sendTurn(line, action) : null);
    if (action.delay) setTimeout(() => dispatch(line, again), action.delay);
    else sendTurn(line, action);
  },
  record(line) {
    line.call.record({ stereo: line.state.profile.recording.stereo });
  },
  hangup(line) {
    quietly(() => line.call.hangup());
  },
  report(line, action) {
    const { reason, duration_ms, turns, late } = action;
    const body = { call_id: line.id, reason, duration_ms, turns, late };
    const sent = post(line, "/call/end", action.start ? { ...body, start: line.start } : body, REPORT_MS);
    void sent.then((result) => dispatch(line, () => ({ type: "reported", ok: parse(result.text).call_id === line.id })));
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
  const wish = line.state.profile.asr;
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
  const confidence = normalise(e.confidence, line.state.profile.asr.confidence_scale);
  return logged({ type: "heard", text, confidence }, "Result received!", "Text: " + text, "Confidence: " + confidence);
}

function readProfile(result) {
  const confirmed = result.code === 200;
  if (!confirmed) Logger.write("[HALO] no profile: " + result.code + "; the built-in one serves");
  return { type: "profiled", confirmed, profile: confirmed ? merge(DEFAULTS, parse(result.text).profile) : null };
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
  const text = typeof reply.ai_text === "string" ? speakable(reply.ai_text, line.state.profile.limits.phrase_chars) : "";
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
    const connectionTimeout = Math.max(1, Math.min(timeout, Math.round(line.state.profile.limits.connect_ms / 1000)));
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
  const [state, actions] = decide(line.state, { ...event, at: Date.now() });
  line.state = state;
  actions.forEach((action) => ACT[action.do](line, action));
}

function on(line, source, event, read) {
  source.addEventListener(event, (e) => dispatch(line, () => read(e)));
}


// ------------------------------------------------------------------------------------------------
// Start: a session is one call.
// ------------------------------------------------------------------------------------------------

// A caller by SIP may send an address of any length, or none; the backend takes 64 characters.
function numberOf(given) {
  return String(given || "").slice(0, 64);
}

function takeCall(e, sessionId) {
  const start = {
    call_id: sessionId, caller: numberOf(e.callerid), called: numberOf(e.destination),
    scenario_version: SCENARIO_VERSION,
  };
  const line = {
    call: e.call, id: sessionId, start, state: START_STATE, queue: [], busy: false, faults: 0, nonce: 0,
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
  VoxEngine.addEventListener(AppEvents.Started, (e) => {
    sessionId = e && e.sessionId ? String(e.sessionId) : "";
  });
  VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
    try {
      takeCall(e, sessionId || uuidgen());
    } catch (error) {
      Logger.write("[HALO] no call: " + error);
      VoxEngine.terminate();
    }
  });
})();
