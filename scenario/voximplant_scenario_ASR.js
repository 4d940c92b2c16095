/// <reference path="./voxengine.d.ts" />
// HALO's side of a telephone call, run by Voximplant's VoxEngine: it hears, speaks, keeps every deadline and ends the call.
// The words come from our backend; when these are gone, this file apologises and says goodbye itself.
// Upload it byte for byte: what is one company's comes with the backend's first answer, what is secret from getSecretValue.

require(Modules.ASR);


// --- Settings: what holds until the backend's first answer, and without it. Times in milliseconds.

const SCENARIO_VERSION = "1.4";

const CALL_BACK = " Хотите, я попрошу вам перезвонить?";
const DEFAULTS = {
  asr: { profile: "Google.ru_RU", model: "", interim: true, single_utterance: true, confidence_scale: 100, phrase_hints: [] },
  voice: "Yandex.Neural.ru_RU_alena",
  progressive: true,
  texts: {
    greeting: "Здравствуйте! Я голосовой ассистент компании HALO. Чем могу помочь?",
    filler: "Секунду, пожалуйста.",
    repeat: "Простите, плохо слышно. Повторите, пожалуйста.",
    reprompts: ["Вы меня слышите? Скажите, пожалуйста, чем я могу помочь.", "Я вас не слышу. Говорите, пожалуйста, чуть громче."],
    apology: "Извините, сейчас не получилось ответить. Повторите, пожалуйста, ваш вопрос.",
    bye_turns: "К сожалению, время нашего разговора подошло к концу. Спасибо за звонок, до свидания!",
    bye_silence: "Я вас не слышу. Перезвоните нам, пожалуйста, ещё раз. До свидания!",
    bye_failure: "Извините, у нас технические неполадки. Перезвоните нам, пожалуйста, чуть позже. До свидания!",
    resumed: "Да, я вас слушаю.",
    too_long: "Минутку, я отвечу на то, что вы уже сказали.",
    keys: "Скажите, пожалуйста, вслух, чем я могу помочь. Звёздочка повторит мой ответ, решётка закончит разговор.",
    transfer: "Минутку, я соединю вас с сотрудником. Пожалуйста, оставайтесь на линии.",
    transfer_busy: "К сожалению, линия сейчас занята." + CALL_BACK,
    transfer_silent: "К сожалению, никто пока не отвечает." + CALL_BACK,
    transfer_declined: "К сожалению, сотрудник сейчас не может ответить." + CALL_BACK,
    transfer_failed: "К сожалению, соединить сейчас не получилось." + CALL_BACK,
    transfer_closed: "К сожалению, сотрудники сейчас не работают." + CALL_BACK,
    bye_key: "Спасибо, что позвонили. До свидания!",
    bye_busy: "Здравствуйте! Сейчас все линии заняты. Перезвоните нам, пожалуйста, чуть позже. До свидания!",
    bye_time: "Извините, разговор длится слишком долго, мне придётся его завершить. До свидания!",
  },
  audio: { apology: "", goodbye: "", hold: "" },
  limits: {
    turns: 12, reprompts: 2, apologies: 2, confidence: 0.3, phrase_chars: 400,
    call_ms: 600000, no_speech_ms: 6500, capture_ms: 12000, utterance_ms: 60000, result_ms: 3000, filler_ms: 2000,
    turn_ms: 7000, connect_ms: 2000, playback_start_ms: 2500, playback_grace_ms: 1500, goodbye_ms: 6000,
    close_ms: 1500, stall_ms: 2500, speculations: 24, ring_ms: 30000, talk_ms: 1800000,
  },
  keys: { operator: "0", repeat: "*", end: "#" },
  operators: false,
  barge_in: { mode: "asr", min_ms: 300, min_words: 2, resume_ms: 1200 },
  stream: true,
  realtime_voice: "",
  recording: { enabled: false, stereo: true },
};

// The scenario's own limits: no company needs to change them.
const RING_MS = 20000; // answered, but never connected
const PROFILE_MS = 1000; // the greeting waits no longer for the backend's first answer
const RETRY_MS = 2500; // a second attempt needs at least this much of the turn's time
const REPLY_MARGIN_MS = 1000; // the backend is asked to answer this much before our own deadline
const LATE_MS = 1000; // after hang-up: results that are still on their way
const REPORT_MS = 5000; // the answer to a report, and to the first request
const LAST_MS = 4000; // the last requests of a session, which must be over 20 s after the call
const RECORDING_MS = 8000; // the recording's address, from the end of the call
const LATE_TEXTS = 20; // kept for the report
const ECHO_MS = 600; // speech that began later after a phrase of ours is no echo of it
const LATE_CHARS = 1500; // of all of them: the report has to get through
const HEARD_CHARS = 4000; // of what the recogniser tells
const ASKED_CHARS = 2000; // of a turn
const SPEECH_MS = 1500; // the least that a caller has to begin to speak
const VOICE_FAULTS = 2; // phrases in a row that nobody heard
const SYNTHESIS_MS = 1000; // no voice takes longer to be heard
const CHARACTER_MS = 120; // nor to say a character
const AGAIN_MS = 1500; // a turn that is waiting for an answer waits no longer for more words
const ACCEPT_MS = 1500; // the stream has written a turn down, or it is asked over HTTP
const MUTE_MS = 4000; // the stream has written it down, and says nothing: the same
const LATE_FINAL_MS = 20000; // so long after words were taken without their result it may still come
const DUE_MS = 6000; // most results come within this time
const FIRST_MS = 300; // and none sooner after the beginning
const STALE_MS = 3000; // most interim results, after the words were taken
const GUESSES = 6; // of these, kept
const TWICE_MS = 1500; // a result without words, once more
const SURE_MS = 500; // words with their result, on a silent line: whether more follow
const STALL_HTTP_MS = 1500; // after `stall_ms`, for the same answer over HTTP: with 8 s in view, no more
const NOD_MS = 1500; // the rest of an answer to which the caller has said yes already
const FILL_MS = 600; // the filler comes no sooner after the question
const PAUSES = 2; // of a phrase, for sounds without words
const LISTENS_MS = 2000; // who was interrupted by nothing says so
const KEY_MS = 3000; // after a digit, for the next one
const LEAP_MS = 2000; // where the clock was set, so much time has passed, if the deadline has not come
const NOTES = 12; // of turns that the backend was not told about
const PING_MS = 5000;
const DEAD_MS = 10000; // a stream that said nothing for so long
const RECONNECT_MS = [500, 1000, 2000, 4000];
const GAP_MS = 2000; // a message of the stream that was overtaken
const GAP_MESSAGES = 32;
const CLEARED_MS = 400; // what a realtime player tells so soon after clearBuffer belongs to the phrase that was dropped
const ARRANGE_MS = 3000; // the backend names the destination of a transfer
const TRANSFERS = 3; // in a call, however many the backend allows
const QUEUE_MS = 600000;
const BRIEF_MS = 30000; // the longest that who picked up is told of the call
const RINGING = "425@-19;*(1/4/1)"; // the tone of a Russian line
const ORDERS = 3; // attempts to learn whom to call
const ORDER_MS = 1500; // between them
const JUDGE_MS = 500; // after the detector's own time
const BEEP_MS = 8000; // an answering machine's signal
const VAD = { threshold: 0.5, minSilenceDurationMs: 650, speechPadMs: 200 };


// --- Decide: (state, event) → [state, actions]. Pure; knows no clock and nothing of VoxEngine.
//
//   ringing → meeting → speaking ⇄ listening → hearing → recognising → thinking → holding
//                       |  | ⇅                    ↑                      '-- speaking --'
//                       |  | paused, awaiting     '-- a caller who breaks in, from any of these
//                       |  '→ calling → briefing → joined (a person has the call, see Transfer; back to speaking if none has)
//                       '→ hanging → closing → reporting → filing → over
//   ordered → dialling → judging → speaking, or beeping: a call that we make, see Calling out
//
// Every event carries `at` (ms). Every state but `over` has one deadline: the action `wait` sets it anew, the event
// `expired` is it. Turns, phrases of ours and the parts of an answer are numbered; what comes late for an older number,
// or in a state that does not know it, falls through to ALWAYS and is kept or dropped there.

const START_STATE = {
  name: "ringing", profile: DEFAULTS, reason: "",
  turn: 0, phrase: 0, attempt: 0, question: null, // the last numbers; the turn that is being asked, and how often
  answer: null, notes: [], // of that turn, as far as it has come; what the backend is still to be told of earlier ones
  voice: null, pending: null, // the phrase that is being spoken; the one that waits for the filler's end
  reprompts: 0, apologies: 0, voiceFaults: 0, // in a row
  prompts: 0, asrFaults: 0, asrLostAt: 0, waited: 0, // in the call
  repeated: false, unsure: false, // asked to repeat: in this turn; for want of any confidence, in this call
  fresh: false, captured: false, lastText: "", late: [], // new speech since the last result; its end; that result; what came too late
  words: "", wordsAt: 0, taken: [], // recognised so far, since when; words that belong to a turn already, see Words taken
  owed: false, blankAt: 0, textAt: 0, // a speech has ended, and no result came since; the last results without words, and with some
  patience: 0, tardy: false, // more time for the caller's end; results come after their words were taken
  interrupted: false, overtaken: false, deaf: false, nod: null, // see Interruptions
  transfer: null, transfers: [], reply: "", // the one that is under way, and what became of earlier ones; the last answer, for who wants it again
  said: "", saidAt: 0, during: "", posed: false, passed: "", // our last phrase and its end; what of ours this speech may echo, if it was heard; such words of it
  keys: "", keysTold: false,
  lineSilent: false, voiced: false, soundAt: 0, stoppedAt: 0, quietAt: 0, speechAt: 0, begunAt: 0, priorAt: 0, heardAt: 0, askedAt: 0, fillAt: 0, connectedAt: 0, endedAt: 0,
  profiled: false, confirmed: false, streaming: false, // the backend's first answer came; it knows the call; by stream
  dial: null, dialled: "", // whom we call, and what came of it: "" as long as nobody knows, and where we were called
  turnedAway: "", // what a caller hears instead of a talk when all lines are busy
  records: "", recordingUrl: "", recorded: false, reported: false, broken: false,
};

const HUSH = { do: "hush" }; // our voice falls silent

const GROW = { said: collect, answered: complete, replied: complete, interim: overhear, heard: overhear };
const HOLD = { phraseStarted: followAnnouncement, phraseEnded: ringOn, expired: waitOn, dismissed: endTransfer };

const TABLE = {
  ringing: {
    alerted: (state) => [state, [{ do: "fetchProfile" }, { do: "answer" }, wait(RING_MS)]],
    connected: meet,
    expired: (state, event) => close(state, event, "not_connected", [{ do: "hangup" }]),
  },
  meeting: {
    profiled: (state, event) => greet(takeProfile(state, event), streams(state, event)),
    expired: (state) => greet(state),
  },
  speaking: {
    ...GROW,
    phraseStarted: followPhrase,
    phraseEnded: (state, event) => (event.failed ? speakAgain(state, event) : afterPhrase(spoken(state, event), event)),
    expired: (state, event) => (isDisturbed(state, event.at) ? pause(state, event) : giveUp(state, event)),
    speechStarted: notice, voiceStarted: notice, voiceStopped: notice,
    failed: stopShort,
  },
  paused: {
    ...GROW,
    phraseEnded: (state, event) => afterPhrase(spoken(state, event), event),
    expired: yieldOrResume, failed: stopShort,
  },
  awaiting: {
    ...GROW,
    expired: stall, failed: endShort,
  },
  listening: { speechStarted: startHearing, interim: startHearing, speechCaptured: (state, event) => recognise({ ...state, speechAt: event.at }, event), heard: hear, expired: reprompt },
  hearing: {
    interim: hearOn,
    speechStarted: hearMore,
    voiceStarted: (state, event) => keepHearing(lineSounds(state, event), event),
    voiceStopped: (state, event) => keepHearing(fallSilent(state, event), event),
    speechCaptured: recognise, heard: hear,
    expired: (state, event) => (isOverlong(state, event) && !carried(state) ? cutLong(state, event) : closeTurn(state, event)),
  },
  recognising: { voiceStopped: hushed, interim: hearRest, speechStarted: (state, event) => (state.fresh ? hearMore(state, event) : begunBefore(state, event)), heard: hear, expired: closeTurn },
  keying: {
    interim: (state, event) => [withWords(state, event), []],
    speechStarted: (state, event) => [newSpeech(bank(state), event), []],
    heard: hearBeside, expired: askKeys,
  },
  thinking: {
    ...GROW, accepted,
    phraseStarted: (state, event) => [{ ...state, voice: started(state, event) }, []],
    phraseEnded: (state, event) => [{ ...fallenSilent(state, event.at), quietAt: event.at }, []],
    failed: retry, expired: overdue, dismissed: endTransfer,
  },
  holding: {
    ...GROW,
    phraseStarted: followPhrase,
    phraseEnded: speakHeld,
    expired: (state, event) => speakHeld(state, event, [HUSH]),
    failed: stopShort,
  },
  calling: {
    arranged, legConnected: pickUp, legEnded: (state, event) => failTransfer(state, event, event.outcome),
    ...HOLD,
  },
  briefing: {
    briefStarted: followBrief, briefEnded: bridge, legEnded: (state, event) => failTransfer(state, event, "hung_up"),
    ...HOLD,
  },
  joined: {
    legEnded: (state, event) => (event.outcome === "hung_up" ? endTransfer(state, event) : failTransfer(state, event, event.outcome)),
    expired: endTransfer, dismissed: endTransfer,
  },
  ordered: { ordered: beginOrder, profiled: orderCall, expired: orderAgain, broke: missed("failed") },
  dialling: {
    connected: pickedUp, broke: missed("failed"),
    judged: (state, { machine }) => [{ ...state, machine }, []],
    disconnected: (state, event) => unreached(state, event, event.outcome || "failed"),
    expired: missed("no_answer"),
  },
  judging: {
    judged: (state, event) => (event.machine ? meetMachine(state, event) : meetPerson(state, event)),
    expired: meetPerson,
    disconnected: missed("hung_up"),
  },
  beeping: { beeped: leaveMessage, expired: leaveMessage, disconnected: missed("machine") },
  hanging: { expired: (state, event) => close(state, event, state.reason) },
  closing: { expired: report },
  reporting: {
    reported: (state, event) => file({ ...state, reported: event.ok }, event),
    expired: file,
  },
  filing: {
    recorded: (state, event) => (state.recorded ? [state, []] : fileRecording(state, event.url)),
    filed: finish,
    // The final address never came: the first will do.
    expired: (state) => (state.recorded || !state.recordingUrl ? finish(state) : fileRecording(state, state.recordingUrl)),
  },
  over: {},
};

