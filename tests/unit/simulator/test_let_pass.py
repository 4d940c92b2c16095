"""What the judge lets pass, and no more: each with the bad habit beside it that is found."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from halo_voice.simulator import (
    PROMPT,
    Faults,
    HttpRequest,
    HttpResponse,
    Interrupt,
    Press,
    ScriptedCaller,
    ScriptedNetwork,
    Silence,
    SilentCaller,
    Spread,
    When,
)
from halo_voice.simulator.invariants import breaches
from tests.unit.simulator.plain_bot import BOT, TEXTS, backend


def wants_more(request: HttpRequest) -> HttpResponse:
    """A backend whose answers leave time for more than one word."""
    more = {"action": "listen", "outcome": "answered", "patience_ms": 3000}
    reply = json.loads(backend(request).body) | more
    return HttpResponse(200, json.dumps(reply).encode(), latency_ms=200)


async def test_a_voice_that_failed_is_not_our_silence(judged):
    """A phrase ordered in time counts as a reaction when a fault kept it from sounding."""
    answer = When(at=[1], where="ответ номер 1")
    found = await judged(
        faults=Faults({"F20": answer}), caller=ScriptedCaller(["Раз"], patience_ms=6_000)
    )
    assert found == []


@pytest.mark.parametrize(("later_ms", "found"), [(10_500, []), (11_500, [2])])
async def test_a_phrase_made_in_advance_is_waited_for_from_its_turn_on(judged, later_ms, found):
    """2, F20: while the phrase before it sounds nobody waits for it."""
    ahead = f"""
        answer = (n, r) => {{
          const next = VoxEngine.createTTSPlayer("Спасибо за вопрос.", VOICE);
          speak(JSON.parse(r.text).ai_text + " Он на редкость длинный, чтобы вы дослушали.", () => {{
            next.sendMediaTo(call);
            setTimeout(() => {{ next.stop(); speak("Что-то ещё?", listen); }}, {later_ms});
          }});
        }};
    """
    never = Faults({"F20": When(at=[1], where="Спасибо")})
    caller = ScriptedCaller(["Раз", Silence()], patience_ms=15_000)
    told = await judged(ahead, faults=never, caller=caller)
    assert [number for number, _ in told] == found


PRESSED = (
    "call.handleTones(true); answer = () => speak('{0}', listen);"
    "call.addEventListener(CallEvents.ToneReceived, () => speak('{0}', listen));"
)


@pytest.mark.parametrize(("key", "text"), [("1", "Что-то ещё?"), ("*", "Извините, не получилось.")])
async def test_what_a_key_asks_for_may_be_said_again(judged, key, text):
    """The same words, and the answer of a turn; without the key they are said twice."""
    caller = ScriptedCaller(["Первый вопрос", Press(key)])
    found = await judged(PRESSED.format(text), caller=caller)
    assert 6 not in {number for number, _ in found}


@pytest.mark.parametrize(("asked", "found"), [("Вы меня слышите?", False), ("Раз?", True)])
async def test_a_phrase_said_in_anothers_place_was_wanted_before_the_key(judged, asked, found):
    """10, F21: a key makes later ones new, not the one whose first attempt had failed before it."""
    again = f"""
        call.handleTones(true);
        answer = () => speak("{asked}", () => setTimeout(() => speak("Вы меня слышите?",
          () => speak("Повторите, пожалуйста.", () => speak("Вы меня слышите?", listen))), 6000));
    """

    class Presses(SilentCaller):
        def hear(self, line):
            if line.now < 500:
                line.after(2_000, lambda: line.say("Первый вопрос"))
                line.after(7_000, lambda: line.press("5"))
                line.after(30_000, line.hang_up)

    told = await judged(again, faults=Faults({"F21": When(at=[1], where=asked)}), caller=Presses())
    assert ((10, "3 of kind reprompt in a row") in told) is found


@pytest.mark.parametrize(("cut_ms", "found"), [(20, False), (1_500, True)])
async def test_an_apology_of_which_no_word_was_heard_is_none(judged, cut_ms, found):
    """10, late: it was cut for another phrase's failure that was told late, and is said again."""
    cuts = f"""
        const sorry = "Извините, не получилось.";
        answer = () => {{
          speak(sorry);
          player.addEventListener(PlayerEvents.Started, () => setTimeout(
            () => speak(sorry, () => speak(sorry, listen)), {cut_ms}));
        }};
    """
    told = await judged(cuts, caller=ScriptedCaller(["Первый вопрос"]))
    assert ((10, "3 of kind apology in a row") in told) is found


