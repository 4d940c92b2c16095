"""The invariants: a well-behaved scenario breaks none, and each bad habit breaks its own."""

from __future__ import annotations

import json

import pytest

from halo_voice.simulator import (
    Faults,
    HttpRequest,
    HttpResponse,
    Press,
    ScriptedCaller,
    ScriptedNetwork,
    SilentCaller,
    When,
)
from halo_voice.simulator.invariants import Limits, breaches
from halo_voice.simulator.turns import story
from tests.unit.simulator.plain_bot import BOT, TEXTS, backend


async def test_a_good_call_breaks_nothing(judged):
    """Three turns, answered in time, ended by the caller."""
    assert await judged() == []


async def test_a_call_is_read_as_turns_and_phrases(connected):
    """Which result was accepted as which turn, and which phrase answers it."""
    call = await connected(
        BOT, caller=ScriptedCaller(["Раз", "Два"]), network=ScriptedNetwork(backend)
    )
    told = story(call, TEXTS)
    results = [line.ms for line in call.trace if line.data.get("event") == "ASR.Result"]
    assert [(t.number, t.user_text, t.answer) for t in told.turns] == [
        (1, "Раз", "Это ответ номер 1."),
        (2, "Два", "Это ответ номер 2."),
    ]
    assert [t.accepted_ms for t in told.turns] == results
    assert [(p.kind, p.turn and p.turn.number, p.span.complete) for p in told.phrases] == [
        ("other", None, True),
        ("answer", 1, True),
        ("answer", 2, True),
    ]


@pytest.mark.parametrize(
    ("habit", "breach"),
    [
        (
            "answer = (n, r) => setTimeout(() => speak(JSON.parse(r.text).ai_text, listen), 4000);",
            (1, "turn 1: no reaction within 3000 ms"),
        ),
        (
            "answer = (n, r) => { speak('Секунду, пожалуйста.');"
            "setTimeout(() => speak(JSON.parse(r.text).ai_text, listen), 9000); };",
            (1, "turn 1: no answer or apology within 8000 ms"),
        ),
        ("answer = () => setTimeout(listen, 100);", (2, "silence of")),
        (
            "answer = (n, r) => { call.say('Так, ' + r.text, VOICE); setTimeout(() => speak(JSON.parse(r.text).ai_text, listen), 1500); };",
            (3, "was replaced, not stopped"),
        ),
        (
            "let kept; answer = (n, r) => { const text = JSON.parse(r.text).ai_text; kept = kept || text;"
            "speak(n === 2 ? kept : text, listen); };",
            (5, "the answer of turn 1 is spoken in turn 2"),
        ),
        (
            "answer = (n, r) => { const text = JSON.parse(r.text).ai_text; speak(text, () => speak(text, listen)); };",
            (6, "the answer of turn 1 is spoken again"),
        ),
        (
            "answer = () => speak('Что-то ещё?', () => speak('Что-то ещё?', listen));",
            (6, "«Что-то ещё?» is spoken twice in a row"),
        ),
        (
            "answer = (n, r) => speak('Извините, не получилось.', () => speak(JSON.parse(r.text).ai_text, listen));",
            (7, "turn 1 is both answered and apologised for"),
        ),
        ("answer = (n, r) => ask(n + 1, ' ', () => 1);", (10, "turn 2 was spent on nothing")),
        ("answer = () => call.hangup();", (7, "turn 1 has no outcome")),
        ("turn = 5;", (10, "the turns are numbered [6, 7, 8]")),
        (
            "answer = (n) => { answer = () => 1; for (let i = 0; i < 2; i++) ask(n, 'Первый вопрос', () => 1); };",
            (10, "turn 1: 3 attempts"),
        ),
        (
            "answer = () => speak('Извините, не получилось.', listen);",
            (10, "3 of kind apology in a row"),
        ),
        (
            "answer = () => speak('Вы меня слышите?', () => speak('Вы меня слышите?', () => speak('Вы меня слышите?', listen)));",
            (10, "3 of kind reprompt in a row"),
        ),
        (
            "call.removeEventListener(CallEvents.Disconnected);",
            (11, "ms longer than the call"),
        ),
        (
            "call.removeEventListener(CallEvents.Disconnected);"
            "call.addEventListener(CallEvents.Disconnected, () => { ask(9, 'Поздно', () => VoxEngine.terminate()); });",
            (12, "turn 9 is asked after the end"),
        ),
        (
            "call.removeEventListener(CallEvents.Disconnected);"
            "call.addEventListener(CallEvents.Disconnected, () => report(() => report(() => VoxEngine.terminate())));",
            (12, "2 reports"),
        ),
        ("answer = () => speak('Да, <b>конечно</b>.', listen);", (13, "has markup or an address")),
        (
            "answer = () => speak('Смотрите www.halo.test', listen);",
            (13, "has markup or an address"),
        ),
        ("answer = () => speak('Да\\u202e.', listen);", (13, "has the character U+202E")),
        ("answer = () => speak('Да. '.repeat(101), listen);", (13, "has 404 characters")),
    ],
)
async def test_a_bad_habit_breaks_its_invariant(judged, habit, breach):
    """Each invariant is broken by a bot that does the one thing it forbids."""
    number, text = breach
    found = await judged(habit)
    assert any(n == number and text in t for n, t in found), found


