// The Web Speech API with its events and in their order, but without the services behind it: a test
// says what a microphone hears (`services.hear`), and reads what a loudspeaker says
// (`services.spoken`). After the specification: https://webaudio.github.io/web-speech-api/

globalThis.services = { hearing: null, opened: 0, spoken: [], msPerCharacter: 65 };

class Happening extends Event {
  constructor(type, facts = {}) {
    super(type);
    Object.assign(this, facts);
  }
}

class Told extends EventTarget {
  tell(type, facts) {
    const event = new Happening(type, facts);
    this[`on${type}`]?.(event);
    this.dispatchEvent(event);
  }
}

globalThis.SpeechRecognition = class extends Told {
  lang = "";
  continuous = false;
  interimResults = false;
  #on = false;
  #speech = false;
  #results = [];

  start() {
    if (this.#on) throw new DOMException("recognition has already started", "InvalidStateError");
    if (services.hearing) throw new DOMException("somebody listens already", "InvalidStateError");
    this.#on = true;
    this.#results = [];
    services.hearing = this;
    services.opened += 1;
    queueMicrotask(() => this.tell("start"));
  }

  stop() {
    this.abort();
  }

  abort() {
    if (this.#on) setTimeout(() => this.over());
    this.#on = false;
    if (services.hearing === this) services.hearing = null;
  }

  hear(transcript, isFinal) {
    if (!this.#on) return;
    if (!this.#speech) for (const type of ["audiostart", "soundstart", "speechstart"]) this.tell(type);
    this.#speech = !isFinal;
    const open = this.#results.findIndex((result) => !result.isFinal);
    const resultIndex = open < 0 ? this.#results.length : open;
    this.#results[resultIndex] = { isFinal, length: 1, 0: { transcript, confidence: 0.9 } };
    if (isFinal || this.interimResults) this.tell("result", { resultIndex, results: [...this.#results] });
    if (isFinal) for (const type of ["speechend", "soundend"]) this.tell(type);
  }

  fail(error) {
    this.tell("error", { error, message: "" });
    this.over();
  }

  over() {
    this.#on = this.#speech = false;
    if (services.hearing === this) services.hearing = null;
    this.tell("end");
  }
};

services.hear = (text, isFinal = true) => services.hearing?.hear(text, isFinal);
services.fail = (error) => services.hearing?.fail(error);
services.end = () => services.hearing?.over();

globalThis.SpeechSynthesisUtterance = class extends Told {
  lang = "";
  voice = null;

  constructor(text) {
    super();
    this.text = text;
  }
};

const voices = [
  { name: "Daniel", lang: "en-GB", localService: true, default: true },
  { name: "Milena", lang: "ru-RU", localService: true, default: false },
];
let now = null; // what is being said
Object.defineProperty(globalThis, "speechSynthesis", {
  value: {
    getVoices: () => voices,
    speak(utterance) {
      const { text, lang, voice } = utterance;
      const entry = { text, lang, voice: voice?.name, fate: "sounds" };
      services.spoken.push(entry);
      const timer = setTimeout(() => {
        entry.fate = "said";
        now = null;
        utterance.tell("end", { charIndex: text.length });
      }, text.length * services.msPerCharacter);
      now = { utterance, entry, timer };
      utterance.tell("start", { charIndex: 0 });
    },
    cancel() {
      if (!now) return;
      clearTimeout(now.timer);
      now.entry.fate = "cut";
      const { utterance } = now;
      now = null;
      setTimeout(() => utterance.tell("error", { error: "interrupted" }));
    },
  },
});