const ALWAYS = {
  profiled: (state, event) => turnAway(takeProfile(state, event), event, streams(state, event)),
  turnedAway: (state, event) => turnAway({ ...state, turnedAway: event.text || state.profile.texts.bye_busy }, event),
  streamReady: (state) => [{ ...state, streaming: true, confirmed: true }, []],
  streamLost: loseStream,
  accepted: (state) => [state.answer ? withAnswer(state, { accepted: true }) : state, []],
  said: collect, answered: complete, cleared: clear, replied: complete, refused: failOver,
  // Of an answer that was broken in upon: what to do is known when the caller has spoken.
  failed: (state, event) => [state.answer ? withAnswer(state, { failed: event }) : state, []],
  patience: (state, event) => [{ ...state, patience: event.coming === state.turn + 1 ? event.ms : state.patience }, []],
  dismissed: dismiss,
  transferWanted: (state, event) => (canTransfer(state) ? transfer(state, event, "console") : [state, []]),
  key: press,
  speechStarted: (state, event) => [newSpeech(bank(state, OVERHEARD), event), []],
  speechCaptured: (state) => [{ ...state, captured: true }, []],
  voiceStarted: (state, event) => [lineSounds(state, event), []],
  voiceStopped: (state, event) => [{ ...lineStops(state, event), quietAt: state.fresh && !state.passed ? event.at : state.quietAt }, []],
  heard: keepLate,
  asrFailed: (state, event) => (isAfterCall(state) ? [state, []] : loseEars(state, event)),
  recordingStarted: (state, event) => [{ ...state, recordingUrl: event.url }, []],
  recorded: (state, event) => [{ ...state, recorded: true, recordingUrl: event.url }, []],
  reported: (state, event) => [{ ...state, reported: event.ok }, []],
  timeUp: (state, event) => {
    if (isAfterCall(state) || isLeaving(state) || isParting(state)) return [state, []];
    const [alone, dropped] = dropTransfer(state, event);
    const [silent, told] = withoutAnswer(alone, event);
    return leave(silent, "time_limit", state.profile.texts.bye_time, [HUSH, ...dropped, ...told]);
  },
  disconnected: (state, event) => {
    if (isAfterCall(state)) return [state, []];
    return close(state, event, state.reason || (state.connectedAt ? "caller_hung_up" : "not_connected"));
  },
  // One request is still allowed: the report, if it has not got through.
  terminating: (state, event) => {
    const [alone] = dropTransfer(state, event);
    const last = { ...withUnasked(alone), reason: state.reason || "terminated", endedAt: state.endedAt || event.at };
    return [{ ...last, name: "over", reported: true }, state.reported ? [] : [summary(last, LAST_MS)]];
  },
  // A fault of this very file: say goodbye once, then end, whatever happens.
  broke: (state, event) => {
    if (isAfterCall(state)) return finish(state);
    if (state.broken) return close(state, event, "scenario_error", [{ do: "hangup" }]);
    const [alone, dropped] = dropTransfer(state, event);
    const broken = { ...alone, broken: true, reason: "scenario_error", answer: null };
    return leave(broken, broken.reason, state.profile.texts.bye_failure, [HUSH, ...dropped]);
  },
};

// The deadline of a state, set anew.
function wait(ms) {
  return { do: "wait", ms: Math.max(1, ms) };
}

function decide(state, event) {
  const rule = TABLE[state.name][event.type] || ALWAYS[event.type];
  const oldTurn = event.turn !== undefined && event.turn !== state.turn;
  const oldPhrase = event.phrase !== undefined && (state.voice === null || event.phrase !== state.voice.phrase);
  const oldTransfer = event.transfer !== undefined && (state.transfer === null || event.transfer !== state.transfer.number);
  const blank = event.type === "heard" && !event.text;
  const twice = blank && !state.owed && state.blankAt > 0 && event.at - state.blankAt < TWICE_MS;
  if (!rule || oldTurn || oldPhrase || oldTransfer || twice) return [state, []];
  const part = event.type === "heard" && !isAfterCall(state) ? partOf(state, event) : null;
  const [known, actions] = part ? revise(state, event, part, rule) : rule(state, event);
  const owed = event.type === "speechCaptured" || (state.owed && event.type !== "heard");
  const kept = event.type === "heard" && event.text && !isKept(state, known, event) ? withLate(known, event.text) : known;
  const timed = event.type === "heard" ? { ...kept, [blank ? "blankAt" : "textAt"]: event.at } : kept;
  const next = timed.owed === owed ? timed : { ...timed, owed };
  const { voice } = next;
  return [voice && !voice.orderedAt ? { ...next, voice: { ...voice, orderedAt: event.at } } : next, actions];
}

function isOpen(state) {
  return ["listening", "hearing", "recognising", "keying"].includes(state.name);
}

function isAfterCall(state) {
  return ["closing", "reporting", "filing", "over"].includes(state.name);
}

function isLeaving(state) {
  const { voice, answer } = state;
  if (state.name === "hanging") return true;
  return voice !== null && (voice.next === "leave" || (voice.next === "more" && answer !== null && answer.dismissed));
}

// The answer says goodbye: the caller may still have something to say.
function isParting(state) {
  return state.voice !== null && state.voice.next === "more" && state.answer !== null && state.answer.action === "hangup";
}

// What the backend is told, where there is a stream to tell it on.
function tell(state, message) {
  return state.streaming ? [{ do: "tell", message }] : [];
}

// Beginning ---

function takeProfile(state, event) {
  const profile = event.profile || state.profile;
  const turnedAway = event.refused ? profile.texts.bye_busy : state.turnedAway;
  return { ...state, profiled: true, profile, turnedAway, confirmed: state.confirmed || event.confirmed };
}

function streams(state, event) {
  const { stream } = event.profile || state.profile;
  return stream && !event.refused && !isAfterCall(state) ? [{ do: "openStream" }] : [];
}

// A refusal that came late: what is being said is said to its end, and then the goodbye (`listen`).
function turnAway(state, event, before = []) {
  if (!state.turnedAway) return [state, before];
  if (isOpen(state)) return listen(state, event, before);
  if (!["thinking", "holding", "awaiting"].includes(state.name)) return [state, before];
  const [silent, told] = cutShort(state, event);
  return leave({ ...silent, answer: null }, "busy", state.turnedAway, [...before, HUSH, ...told]);
}

function meet(state, event) {
  const met = { ...state, name: "meeting", connectedAt: event.at, quietAt: event.at };
  return state.profiled ? greet(met) : [met, [wait(PROFILE_MS)]];
}

function greet(state, before = []) {
  if (state.turnedAway) return leave(state, "busy", state.turnedAway, before);
  const { texts: { greeting }, limits: { call_ms }, recording } = state.profile;
  const what = { kind: "greeting", text: greeting, next: "listen" };
  const records = recording.enabled ? "due" : ""; // a later profile's greeting is not heard
  return speak({ ...state, reply: greeting, records }, what, [...before, { do: "limitCall", ms: call_ms }]);
}

// Speaking: `what` is { kind, text, next }; `next` tells what follows: listen, finish (the last turn), leave, or more
// (of the answer) ---

function speak(state, what, before = []) {
  const phrase = state.phrase + 1;
  const voice = { at: 0, part: 0, orderedAt: 0, ...what, phrase, attempt: 0, started: false, duration: 0, endsAt: 0, giveUpAt: 0, pausedAt: 0, pauses: 0 };
  const say = { do: "say", phrase, text: what.text };
  const deadline = wait(state.profile.limits.playback_start_ms);
  const next = { ...state, name: "speaking", phrase, voice, pending: null, soundAt: 0 };
  return [next, [...before, { do: hearsAll(next) ? "listen" : "deafen" }, say, deadline]];
}

function speakNext(state, before = []) {
  const [next, ...queue] = state.answer.queue;
  const part = state.answer.part + 1;
  const what = { kind: "answer", text: next.text, next: "more", at: next.at, part };
  const [speaking, actions] = speak(withAnswer(state, { queue, part }), what, before);
  return [speaking, [...actions, ...prepare(speaking)]];
}

// The next phrase's sound is made while this one is heard.
function prepare(state) {
  const next = state.answer.queue[0];
  return next ? [{ do: "prepare", text: next.text }] : [];
}

function started(state, event) {
  const giveUpAt = event.at + event.duration + state.profile.limits.playback_grace_ms;
  return { ...state.voice, started: true, duration: event.duration, endsAt: event.at + event.duration, giveUpAt };
}

function followPhrase(state, event) {
  const deadline = wait(event.duration + state.profile.limits.playback_grace_ms);
  const { kind, part, at, text } = state.voice;
  const sounding = { ...state, voice: started(state, event) };
  if (kind !== "answer") return [sounding, [deadline]];
  const { stoppedAt } = state.answer;
  const times = { voice_ms: Math.max(0, event.at - at), audible_ms: stoppedAt && part === 1 ? event.at - stoppedAt : null };
  const answer = part === 1 ? { ...state.answer, times } : state.answer;
  const reply = part === 1 ? text : join(state.reply, text);
  return [{ ...sounding, answer, reply, apologies: answer.sorry ? state.apologies : 0 }, [...tell(state, { type: "phrase_started", turn: state.turn, phrase: part, ...times }), deadline]];
}

// The phrase was heard: it fell silent at its known length, however late we learn of it.
function spoken(state, event) {
  const { started: audible, endsAt, duration, orderedAt, kind, text } = state.voice;
  const late = Math.max(0, endsAt - duration - orderedAt - SYNTHESIS_MS); // its start was told late, too
  const answer = kind === "answer" ? { ...state.answer, spoken: join(state.answer.spoken, text) } : state.answer;
  return { ...state, answer, voiceFaults: 0, quietAt: audible ? Math.min(event.at, endsAt - late) : event.at };
}

function unspoken(state) {
  return { ...state, voiceFaults: state.voiceFaults + 1 };
}

function fallenSilent(state, at) {
  const silent = { ...state, voice: null };
  return isSounding(state) ? { ...silent, said: ours(state, at), saidAt: at } : silent; // else it has said nothing
}

function giveUp(state, event) {
  return afterPhrase(state.voice.started ? spoken(state, event) : unspoken(state), event, [HUSH]);
}

// The voice failed: once more as plain short text, then a recorded prompt, then on without it.
function speakAgain(state, event) {
  const { limits, audio } = state.profile;
  const phrase = state.phrase + 1;
  const voice = { ...state.voice, phrase, attempt: state.voice.attempt + 1, started: false };
  const url = isLeaving(state) || isParting(state) ? audio.goodbye : audio.apology;
  const again = voice.attempt === 1 ? { do: "say", phrase, text: plain(voice.text) } : { do: "play", phrase, url };
  if (voice.attempt > 2 || (voice.attempt === 2 && !url)) return afterPhrase(unspoken(state), event, [HUSH]);
  return [{ ...state, phrase, voice }, [HUSH, again, wait(limits.playback_start_ms)]];
}

function afterPhrase(state, event, before = []) {
  const { kind, next, part } = state.voice;
  const finished = kind === "answer" ? tell(state, { type: "phrase_finished", turn: state.turn, phrase: part }) : [];
  return follow(fallenSilent(state, state.quietAt), event, next, [...before, ...finished]);
}

function follow(state, event, next, before) {
  if (next === "leave") return hangUp(state, before);
  if (state.voiceFaults > VOICE_FAULTS) return hangUp({ ...state, reason: "voice_down" }, before);
  if (next === "finish") return leave(state, "turn_limit", state.profile.texts.bye_turns, before);
  if (next === "transfer") return transfer(state, event, "asked", before);
  return next === "more" ? goOn(state, event, before) : listen(state, event, before);
}

// The next phrase of the answer, or the wait for it, or the answer's end.
function goOn(state, event, before = []) {
  const { answer } = state;
  if (answer.queue.length) return speakNext(withTime(state, event), before);
  if (!answer.done) return [{ ...state, name: "awaiting" }, [...before, restWait(state, event)]];
  const settled = { ...state, answer: null, notes: noted(state, answer.short ? answer.spoken : null) };
  const wanted = { hangup: "leave", transfer: canTransfer(state) ? "transfer" : "" };
  return follow(settled, event, wanted[answer.action] || afterTurn(state), before);
}

// A phrase that waited for the one before it could not be audible earlier.
function withTime(state, event) {
  const [first, ...rest] = state.answer.queue;
  return withAnswer(state, { queue: [{ ...first, at: state.answer.part ? event.at : first.at }, ...rest] });
}

// Listening ---

function listen(state, event, before = []) {
  const { texts } = state.profile;
  if (state.turnedAway) return leave(state, "busy", state.turnedAway, before);
  if (state.asrFaults > 1) return leave(state, "recogniser_down", texts.bye_failure, before);
  const record = state.records === "due" ? [{ do: "record" }] : [];
  const open = { ...state, name: "listening", records: state.records && "on", words: state.fresh ? state.words : "", deaf: false, nod: null };
  const actions = [...before, ...record, { do: "listen" }];
  // They said yes before the question was over.
  if (state.nod) return ask({ ...open, heardAt: state.quietAt }, { ...event, ...state.nod }, actions);
  // They began to speak while we still spoke: the recogniser will not tell it again.
  if (state.fresh && hearsAll(state) && (state.voiced || open.words)) {
    const hearing = { ...open, name: "hearing", speechAt: event.at };
    if (open.words || !state.profile.asr.interim) return keepHearing(hearing, event, actions);
    return [hearing, [...actions, wait(speechMs(state, event))]];
  }
  return [open, [...actions, wait(speechMs(state, event))]];
}

// The caller's time to speak; what has passed in silence counts. A mere sound may be noise.
function speechMs(state, event) {
  const whole = state.profile.limits.no_speech_ms;
  const least = event.type.startsWith("voice") ? SURE_MS : SPEECH_MS;
  return Math.max(Math.min(least, whole), whole - Math.max(0, event.at - state.quietAt));
}

// An interim result soon after its own result, or after the turn that was closed on it.
function isStale(state, event) {
  const parts = awaited(state, event).filter((each) => event.at - each.at < STALE_MS);
  const old = [recent(state, event, STALE_MS), ...parts.map((each) => each.text)];
  return !state.fresh && old.some((text) => shared(event.text, text) >= 0.8 * wordsOf(event.text).length);
}

// Words of the speech before, whose result has not come: passed over, or taken for the coming turn.
function newSpeech(state, event) {
  return { ...passOver(state, event), fresh: true, captured: false, begunAt: event.at, priorAt: state.begunAt, during: ours(state, event.at), posed: !state.voice || state.voice.started };
}

// What was our echo so far, and is followed by other words, has a result of its own.
function passOver(state, event) {
  const { fresh, passed, during } = state;
  const own = fresh && passed && !(event.text && likeness(event.text, passed) >= 0.5);
  return { ...(own ? take(state, { at: event.at, text: passed, turn: PASSED, over: join(during, ours(state, event.at)) }) : state), passed: "" };
}

function bank(state, turn = state.turn + 1) {
  const { words: text, wordsAt: at, during: over } = state;
  return text ? { ...take(state, { at, text, turn, over }), words: "" } : state;
}

function hearMore(state, event) {
  return keepHearing({ ...newSpeech(bank(state), event), name: "hearing" }, event);
}

// Its end was told first.
function begunBefore(state, event) {
  return [{ ...newSpeech(state, event), captured: true }, []];
}

// Interim results may come after the speech was captured.
function hearRest(state, event) {
  if (isOurs(state, event) || isEchoBeside(state, event)) return [{ ...state, passed: event.text }, []];
  return recognise(withWords(passOver(state, event), event), event);
}

function withWords(state, event) {
  const changed = event.text && !state.words.startsWith(event.text); // else an older result, overtaken
  return changed ? { ...state, words: event.text, wordsAt: event.at } : state;
}

function startHearing(state, event) {
  if (event.text && isStale(state, event)) return [state, []];
  const begun = event.type === "speechStarted" || !state.fresh ? newSpeech(state, event) : state;
  return hearOn({ ...begun, name: isOurs(begun, event) ? state.name : "hearing", words: "", speechAt: event.at }, event);
}

// A result follows its speech's end: while there is none, other words are of the speech before.
function speaksOn(state, event) {
  return state.fresh && !state.captured && likeness(event.text, state.words) < 0.5;
}

function isOurs(state, event) {
  return Boolean(event.text) && isEcho(event.text, state.during);
}

// Our last words come back while the caller is speaking: theirs stay.
function isEchoBeside(state, event) {
  const last = join(state.said, ours(state, event.at)); // told late, too
  return Boolean(state.words && event.text) && isEcho(event.text, last) && shared(event.text, state.words) === 0;
}

// Waits for more of what the caller says. A sound ends their silence, unless it may be noise, or our echo.
function keepHearing(state, event, before = []) {
  const sure = state.voiced ? !state.profile.asr.interim || event.type !== "voiceStarted" : !state.during && !state.lineSilent;
  const heard = sure ? { ...state, quietAt: event.at } : state;
  return [heard, [...before, wait(hearingMs(heard, event))]];
}

