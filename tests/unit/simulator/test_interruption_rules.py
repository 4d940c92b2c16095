"""Stories over the stream, and what is judged of interruptions: a good bot and its bad habits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from halo_voice.simulator import (
    PROMPT,
    Cough,
    Faults,
    Interrupt,
    ScriptedCaller,
    ScriptedNetwork,
    SilentCaller,
    Spread,
    When,
)
from halo_voice.simulator.interruptions import check_heard
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.network import HttpResponse
from halo_voice.simulator.turns import story

# Ears open all the time, the stream asked, phrases in a queue; `interim` and `cut` may be replaced.
BOT = """
const asr = ears({ interimResults: true });
let turn = 0, player = null, queue = [], socket = null, seq = 0;
const send = (message) => socket.send(JSON.stringify({ ...message, seq: ++seq }));
const next = () => {
  if (player || !queue.length) return;
  const mine = (player = VoxEngine.createTTSPlayer(queue.shift(), VOICE));
  mine.addEventListener(PlayerEvents.PlaybackFinished, () => { mine.stop(); if (player === mine) player = null; next(); });
  mine.sendMediaTo(call);
};
const speak = (text) => { queue.push(text); next(); };
let cut = () => { queue = []; if (player) player.stop(); player = null; };
let interim = (text) => { if (text.split(" ").length > 1) cut(); };
asr.addEventListener(ASREvents.InterimResult, (e) => interim(e.text));
asr.addEventListener(ASREvents.Result, (e) => e.text && send({ type: "final", turn: ++turn, text: e.text }));
socket = VoxEngine.createWebSocket("wss://halo.test/stream");
socket.addEventListener(WebSocketEvents.OPEN, () => {
  speak("Здравствуйте!");
  call.sendMediaTo(asr);
});
let receive = (message) => message.type === "say" && speak(message.text);
socket.addEventListener(WebSocketEvents.MESSAGE, (e) => receive(JSON.parse(e.text)));
"""
FIRST = "Первая половина ответа про доставку по городу."
SECOND = "Вторая половина этого ответа."
QUESTION = "Первый вопрос"


async def talk(end) -> None:
    """A backend that answers each turn in two phrases."""
    while isinstance(heard := await end.receive(), str):
        asked = json.loads(heard)
        turn = asked["turn"]
        said = [f"{FIRST} {turn}.", f"{SECOND} {turn}."]
        for number, text in enumerate(said, 1):
            await end.send(
                json.dumps({"type": "say", "turn": turn, "phrase": number, "text": text})
            )
        done = {"type": "answered", "turn": turn, "text": " ".join(said), "outcome": "answered"}
        await end.send(json.dumps(done))


@pytest.fixture
def place(connected):
    async def run(habit: str = "", lines: list | None = None, **options):
        network = ScriptedNetwork(lambda _: HttpResponse(404), stream=talk, way=Spread(30, 0))
        call = await connected(
            BOT + habit,
            caller=ScriptedCaller(lines or [QUESTION, "Второй вопрос"]),
            network=network,
            **{"recogniser": PROMPT, **options},
        )
        assert call.failures == []
        return call

    return run


async def test_a_story_is_read_from_the_stream(place):
    """Turns from `final`, phrases from `say`, the whole from `answered`."""
    call = await place()
    told = story(call)
    assert [(t.number, t.user_text, len(t.asked_ms), t.exchanges) for t in told.turns] == [
        (1, QUESTION, 1, []),
        (2, "Второй вопрос", 1, []),
    ]
    assert told.turns[0].said == {1: f"{FIRST} 1.", 2: f"{SECOND} 1."}
    assert told.turns[0].answer == f"{FIRST} 1. {SECOND} 1."
    assert [(p.kind, p.turn and p.turn.number) for p in told.phrases] == [
        ("other", None),
        ("answer", 1),
        ("answer", 1),
        ("answer", 2),
        ("answer", 2),
    ]
    assert breaches(call) == []


async def test_an_interruption_that_stops_the_voice_is_fine(place):
    """The voice is cut by the second word, the rest is never heard."""
    call = await place(lines=[QUESTION, Interrupt("Подождите я другое хотел", 600)])
    assert [p.complete for p in call.playbacks][:2] == [True, False]
    assert breaches(call) == []


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        ("interim = () => 1;", "goes on for"),
        (
            "const stop = cut; cut = () => { const rest = queue; stop(); queue = rest; cut = () => 1; setTimeout(next, 400); };",
            "is heard after the interruption",
        ),
        (
            "cut = () => { if (!player) return; player.pause(); setTimeout(() => player.resume(), 400); };",
            "is heard after the interruption",
        ),
    ],
    ids=["deaf", "keeps the queue", "resumes"],
)
async def test_a_voice_that_does_not_give_way_breaks_the_fourth(place, habit, text):
    """Who speaks on, brings the next phrase or takes up the cut one is found out."""
    call = await place(habit, [QUESTION, Interrupt("Подождите я другое хотел спросить у вас", 600)])
    found = [(b.invariant, b.text) for b in breaches(call)]
    assert any(n == 4 and text in told for n, told in found), found


async def test_an_interruption_is_told_late_from_its_beginning_on(place):
    """4. Whoever is told of its beginning after its words cannot know that they are new, though
    another phrase sounds by then."""
    lines = [QUESTION, Interrupt("Подождите я другое хотел спросить у вас", 2100)]
    late = Faults({"late": When(at=[2], where="ASR.CaptureStarted")})
    deaf = "interim = () => 1;"
    assert 4 in {b.invariant for b in breaches(await place(deaf, lines))}
    call = await place(deaf, lines, faults=late, seed=5)  # told just before the second phrase
    assert 4 not in {b.invariant for b in breaches(call)}


@pytest.mark.parametrize(("share", "found"), [(1, True), (0.2, False)])
async def test_words_that_may_be_noise_are_no_interruption(place, share, found):
    """4. What a recogniser without interim results is so unsure of is not acted on over a voice."""
    ears = replace(PROMPT, interims=False, scale=share)
    call = await place(lines=[QUESTION, Interrupt("Подождите я", 600)], recogniser=ears)
    assert (4 in {b.invariant for b in breaches(call)}) is found


@pytest.mark.parametrize(
    "over", [Interrupt("угу", 600), Interrupt("да-да понятно", 600), Cough(600)]
)
async def test_nods_and_coughs_are_no_interruption(place, over):
    """The assistant may speak on, and may pause."""
    habit = """
    interim = () => 1;
    asr.addEventListener(ASREvents.CaptureStarted, () => {
      const mine = player; if (mine) { mine.pause(); setTimeout(() => mine.resume(), 500); }
    });
    """
    call = await place(habit, [QUESTION, over])
    assert [b for b in breaches(call) if b.invariant in (3, 4, 6)] == []
    assert any(p.cut_by == "paused" for p in call.playbacks)


async def test_an_answer_of_two_phrases_is_heard_once(place):
    """Invariant 6 counts phrases: both may sound, none twice."""
    twice = "receive = (m) => { if (m.type === 'say') { speak(m.text); if (m.phrase === 2) speak(m.text); } };"
    call = await place(twice)
    assert any(b.invariant == 6 and "turn 1" in b.text for b in breaches(call))


async def test_what_is_stored_as_heard_is_what_was_played(place):
    """Invariant 9, to the word: the whole, a prefix, and not more than was played."""
    call = await place(lines=[QUESTION, Interrupt("Подождите я другое хотел", 600)])
    reply = f"{FIRST} 1. {SECOND} 1."
    played = call.playbacks[1].heard
    assert played
    turn = {"turn": 1, "reply": reply}
    assert check_heard(call, [turn | {"heard": played}]) == []
    assert check_heard(call, [turn | {"heard": " ".join(played.split()[:-1])}]) == []
    assert check_heard(call, [turn | {"heard": None}]) != []
    assert check_heard(call, [turn | {"heard": "Совсем другие слова были"}]) != []
    whole = await place(lines=[QUESTION])
    assert check_heard(whole, [turn | {"heard": None}]) == []
    assert check_heard(whole, [turn | {"heard": FIRST}]) != []


@pytest.mark.parametrize(("kind", "found"), [("hangup", False), ("busy", True)])
async def test_the_last_words_of_a_dismissed_call_are_not_taken_back(connected, kind, found):
    """4: who wanted the call to end wanted them said; nothing else lets us talk on."""

    async def dismiss(end) -> None:
        await end.send(json.dumps({"type": kind}))
        await talk(end)

    call = await connected(
        BOT + "interim = () => 1;",
        caller=ScriptedCaller([QUESTION, Interrupt("Подождите я другое хотел", 600)]),
        network=ScriptedNetwork(lambda _: HttpResponse(404), stream=dismiss, way=Spread(30, 0)),
        recogniser=PROMPT,
    )
    assert any(breach.invariant == 4 for breach in breaches(call)) is found


@pytest.mark.parametrize(("rest", "found"), [(" Запишу вас на завтра?", False), ("", True)])
async def test_an_echo_of_what_was_to_be_said_is_known(place, rest, found):
    """4, F21: of a phrase that failed and is said once more, only shorter, the rest is ours too."""
    shorter = f"""
        interim = () => 1;
        receive = (message) => {{
          if (message.type !== "say" || message.phrase > 1) return;
          speak(message.text + "{rest}");
          speak(message.text);
        }};
    """
    call = await place(
        shorter,
        [QUESTION, Interrupt("на завтра", 600)],
        faults=Faults({"F21": When(at=[1], where="Первая")}),
    )
    assert (4 in {breach.invariant for breach in breaches(call)}) is found


@pytest.mark.parametrize(("kind", "found"), [("hangup", False), ("busy", True)])
async def test_a_key_into_the_last_words_of_a_dismissed_call_may_go_nowhere(connected, kind, found):
    """21: there is no turn to come."""

    async def wants_a_number(end) -> None:
        asked = json.loads(await end.receive())
        said = {"turn": asked["turn"], "text": FIRST}
        done = {"action": "listen", "outcome": "answered", "patience_ms": 1500}
        for number, message in enumerate(
            [
                {"type": "ready"},
                {"type": "say", "phrase": 1} | said,
                {"type": "answered"} | done | said,
                {"type": kind},
            ],
            1,
        ):
            await end.send(json.dumps(message | {"seq": number}))

    class Presses(SilentCaller):
        def hear(self, line):
            if line.now < 500:
                line.after(2_000, lambda: line.say(QUESTION))
                line.after(6_000, lambda: line.press("5"))
                line.after(9_000, line.hang_up)

    call = await connected(
        "call.handleTones(true);" + BOT,
        caller=Presses(),
        network=ScriptedNetwork(
            lambda _: HttpResponse(404), stream=wants_a_number, way=Spread(30, 0)
        ),
        recogniser=PROMPT,
    )
    told = "the key 5 was pressed and went nowhere"
    assert (told in [breach.text for breach in breaches(call)]) is found
