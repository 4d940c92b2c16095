"""A small bot that keeps all that is judged, its backend, and what it says of itself."""

from __future__ import annotations

import json

from halo_voice.simulator import HttpRequest, HttpResponse

TEXTS = {
    "filler": "Секунду, пожалуйста.",
    "apology": "Извините, не получилось.",
    "repeat": "Повторите, пожалуйста.",
    "reprompts": ["Вы меня слышите?"],
    "bye_failure": "Извините, до свидания.",
}

# A small bot with a hook for each bad habit: `answer` may be replaced, `more` runs at the beginning.
BOT = """
const asr = ears();
let turn = 0, player = null;
const speak = (text, then) => {
  if (player) player.stop();
  const mine = (player = VoxEngine.createTTSPlayer(text, VOICE));
  mine.addEventListener(PlayerEvents.PlaybackFinished, () => { mine.stop(); if (player === mine) player = null; if (then) then(); });
  mine.sendMediaTo(call);
};
const listen = () => call.sendMediaTo(asr);
const ask = (number, text, then) => Net.httpRequest("https://halo.test/process_text", then, {
  method: "POST", postData: JSON.stringify({ call_id: "1", turn: number, user_text: text }) });
const report = (then) => Net.httpRequest("https://halo.test/call/end", then, { method: "POST", postData: "{}" });
let answer = (number, reply) => speak(JSON.parse(reply.text).ai_text, listen);
asr.addEventListener(ASREvents.Result, (e) => {
  call.stopMediaTo(asr);
  const number = ++turn;
  ask(number, e.text, (reply) => answer(number, reply));
});
speak("Здравствуйте!", listen);
"""


def backend(request: HttpRequest) -> HttpResponse:
    asked = json.loads(request.body or b"{}")
    reply = {
        "user_text": asked.get("user_text"),
        "ai_text": f"Это ответ номер {asked.get('turn')}.",
    }
    return HttpResponse(200, json.dumps(reply).encode(), latency_ms=200)