// The line's own ear tells a recogniser that has died from a caller who speaks for long; interim results are its pulse.
function hearingMs(state, event) {
  const { asr, limits } = state.profile;
  const { words, voiced, overtaken, lineSilent } = state;
  const last = saidLast(state);
  const past = event.at - (words || overtaken ? state.wordsAt : Math.max(last, state.textAt, state.begunAt));
  const whole = said(state, state.turn + 1) && isHesitation(words);
  const noticed = state.fresh && !state.captured; // by the recogniser; else it may be a noise
  if (overtaken && last) return againMs(state, event);
  if (overtaken && (words || lineSilent)) return Math.min(settleMs(state, event), againMs(state, event));
  if (whole && !(voiced && noticed) && !overtaken) return Math.max(SURE_MS, state.patience - past);
  if (words && !voiced) return settleMs(state, event);
  if (lineSilent) return silenceMs(state, event);
  if (asr.interim && (words || carried(state))) return (whole || overtaken ? AGAIN_MS : limits.result_ms) - past;
  if (asr.interim) return speechMs(state, event);
  if (!noticed) return limits.result_ms;
  return voiced ? limits.utterance_ms - (event.at - state.speechAt) : limits.capture_ms;
}

// When the last words of the coming turn came, if none came since. 0: else.
function saidLast({ profile, words, taken, turn }) {
  const said = profile.asr.interim && !words ? taken.filter((each) => each.turn > turn && !isHesitation(each.text)) : [];
  return Math.max(0, ...said.map((each) => each.at));
}

// A sound after the words costs little more than itself.
function againMs(state, event) {
  const { words, wordsAt, stoppedAt } = state;
  const since = saidLast(state) || (words ? Math.max(wordsAt, stoppedAt + SURE_MS - AGAIN_MS) : stoppedAt || event.at);
  return AGAIN_MS - (event.at - since);
}

// A caller who broke in without words has perhaps only coughed.
function silenceMs(state, event) {
  const ms = speechMs(state, event);
  return state.interrupted ? Math.min(ms, LISTENS_MS - (event.at - state.stoppedAt)) : ms;
}

// How long words have to stay as they are, on a line that is not known to be speaking, to be the whole turn.
function settleMs(state, event) {
  const { close_ms, result_ms } = state.profile.limits;
  const close = close_ms + state.patience;
  const whole = isWhole(state) ? close : Math.max(result_ms, close);
  return whole - (event.at - Math.max(state.wordsAt, Math.min(state.stoppedAt, state.wordsAt + AGAIN_MS)));
}

// Words that came before the caller's last sound may lack the last ones, and a prompt recogniser's result has them soon.
function isWhole(state) {
  return state.words !== "" && (state.tardy || state.wordsAt >= state.stoppedAt);
}

function hearOn(state, event) {
  if (isOurs(state, event) || isEchoBeside(state, event)) return [{ ...state, passed: event.text }, []];
  if (event.text && isStale(state, event)) return [state, []];
  const begun = state.fresh ? passOver : newSpeech;
  const heard = withWords(event.text ? begun(state, event) : state, event);
  if (isOverlong(state, event)) return cutLong(heard, event);
  return keepHearing(heard, event, heard === state ? [] : tellWords(heard));
}

function isOverlong(state, event) {
  return ["hearing", "recognising"].includes(state.name) && event.at - state.speechAt >= state.profile.limits.utterance_ms;
}

// They speak without end: what there is, is the turn, and what follows is not heard. A recogniser that has told no words
// yet brings them now.
function cutLong(state, event) {
  const deaf = { ...state, deaf: true };
  return isHesitation(deaf.words) ? recognise(deaf, event) : acknowledge(closeTurn(deaf, event), event);
}

function acknowledge(step, event) {
  const [asked, actions] = step;
  return fill(asked, event, actions.filter((each) => each.do !== "wait"), asked.profile.texts.too_long);
}

function tellWords(state) {
  const { lineSilent: quiet, words } = state;
  return tell(state, { type: "interim", turn: state.turn + 1, text: clip(join(carried(state), words), ASKED_CHARS), quiet });
}

function lineSounds(state, event) {
  return { ...state, lineSilent: false, voiced: true, soundAt: event.at, stoppedAt: 0 };
}

function lineStops(state, event) {
  return { ...state, lineSilent: true, voiced: false, soundAt: 0, stoppedAt: event.at - (event.lateMs || 0) };
}

function fallSilent(state, event) {
  return { ...lineStops(state, event), quietAt: state.profile.asr.interim ? state.quietAt : event.at };
}

function recognise(state, event) {
  if (carried(state) && !state.fresh) return [state, []]; // of speech whose result is known
  const quietAt = state.passed ? state.quietAt : event.at;
  const deadline = wait(recognisingMs(state, event));
  return [{ ...state, name: "recognising", captured: true, quietAt }, [...(hearsAll(state) ? [] : [{ do: "deafen" }]), deadline]];
}

function recognisingMs(state, event) {
  const { voiced, words, profile: { asr, limits: { result_ms } } } = state;
  const most = state.overtaken ? Math.min(result_ms, againMs(state, event)) : result_ms;
  // Other words are known, and this sound has none so far: a cough keeps no answer waiting.
  if (asr.interim && carried(state) && isHesitation(words)) {
    const unsure = voiced || awaited(state, event).some((each) => each.turn > state.turn);
    return Math.min(most, Math.max(patienceMs(state, event), unsure ? AGAIN_MS - (event.at - saidLast(state)) : 0));
  }
  return isWhole(state) && !voiced ? Math.min(most, settleMs(state, event)) : most;
}

// More of who dictates is waited for from their last words on.
function patienceMs(state, event) {
  const { patience, wordsAt, profile: { asr, limits } } = state;
  const since = asr.interim ? Math.max(saidLast(state), wordsAt) : event.at;
  return Math.max(SURE_MS, Math.min(patience, limits.close_ms + patience - (event.at - since)));
}

// Their sound is over: with all words, or with none, little more is waited for.
function hushed(state, event) {
  const silent = { ...lineStops(state, event), quietAt: state.passed ? state.quietAt : event.at };
  const known = isWhole(silent) || (carried(silent) && isHesitation(silent.words));
  return known ? recognise(silent, event) : [silent, []];
}

function hear(state, event) {
  if (isOld(state, event) || (state.voice && !event.text)) return [state, []];
  if (!event.text && state.words && state.voiced) return [state, []]; // of the speech before: these words go on
  const calm = { ...fallenSilent(state, event.at), fresh: speaksOn(state, event), during: "", passed: "", tardy: false };
  if (isOurs(state, event)) {
    const fresh = calm.fresh || (state.fresh && state.voiced); // our echo has ended, not who is speaking
    const passed = { ...calm, fresh, words: "", lastText: event.text, during: fresh ? state.during : "" };
    return carried(state) ? keepHearing({ ...passed, name: "hearing" }, event) : listen(passed, event);
  }
  if (!event.text) return reprompt(calm, event);
  // Of the speech before, while they are already saying, or have just said, other words: both are one turn.
  const other = state.fresh && wordsOf(state.words).length > 1 && shared(event.text, state.words) === 0;
  if ((calm.fresh || other) && state.words && !state.deaf && !isOverlong(state, event)) {
    return keepHearing({ ...take(state, { ...event, sure: true }), lastText: event.text }, event);
  }
  const nothing = event.confidence === 0;
  const doubtful = nothing ? !state.unsure : event.confidence < state.profile.limits.confidence;
  const before = state.voice ? [HUSH] : [];
  if (doubtful && !state.repeated && !state.voice && !carried(state)) {
    return prompt({ ...calm, repeated: true, unsure: state.unsure || nothing, lastText: event.text }, state.profile.texts.repeat);
  }
  if (state.deaf || (state.voiced && isOverlong(state, event))) return acknowledge(ask({ ...calm, deaf: true }, event, before), event);
  return state.patience && !state.overtaken ? dictate(calm, event, before) : ask(calm, event, before);
}

// The same result once more, or an empty one of the speech before.
function isOld(state, event) {
  const again = event.text !== "" && event.text === recent(state, event);
  if (state.fresh && state.captured) {
    return again && (state.words ? likeness(event.text, state.words) < 0.5 : state.voiced && state.profile.asr.interim);
  }
  // Without interim results only this tells a caller who says it again from a result that comes twice.
  if (event.text) return again && (state.profile.asr.interim || !state.owed);
  return state.fresh && (state.name === "recognising" || awaited(state, event).length > 0);
}

// The last result, where the same again may be the same one.
function recent(state, event, ms = DUE_MS) {
  return event.at - state.textAt < ms ? state.lastText : "";
}

// More may follow a number or an address: what comes in time belongs to the same turn.
function dictate(state, event, before) {
  const more = { ...take(state, { ...event, sure: true }), name: "hearing", words: "", lastText: event.text, speechAt: event.at, heardAt: event.at };
  return [more, [...before, { do: "listen" }, wait(patienceMs(more, event))]];
}

// Nothing more comes: the turn is what was recognised so far, if anything.
function closeTurn(state, event, before = []) {
  const banked = isHesitation(state.words) ? state : bank(state);
  if (banked !== state) return ask({ ...banked, fresh: false, heardAt: state.heardAt || state.wordsAt }, { at: event.at }, before);
  return reprompt({ ...state, fresh: state.fresh && !state.captured }, event, before); // what they have begun to say is new
}

// A result that went into no turn goes into the report, unless the caller was asked for it again, or it is ours. So does
// one that may be of a speech that has begun since: whose it is, nobody can tell.
function isKept(state, next, event) {
  const { text } = event;
  const { turn, textAt, words } = state;
  const other = words && likeness(text, words) < 0.5;
  const since = other || event.at - state.begunAt < FIRST_MS ? state.priorAt : state.begunAt;
  const without = (parts, others) => parts.filter((each) => !others.some((its) => its.at === each.at && its.sure === each.sure));
  const due = state.fresh && state.captured && !other; // and so is one that may be an echo of ours
  const echoed = due ? [] : without(state.taken, next.taken).map((each) => each.over);
  const over = [state.during, ours(state, event.at), ...echoed].join(" ").trim();
  const askedAgain = next.phrase > state.phrase && next.voice !== null && next.voice.kind === "prompt";
  const parts = without(next.taken, state.taken).filter((each) => each.turn > turn || each.at >= since);
  const known = [textAt >= since ? recent(state, event) : "", ...next.late, ...parts.map((each) => each.text)];
  return askedAgain || (over && (!state.voice || state.voice.started) && isMurmur(text)) || isEcho(text, over) || isHesitation(text) || known.some((each) => each.includes(text));
}

// As if nothing had been said since: that is not what this result is of, and stays as it is. Who is listened to already
// interrupts nothing: both are one turn.
function interrupt(state, event, over, rule) {
  const { fresh, captured, words, wordsAt, during } = state;
  if (words && ["hearing", "recognising"].includes(state.name)) return [{ ...take(state, { ...event, sure: true }), lastText: event.text }, []];
  const [next, actions] = rule({ ...state, fresh: true, captured: true, lastText: "", during: over }, event);
  return [{ ...next, fresh, captured, words, wordsAt, during, lastText: event.text }, actions];
}

// All that was said is known for sure now: no more is waited for than the caller's end.
function settle(state, event) {
  if (state.name === "hearing") return keepHearing(state, event);
  return [state, state.name === "recognising" && !state.voiced ? [wait(Math.min(patienceMs(state, event), recognisingMs(state, event)))] : []];
}

// What was said before is the turn; else the caller is asked. Other words each time: who hears the same sentence again
// thinks of a machine that hangs.
function reprompt(state, event, before = []) {
  const { reprompts, resumed } = state.profile.texts;
  if (!isHesitation(said(state, state.turn + 1))) return ask(state, { at: event.at }, before);
  if (state.overtaken) return backToAnswer(state, event, before);
  if (state.interrupted && resumed && !state.said.endsWith(resumed)) return prompt({ ...state, interrupted: false }, resumed, before);
  return prompt(state, reprompts[state.prompts % reprompts.length], before);
}

// Asks the caller to speak (again), so many times in a row and no more.
function prompt(state, text, before = []) {
  const { limits, texts } = state.profile;
  if (state.reprompts >= limits.reprompts) return leave(state, "no_input", texts.bye_silence, before);
  const count = state.reprompts + 1;
  const asked = { ...state, reprompts: count, prompts: state.prompts + 1 };
  return speak(asked, { kind: "prompt", text, next: "listen" }, [...before, ...tell(state, { type: "silence", count })]);
}

function loseEars(state, event) {
  // It took the rest, and all results with it.
  const lost = { ...state, asrFaults: state.asrFaults + 1, asrLostAt: event.at, fresh: state.fresh && state.words !== "" };
  const before = [{ do: "stopEars" }];
  const hears = ["listening", "hearing", "recognising"].includes(state.name);
  if (!hears) return [lost, before]; // the next `listen` makes a new one, or says goodbye
  if (lost.words || carried(lost)) return closeTurn(lost, event, before);
  return lost.asrFaults > 1 ? listen(lost, event, before) : prompt(lost, state.profile.texts.repeat, before);
}

function keepLate(state, event) {
  const on = speaksOn(state, event);
  const calm = on ? state : { ...state, fresh: false, words: "" };
  if (!event.text) return [calm, []];
  if ((event.text === recent(state, event) && !state.owed) || state.late.length >= LATE_TEXTS) return [state, []];
  return [{ ...withLate(calm, event.text), lastText: event.text }, []];
}

// Keys: digits are words where a number is dictated; else they are explained, once.
function press(given, event) {
  const state = { ...given, reprompts: 0 };
  const { texts } = state.profile;
  const told = tell(state, { type: "key", digit: event.digit });
  const open = isOpen(state);
  if (isAfterCall(state) || !state.connectedAt) return [state, []];
  if (open && !isDigits(event.digit) && state.keys) return askKeys(state, event, told);
  if (isDigits(event.digit) && takesKeys(state)) return takeKey(state, event, told);
  const { operator, repeat, end } = state.profile.keys;
  if (event.digit === operator && canTransfer(state)) return transfer(state, event, "key", told);
  const words = open && join(carried(state), state.words); // they are answered first
  const numbered = (words || isUnheard(state)) && takesKeys(state);
  if (event.digit === end && !numbered && isTalking(state) && !isParting(state)) return endByKey(state, event, told);
  if (event.digit === repeat && !words && (open || isDisposable(state))) return sayAgain(state, event, told);
  if (state.keysTold || words || !texts.keys || !(open || isDisposable(state))) return [state, told];
  const [silent, cut] = cutShort({ ...state, keysTold: true }, event);
  return speak(silent, { kind: "prompt", text: texts.keys, next: afterTurn(state) }, [...told, HUSH, ...cut]);
}

// What was being answered is not heard, what was being said goes into the report.
function endByKey(state, event, told) {
  const [silent, cut] = withoutAnswer(state, event);
  return leave(withUnasked(silent), "caller_hung_up", state.profile.texts.bye_key, [...told, HUSH, ...cut]);
}

function sayAgain(state, event, told) {
  const [silent, cut] = cutShort(state, event);
  const text = clip(state.reply, state.profile.limits.phrase_chars);
  return speak(silent, { kind: "again", text, next: afterTurn(state) }, [...told, HUSH, ...cut]);
}

// Also over our voice, and while an answer to digits is waited for: there are more of them.
function takesKeys(state) {
  const unheard = isUnheard(state);
  const [last] = state.taken.slice(-1);
  const dictates = state.patience > 0 || (unheard && isDigits(last ? last.text : ""));
  if (isOpen(state)) return dictates || state.keys !== "";
  return dictates && !isLeaving(state) && (unheard || isDisposable(state)) && state.turn < state.profile.limits.turns && !state.turnedAway && state.asrFaults < 2;
}