@pytest.mark.parametrize(("after_ms", "broken"), [(50_000, True), (59_900, False)])
async def test_a_report_is_made_again_only_where_its_answer_could_not_be_told(
    judged, after_ms, broken
):
    """The platform ends a session a minute after its calls, and tells it no answer from then on."""
    found = await judged(
        "call.removeEventListener(CallEvents.Disconnected);"
        "call.addEventListener(CallEvents.Disconnected, () => setTimeout(() => report(() => 1),"
        f" {after_ms}));"
        "VoxEngine.addEventListener(AppEvents.Terminating, () => report(() => 1));"
    )
    assert ((12, "2 reports") in found) is broken


@pytest.fixture
def heard(connected):
    """The bot where it hears what a piece of code leaves: its call, judged from a moment on."""

    async def run(words, before_asking="", calm_ms=None, bot=BOT, **options):
        bot = bot.replace("  const number", f"  {before_asking}\n  const number")
        options.setdefault("network", ScriptedNetwork(backend))
        call = await connected(bot, caller=ScriptedCaller(words), **options)
        assert call.failures == []
        return [(b.invariant, b.text) for b in breaches(call, None, TEXTS, calm_ms)]

    return run


async def test_words_that_go_nowhere_break_the_twenty_first(heard):
    """A result that is neither asked, nor reported, nor asked for again."""
    drops = "if (e.text === 'Второй вопрос') { listen(); return; }"
    words = ["Первый вопрос", "Второй вопрос", "Третий"]
    text = "«Второй вопрос» was recognised and went nowhere"
    assert (21, text) in await heard(words, drops)
    assert await heard(words) == []


async def test_words_that_are_asked_for_again_are_not_lost(heard):
    """While faults strike a re-prompt will do; when all works it will not."""
    again = "if (e.text === 'Второй вопрос') { speak('Повторите, пожалуйста.', listen); return; }"
    words = ["Первый вопрос", "Второй вопрос", "Третий"]
    assert await heard(words, again) == []
    assert {number for number, _ in await heard(words, again, calm_ms=-5_000)} == {21}


async def test_digits_that_go_nowhere_break_the_twenty_first(heard):
    """Where an answer left time for a number; elsewhere keys need no answer."""
    keys = """
        call.handleTones(true);
        call.addEventListener(CallEvents.ToneReceived, (e) => TAKEN);
    """

    def asks_for_a_number(request: HttpRequest) -> HttpResponse:
        reply = json.loads(backend(request).body)
        more = {"action": "listen", "outcome": "answered", "patience_ms": 1500}
        return HttpResponse(200, json.dumps(reply | more).encode(), latency_ms=200)

    async def found(taken: str, network=asks_for_a_number) -> list[str]:
        bot = BOT + keys.replace("TAKEN", taken)
        words = ["Первый вопрос", Press("57")]
        told = await heard(words, bot=bot, network=ScriptedNetwork(network))
        return [text for number, text in told if number == 21]

    gone = ["the key 5 was pressed and went nowhere", "the key 7 was pressed and went nowhere"]
    assert await found("0") == gone
    assert await found("0", backend) == []
    assert await found("ask(++turn, e.tone, () => 0)") == []


