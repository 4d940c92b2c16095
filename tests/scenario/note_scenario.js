// A scenario as the project's first note describes it, completed so that it could be run.
// It listens to an event that the platform does not have: `halo lint` must say so.
require(Modules.ASR);

var BACKEND = "https://halo.example/process_text";
var GREETING = "Здравствуйте! Я голосовой ассистент компании HALO. Чем могу помочь?";
var VOICE = VoiceList.Yandex.Neural.ru_RU_alena;

VoxEngine.addEventListener(AppEvents.CallAlerting, function (alerting) {
    var call = alerting.call;
    var turns = 0;

    // Создаём ASR для русского языка
    var asr = VoxEngine.createASR({
        profile: ASRProfileList.Google.ru_RU,
        interimResults: false
    });

    // Событие: речь обнаружена
    asr.addEventListener(ASREvents.SpeechDetected, function () {
        Logger.write("[ASR] Speech detected!");
    });

    // Событие: аудио захвачено, начинается распознавание
    asr.addEventListener(ASREvents.SpeechCaptured, function () {
        Logger.write("[ASR] Speech captured, recognizing...");
        call.stopMediaTo(asr);
    });

    // Событие: результат распознавания
    asr.addEventListener(ASREvents.Result, function (e) {
        Logger.write("[ASR] Result received!");
        Logger.write("[ASR] Text: " + e.text);
        Logger.write("[ASR] Confidence: " + e.confidence);
        processTextWithAI(e.text);
    });

    function processTextWithAI(text) {
        Net.httpRequest(
            BACKEND,
            function (response) {
                Logger.write("[ASR] Backend response: " + response.code);
                var reply = JSON.parse(response.text);
                Logger.write("[ASR] AI: " + reply.ai_text);
                call.say(reply.ai_text, { voice: VOICE });
            },
            {
                method: "POST",
                headers: { "Content-Type": "application/json" },
                postData: JSON.stringify({ user_text: text })
            }
        );
    }

    call.addEventListener(CallEvents.PlaybackFinished, function () {
        turns += 1;
        if (turns > 12) {
            call.hangup();
        } else {
            call.sendMediaTo(asr);
        }
    });
    call.addEventListener(CallEvents.Connected, function () {
        call.say(GREETING, { voice: VOICE });
    });
    call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
    call.answer();
});