function takeKey(state, event, told) {
  const keys = clip(state.keys + event.digit, 40);
  const overtaken = isUnheard(state);
  const deadline = wait(overtaken ? AGAIN_MS : KEY_MS);
  if (isOpen(state)) return [{ ...state, name: "keying", keys }, [...told, deadline]];
  const [silent, cut] = cutShort(state, event);
  return [{ ...silent, name: "keying", keys, overtaken, nod: null, deaf: false }, [...told, HUSH, ...cut, { do: "listen" }, deadline]];
}

// Who is still saying something beside their keys is heard to the end.
function askKeys(state, event, before = []) {
  const { at } = event;
  const worded = !isHesitation(state.words);
  const on = worded && state.fresh && state.voiced;
  const keyed = { ...take(worded && !on ? bank(state) : state, { at, text: state.keys, sure: true, confidence: 1 }), keys: "" };
  if (on) return keepHearing({ ...keyed, name: "hearing" }, event, before);
  return ask({ ...keyed, fresh: state.fresh && !state.captured && !worded }, { at }, before);
}

// Words beside keys are of the same turn, and nothing that is heard ends it: the next key may be coming.
function hearBeside(state, event) {
  const { text } = event;
  if (isOld(state, event)) return [state, []];
  const on = speaksOn(state, event);
  const known = { ...state, fresh: on, words: on ? state.words : "", lastText: text || state.lastText };
  return [text && !isOurs(state, event) ? take(known, { ...event, sure: true }) : known, []];
}

// Words taken ---
//
// Part by part: { turn, text, sure, confidence, at, over }. The coming turn is `turn + 1`. Of no turn is what was PASSED over
// as an echo of `over`, and what was OVERHEARD while we spoke: too few words to interrupt, but their result may yet.
// A part is `sure` with its result; without it, the result is awaited for a while, and puts its words right.

const PASSED = 0;
const OVERHEARD = -1;

function take(state, { at, text, turn = state.turn + 1, sure = false, confidence = null, over = "" }) {
  return { ...state, taken: [...state.taken, { turn, text, sure, confidence, at, over }] };
}

function said(state, turn) {
  return state.taken.filter((each) => each.turn === turn).map((each) => each.text).join(" ");
}

// The coming turn has the words of the one before, too, where nothing was heard of its answer.
function isCarried(state, each) {
  return each.turn > state.turn || (state.overtaken && each.turn === state.turn);
}

function carried(state) {
  return state.taken.filter((each) => isCarried(state, each)).map((each) => each.text).join(" ");
}

function awaited(state, event) {
  return state.taken.filter((each) => !each.sure && each.at > state.asrLostAt && event.at - each.at < LATE_FINAL_MS).slice(-GUESSES);
}

// What is asked now is of this turn; of older ones stays what a result may still put right.
function askedWith(state, event) {
  const late = awaited(state, event).filter((each) => !isCarried(state, each)).map((each) => each.turn);
  const kept = state.taken.filter((each) => isCarried(state, each) || late.includes(each.turn));
  return kept.map((each) => (isCarried(state, each) ? { ...each, turn: state.turn + 1 } : each));
}

// What was overheard, and is not waited for any more, is reported: its result may have been taken for another's.
function withOverheard(state, taken) {
  const lost = state.taken.filter((each) => each.turn === OVERHEARD && !taken.includes(each));
  return lost.reduce((known, each) => withLate(known, each.text), { ...state, taken });
}

// The words that this result is of, if they were taken without it. Of the same said twice the older are first.
function partOf(state, event) {
  const { text, at } = event;
  const parts = awaited(state, event);
  const present = state.fresh && state.captured;
  const last = parts[parts.length - 1];
  if (text && last && !state.fresh && state.captured && text.startsWith(last.text)) return last; // they were taken in the middle
  if (!text) return parts.find((each) => !present || each.turn < 1 || (each.turn > state.turn && !isHesitation(each.text))) || null;
  if (state.fresh && text === state.words) return null; // said before, too: what comes of that is the same
  const own = present ? likeness(text, state.words) : 0;
  const same = (each) => likeness(text, each.text, Math.max);
  const still = (each) => (isMurmur(text) || isEcho(text, each.over) ? 1 : same(each));
  const found = text === recent(state, event) ? same : (each) => likeness(text, each.text); // told twice, it holds no others
  const like = (each) => (each.turn === PASSED ? still(each) : found(each));
  const fits = parts.filter((each) => like(each) >= Math.max(0.5, own) && (each.turn !== PASSED || like(each) > own));
  const due = fits.filter((each) => at - each.at < DUE_MS);
  const likely = due.length ? due : fits.filter((each) => like(each) > own); // else these words are said again
  const best = Math.max(...likely.map(same));
  const first = likely.find((each) => same(each) === best) || null;
  return likely.find((each) => each.turn > state.turn && each.text === text) || first; // which is waited for
}

// What was asked is told, never answered again. Words that are still to be asked are put right.
function revise(state, event, part, rule) {
  const { turn } = part;
  const { confidence } = event;
  const text = event.text || part.text;
  const rest = { ...state, taken: state.taken.filter((each) => each !== part) };
  if (turn === PASSED) return [{ ...(!event.text || isEcho(text, part.over) ? rest : withLate(rest, text)), lastText: event.text || state.lastText }, []];
  if (turn === OVERHEARD && !event.text) return [rest, []];
  if (turn === OVERHEARD) return interrupt(rest, event, part.over, rule);
  const taken = state.taken.map((each) => (each === part ? { ...each, text, confidence, sure: true } : each));
  const known = { ...state, taken, lastText: event.text || state.lastText };
  if (turn > state.turn) return isHesitation(known.words) ? settle({ ...known, heardAt: event.at }, event) : [known, []];
  const revised = { ...known, tardy: true };
  if (text === part.text) return [revised, []];
  return [state.streaming ? revised : withLate(revised, text), tell(state, { type: "revised", turn, text: clip(said(known, turn), ASKED_CHARS) })];
}

// Interruptions: while we speak or think the recogniser hears on (profile: barge_in) ---

function hearsAll(state) {
  const { barge_in: { mode } } = state.profile;
  return mode !== "off" && !state.deaf && state.asrFaults < 2 && !isLeaving(state) && state.transfer === null;
}

function isSounding(state) {
  return state.voice !== null && state.voice.started;
}

// What the caller hears from us, or has just heard, and may give back as an echo.
function ours(state, at) {
  const { said, saidAt, voice } = state;
  return join(at - saidAt < ECHO_MS ? said : "", voice !== null && !hasFaded(voice, at) ? voice.text : "");
}

// It ended by its known length, though nobody has told so, or is paused.
function hasFaded(voice, at) {
  return voice.started && at - (voice.pausedAt || voice.endsAt) >= ECHO_MS;
}

// Sound without words: known from a voice detector, or a recogniser that tells no words before the end.
function isDisturbed(state, at) {
  const { voice, soundAt, profile: { asr, barge_in: { mode } } } = state;
  const counts = mode === "vad" || (mode === "asr" && !asr.interim && state.fresh);
  return counts && soundAt > 0 && isSounding(state) && hearsAll(state) && voice.pausedAt === 0 && voice.pauses < PAUSES && at < voice.endsAt;
}

function notice(state, event) {
  const [noticed] = ALWAYS[event.type](state, event);
  if (!isSounding(state)) return [noticed, []];
  const { giveUpAt } = state.voice;
  const soundAt = event.type === "voiceStarted" ? event.at : noticed.soundAt;
  const pauseAt = Math.max(event.at, soundAt + state.profile.barge_in.min_ms);
  const due = isDisturbed(noticed, pauseAt) ? pauseAt : giveUpAt;
  return [{ ...noticed, soundAt }, [wait(due - event.at)]];
}

function pause(state, event) {
  const voice = { ...state.voice, pausedAt: event.at, pauses: state.voice.pauses + 1 };
  return [{ ...state, name: "paused", voice, soundAt: 0 }, [{ do: "pause" }, wait(state.profile.barge_in.resume_ms)]];
}

function resume(state, event) {
  const held = event.at - state.voice.pausedAt;
  const voice = { ...state.voice, pausedAt: 0, endsAt: state.voice.endsAt + held, giveUpAt: state.voice.giveUpAt + held };
  const told = voice.kind === "answer" ? tell(state, { type: "phrase_resumed", turn: state.turn, phrase: voice.part }) : [];
  const deadline = wait(voice.giveUpAt - event.at);
  return [{ ...state, name: "speaking", voice, soundAt: 0 }, [{ do: "resume" }, ...told, deadline]];
}

// A recogniser without interim results cannot say; a voice that goes on so long is no cough.
function yieldOrResume(state, event) {
  const speaks = state.voiced && !state.captured && !state.profile.asr.interim;
  return speaks ? takeOver(state, { type: "interim", text: "", at: event.at }) : resume(state, event);
}

// Words that came while it was not the caller's turn: ours, an agreeing murmur, or an interruption.
function overhear(state, event) {
  const { text } = event;
  const final = event.type === "heard";
  if (!hearsAll(state)) {
    // A recogniser that is late: what we asked the caller to repeat has arrived after all.
    if (final && state.name === "speaking" && state.voice.kind === "prompt") return hear(state, event);
    return final ? keepLate(state, event) : [isLeaving(state) ? withWords(state, event) : state, []];
  }
  if (final && isOld(state, event)) return [state, []];
  if (!text) return [final && state.captured && !state.words && !state.voiced ? { ...state, fresh: false } : state, []]; // else of the speech before
  if (!final && isStale(state, event)) return [state, []];
  if (final && event.confidence > 0 && event.confidence < state.profile.limits.confidence) return keepLate(state, event);
  const begun = state.fresh || final ? state : newSpeech(state, event);
  const over = join(begun.during, isSounding(state) && !hasFaded(state.voice, event.at) ? state.voice.text : "");
  const murmur = over !== "" && (isMurmur(text) || (isParting(state) && isFarewell(text)));
  if (murmur || isEcho(text, over) || (final && isHesitation(text))) {
    const nod = final && murmur && begun.posed && begun.during.trim().endsWith("?") ? { text, confidence: event.confidence } : state.nod;
    const calm = final ? { ...begun, fresh: speaksOn(state, event), passed: "", lastText: text, nod } : { ...begun, passed: text };
    if (state.name === "paused") return resume(calm, event);
    const kept = final && murmur && !isSounding(state) && nod === state.nod ? withLate(calm, text) : calm;
    return [kept, state.name === "awaiting" && nod !== state.nod ? [restWait(kept, event)] : []];
  }
  if (final || isConfirmed(state, event)) return takeOver(begun, event);
  return [{ ...passOver(begun, event), words: text, wordsAt: event.at }, []];
}

function isConfirmed(state, event) {
  const { min_words: enough, min_ms: long } = state.profile.barge_in;
  return wordsOf(event.text).length >= enough || (state.soundAt > 0 && event.at - state.soundAt >= long);
}

// The caller has the word. Where they have heard nothing of the answer yet, their new words belong to the old ones.
function takeOver(state, event) {
  const { limits, texts } = state.profile;
  const unheard = isUnheard(state);
  const last = state.turn >= limits.turns;
  if (unheard && last) return keepWaiting(state, event);
  const [silent, told] = cutShort({ ...state, reason: "" }, event); // an answer that said goodbye has not
  const before = [HUSH, ...told];
  if (state.turnedAway) return leave(withWords(silent, event), "busy", state.turnedAway, before);
  if (last) return leave(withWords(silent, event), "turn_limit", texts.bye_turns, before);
  const open = { ...passOver(silent, event), overtaken: unheard, interrupted: !unheard };
  if (event.type === "heard") return (open.patience && !unheard ? dictate : ask)({ ...open, fresh: speaksOn(state, event) }, event, before);
  const [hearing, actions] = hearOn({ ...open, name: "hearing", fresh: true, during: "", words: "", speechAt: event.at }, event);
  return [hearing, [...before, ...actions]];
}

// No turn is left for what they say: the answer comes, but no filler goes on over their words.
function keepWaiting(state, event) {
  if (event.type === "heard") return keepLate(state, event); // they have ended
  const kept = withWords(state, event);
  if (!isSounding(state)) return [kept, []];
  if (state.name === "holding") return speakHeld(kept, event, [HUSH]);
  const again = refilled(fallenSilent(kept, event.at), event);
  return [again, [HUSH, answerWait(again, event)]];
}

// They have spoken since the filler, and may have cut it short.
function refilled(state, event) {
  const { answer, fillAt } = state;
  return { ...state, answer: { ...answer, filled: false }, fillAt: answer.filled ? Math.max(fillAt, event.at + FILL_MS) : fillAt };
}

function isUnheard(state) {
  const { name, answer, voice, overtaken } = state;
  if (overtaken || ["thinking", "holding"].includes(name)) return true;
  return voice !== null && !voice.started && ["answer", "apology"].includes(voice.kind) && !(answer && answer.spoken);
}

function isDisposable(state) {
  return ["speaking", "paused", "awaiting"].includes(state.name) && !isUnheard(state) && !isLeaving(state) && !isParting(state);
}

// The voice falls silent here. What was heard of the answer is told; one of which nothing was heard is kept.
function cutShort(state, event) {
  const { voice, answer, turn } = state;
  const silent = { ...fallenSilent(state, event.at), pending: null, quietAt: event.at };
  if (answer === null || isUnheard(state)) return [{ ...silent, answer: withVoice(state) }, []];
  const cut = voice !== null && voice.kind === "answer" ? heardPart(voice, event.at) : { heard: "", heard_ms: 0 };
  const phrase = (voice && voice.part) || answer.part + 1;
  const rest = { ...silent, answer: null, notes: noted(state, join(answer.spoken, cut.heard)) };
  return [rest, tell(state, { type: "phrase_interrupted", turn, phrase, ...cut })];
}

function withAnswer(state, more) {
  return { ...state, answer: { ...state.answer, ...more } };
}

// The phrase that was about to be spoken goes back to the front.
function withVoice(state) {
  const { voice, answer } = state;
  if (answer === null || voice === null || voice.kind !== "answer") return answer;
  return { ...answer, part: answer.part - 1, queue: [{ text: voice.text, at: voice.at }, ...answer.queue] };
}

// By playback time, to the last whole word.
function heardPart(voice, at) {
  if (!voice.started) return { heard: "", heard_ms: 0 };
  const heard_ms = Math.max(0, Math.min(voice.duration, voice.duration - (voice.endsAt - (voice.pausedAt || at))));
  const end = Math.floor((heard_ms / voice.duration) * voice.text.length);
  if (end >= voice.text.length) return { heard: voice.text, heard_ms };
  const whole = voice.text[end] === " " ? end : voice.text.lastIndexOf(" ", end);
  return { heard: voice.text.slice(0, Math.max(0, whole)), heard_ms: Math.round(heard_ms) };
}

// They said nothing after all: the answer they broke in upon is spoken, or waited for as before.
function backToAnswer(state, event, before = []) {
  const { answer } = state;
  const open = { ...state, overtaken: false, words: "", name: "thinking" };
  if (answer === null || (answer.sorry && state.apologies > state.profile.limits.apologies)) return apologise(open, event, before);
  const back = refilled(open, event);
  const lost = answer.failed && !answer.done && !answer.queue.length;
  const [next, actions] = lost ? retry(withAnswer(back, { failed: null }), { ...answer.failed, at: event.at }) : carryOn(back, event);
  return [next, [...before, ...actions]];
}

// Asking ---