@pytest.mark.parametrize(("fault", "found"), [("F21", False), ("none", True)])
async def test_an_apology_that_was_cut_for_a_failure_and_is_said_again_is_one(judged, fault, found):
    """10, F21: the failure was another phrase's, and was told late."""
    again = """
        const sorry = "Извините, не получилось.";
        answer = () => {
          speak("Итак.");
          const more = () => speak(sorry, () => speak(sorry, listen));
          player.addEventListener(PlayerEvents.Error, more);
          if ("FAULT" === "none") setTimeout(more, 1500);
          player = null;
          speak(sorry);
        };
    """
    faults = {"F21": When(at=[1], where="Итак"), "late": When(at=[1], where="Player.Error")}
    told = await judged(
        again.replace("FAULT", fault),
        faults=Faults(faults if fault == "F21" else {}),
        caller=ScriptedCaller(["Первый вопрос"]),
    )
    assert ((10, "3 of kind apology in a row") in told) is found


async def test_the_end_of_a_phrase_is_known_from_its_start(connected):
    """1, F24: of a phrase that is answered while it sounds the start was told late, the end not."""
    waits = """
        listen();
        let heard = "";
        asr.addEventListener(ASREvents.Result, (e) => { heard = e.text; });
        const greeting = player;
        greeting.addEventListener(PlayerEvents.Started, (e) => setTimeout(() => {
          greeting.stop();
          ask(++turn, heard, (reply) => setTimeout(() => answer(turn, reply), MORE));
        }, 1000 * e.duration + 1000));
    """
    deaf = BOT.replace("  call.stopMediaTo(asr);\n  const number", "  return; const number")
    deaf = deaf.replace("Здравствуйте!", "Вы хотели бы сделать у нас заказ?")

    async def found(more_ms: int, late: Faults) -> set[int]:
        call = await connected(
            deaf + waits.replace("MORE", str(more_ms)),
            caller=ScriptedCaller([Interrupt("да", 300), Silence()]),
            network=ScriptedNetwork(backend),
            faults=late,
        )
        return {b.invariant for b in breaches(call, None, TEXTS)}

    ends = {"F24": When(at=[1])}
    starts = {"late": When(at=[1], where="Player.Started")}
    assert 1 not in await found(1_000, Faults(ends))
    assert 1 in await found(3_000, Faults(ends))
    assert 1 not in await found(1_000, Faults(ends | starts))


@pytest.mark.parametrize("fault", ["", "late", "F24"])
async def test_nobody_knows_which_phrase_a_late_end_is_of(connected, fault):
    """3, F24, F25: a realtime player does not say it, so the next voice may begin too early."""
    told = """
        require(Modules.VoxTTS);
        const live = VoxTTS.createRealtimeTTSPlayer({ createContextParameters: {
          create: { modelId: VoxTTSModelList.VoxTTS, voiceId: VoxTTSVoiceList.Anna }, contextId: "1" } });
        const flush = (text) => live.send({ send_text: { text, flush_context: {} }, contextId: "1" });
        const next = () => VoxEngine.createTTSPlayer("До свидания!", VOICE).sendMediaTo(call);
        live.addEventListener(PlayerEvents.AudioChunksPlaybackFinished, next);
        live.sendMediaTo(call); flush("Вы дозвонились в компанию.");
        flush("Сейчас я соединю вас с сотрудником, пожалуйста, оставайтесь на линии.");
    """
    where = {"late": "Chunks", "F24": "Вы дозвонились"}
    faults = Faults({fault: When(at=[1], where=where[fault])} if fault else {})
    call = await connected(told, caller=SilentCaller(10_000), faults=faults)
    assert [span.cut_by for span in call.playbacks][:2] == ["", "replaced"]
    assert (3 in {b.invariant for b in breaches(call)}) is not bool(fault)


@pytest.mark.parametrize(("asks", "found"), [("", True), ("/call/transfer", False)])
async def test_who_asks_for_a_person_waits_for_no_answer(judged, asks, found):
    """1. The call goes another way, whatever was asked before."""
    late = f"""
        answer = () => {{
          const asks = "{asks}";
          if (asks) Net.httpRequest("https://halo.test" + asks, () => 1, {{ method: "POST", postData: "{{}}" }});
          setTimeout(() => speak("Что-то ещё?", listen), 4000);
        }};
    """
    told = await judged(late, caller=ScriptedCaller(["Раз", Silence()]))
    assert (1 in {number for number, _ in told}) is found


@pytest.mark.parametrize(("code", "broken"), [(503, set()), (200, {14}), (500, {14})])
async def test_a_copy_that_is_to_come_again_is_no_answer(judged, code, broken):
    """14, F51, F54: the store was locked for one of the two."""
    asked = iter(range(100))

    def locked(request: HttpRequest) -> HttpResponse:
        return backend(request) if next(asked) != 1 else HttpResponse(code, b"{}", latency_ms=200)

    twice = Faults({"F51": When(at=[1], where="/process_text")})
    found = await judged(network=ScriptedNetwork(locked), faults=twice)
    assert {number for number, _ in found} == broken