@pytest.mark.parametrize(
    ("keys", "wants", "found"),
    [("57#", True, True), ("57##", True, True), ("#", True, False), ("57#", False, False)],
)
async def test_a_hash_that_ends_the_call_behind_a_number_breaks_the_twenty_first(
    heard, keys, wants, found
):
    """It ends the number: where one is wanted, however often it is pressed; and not alone."""
    ends = """
        call.handleTones(true);
        call.addEventListener(CallEvents.ToneReceived, (e) => {
          const bye = () => speak("Извините, до свидания.", () => call.hangup());
          if (e.tone === "#") setTimeout(bye, 50);
        });
    """

    def wants_a_number(request: HttpRequest) -> HttpResponse:
        more = {"action": "listen", "outcome": "answered", "patience_ms": 1500 if wants else 0}
        return HttpResponse(
            200, json.dumps(json.loads(backend(request).body) | more).encode(), latency_ms=200
        )

    words = ["Первый вопрос", Press(keys)]
    told = await heard(words, bot=BOT + ends, network=ScriptedNetwork(wants_a_number))
    assert ((21, "a # behind a number ended the call") in told) is found


async def test_a_hesitation_is_no_word(heard):
    """Who hesitates has said nothing."""
    words = ["Первый вопрос", "эм", "Третий"]
    found = await heard(words, "if (e.text === 'эм') { listen(); return; }")
    assert 21 not in {number for number, _ in found}


async def test_an_apology_when_all_works_breaks_the_eighteenth(judged, connected):
    """From 5 s after the faults on a turn is answered, or its caller went on or went."""
    call = await connected(
        BOT + "answer = () => speak('Извините, не получилось.', listen);",
        caller=ScriptedCaller(["Первый вопрос"]),
        network=ScriptedNetwork(backend),
    )
    told = "turn 1 is not answered although all works"
    assert (18, told) in [(b.invariant, b.text) for b in breaches(call, None, TEXTS, 0 - 5_000)]
    assert 18 not in {b.invariant for b in breaches(call, None, TEXTS, 10**6)}
    assert 18 not in {b.invariant for b in breaches(call, None, TEXTS)}


async def test_a_call_whose_time_is_up_is_not_held_to_the_eighteenth(judged, connected):
    """Its goodbye comes where the answer was due."""
    call = await connected(
        BOT + "answer = () => speak('Извините, до свидания.', () => VoxEngine.terminate());",
        caller=ScriptedCaller(["Первый вопрос"]),
        network=ScriptedNetwork(backend),
    )
    soon, later = Limits(talk_ms=call.disconnected_ms or call.terminated_ms), Limits()
    found = [
        {b.invariant for b in breaches(call, limits, TEXTS, -5_000)} for limits in (soon, later)
    ]
    assert [18 in each for each in found] == [False, True]


async def test_two_replies_to_one_turn_break_the_fourteenth(judged):
    """A turn that is delivered twice is answered with the same bytes."""
    replies = iter(range(100))

    def forgetful(request: HttpRequest) -> HttpResponse:
        said = {"user_text": "?", "ai_text": f"Это ответ номер {next(replies)}."}
        return HttpResponse(200, json.dumps(said).encode(), latency_ms=200)

    twice = Faults({"F51": When(at=[1])})
    found = await judged(network=ScriptedNetwork(forgetful), faults=twice)
    assert {number for number, _ in found} == {14}
    assert await judged(faults=twice) == []


async def test_limits_are_parameters(judged):
    """A stricter reading of the same call."""
    found = await judged(limits=Limits(turns=2, call_ms=5_000))
    assert {n for n, _ in found} == {10}
    assert len(found) == 2


async def test_a_call_without_end_breaks_the_eleventh(judged):
    """A session that had to be cut is a breach by itself."""
    found = await judged("setInterval(() => 1, 1000);", caller=SilentCaller(None), max_ms=60_000)
    assert (11, "the session ended by Timeout") in found