function ask(state, event, before) {
  const { limits } = state.profile;
  const turn = state.turn + 1;
  const way = state.streaming ? "stream" : "http";
  const whole = event.text ? take(state, { ...event, sure: true }) : state;
  const parts = whole.taken.filter((each) => isCarried(whole, each));
  const words = carried(whole);
  const text = clip(words, ASKED_CHARS);
  const { confidence } = parts[parts.length - 1];
  const asr_ms = state.stoppedAt && !state.voiced ? event.at - state.stoppedAt : null;
  const ms = limits.turn_ms - Math.min(limits.playback_grace_ms, waitedMs(state, event));
  const question = {
    do: "ask", turn, text, confidence, start: !state.confirmed, ms, way, have: 0, asr_ms,
    closed: parts.every((each) => each.sure) ? "final" : "stable", cut: state.deaf || text !== words,
  };
  const answer = {
    way, accepted: false, queue: [], received: "", count: 0, done: false, short: false, action: "", sorry: false, spoken: "", part: 0, filled: false, failed: null,
    stoppedAt: asr_ms === null ? 0 : state.stoppedAt, asr_ms, times: null, ms,
  };
  const asked = {
    ...withOverheard(whole, askedWith(whole, event)), name: "thinking", turn, question, answer, notes: notedUnheard(state), attempt: 0, lastText: event.text || state.lastText,
    askedAt: event.at, fillAt: event.at + fillerMs(state, event), heardAt: 0, quietAt: event.at, reprompts: 0, repeated: false,
    words: "", patience: 0, overtaken: false, interrupted: false, nod: null, pending: null, passed: "",
  };
  return [asked, [...before, ...(hearsAll(state) ? [] : [{ do: "deafen" }]), question, answerWait(asked, event)]];
}

// Who waited for us to be sure, or was silent for longer than a result takes, waited for the filler.
function fillerMs(state, event) {
  const { voiced, stoppedAt, saidAt, wordsAt, begunAt, profile: { limits: { filler_ms, result_ms } } } = state;
  const silent = voiced ? 0 : event.at - Math.max(stoppedAt, saidAt, wordsAt, begunAt);
  const waited = Math.max(waitedMs(state, event), silent - result_ms);
  return Math.min(filler_ms, Math.max(waited < result_ms ? FILL_MS : 0, filler_ms - waited));
}

// For how long they have been waiting already since all was said.
function waitedMs(state, event) {
  return state.heardAt ? Math.max(0, event.at - Math.max(state.heardAt, state.stoppedAt)) : 0;
}

function timeLeft(state, event) {
  return state.answer.ms - (event.at - state.askedAt);
}

function isUnaccepted(state) {
  return state.answer !== null && state.answer.way === "stream" && !state.answer.accepted;
}

function isMute(state) {
  return state.answer.way === "stream" && state.answer.filled && !state.answer.count;
}

function answerWait(state, event) {
  const past = event.at - state.askedAt;
  const dues = [state.answer.filled ? timeLeft(state, event) : state.fillAt - event.at];
  if (isUnaccepted(state)) dues.push(ACCEPT_MS - past);
  else if (isMute(state)) dues.push(MUTE_MS - past);
  return wait(Math.min(...dues));
}

function overdue(state, event) {
  const { filled } = state.answer;
  if (isUnaccepted(state) && (filled || event.at - state.askedAt >= ACCEPT_MS)) return failOver(state, event);
  if (!filled && timeLeft(state, event) > 0) return fill(state, event);
  if (isMute(state) && timeLeft(state, event) > 0) return failOver(state, event);
  return apologise(fallenSilent(state, event.at), event, [HUSH]);
}

function fill(state, event, before = [], text = state.profile.texts.filler) {
  const { limits } = state.profile;
  const phrase = state.phrase + 1;
  const voice = {
    phrase, kind: "filler", next: "", text, part: 0, at: 0, orderedAt: event.at, started: false, duration: 0, endsAt: event.at + limits.playback_start_ms,
    giveUpAt: 0, pausedAt: 0, pauses: 0,
  };
  const filling = withAnswer({ ...state, phrase, voice }, { filled: true });
  return [filling, [...before, { do: "say", phrase, text }, answerWait(filling, event)]];
}

// A second attempt under the same number, if there is time for it; then an apology.
function retry(state, event) {
  const ms = timeLeft(state, event) - event.retryMs;
  if (!event.retry || state.attempt > 0 || ms < RETRY_MS) return apologise(state, event);
  const question = { ...state.question, start: state.question.start || event.unknown, ms, delay: event.retryMs };
  const again = { ...state, attempt: 1, question };
  return [again, [question, answerWait(again, event)]];
}

// The stream has failed this turn: the same turn is asked over HTTP, once.
function failOver(state, event) {
  const { answer } = state;
  if (answer === null || answer.done || answer.way !== "stream") return [state, []];
  const ms = Math.max(RETRY_MS, timeLeft(state, event));
  const question = { ...state.question, way: "http", have: answer.count, ms };
  const asked = withAnswer({ ...state, attempt: 1, question }, { way: "http" });
  if (state.name === "awaiting") return [asked, [question, wait(STALL_HTTP_MS)]];
  return [asked, state.name === "thinking" ? [question, answerWait(asked, event)] : [question]];
}

function loseStream(state, event) {
  const lost = { ...state, streaming: false };
  return isAfterCall(state) ? [lost, []] : failOver(lost, event);
}

function accepted(state, event) {
  const known = withAnswer(state, { accepted: true });
  return [known, [answerWait(known, event)]];
}

function collect(state, event) {
  const { answer } = state;
  if (answer === null || answer.done || event.part !== answer.count + 1) return [state, []];
  const queue = [...answer.queue, { text: event.text, at: event.at }];
  const grown = { ...answer, accepted: true, queue, count: event.part, received: join(answer.received, event.text) };
  return carryOn({ ...state, confirmed: true, answer: grown }, event);
}

// The whole answer, by either way: what has not come yet is what follows the phrases that have.
function complete(state, event) {
  const { answer } = state;
  const known = { ...state, confirmed: true, notes: answer ? [] : state.notes, patience: event.patience || 0 };
  if (answer === null || answer.done) return [known, []];
  const rest = event.parts === answer.count ? "" : remainder(event.text, answer.received);
  const queue = rest ? [...answer.queue, { text: rest, at: event.at }] : answer.queue;
  const sorry = event.outcome === "apologised";
  const whole = withAnswer(known, { queue, done: true, action: event.action, sorry });
  if (sorry) return regret(whole, event);
  return carryOn({ ...whole, reason: event.action === "hangup" ? "assistant_hung_up" : "" }, event);
}

function carryOn(state, event) {
  const { answer, name } = state;
  if (name === "thinking" && !answer.queue.length) return answer.done ? apologise(state, event) : [state, [answerWait(state, event)]];
  if (name === "thinking") return state.voice ? hold(state, event, null) : speakNext(state);
  if (name === "awaiting" && (answer.queue.length || answer.done)) return goOn(state, event);
  return [state, name === "speaking" && answer.queue.length === 1 ? prepare(state) : []];
}

// The backend apologises itself: that counts as ours does.
function regret(state, event) {
  const { limits } = state.profile;
  const unheard = isUnheard(state);
  if (!unheard) return carryOn({ ...state, apologies: state.apologies + 1 }, event); // its first words are heard already
  const next = event.action === "hangup" ? "leave" : afterTurn(state);
  const what = { kind: "apology", text: event.text, next };
  if (state.name === "thinking") return apologise(state, event, [], what);
  if (state.overtaken || state.apologies < limits.apologies) return carryOn({ ...state, apologies: state.apologies + 1 }, event);
  return apologise({ ...state, voice: null }, event, [HUSH], what);
}

// What went out is being made anew.
function clear(state, event) {
  const { answer } = state;
  if (answer === null || answer.done) return [state, []];
  if (!isUnheard(state)) return stopShort(withAnswer(state, { queue: [] }));
  const anew = withAnswer(state, { queue: [], count: 0, received: "", part: 0 });
  if (!["speaking", "holding"].includes(state.name)) return [anew, []];
  const voice = state.name === "holding" ? state.voice : null;
  const thinking = { ...anew, name: "thinking", voice };
  return [thinking, [...(voice ? [] : [HUSH]), answerWait(thinking, event)]];
}

// The backend wants to hang up: after what is being said.
function dismiss(state) {
  const gone = { ...state, reason: state.reason || "assistant_hung_up" };
  if (isAfterCall(state) || isLeaving(state) || !state.connectedAt) return [state, []];
  if (state.answer !== null) return [withAnswer(gone, { action: "hangup", dismissed: true, done: true }), []];
  if (state.voice !== null) return [{ ...gone, voice: { ...state.voice, next: "leave" } }, []];
  return hangUp(gone, [{ do: "deafen" }]);
}

// No more of the answer will come; what was said stays.
function stopShort(state) {
  const { answer } = state;
  return [answer === null || answer.done ? state : withAnswer(state, { done: true, short: true, action: "listen" }), []];
}

function endShort(state, event) {
  const [short] = stopShort(state);
  return state.answer.part ? goOn(short, event) : apologise(short, event);
}

// From the last sound on. Who has said yes to what they heard does not wait for the rest for long.
function restWait({ nod, quietAt, stoppedAt, profile: { limits: { stall_ms } } }, event) {
  return wait((nod ? Math.min(NOD_MS, stall_ms) : stall_ms) - (event.at - Math.max(quietAt, stoppedAt)));
}

function stall(state, event) {
  return state.answer.way === "stream" && !state.answer.done && !state.nod ? failOver(state, event) : endShort(state, event);
}

function apologise(state, event, before = [], given = null) {
  const { limits, texts } = state.profile;
  const sorry = { ...state, answer: null, notes: given ? state.notes : notedUnheard(state) };
  if (state.apologies >= limits.apologies) {
    // Only where the backend is there: it alone knows whom to call.
    if ((given || state.streaming) && canTransfer(state)) return transfer(state, event, "apologies", before);
    const bye = { kind: "goodbye", text: texts.bye_failure, next: "leave" };
    return hold({ ...sorry, reason: "backend_down" }, event, bye, before);
  }
  const what = given || { kind: "apology", text: texts.apology, next: afterTurn(state) };
  const reason = what.next === "leave" ? "assistant_hung_up" : state.reason;
  return hold({ ...sorry, apologies: state.apologies + 1, reason }, event, what, before);
}

function afterTurn(state) {
  return state.turn >= state.profile.limits.turns ? "finish" : "listen";
}

// Speaks now, or as soon as the filler has ended: never two voices at once, never half a filler, nor one without end.
function hold(state, event, what, before = []) {
  if (state.voice === null) return speak(state, what, before);
  const grace = state.voice.started ? state.profile.limits.playback_grace_ms : 0;
  const deadline = wait(state.voice.endsAt + grace - event.at);
  return [{ ...state, name: "holding", pending: what }, [...before, deadline]];
}

function speakHeld(state, event, before = []) {
  const silent = fallenSilent(state, event.at);
  if (state.pending !== null) return speak(silent, state.pending, before);
  if (state.answer.queue.length) return speakNext(silent, before);
  return goOn(silent, event, before);
}

// What the backend did not learn of this turn by the stream. `heard` null: all of it was.
function noted(state, heard) {
  const { answer, turn, notes, streaming } = state;
  if (answer.times === null || (streaming && answer.way === "stream")) return notes;
  return [...notes, { turn, heard, asr_ms: answer.asr_ms, ...answer.times }].slice(-NOTES);
}

// Asked by HTTP, and nothing of it was audible: the answer was dropped, or is on its way still.
function notedUnheard(state) {
  const { answer, turn, notes } = state;
  if (answer === null || answer.way !== "http" || answer.times !== null) return notes;
  return [...notes, { turn, heard: "", asr_ms: answer.asr_ms }].slice(-NOTES);
}

// Transfer: a person takes the call over ---
//
// { number, why, until, called, queued, joinedAt, brief }; `until` is its step's end. No number is known here before the backend
// answers for this very transfer. `calling`: the backend is asked, then a telephone rings or a queue moves; the caller hears
// so. `briefing`: who picked up is told of the call. `joined`: the two talk.
// Whoever goes, both legs end; where nobody took the call, the caller is back with the assistant.

const FAILURES = {
  busy: "transfer_busy", no_answer: "transfer_silent", declined: "transfer_declined", closed: "transfer_closed",
  queue_full: "transfer_busy", no_operators: "transfer_silent",
};

// A caller is there, and is not being said goodbye to.
function isTalking(state) {
  return state.connectedAt > 0 && !["meeting", "judging", "beeping"].includes(state.name) && !isAfterCall(state) && !isLeaving(state) && state.transfer === null;
}

function canTransfer(state) {
  return state.profile.operators && isTalking(state) && !state.turnedAway && state.transfers.length < TRANSFERS;
}

// Who was told so in an answer hears the tone at once.
function transfer(state, event, why, before = []) {
  const [silent, told] = withoutAnswer(state, event);
  const number = state.transfers.length + 1;
  const begun = {
    ...withUnasked(silent), voice: null, pending: null, fresh: state.fresh && !state.captured, passed: "", patience: 0, nod: null, overtaken: false, interrupted: false,
    repeated: false, transfer: { number, why, until: event.at + ARRANGE_MS, called: 0, joinedAt: 0, brief: "" },
  };
  const arrange = { do: "arrange", transfer: number, why, turn: state.turn, start: !state.confirmed };
  const actions = [...before, HUSH, { do: "deafen" }, ...told, arrange];
  if (why === "asked") return ringOn({ ...begun, name: "calling" }, event, actions);
  const what = { kind: "transfer", text: state.profile.texts.transfer, next: "", orderedAt: event.at };
  const [speaking, saying] = speak(begun, what, actions);
  const calling = { ...speaking, name: "calling" };
  return [calling, [...saying.filter((each) => each.do !== "wait"), transferWait(calling, event)]];
}

function transferWait(state, event) {
  const { voice, transfer: { until } } = state;
  return wait((voice === null ? until : Math.min(until, voiceDue(state))) - event.at);
}

function voiceDue(state) {
  const { voice, profile: { limits } } = state;
  return voice.started ? voice.giveUpAt : voice.orderedAt + limits.playback_start_ms;
}

function followAnnouncement(state, event) {
  const heard = { ...state, voice: started(state, event) };
  return [heard, [transferWait(heard, event)]];
}

// The announcement is over, or was not heard: the tone is.
function ringOn(state, event, before = []) {
  const silent = fallenSilent(state, event.at);
  return [silent, [...before, { do: "ring" }, transferWait(silent, event)]];
}

function arranged(state, event) {
  if (event.refused) return failTransfer(state, event, event.refused);
  const { to, brief, at } = event;
  const queued = to.kind === "queue";
  const until = at + (queued ? to.wait_ms : state.profile.limits.ring_ms);
  const ringing = { ...state, confirmed: true, transfer: { ...state.transfer, called: at, queued, brief, until } };
  return [ringing, [...(queued ? [{ do: "unlimitCall" }] : []), { do: "dial", transfer: event.transfer, to }, transferWait(ringing, event)]];
}

function waitOn(state, event) {
  const { transfer: { until }, voice, name } = state;
  if (event.at >= until) return name === "briefing" ? bridge(state, event) : failTransfer(state, event, state.transfer.called ? "no_answer" : "unreachable");
  if (voice !== null && event.at >= voiceDue(state)) return ringOn(state, event, [HUSH]);
  return [state, [transferWait(state, event)]];
}

function pickUp(state, event) {
  const { number, brief } = state.transfer;
  if (!brief) return bridge(state, event);
  const told = { ...state, name: "briefing", transfer: { ...state.transfer, until: event.at + state.profile.limits.playback_start_ms } };
  return [told, [{ do: "brief", transfer: number, text: brief }, transferWait(told, event)]];
}

function followBrief(state, event) {
  const ms = Math.min(BRIEF_MS, event.duration + state.profile.limits.playback_grace_ms);
  const told = { ...state, transfer: { ...state.transfer, until: event.at + ms } };
  return [told, [transferWait(told, event)]];
}

function bridge(state, event) {
  const { talk_ms } = state.profile.limits;
  const joined = { ...fallenSilent(state, event.at), name: "joined", reason: "transferred", transfer: { ...state.transfer, joinedAt: event.at } };
  const apart = [HUSH, { do: "unring" }, { do: "deafen" }, { do: "stopEars" }, { do: "unlimitCall" }];
  return [joined, [...apart, { do: "join", transfer: state.transfer.number }, wait(talk_ms)]];
}

