/// <reference path="./voxengine.d.ts" />
// Asks the platform what its papers leave open, in one call to a telephone of one's own: `halo live-check` uploads it to an
// application of its own, begins it, and reads the answers from the application's storage. No call of the company runs it.
// The dangerous questions come last: an answer that is not there, behind one that is, is an answer too.

require(Modules.ASR);
require(Modules.ApplicationStorage);

(function liveCheck() {
  const KEEP_S = 86400;
  const VOICE = VoiceList.Yandex.Neural.ru_RU_alena;
  const EARS = {
    Google: ASRProfileList.Google.ru_RU,
    Yandex: ASRProfileList.Yandex.ru_RU,
    SaluteSpeech: ASRProfileList.SaluteSpeech.ru_RU,
    TBank: ASRProfileList.TBank.ru_RU,
  };
  const FOX = "The quick brown fox jumps over the lazy dog";
  let run = "";
  /** @type {any} */
  let call = null;
  let sounds = 0;

  function told(name, value) {
    return ApplicationStorage.put("live:" + run + ":" + name, JSON.stringify(value).slice(0, 1900), KEEP_S).catch((error) => {
      Logger.write("[live-check] not kept: " + name + ": " + error);
    });
  }

  function pause(ms) {
    return new Promise((resolve) => { setTimeout(() => resolve(null), ms); });
  }

  // The event, or null after so long.
  function next(source, event, ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), ms);
      source.addEventListener(event, (e) => {
        clearTimeout(timer);
        resolve(e);
      });
    });
  }

  async function say(text) {
    const player = VoxEngine.createTTSPlayer(text, { voice: VOICE });
    const begun = next(player, PlayerEvents.Started, 8000);
    const over = next(player, PlayerEvents.PlaybackFinished, 20000);
    player.sendMediaTo(call);
    const started = await begun;
    const from = Date.now();
    const ended = started ? await over : null;
    return { started: Boolean(started), duration: started ? started.duration : null, finished: Boolean(ended), ms: Date.now() - from };
  }

  function listen(name) {
    const asr = VoxEngine.createASR(/** @type {any} */ ({ profile: EARS[name], interimResults: true, singleUtterance: true }));
    const heard = { results: 0, interims: 0, confidence: null, characters: 0, result_ms: null };
    const from = Date.now();
    asr.addEventListener(ASREvents.InterimResult, () => { heard.interims += 1; });
    asr.addEventListener(ASREvents.Result, (e) => {
      const { text, confidence } = e;
      Object.assign(heard, { results: heard.results + 1, confidence, characters: String(text || "").length, result_ms: Date.now() - from });
    });
    call.sendMediaTo(asr);
    return { asr, heard };
  }

  async function stopped(asr) {
    const end = next(asr, ASREvents.Stopped, 5000);
    asr.stop();
    const e = await end;
    return e ? { cost: e.cost, duration: e.duration } : null;
  }

  const STEPS = {
    async hmac() {
      return { value: Crypto.hmac_sha256("key", FOX) };
    },
    async undefined_listener() {
      try {
        call.addEventListener(/** @type {any} */ (undefined), () => undefined);
      } catch (error) {
        return { throws: String(error).slice(0, 200) };
      }
      return { throws: "" };
    },
    async duration() {
      return say("Здравствуйте! Это проверка связи с вашим голосовым ассистентом. После сигнала вас попросят повторить два слова.");
    },
    async confidence() {
      await say("Скажите, пожалуйста: проверка связи.");
      const ears = Object.keys(EARS).map((name) => {
        try {
          return { name, ...listen(name) };
        } catch (error) {
          return { name, asr: null, heard: { error: String(error).slice(0, 200) } };
        }
      });
      await pause(9000);
      const found = {};
      for (const { name, asr, heard } of ears) found[name] = { ...heard, stopped: asr ? await stopped(asr) : null };
      return found;
    },
    async result_after_stop() {
      await say("Скажите, пожалуйста, ещё раз: проверка связи.");
      const { asr, heard } = listen("Google");
      const captured = await next(asr, ASREvents.SpeechCaptured, 10000);
      const before = heard.results;
      const end = await stopped(asr);
      await pause(4000);
      return { captured: Boolean(captured), before, after: heard.results - before, stopped: end };
    },
    async paused_recogniser() {
      const { asr } = listen("Google");
      await pause(2000);
      call.stopMediaTo(asr);
      await say("Сейчас будет недолгое молчание. Спасибо за терпение.");
      await pause(10000);
      call.sendMediaTo(asr);
      await pause(500);
      return { fed_s: 2.5, stopped: await stopped(asr) };
    },
    async players() {
      let heard = 0;
      for (let n = 1; n <= 12; n += 1) {
        try {
          const { started } = await say("Раз.");
          if (!started) return { heard, error: "no sound" };
        } catch (error) {
          return { heard, error: String(error).slice(0, 200) };
        }
        heard = n;
      }
      return { heard, error: "" };
    },
    async microphone() {
      return { changes: sounds };
    },
    async hang_up() {
      await say("Спасибо, это всё. До свидания!");
      const end = next(call, CallEvents.Disconnected, 5000);
      call.hangup();
      const e = await end;
      return { told: Boolean(e), duration: e ? e.duration : null };
    },
    async rejection() {
      void Promise.reject(new Error("live-check: a rejection that nobody handles"));
      await pause(2000);
      return { lives: true };
    },
    async thrown() {
      setTimeout(() => { throw new Error("live-check: an error that nobody catches"); }, 100);
      await pause(2000);
      return { lives: true };
    },
  };

  async function ask() {
    for (const name of Object.keys(STEPS)) {
      await told(name, { begun: true });
      try {
        await told(name, await STEPS[name]());
      } catch (error) {
        await told(name, { error: String(error).slice(0, 200) });
      }
    }
    await told("end", { ms: Date.now() });
    VoxEngine.terminate();
  }

  function dial({ to, caller_id }) {
    const amd = AMD.create({ model: AMD.Model.RU, timeout: 6500 });
    call = VoxEngine.callPSTN(to, caller_id, { amd });
    let connected = 0;
    amd.addEventListener(AMD.Events.DetectionComplete, (e) => {
      void told("amd", { verdict: e.resultClass, confidence: e.confidence, ms: connected ? Date.now() - connected : null });
    });
    amd.addEventListener(AMD.Events.DetectionError, (e) => void told("amd", { error: String(e.message).slice(0, 200) }));
    call.addEventListener(CallEvents.MicStatusChange, () => { sounds += 1; });
    call.addEventListener(CallEvents.Failed, (e) => {
      void told("failed", { code: e.code, reason: e.reason }).then(() => VoxEngine.terminate());
    });
    call.addEventListener(CallEvents.Connected, () => {
      connected = Date.now();
      call.handleMicStatus(true);
      void ask();
    });
  }

  VoxEngine.addEventListener(AppEvents.Started, () => {
    const wanted = JSON.parse(VoxEngine.customData());
    run = wanted.run;
    void told("started", { customData: true });
    dial(wanted);
  });
})();