@pytest.mark.parametrize(("after_ms", "broken"), [(0, False), (1_000, True)])
async def test_the_same_words_at_once_are_not_known_from_a_result_that_comes_twice(
    connected, after_ms, broken
):
    """21, F05: they are asked for again already."""
    ears = BOT.replace("ears();", "ears({ singleUtterance: false });")
    again = """
        let asked = false;
        asr.addEventListener(ASREvents.Result, () => {
          if (!asked) speak("Повторите, пожалуйста.");
          asked = true;
        });
        speak("Здравствуйте!", listen);
    """
    bot = ears[: ears.index("asr.addEventListener")] + again
    call = await connected(
        bot,
        caller=ScriptedCaller(["Восемь", Interrupt("Восемь", after_ms)]),
        recogniser=PROMPT,
        network=ScriptedNetwork(backend),
    )
    assert (21 in {b.invariant for b in breaches(call, None, TEXTS)}) is broken


@pytest.mark.parametrize(
    ("cut_ms", "where", "broken"),
    [
        (600, "Result", False),
        (4_000, "Result", True),
        (600, "Nothing", True),
    ],
)
async def test_a_filler_may_be_cut_by_an_echo_where_the_clock_was_set(
    judged, cut_ms, where, broken
):
    """6, F12, F58: how long ago our last phrase ended is not known."""
    twice = f"""
        const filler = "Секунду, пожалуйста.";
        answer = (n, r) => {{
          const on = () => speak(JSON.parse(r.text).ai_text, listen);
          setTimeout(() => speak(filler), 1200);
          setTimeout(() => speak(filler, on), {1_200 + cut_ms});
        }};
    """
    caller = ScriptedCaller(["Раз", Silence()], patience_ms=12_000)
    found = await judged(twice, faults=Faults({"F58": When(at=[1], where=where)}), caller=caller)
    assert (6 in {number for number, _ in found}) is broken


@pytest.mark.parametrize(("late", "found"), [([2], False), ([3], True)])
async def test_an_end_of_speech_that_is_told_while_more_is_waited_for(judged, late, found):
    """1, late: for all that is known it is the end of more words, and it was held back."""
    waits = "answer = (n, r) => setTimeout(() => speak(JSON.parse(r.text).ai_text, listen), 3000);"

    told = await judged(
        waits,
        bot=re.sub(r"  (ask\(number.*\));\n", r"  setTimeout(() => \1, 3000);\n", BOT),
        faults=Faults({"late": When(at=late, where="ASR.SpeechCaptured")}),
        network=ScriptedNetwork(wants_more),
        caller=ScriptedCaller(["Раз", "Два"], patience_ms=9_000),
    )
    assert ((1, "turn 2: no reaction within 3000 ms") in told) is found


@pytest.mark.parametrize(("faults", "found"), [({"F12": When(at=[2])}, False), ({}, True)])
async def test_an_echo_between_a_number_and_its_hash_may_end_the_number(judged, faults, found):
    """21, F12: taken for words of the caller it does, and a # behind words ends the call."""
    ends = """
        call.handleTones(true);
        call.addEventListener(CallEvents.ToneReceived, (e) => {
          const bye = () => speak("Извините, до свидания.", () => call.hangup());
          if (e.tone === "#") setTimeout(bye, 50);
        });
    """
    ours = "  if (e.text.startsWith('Это')) return;\n"

    class Presses(SilentCaller):
        def hear(self, line):
            if line.now < 500:
                line.after(2_000, lambda: line.say("Первый вопрос"))
                line.after(6_000, lambda: line.press("5"))
                line.after(10_000, lambda: line.press("#"))
                line.after(15_000, line.hang_up)

    told = await judged(
        ends,
        bot=BOT.replace("  call.stopMediaTo(asr);\n", ours),
        caller=Presses(),
        faults=Faults(faults),
        network=ScriptedNetwork(wants_more),
    )
    assert ((21, "a # behind a number ended the call") in told) is found


@pytest.mark.parametrize(("faults", "found"), [({"F12": When(at=[1])}, False), ({}, True)])
async def test_words_behind_an_echo_of_the_same_were_asked_for_when_it_was(judged, faults, found):
    """21, F12: its result came first and was taken for theirs, which may be dropped then."""
    drops = """
        listen();
        asr.addEventListener(ASREvents.Result, () => 0);
        setTimeout(() => speak("Повторите, пожалуйста."), 5800);
    """
    deaf = BOT.replace(
        "asr.addEventListener(ASREvents.Result, (e) => {", "const unused = ((e) => {"
    )

    class Greets(SilentCaller):
        def hear(self, line):
            if line.now < 500:
                line.after(2_500, lambda: line.say("Здравствуйте"))
                line.after(12_000, line.hang_up)

    told = await judged(
        drops,
        bot=deaf,
        caller=Greets(),
        faults=Faults(faults),
        recogniser=replace(PROMPT, final=Spread(4_100, 0)),
    )
    assert ((21, "«Здравствуйте» was recognised and went nowhere") in told) is found