// It is over, whatever comes next.
function withTransfer(state, event, outcome) {
  const { number, joinedAt } = state.transfer;
  const done = { transfer: number, outcome, talk_ms: joinedAt ? event.at - joinedAt : 0 };
  return { ...state, transfer: null, transfers: [...state.transfers, done] };
}

function dropTransfer(state, event) {
  if (state.transfer === null) return [state, []];
  return [withTransfer(state, event, state.transfer.joinedAt ? "talked" : "caller_left"), [{ do: "unring" }, { do: "dropLeg" }]];
}

// Nobody took the call: the caller hears why, and is asked what to do.
function failTransfer(state, event, outcome) {
  const { profile: { texts, limits }, transfer: { called, queued, joinedAt } } = state;
  const waited = state.waited + (queued ? event.at - called : 0);
  const alone = { ...withTransfer(state, event, outcome), reason: "", reprompts: 0, waited };
  const back = joinedAt || queued ? [{ do: "limitCall", ms: Math.max(1, limits.call_ms + waited - (event.at - state.connectedAt)) }] : [];
  const told = { do: "tellTransfer", ...alone.transfers[alone.transfers.length - 1] };
  const before = [HUSH, { do: "unring" }, { do: "dropLeg" }, ...back, told];
  if (outcome === "unreachable" && state.transfer.why === "apologies") return leave(alone, "backend_down", texts.bye_failure, before);
  return speak(alone, { kind: "prompt", text: texts[FAILURES[outcome] || "transfer_failed"], next: afterTurn(state) }, before);
}

// Who took the call has hung up, or it is ended from our side.
function endTransfer(state, event) {
  const [alone, dropped] = dropTransfer(state, event);
  return hangUp({ ...alone, reason: state.reason || "assistant_hung_up" }, [HUSH, ...dropped]);
}

// Calling out: nobody called ---
//
// `ordered`: the backend is asked for whom the session's token stands; only its answer has a number. `dialling`: their
// telephone rings. `judging`: the platform's detector hears who picked up; in doubt it is a person. `beeping`: a machine,
// and the signal after which it takes a message. What came of it is told once, as soon as it is known (`settleDial`).

function beginOrder(state) {
  return [{ ...state, attempt: 1 }, [{ do: "fetchProfile" }, wait(REPORT_MS + ORDER_MS)]];
}

function orderAgain(state, event) {
  if (state.attempt >= ORDERS) return unreached(state, event, "failed");
  return [{ ...state, attempt: state.attempt + 1 }, [{ do: "fetchProfile" }, wait(REPORT_MS + ORDER_MS)]];
}

function orderCall(state, event) {
  if (!event.confirmed) return [state, [wait(ORDER_MS)]];
  const known = takeProfile(state, event);
  const { dial, barred, retry } = event;
  // It may not be called, or an older backend knows of no such calls.
  if (!dial) return finishDial(known, barred || "failed", retry);
  return [{ ...known, name: "dialling", attempt: 0, dial }, [{ do: "callOut", ...dial }, wait(dial.ring_ms)]];
}

// Nothing was begun here, so there is nothing to report.
function finishDial(state, outcome, retry) {
  const [known, told] = settleDial(state, outcome, retry);
  const [over, end] = finish({ ...known, reported: true });
  return [over, [...told, ...end]];
}

function settleDial(state, outcome, retry = null) {
  return state.dialled ? [state, []] : [{ ...state, dialled: outcome }, [{ do: "tellTask", outcome, retry }]];
}

function missed(outcome) {
  return (state, event) => unreached(state, event, outcome);
}

function unreached(state, event, outcome) {
  const [known, told] = settleDial(state, outcome);
  return close(known, event, known.connectedAt ? "caller_hung_up" : "not_connected", [...told, { do: "hangup" }]);
}

function pickedUp(state, event) {
  const up = { ...state, name: "judging", connectedAt: event.at, quietAt: event.at };
  const { detect_ms } = state.dial;
  if (!detect_ms || up.machine === false) return meetPerson(up, event);
  return up.machine ? meetMachine(up, event) : [up, [wait(detect_ms + JUDGE_MS)]];
}

function meetPerson(state, event) {
  const [known, told] = settleDial({ ...state, quietAt: event.at }, "answered");
  return greet(known, [...told, ...streams(known, event)]);
}

function meetMachine(state, event) {
  if (state.dial.message) return [{ ...state, name: "beeping" }, [{ do: "awaitBeep" }, wait(BEEP_MS)]];
  const [known, told] = settleDial(state, "machine");
  return hangUp({ ...known, reason: "assistant_hung_up", quietAt: event.at }, told);
}

function leaveMessage(state) {
  const [known, told] = settleDial(state, "message");
  return speak({ ...known, reason: "assistant_hung_up" }, { kind: "message", text: state.dial.message, next: "leave" }, told);
}

// Ending ---

function leave(state, reason, text, before = []) {
  return speak({ ...state, reason: state.reason || reason }, { kind: "goodbye", text, next: "leave" }, before);
}

function hangUp(state, before) {
  return [{ ...state, name: "hanging" }, [...before, { do: "hangup" }, wait(state.profile.limits.goodbye_ms)]];
}

function close(state, event, reason, before = []) {
  const [alone, dropped] = dropTransfer(state, event);
  const [silent, told] = withoutAnswer(alone, event);
  const closed = { ...withUnasked(silent), name: "closing", reason, voice: null, endedAt: event.at };
  const end = [HUSH, ...dropped, { do: "deafen" }, { do: "unlimitCall" }, { do: "release", reason }, wait(LATE_MS)];
  return [closed, [...before, ...told, ...end]];
}

// Nothing more of the answer is heard.
function withoutAnswer(state, event) {
  return isUnheard(state) ? [{ ...state, answer: null, notes: notedUnheard(state) }, []] : cutShort(state, event);
}

// What was being said when the call ended, and never became a turn, is reported.
function withUnasked(state) {
  const { words, keys, lastText, taken, turn } = state;
  const asked = taken.filter((each) => each.turn <= turn && each.turn !== OVERHEARD);
  const reported = withLate(withOverheard(state, asked), join(said(state, turn + 1), join(words, keys)));
  return { ...reported, words: "", keys: "", lastText: words || lastText };
}

function withLate(state, text) {
  const left = LATE_CHARS - state.late.join("").length;
  const full = !text || left <= 0 || state.late.length >= LATE_TEXTS;
  return full ? state : { ...state, late: [...state.late, clip(text, left)] };
}

function report(state) {
  return [{ ...state, name: "reporting" }, [{ do: "stopEars" }, summary(state), wait(REPORT_MS)]];
}

function summary(state, ms = REPORT_MS) {
  const duration_ms = state.connectedAt ? Math.max(0, state.endedAt - state.connectedAt) : 0;
  const dialled = state.dial && !state.dialled ? "failed" : state.dialled;
  return { do: "report", ms, reason: state.reason, duration_ms, turns: state.turn, late: state.late, notes: state.notes, transfers: state.transfers, dialled, start: !state.confirmed };
}

function file(state, event) {
  if (!state.records) return finish(state);
  const filing = { ...state, name: "filing" };
  const deadline = wait(state.endedAt + RECORDING_MS - event.at);
  return state.recorded ? fileRecording(filing, state.recordingUrl) : [filing, [deadline]];
}

function fileRecording(state, url) {
  return [{ ...state, recorded: true }, [{ do: "fileRecording", url }, wait(LAST_MS)]];
}

function finish(state) {
  return [{ ...state, name: "over" }, [{ do: "terminate" }]];
}

// Words ---

const MURMURS = "угу ага да так ну ясно понятно хорошо ладно ок окей мм ммм хм м э эм а понял поняла точно слушаю".split(" ");
const HESITATIONS = "э эм м мм ммм хм".split(" ");
const FAREWELLS = "спасибо благодарю до свидания свиданья встречи пока всего доброго хорошего вам и тоже взаимно дня вечера удачи большое".split(" ");

function join(before, after) {
  return before && after ? before + " " + after : before || after;
}

function wordsOf(text) {
  return (text.toLowerCase().replace(/ё/g, "е").match(/[0-9a-zа-я]+/g) || []).slice(0, 80);
}

// Agreement that wants no answer: «угу», «да-да».
function isMurmur(text) {
  const words = wordsOf(text);
  return words.length <= 3 && words.every((each) => MURMURS.includes(each));
}

function isDigits(text) {
  return /^[0-9]+$/.test(text);
}

// No words yet: «э-э».
function isHesitation(text) {
  return wordsOf(text).every((each) => HESITATIONS.includes(each));
}

function isFarewell(text) {
  return wordsOf(text).every((each) => FAREWELLS.includes(each) || MURMURS.includes(each));
}

// Our own words, come back: nearly all of them, side by side, as we said them.
function isEcho(text, ours) {
  const words = wordsOf(text);
  const source = wordsOf(ours);
  const enough = words.length < 4 ? words.length : Math.ceil(words.length * 0.75);
  return words.length > 0 && source.some((_, from) => words.filter((each, i) => source[from + i] === each).length >= enough);
}

// How many words of the shorter text (`Math.max`: of the longer one) the other has too, in the same order: 0..1.
function likeness(one, other, of = Math.min) {
  return shared(one, other) / Math.max(1, of(wordsOf(one).length, wordsOf(other).length));
}

function shared(one, other) {
  const [a, b] = [wordsOf(one), wordsOf(other)];
  let row = b.map(() => 0);
  a.forEach((word) => {
    const next = [];
    b.forEach((each, i) => next.push(each === word ? (row[i - 1] || 0) + 1 : Math.max(row[i], next[i - 1] || 0)));
    row = next;
  });
  return row[b.length - 1] || 0;
}

// What follows the part that has come; nothing where the two disagree: nothing is said twice.
function remainder(text, received) {
  if (!received) return text;
  return text.startsWith(received) ? text.slice(received.length).trim() : "";
}

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


// --- Act: one short function for each action. `line` is the call: state, players, recogniser, detector, stream.

