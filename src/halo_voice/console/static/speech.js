// The browser's own recogniser and voice (Web Speech API). Either may be missing.

const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;
const PACE_KEY = "halo_ms_per_character";
const PACE = 65; // until the voice has been measured
const MEASURED_CHARS_MIN = 25;

/** Hears a person while it is open: sounds, words so far, words at the end of an utterance. */
export class Ears {
  #told;
  #recognition = null;
  #open = false;

  constructor(told) {
    this.#told = told;
  }

  get there() {
    return Recognition !== undefined;
  }

  open() {
    if (!this.there || this.#open) return;
    this.#open = true;
    this.#listen();
  }

  close() {
    this.#open = false;
    this.#recognition?.abort();
    this.#recognition = null;
  }

  #listen() {
    const recognition = new Recognition();
    recognition.lang = "ru-RU";
    recognition.interimResults = true;
    recognition.continuous = true;
    recognition.onspeechstart = () => this.#told.sound();
    recognition.onresult = (event) => this.#result(event);
    recognition.onerror = (event) => {
      if (event.error === "no-speech" || event.error === "aborted") return;
      this.#open = false; // the microphone is refused, or there is no service: typing is left
      this.#told.fault(event.error === "not-allowed" ? "no_microphone" : "ears_failed");
    };
    // Browsers end a recognition by themselves after a while.
    recognition.onend = () => this.#open && this.#listen();
    this.#recognition = recognition;
    recognition.start();
  }

  #result(event) {
    for (let number = event.resultIndex; number < event.results.length; number++) {
      const result = event.results[number];
      const text = result[0].transcript.trim();
      if (result.isFinal) this.#told.final(text);
      else if (text) this.#told.interim(text);
    }
  }
}

/** Speaks one phrase at a time, and measures its own pace for the next call. */
export class Mouth {
  #pace = Number(localStorage.getItem(PACE_KEY)) || PACE;

  get there() {
    return "speechSynthesis" in globalThis;
  }

  /** Milliseconds per character. */
  get pace() {
    return this.there ? this.#pace : PACE;
  }

  say(text) {
    if (!this.there || !text) return;
    this.stop();
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.lang = "ru-RU";
    utterance.voice = speechSynthesis.getVoices().find((voice) => voice.lang.startsWith("ru")) ?? null;
    let began = 0;
    utterance.onstart = () => (began = performance.now());
    utterance.onend = () => this.#measured(text, performance.now() - began);
    speechSynthesis.speak(utterance);
  }

  stop() {
    if (this.there) speechSynthesis.cancel();
  }

  #measured(text, ms) {
    if (text.length < MEASURED_CHARS_MIN || ms < text.length * 20) return; // cut, or not spoken at all
    this.#pace = Math.min(200, 0.5 * this.#pace + 0.5 * (ms / text.length));
    localStorage.setItem(PACE_KEY, this.#pace.toFixed(1));
  }
}