const ACT = {
  fetchProfile(line) {
    void post(line, "/call/start", line.start, REPORT_MS).then((result) => dispatch(line, () => readProfile(line, result)));
  },
  answer(line) {
    line.call.answer();
    watchLine(line);
  },
  callOut: dialOut,
  awaitBeep(line) {
    quietly(() => line.call.enableBeepDetection({ timeout: BEEP_MS }));
  },
  tellTask(line, action) {
    tellTask(line, action.outcome, action.retry);
  },
  wait(line, action) {
    clearTimeout(line.deadline);
    line.due = line.now + action.ms;
    line.deadline = later(line, () => ({ type: "expired" }), action.ms);
  },
  limitCall(line, action) {
    line.limit = later(line, () => ({ type: "timeUp" }), action.ms);
  },
  unlimitCall(line) {
    clearTimeout(line.limit);
  },
  say(line, action) {
    const text = sayable(line, action.text);
    if (line.state.profile.realtime_voice && !line.live.broken) sayLive(line, action.phrase, text);
    else play(line, action.phrase, () => takePrepared(line, text) || preparePlayer(line, text, false));
  },
  prepare(line, action) {
    const text = sayable(line, action.text);
    if (line.state.profile.realtime_voice && !line.live.broken) return line.live.ahead === text ? null : sendLive(line, text);
    if (line.prepared && line.prepared.text === text && !line.prepared.failed) return;
    dropPrepared(line);
    try {
      line.prepared = preparePlayer(line, text, true);
    } catch (error) {
      Logger.write("[HALO] not prepared: " + error); // it is made when its turn comes
    }
  },
  play(line, action) {
    play(line, action.phrase, () => watchPlayer(line, "", VoxEngine.createURLPlayer({ url: action.url })));
  },
  hush(line) {
    stopPlayer(line);
    dropPrepared(line);
    clearLive(line);
  },
  pause(line) {
    line.live.paused = !line.player;
    quietly(() => sounding(line).pause());
  },
  resume(line) {
    line.live.paused = false;
    quietly(() => sounding(line).resume());
  },
  listen(line) {
    try {
      if (!line.asr) line.asr = createEars(line);
      if (!line.fed) line.call.sendMediaTo(line.asr);
      line.fed = true;
      if (line.state.profile.barge_in.mode === "vad" && !line.detecting) createDetector(line);
    } catch (error) {
      occur(line, { type: "asrFailed", error });
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
  ask(line, action) {
    if (action.way === "stream") return askStream(line, action);
    const again = () => {
      const { turn, answer } = line.state;
      return turn === action.turn && answer && !answer.done ? sendTurn(line, action) : null;
    };
    if (action.delay) later(line, again, action.delay);
    else sendTurn(line, action);
  },
  openStream,
  tell(line, action) {
    sendUp(line.stream.link, action.message);
  },
  // What costs money or memory, at the end of the call. The recogniser still has a result to bring.
  release(line, action) {
    if (line.state.streaming) sendUp(line.stream.link, { type: "ended", reason: action.reason });
    release(line);
  },
  arrange(line, action) {
    const { transfer, why, turn } = action;
    const body = { call_id: line.id, transfer, why, turn };
    const sent = post(line, "/call/transfer", body, ARRANGE_MS, action.start);
    void sent.then((result) => dispatch(line, () => readDestination(transfer, result)));
  },
  dial,
  ring(line) {
    ring(line, line.state.profile.audio.hold);
  },
  unring,
  brief(line, action) {
    brief(line, action.transfer, sayable(line, action.text));
  },
  join(line, action) {
    try {
      if (line.vad) quietly(() => line.vad.close());
      line.vad = null;
      VoxEngine.sendMediaBetween(line.call, line.leg);
    } catch (error) {
      Logger.write("[HALO] not joined: " + error);
      dispatch(line, () => ({ type: "legEnded", transfer: action.transfer, outcome: "failed" }));
    }
  },
  dropLeg,
  tellTransfer(line, action) {
    const { transfer, outcome, talk_ms } = action;
    void post(line, "/call/transferred", { call_id: line.id, transfer, outcome, talk_ms }, REPORT_MS);
  },
  record(line) {
    line.call.record({ stereo: line.state.profile.recording.stereo });
  },
  hangup(line) {
    quietly(() => line.call.hangup());
  },
  report(line, action) {
    const { reason, duration_ms, turns, late, notes, transfers, dialled } = action;
    const more = { ...(notes.length ? { notes } : {}), ...(transfers.length ? { transfers } : {}), ...(dialled ? { dialled } : {}) };
    const body = { call_id: line.id, reason, duration_ms, turns, late, ...more };
    const sent = post(line, "/call/end", body, action.ms, action.start);
    void sent.then((result) => dispatch(line, () => ({ type: "reported", ok: parse(result.text).call_id === line.id })));
  },
  fileRecording(line, action) {
    const sent = post(line, "/process_audio", { call_id: line.id, url: action.url }, LAST_MS);
    void sent.then(() => occur(line, { type: "filed" }));
  },
  terminate(line) {
    clearTimeout(line.deadline);
    tellTask(line, "failed");
    release(line);
    VoxEngine.terminate();
  },
};

// Voice ---

// A player for each phrase, whose number its events carry: an old one cannot pass for it.
function play(line, phrase, make) {
  stopPlayer(line);
  try {
    const made = make();
    made.phrase = phrase;
    line.player = made;
    made.player.sendMediaTo(line.call);
    if (made.held) made.player.resume();
  } catch (error) {
    occur(line, { type: "phraseEnded", phrase, failed: true, error });
  }
}

// With `held` it makes its sound, and waits.
function preparePlayer(line, text, held) {
  const { voice: name, progressive } = line.state.profile;
  const voice = lookup(VoiceList, name) || lookup(VoiceList, DEFAULTS.voice);
  const wish = { voice, progressivePlayback: progressive };
  const made = watchPlayer(line, text, VoxEngine.createTTSPlayer(text, held ? { ...wish, onPause: true } : wish));
  made.held = held;
  return made;
}

function watchPlayer(line, text, player) {
  const made = { text, player, phrase: 0, held: false, failed: false };
  on(line, player, PlayerEvents.Started, (e) => ({ type: "phraseStarted", phrase: made.phrase, duration: inMilliseconds(e.duration, text.length) }));
  on(line, player, PlayerEvents.PlaybackFinished, (e) => ended(line, made, Boolean(e.error)));
  on(line, player, PlayerEvents.Error, () => ended(line, made, true));
  return made;
}

function ended(line, made, failed) {
  if (line.player === made) line.player = null;
  made.failed = failed;
  quietly(() => made.player.stop()); // ten players are all that a session may have
  return { type: "phraseEnded", phrase: made.phrase, failed };
}

function takePrepared(line, text) {
  const made = line.prepared;
  if (!made || made.failed || made.text !== text) return dropPrepared(line);
  line.prepared = null;
  return made;
}

function dropPrepared(line) {
  const made = line.prepared;
  line.prepared = null;
  if (made && !made.failed) quietly(() => made.player.stop());
  return null;
}

function stopPlayer(line) {
  const made = line.player;
  line.player = null;
  if (made) quietly(() => made.player.stop());
}

function sounding(line) {
  return line.player ? line.player.player : line.live.player;
}

// One realtime player for all phrases (VoxTTS). It does not say which phrase an event is about: the order does.
function sayLive(line, phrase, text) {
  const { live } = line;
  if (live.ousted && live.player) live.player.sendMediaTo(line.call); // a tone took its place
  live.ousted = false;
  Object.assign(live, { phrase, started: false, chars: text.length });
  unpauseLive(live);
  if (live.ahead === text) live.ahead = "";
  else {
    if (live.ahead) clearLive(line);
    live.phrase = phrase;
    sendLive(line, text);
    live.ahead = "";
  }
}

function sendLive(line, text) {
  const { live } = line;
  try {
    if (!live.player) live.player = createLive(line, live);
    live.player.send({ send_text: { text, flush_context: {} } });
    live.ahead = text;
  } catch (error) {
    Logger.write("[HALO] realtime voice: " + error);
    dispatch(line, () => breakLive(line));
  }
}

function createLive(line, live) {
  require(Modules.VoxTTS);
  const known = ["Anna", "Sergey"].includes(line.state.profile.realtime_voice);
  // The values of VoxTTS.ModelList and VoxTTS.VoiceList.
  const create = /** @type {any} */ ({ modelId: "voxtts", voiceId: known ? line.state.profile.realtime_voice : "Anna" });
  const player = VoxTTS.createRealtimeTTSPlayer({ createContextParameters: { create } });
  on(line, player, PlayerEvents.Started, (e) => {
    if (live.started && live.ahead) dispatch(line, () => overtakeLive(line));
    dispatch(line, () => {
      const duration = inMilliseconds(e.duration, live.chars);
      const endsAt = timeOf(line) + duration;
      // Of two, one is of a phrase that was dropped, told late: the longer text sounds for longer.
      if (live.started && endsAt > live.endsAt === (live.unstarted && live.dropped > live.chars)) return null;
      Object.assign(live, { started: true, endsAt });
      return { type: "phraseStarted", phrase: live.phrase, duration };
    });
    return null;
  });
  on(line, player, PlayerEvents.AudioChunksPlaybackFinished, (e) => {
    return e["final"] !== false && live.started && !live.paused && !isOfDropped(line) ? endLive(line) : null;
  });
  on(line, player, PlayerEvents.Error, () => breakLive(line));
  player.sendMediaTo(line.call);
  return player;
}

// The phrase that was sent ahead sounds: the one before has ended, which may be told yet. Unless that one is not over,
// and the start of a phrase that was dropped was never told.
function overtakeLive(line) {
  const { live } = line;
  if (live.unstarted && timeOf(line) < live.endsAt - CLEARED_MS) return null;
  live.owes += 1;
  return { type: "phraseEnded", phrase: live.phrase, failed: false };
}

// The end of a phrase that was dropped may be told late: long before this one can be over.
function isOfDropped(line) {
  const { live } = line;
  const now = timeOf(line);
  const late = (live.owes > 0 && now < live.endsAt - CLEARED_MS) || now - live.clearedAt < CLEARED_MS;
  if (late) live.owes = Math.max(0, live.owes - 1);
  return late;
}

// While the end of a dropped phrase is owed, this may be it: this one is given its length.
function endLive(line) {
  const { live } = line;
  const ended = { type: "phraseEnded", phrase: live.phrase, failed: false };
  const early = live.owes ? live.endsAt - timeOf(line) : 0;
  if (early <= 0) return ended;
  later(line, () => ended, early);
  return null;
}

// From now on the profile's other voice speaks.
function breakLive(line) {
  const { live } = line;
  if (live.broken) return null;
  live.broken = true;
  if (live.player) quietly(() => live.player.stop());
  return { type: "phraseEnded", phrase: live.phrase, failed: true };
}

function clearLive(line) {
  const { live } = line;
  if (!live.player || live.broken) return;
  if (live.started || live.ahead || live.phrase) Object.assign(live, { clearedAt: timeOf(line), owes: live.owes + (live.phrase ? 1 : 0), unstarted: live.phrase > 0 && !(live.started && !live.ahead), dropped: live.ahead.length || live.chars });
  live.phrase = 0;
  live.ahead = "";
  quietly(() => live.player.clearBuffer());
  unpauseLive(live);
}

// Else the next phrase waits for ever.
function unpauseLive(live) {
  if (live.paused) quietly(() => live.player.resume());
  live.paused = false;
}

// For what may have ended already on the platform's side.
function quietly(end) {
  try {
    end();
  } catch (error) {
    Logger.write("[HALO] ended already: " + error);
  }
}

// Ears ---

function watchLine(line) {
  quietly(() => line.call.handleMicStatus(true));
  quietly(() => line.call.handleTones(true));
}

function createEars(line) {
  const wish = line.state.profile.asr;
  const parameters = {
    profile: lookup(ASRProfileList, wish.profile) || lookup(ASRProfileList, DEFAULTS.asr.profile),
    interimResults: wish.interim,
    singleUtterance: wish.single_utterance,
    model: lookup(ASRModelList, wish.model),
    phraseHints: wish.phrase_hints.length ? wish.phrase_hints : undefined,
    request: /^Yandex\./.test(wish.profile) ? { specification: { rawResults: true } } : undefined, // numbers in words, as before the end
  };
  Object.keys(parameters).forEach((name) => parameters[name] === undefined && delete parameters[name]);
  const asr = VoxEngine.createASR(parameters);
  on(line, asr, ASREvents.CaptureStarted, () => logged({ type: "speechStarted" }, "Speech detected!"));
  on(line, asr, ASREvents.InterimResult, (e) => ({ type: "interim", text: speakable(String(e.text || ""), HEARD_CHARS) }));
  on(line, asr, ASREvents.SpeechCaptured, () => logged({ type: "speechCaptured" }, "Speech captured, recognizing..."));
  on(line, asr, ASREvents.Result, (e) => readResult(line, e));
  on(line, asr, ASREvents.ASRError, (e) => (line.asr === asr ? logged({ type: "asrFailed" }, "Error: " + e.error) : null));
  return asr;
}

function readResult(line, e) {
  const words = typeof e.text === "string" ? e.text : e["transcript"]; // the documentation knows both names
  const text = typeof words === "string" ? speakable(words, HEARD_CHARS) : "";
  const confidence = normalise(e.confidence, line.state.profile.asr.confidence_scale);
  return logged({ type: "heard", text, confidence }, "Result received!", "Text: " + text, "Confidence: " + confidence);
}

// Without it the line's own ear (MicStatusChange) serves.
function createDetector(line) {
  line.detecting = true;
  const made = new Promise((resolve) => { require(Modules.Silero); resolve(Silero.createVAD(VAD)); });
  void made.then((vad) => dispatch(line, () => attach(line, vad))).catch((error) => {
    Logger.write("[HALO] no voice detector: " + error);
  });
}

function attach(line, vad) {
  if (line.released) return quietly(() => vad.close());
  line.vad = vad;
  on(line, vad, Silero.VADEvents.Result, (e) => {
    if (e.speechStartAt !== undefined) return e.speechStartAt < line.quietFrom ? null : { type: "voiceStarted" }; // else told late
    if (e.speechEndAt === undefined) return null;
    line.quietFrom = e.speechEndAt;
    return { type: "voiceStopped", lateMs: VAD.minSilenceDurationMs };
  });
  on(line, vad, Silero.VADEvents.Error, () => {
    line.vad = null;
    quietly(() => vad.close());
    return null;
  });
  line.call.sendMediaTo(vad);
  return line.state.voiced ? { type: "voiceStopped" } : null; // who speaks on is heard by it
}

// The second leg ---

function readDestination(transfer, result) {
  const { refused, brief, to } = result.code === 200 ? parse(result.text) : { refused: "unreachable", brief: "", to: null };
  const known = to && ["pstn", "sip", "user", "queue"].includes(to.kind) && typeof to.address === "string" && to.address;
  if (!known || refused) return { type: "arranged", transfer, refused: ["closed", "unreachable"].includes(refused) ? refused : "failed" };
  const wait_ms = Math.min(Number(to.wait_ms) || 0, QUEUE_MS);
  return { type: "arranged", transfer, refused: "", to: { ...to, caller_id: String(to.caller_id || ""), wait_ms }, brief: typeof brief === "string" ? brief : "" };
}

// What the platform tells of a call that nobody took.
const LEG_CODES = { 486: "busy", 600: "busy", 408: "no_answer", 480: "no_answer", 487: "no_answer", 603: "declined", 403: "failed" };

function dial(line, { transfer, to }) {
  try {
    if (to.kind === "queue") enqueue(line, transfer, to);
    else takeLeg(line, transfer, callOut(to));
  } catch (error) {
    Logger.write("[HALO] no second leg: " + error);
    occur(line, { type: "legEnded", transfer, outcome: "failed" });
  }
}

function takeLeg(line, transfer, leg) {
  const ended = (outcome) => {
    if (line.leg === leg) line.leg = null;
    return legEnded(transfer, outcome);
  };
  line.leg = leg;
  on(line, leg, CallEvents.Connected, () => ({ type: "legConnected", transfer }));
  on(line, leg, CallEvents.Failed, (e) => ended(LEG_CODES[e.code] || "failed"));
  on(line, leg, CallEvents.Disconnected, () => ended("hung_up"));
}

function legEnded(transfer, outcome) {
  return logged({ type: "legEnded", transfer, outcome }, "Transfer " + transfer + ": " + outcome);
}

// TerminationStatus, whose name is not there without the module.
const QUEUE_CODES = { 1001: "no_answer", 1003: "no_operators", 1004: "no_answer", 1005: "queue_full", 1006: "no_operators", 1203: "declined" };

// Who takes the call is the leg; who comes too late is let go.
function enqueue(line, transfer, { address, priority, wait_ms }) {
  require(Modules.SmartQueue);
  const task = VoxEngine.enqueueTask({ call: line.call, queue: { name: address }, priority, timeout: Math.ceil(wait_ms / 1000) });
  const refused = (code) => {
    if (line.queued !== task) return null;
    line.queued = null;
    return legEnded(transfer, QUEUE_CODES[code] || "failed");
  };
  line.queued = task;
  on(line, task, SmartQueueEvents.OperatorReached, ({ agentCall }) => {
    if (line.queued !== task) return quietly(() => agentCall.hangup());
    line.queued = null;
    takeLeg(line, transfer, agentCall);
    return { type: "legConnected", transfer };
  });
  on(line, task, SmartQueueEvents.ClientDisconnected, (e) => quietly(() => e.cancel()));
  on(line, task, SmartQueueEvents.TaskCanceled, (e) => refused(e.status));
  on(line, task, SmartQueueEvents.Error, (e) => refused(e.type));
}

function callOut(to) {
  if (to.kind === "sip") return VoxEngine.callSIP(to.address, { callerid: to.caller_id });
  if (to.kind === "user") return VoxEngine.callUser({ username: to.address, callerid: to.caller_id });
  return VoxEngine.callPSTN(to.address, to.caller_id);
}

// Hung up by us, it has nothing more to tell.
function dropLeg(line) {
  const { leg, briefer, queued } = line;
  line.leg = null;
  line.queued = null;
  line.briefer = null;
  if (briefer) quietly(() => briefer.stop());
  if (queued) quietly(() => queued.end("left"));
  if (leg) quietly(() => leg.hangup());
}

// The company's music, where it is there in time; else the platform's tone.
function ring(line, url) {
  unring(line);
  try {
    const player = url ? VoxEngine.createURLPlayer({ url }, { loop: true }) : VoxEngine.createToneScriptPlayer(RINGING, { loop: true });
    const plain = () => (line.ringer === player && url ? ring(line, "") : undefined);
    line.ringer = player;
    line.live.ousted = true;
    if (url) {
      on(line, player, PlayerEvents.Started, () => clearTimeout(line.ringerTimer));
      on(line, player, PlayerEvents.Error, plain);
      on(line, player, PlayerEvents.PlaybackFinished, plain);
      line.ringerTimer = later(line, plain, line.state.profile.limits.playback_start_ms);
    }
    player.sendMediaTo(line.call);
  } catch (error) {
    Logger.write("[HALO] no tone: " + error);
    if (url) ring(line, "");
  }
}

function unring(line) {
  const { ringer } = line;
  line.ringer = null;
  clearTimeout(line.ringerTimer);
  if (ringer) quietly(() => ringer.stop());
}

function brief(line, transfer, text) {
  const ended = () => ({ type: "briefEnded", transfer });
  try {
    const { player } = preparePlayer(line, text, false);
    line.briefer = player;
    on(line, player, PlayerEvents.Started, (e) => ({ type: "briefStarted", transfer, duration: inMilliseconds(e.duration, text.length) }));
    on(line, player, PlayerEvents.PlaybackFinished, ended);
    player.sendMediaTo(line.leg);
  } catch (error) {
    Logger.write("[HALO] no brief: " + error);
    dispatch(line, ended);
  }
}

// Calling out ---

const DIAL_CODES = { ...LEG_CODES, 480: "unavailable", 404: "invalid", 484: "invalid", 402: "no_money" };

// Both numbers are the backend's. Without a detector, whoever picks up is a person.
function dialOut(line, { to, caller_id, detect_ms }) {
  try {
    const amd = detect_ms ? detector(line, detect_ms) : undefined;
    attend(line, VoxEngine.callPSTN(to, caller_id, amd ? { amd } : {}));
    on(line, line.call, CallEvents.BeepDetectionComplete, (e) => (e.timeout ? null : { type: "beeped" }));
    watchLine(line);
  } catch (error) {
    Logger.write("[HALO] not dialled: " + error);
    occur(line, { type: "disconnected", outcome: "failed" });
  }
}

function detector(line, timeout) {
  try {
    const amd = AMD.create({ model: AMD.Model.RU, timeout });
    on(line, amd, AMD.Events.DetectionComplete, ({ resultClass: found }) => {
      return found === AMD.ResultClass.CALL_ENDED ? null : { type: "judged", machine: found === AMD.ResultClass.VOICEMAIL };
    });
    on(line, amd, AMD.Events.DetectionError, () => ({ type: "judged", machine: false }));
    return amd;
  } catch (error) {
    Logger.write("[HALO] no machine detector: " + error);
    return undefined;
  }
}

// What came of a row of a call list, exactly once: one that tells nothing counts as a success there.
const SETTLED = ["answered", "message", "declined", "hung_up", "opted_out", "invalid", "spent", "unknown"]; // nobody is called again

function tellTask(line, outcome, retry = null) {
  const { task } = line;
  if (!task || task.told) return;
  task.told = true;
  tellList(outcome, line.id, retry);
}

function tellList(outcome, call_id, retry) {
  try {
    const told = (result) => result.code !== 200 && Logger.write("[HALO] call list: " + result.code);
    if (retry) CallList.requestNextAttempt(retry, told);
    else (SETTLED.includes(outcome) ? CallList.reportResult : CallList.reportError)({ outcome, call_id }, told);
  } catch (error) {
    Logger.write("[HALO] call list: " + error);
  }
}

function release(line) {
  const { vad, live, stream } = line;
  line.released = true;
  line.vad = null;
  unring(line);
  dropLeg(line);
  if (vad) quietly(() => vad.close());
  if (live.player && !live.broken) quietly(() => live.player.stop());
  live.broken = true;
  drop(line, stream.link);
  clearTimeout(stream.timer);
}

// The backend: HTTP ---

function readProfile(line, result) {
  const told = result.code === 200 ? parse(result.text) : {};
  const confirmed = told.call_id === line.id;
  if (!confirmed) Logger.write("[HALO] no profile: " + result.code + "; ours serves");
  const { profile, refused, dial, barred, retry_at: start_at, attempts_left } = confirmed ? told : {};
  const retry = start_at > 0 && attempts_left > 0 ? { start_at, attempts_left } : null;
  const more = { dial: readDial(dial), barred: typeof barred === "string" ? barred : "", retry };
  return { type: "profiled", confirmed, profile: confirmed ? merge(DEFAULTS, profile) : null, refused: refused === "busy", ...more };
}

function readDial(dial) {
  if (!dial || typeof dial.to !== "string" || !dial.to || typeof dial.caller_id !== "string") return null;
  const within = (value, most) => Math.max(0, Math.min(most, Number(value) || 0));
  const message = typeof dial.message === "string" ? dial.message : "";
  return { to: dial.to, caller_id: dial.caller_id, ring_ms: within(dial.ring_ms, 60000) || 30000, detect_ms: within(dial.detect_ms, 20000), message };
}

function deadlineOf(action) {
  return Math.max(200, Math.floor(action.ms - REPLY_MARGIN_MS));
}

function sendTurn(line, action) {
  const body = {
    call_id: line.id, turn: action.turn, user_text: action.text, confidence: action.confidence, cut: action.cut,
    deadline_ms: deadlineOf(action),
    ...(line.state.notes.length ? { notes: line.state.notes } : {}),
  };
  const sent = post(line, "/process_text", body, action.ms, action.start);
  void sent.then((result) => dispatch(line, () => readReply(line, action.turn, result)));
  return null;
}

function readReply(line, turn, result) {
  Logger.write("[ASR] Backend response: " + result.code);
  const reply = result.code === 200 ? parse(result.text) : {};
  const text = typeof reply.ai_text === "string" ? sayable(line, reply.ai_text) : "";
  const patience = Number(reply.patience_ms) || 0;
  if (reply.refused === "busy") return { type: "turnedAway", text };
  if (text) return logged({ type: "replied", turn, text, action: reply.action, outcome: reply.outcome, patience }, "AI: " + text);
  return { type: "failed", turn, retry: RETRIED.includes(result.code), retryMs: retryMs(result), unknown: result.code === 404 };
}

// Worth a second attempt: whatever is no mistake of ours.
const RETRIED = [0, -1, -3, -4, -6, -8, 404, 429, 500, 502, 503, 504];

function retryMs(result) {
  const header = (result.headers || []).find((each) => String(each.key).toLowerCase() === "retry-after");
  const seconds = header ? Number(header.value) : NaN;
  return seconds >= 0 ? seconds * 1000 : 50 + Math.floor(Math.random() * 100);
}

// Never rejects: whatever goes wrong becomes a code, as the platform's own (0 and below). `start`: it may not know the call.
async function post(line, path, body, timeoutMs, start = false) {
  try {
    const url = addressOf(path);
    const postData = ascii(JSON.stringify(start ? { ...body, start: line.start } : body));
    const timeout = Math.max(1, Math.ceil(timeoutMs / 1000));
    const connectionTimeout = Math.max(1, Math.min(timeout, Math.round(line.state.profile.limits.connect_ms / 1000)));
    const headers = { "Content-Type": "application/json", ...signature(line, "POST", url, postData) };
    return await Net.httpRequestAsync(url, { method: "POST", headers, postData, timeout, connectionTimeout });
  } catch (error) {
    Logger.write("[HALO] request: " + error);
    return { code: 0, text: "" };
  }
}

function addressOf(path) {
  return secret("HALO_URL").replace(/\/+$/, "") + path;
}

function signature(line, method, url, body) {
  const id = secret("HALO_KEY_ID");
  const key = secret("HALO_KEY");
  if (!id || !key) return {};
  const stamp = String(Math.floor(Date.now() / 1000));
  line.nonce += 1;
  const nonce = line.id + "." + line.nonce;
  const path = url.replace(/^[a-z]+:\/\/[^/]+/i, "");
  const mac = Crypto.hmac_sha256(key, ["v1", id, stamp, nonce, method, path, body].join("\n"));
  return { "X-Halo-Key": id, "X-Halo-Timestamp": stamp, "X-Halo-Nonce": nonce, "X-Halo-Signature": "v1=" + mac };
}

// The backend: the stream ---
//
// One WebSocket for the call, opened again for as long as the call is up. Messages are numbered in each direction: what
// was seen is dropped, what was overtaken is waited for. Whatever is wrong with it, the turn goes on over HTTP.

function openStream(line) {
  const { stream } = line;
  const url = addressOf("/stream");
  if (stream.link || line.released || line.state.turnedAway || !/^https?:/i.test(url)) return null;
  const link = { socket: null, ready: false, out: 0, seen: 0, held: {}, gap: 0, heardAt: timeOf(line) };
  stream.link = link;
  try {
    const signed = signature(line, "GET", url, "");
    const headers = Object.keys(signed).map((name) => ({ name, value: signed[name] }));
    link.socket = VoxEngine.createWebSocket(url.replace(/^http/i, "ws"), { protocols: "halo.v1", headers });
    on(line, link.socket, WebSocketEvents.OPEN, () => introduce(line, link));
    on(line, link.socket, WebSocketEvents.MESSAGE, (e) => receive(line, link, e.text));
    on(line, link.socket, WebSocketEvents.ERROR, () => lose(line, link));
    on(line, link.socket, WebSocketEvents.CLOSE, () => lose(line, link));
    beat(line, link);
  } catch (error) {
    Logger.write("[HALO] stream: " + error);
    return lose(line, link);
  }
  return null;
}

function introduce(line, link) {
  sendUp(link, { type: "call", version: 1, call_id: line.id, turn: line.state.turn, start: line.start });
  return null;
}

function sendUp(link, message) {
  if (!link || !link.socket) return;
  link.out += 1;
  quietly(() => link.socket.send(JSON.stringify({ ...message, seq: link.out })));
}

function askStream(line, action) {
  const { turn, text, confidence, closed, cut, have, asr_ms } = action;
  const { notes } = line.state;
  const more = notes.length ? { notes } : {};
  sendUp(line.stream.link, { type: "final", turn, text, confidence, deadline_ms: deadlineOf(action), closed, cut, have, asr_ms, ...more });
}

function beat(line, link) {
  if (line.stream.link !== link) return null;
  const silent = timeOf(line) - link.heardAt;
  if (silent >= DEAD_MS) return lose(line, link);
  if (link.ready) sendUp(link, { type: "ping" });
  const due = Math.min(PING_MS, DEAD_MS - silent);
  line.stream.timer = later(line, () => beat(line, link), due);
  return null;
}

// Takes a message in its order, and those that waited for it.
function receive(line, link, text) {
  const message = parse(text);
  const { seq } = message;
  if (line.stream.link !== link) return null;
  if (!Number.isInteger(seq) || seq < 1 || typeof message.type !== "string") return lose(line, link);
  link.heardAt = timeOf(line);
  if (seq <= link.seen) return null;
  link.held[seq] = message;
  if (Object.keys(link.held).length > GAP_MESSAGES) return lose(line, link);
  while (link.held[link.seen + 1]) {
    link.seen += 1;
    const next = link.held[link.seen];
    delete link.held[link.seen];
    dispatch(line, () => readMessage(line, link, next));
  }
  const whole = Object.keys(link.held).length === 0;
  if (whole) clearTimeout(link.gap);
  link.gap = whole ? 0 : link.gap || later(line, () => lose(line, link), GAP_MS);
  return null;
}

function readMessage(line, link, message) {
  const read = MESSAGES[message.type];
  const aboutTurn = ["accepted", "say", "answered", "failed", "clear", "listen"].includes(message.type);
  return read && !(aboutTurn && !Number.isInteger(message.turn)) ? read(message, line, link) : null;
}

const MESSAGES = {
  ready: ({ refused, text }, line, link) => {
    if (refused === "busy") return { type: "turnedAway", text: sayable(line, String(text || "")) };
    link.ready = true;
    line.stream.tries = 0;
    return { type: "streamReady" };
  },
  accepted: ({ turn }) => logged({ type: "accepted", turn }, "Backend response: 200"),
  say: ({ turn, phrase, text }, line) => {
    const spoken = sayable(line, String(text));
    return Number.isInteger(phrase) && spoken ? { type: "said", turn, part: phrase, text: spoken } : null;
  },
  answered: ({ turn, phrases, text, action, outcome, patience_ms }) => {
    const whole = speakable(String(text || ""), 2000);
    const event = { type: "answered", turn, parts: phrases, text: whole, action, outcome, patience: Number(patience_ms) || 0 };
    return logged(event, "AI: " + whole);
  },
  failed: ({ turn, code }) => logged({ type: "refused", turn }, "Stream: " + code),
  clear: ({ turn }) => ({ type: "cleared", turn }),
  listen: ({ turn, patience_ms }) => ({ type: "patience", coming: turn, ms: Number(patience_ms) || 0 }),
  hangup: () => ({ type: "dismissed" }),
  transfer: () => ({ type: "transferWanted" }),
};

function lose(line, link) {
  const { stream } = line;
  if (stream.link !== link) return null;
  drop(line, link);
  const ms = RECONNECT_MS[Math.min(stream.tries, RECONNECT_MS.length - 1)];
  stream.tries += 1;
  stream.timer = later(line, () => openStream(line), ms);
  return link.ready ? { type: "streamLost" } : null;
}

function drop(line, link) {
  if (!link) return;
  line.stream.link = null;
  clearTimeout(line.stream.timer);
  clearTimeout(link.gap);
  if (link.socket) quietly(() => link.socket.close());
}

// Reading and writing ---

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

// What may be spoken or sent: no invisible characters, markup or address, no longer than the limit.
function speakable(text, limit) {
  const named = text.replace(/\]\(\S*\)?/g, " ").replace(/\b(https?:|www\.)\S*/gi, " ");
  const bare = named.replace(/(^|\s)#+\s/g, " ").replace(/[<>&*`~|[\]]|__+/g, " ");
  return clip(bare.replace(/[\p{C}\s]+/gu, " ").trim(), limit);
}

// The same of one phrase.
function sayable(line, text) {
  return speakable(text, line.state.profile.limits.phrase_chars);
}

// To 0..1. Vendors give 0..1 or 0..100, some nothing at all.
function normalise(confidence, scale) {
  const value = Number(confidence);
  if (!(value > 0)) return 0;
  const share = value > 1 || (scale === 100 && value === 1) ? value / 100 : value;
  return Math.round(Math.min(1, share) * 100) / 100;
}

// The unit of `duration` is not documented; no phrase lasts 300 s, none 300 ms. Without it the text tells.
function inMilliseconds(duration, characters) {
  const value = Number(duration);
  if (!(value > 0)) return characters * CHARACTER_MS || 30000;
  return Math.round(value < 300 ? value * 1000 : value);
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


// --- Wire: VoxEngine's events become ours; `dispatch` decides and acts, and alone catches everything.

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

function occur(line, event) {
  dispatch(line, () => event);
}

function later(line, read, ms) {
  return setTimeout(() => dispatch(line, read), ms);
}

function advance(line, event) {
  if (!event) return;
  const [state, actions] = decide(line.state, { ...event, at: timeOf(line) });
  line.state = state;
  actions.forEach((action) => ACT[action.do](line, action));
}

// The machine's clock may be set during a call: time runs neither back nor past the deadline.
function timeOf(line) {
  const told = Date.now() + line.shift;
  const at = told >= line.now && told <= line.due + LEAP_MS ? told : Math.min(line.due, line.now + LEAP_MS);
  line.shift += at - told;
  line.now = at;
  return at;
}

function on(line, source, event, read) {
  source.addEventListener(event, (e) => dispatch(line, () => read(e)));
}


// --- Start: a session is one call.

// A caller by SIP may send an address of any length, or none.
function numberOf(given) {
  return String(given || "").slice(0, 64);
}

function newLine(sessionId, start) {
  return {
    call: null, id: sessionId, start: { call_id: sessionId, ...start, scenario_version: SCENARIO_VERSION }, state: START_STATE,
    queue: [], busy: false, faults: 0, nonce: 0, task: null,
    deadline: 0, due: Infinity, now: 0, shift: 0, limit: 0, asr: null, fed: false, vad: null, detecting: false, quietFrom: 0, released: false,
    player: null, prepared: null, leg: null, queued: null, briefer: null, ringer: null, ringerTimer: 0,
    live: { player: null, phrase: 0, ahead: "", started: false, paused: false, clearedAt: 0, endsAt: 0, owes: 0, unstarted: false, chars: 0, dropped: 0, broken: false, ousted: false },
    stream: { link: null, timer: 0, tries: 0 },
  };
}

function attend(line, call) {
  line.call = call;
  on(line, call, CallEvents.Connected, () => ({ type: "connected" }));
  on(line, call, CallEvents.Disconnected, () => ({ type: "disconnected" }));
  on(line, call, CallEvents.Failed, (f) => ({ type: "disconnected", outcome: DIAL_CODES[f.code] || "failed" }));
  on(line, call, CallEvents.MicStatusChange, (m) => (line.vad ? null : { type: m.active ? "voiceStarted" : "voiceStopped" }));
  on(line, call, CallEvents.ToneReceived, (t) => ({ type: "key", digit: String(t.tone) }));
  on(line, call, CallEvents.RecordStarted, (r) => ({ type: "recordingStarted", url: r.url }));
  on(line, call, CallEvents.RecordStopped, (r) => ({ type: "recorded", url: r.url }));
}

function endWith(line) {
  VoxEngine.addEventListener(AppEvents.Terminating, () => {
    tellTask(line, "failed"); // of the one request that is left, this is the dearer use
    occur(line, { type: "terminating" });
    release(line);
  });
}

function takeCall(e, sessionId) {
  const line = newLine(sessionId, { caller: numberOf(e.callerid), called: numberOf(e.destination) });
  attend(line, e.call);
  endWith(line);
  occur(line, { type: "alerted" });
}

// The session's data is a token, or a row of a call list with one.
function makeCall(data, sessionId) {
  const row = parse(data);
  const listed = Object.keys(row).length > 0;
  const dial = String(listed ? row.dial || "" : data);
  if (!/^[A-Za-z0-9_-]{20,64}$/.test(dial)) {
    Logger.write("[HALO] nobody to call: not our data");
    if (listed) tellList("unknown", sessionId, null);
    VoxEngine.terminate();
    return;
  }
  const line = newLine(sessionId, { dial });
  line.task = listed ? { told: false } : null;
  line.state = { ...START_STATE, name: "ordered" };
  endWith(line);
  occur(line, { type: "ordered" });
}

(function start() {
  let sessionId = "";
  VoxEngine.addEventListener(AppEvents.Started, (e) => {
    sessionId = e && e.sessionId ? String(e.sessionId) : "";
    try {
      const data = VoxEngine.customData();
      if (data) makeCall(data, sessionId || uuidgen());
    } catch (error) {
      Logger.write("[HALO] no call out: " + error);
      VoxEngine.terminate();
    }
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
