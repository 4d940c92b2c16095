"""Faults of the stream by number, on the product: no turn lost, no word spoken twice.

Shipped scenario, real backend and a model on one clock; a fault strikes some message of some turn.
"""

from __future__ import annotations

from collections import Counter

import pytest

from halo_voice.core.ports import Outcome
from halo_voice.simulator import AsgiNetwork, Faults, ScriptedCaller, When
from halo_voice.simulator.sockets import SocketRequest
from halo_voice.simulator.turns import letters
from halo_voice.simulator.wire import fields
from tests.halo import HOST, PacedModel, backend, call_to, virtually
from tests.played import EARS, NUMBER, Played, judge, play

WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
ANSWERS = {
    "работаете": "Мы работаем до девяти вечера. По воскресеньям до восьми. Приходите в любой день.",
    "доставка": "Доставка по городу стоит триста рублей. От трёх тысяч бесплатно. Везём завтра.",
    "находитесь": "Мы находимся на улице Ленина. Вход со двора. Рядом есть стоянка.",
}
FALLBACK_MS = 5_000  # from the question to HTTP, when the stream is half open
CALL_UP, FINAL_UP = '→ {"type":"call"', '→ {"type":"final"'
READY, ACCEPTED, SAY, ANSWERED = (
    f'← {{"type":"{name}"' for name in ("ready", "accepted", "say", "answered")
)
PLACES = {
    "its beginning": When(at=[1], where=CALL_UP),
    "ready": When(at=[1], where=READY),
    "the question": When(at=[1], where=FINAL_UP),
    "the second question": When(at=[2], where=FINAL_UP),
    "accepted": When(at=[1], where=ACCEPTED),
    "the first phrase": When(at=[1], where=SAY),
    "the second phrase": When(at=[2], where=SAY),
    "the third phrase": When(at=[3], where=SAY),
    "answered": When(at=[1], where=ANSWERED),
    "what was heard": When(at=[1], where='→ {"type":"phrase_started"'),
    "the last answered": When(at=[3], where=ANSWERED),
}


def answer(heard: str) -> str:
    return next((text for word, text in ANSWERS.items() if word in heard), "Простите?")


def slow() -> PacedModel:
    """A model whose phrases come one by one: a sentence in about a second and a half."""
    return PacedModel(0.5, 0.2, answer=answer)


async def asked_all(model=None, **how) -> Played:
    """A patient caller asks everything; each question is one turn, answered once and whole."""
    model = model or slow()
    caller = ScriptedCaller(list(WORDS), pause_ms=5_000)
    played = await play(caller, model=model, **how)
    assert_whole(played)
    return played


def assert_whole(played: Played) -> None:
    """Each question has one row and one answer, which was heard once, in its order."""
    assert [letters(turn.user_text) for turn in played.turns] == [letters(w) for w in WORDS]
    assert {turn.outcome for turn in played.turns} == {Outcome.ANSWERED}
    assert [turn.reply for turn in played.turns] == [answer(words) for words in WORDS]
    spoken = [text for text in played.heard if any(text in reply for reply in ANSWERS.values())]
    assert " ".join(spoken) == " ".join(turn.reply for turn in played.turns)


def asked_at(played: Played) -> dict[int, int]:
    """When each turn was first asked on the stream."""
    times: dict[int, int] = {}
    for message in played.sent("final"):
        times.setdefault(message.turn or 0, message.ms)
    return times


BREAKS = [(place, fault) for place in PLACES for fault in ("F47", "cut")]


class TestHalfOpenAndCut:
    """F47, and a connection that both ends see go."""

    @pytest.mark.parametrize(("place", "fault"), BREAKS)
    @virtually
    async def test_f47_no_turn_and_no_word_is_lost(self, place, fault):
        """F47, F48: from any message on nothing arrives; the same turn over HTTP within five
        seconds, the rest of its answer and nothing twice."""
        played = await asked_all(**{fault: PLACES[place]})
        asked = asked_at(played)
        for exchange in played.call.requests:
            turn = fields(exchange.body).get("turn")
            if exchange.url.endswith("/process_text") and turn in asked:
                came = [m.ms for m in played.sent("say", up=False) if m.turn == turn]
                ended = [s.ended_ms for s in played.call.playbacks if s.ended_ms < exchange.sent_ms]
                assert exchange.sent_ms - max([asked[turn], *came, *ended]) <= FALLBACK_MS

    @pytest.mark.parametrize("ears", EARS)
    @virtually
    async def test_f47_before_the_first_question(self, ears):
        """F47: half open since its beginning: 1.5 s after the question it is asked over HTTP."""
        how = {"recogniser": EARS[ears], "F47": When(at=[1], where='→ {"type":"interim"')}
        if ears == "no interims":
            how["F47"] = PLACES["the question"]
        played = await play(ScriptedCaller(list(WORDS), pause_ms=5_000), model=slow(), **how)
        assert len(played.turns) == len(WORDS)
        assert played.by_http()[0] == 1
        sent = next(r.sent_ms for r in played.call.requests if r.url.endswith("/process_text"))
        assert 1_400 <= sent - asked_at(played)[1] <= 1_600


class TestReplay:
    """F48: a turn is asked again after the break."""

    @pytest.mark.parametrize("place", ["the second phrase", "answered"])
    @virtually
    async def test_f48_one_question_to_the_model(self, place):
        """F48: the answer that was being made goes on; nobody asks the model anew."""
        model = slow()
        await asked_all(model, cut=PLACES[place])
        asked = Counter(messages[-1].content for messages in model.asked)
        assert {words: asked[words] for words in WORDS} == dict.fromkeys(WORDS, 1)

    @pytest.mark.parametrize("seed", range(4))
    @virtually
    async def test_f48_every_message_twice(self, seed):
        """F48: numbers tell the second one; all as without."""
        played = await asked_all(F48=When(probability=1), seed=seed)
        assert played.by_http() == []


class TestOrder:
    """F49, F50, F53: messages that come late or in another order."""

    @pytest.mark.parametrize("seed", range(6))
    @virtually
    async def test_f49_swapped_messages(self, seed):
        """F49: every other message is overtaken by the next; the right order is spoken."""
        played = await asked_all(F49=When(probability=0.5), seed=seed)
        assert played.call.struck["F49"] > 5

    @pytest.mark.parametrize("seed", range(6))
    @virtually
    async def test_f50_a_slow_reader(self, seed):
        """F50: messages take up to three seconds, and all behind them: each turn is answered
        once, and never with the words of an older one (invariant 5)."""
        caller = ScriptedCaller(list(WORDS), pause_ms=5_000)
        # Patience that was taken back arrives late, too: then the caller waits that much longer.
        slowed = When(probability=0.3)
        played = await play(caller, model=slow(), slow=slowed, seed=seed, expected=["invariant 1 "])
        assert [letters(t.user_text) for t in played.answered] == [letters(w) for w in WORDS]
        newest = 0
        for text in played.heard:
            turn = next((t.turn for t in played.turns if text in t.reply), newest)
            assert turn >= newest
            newest = turn

    @pytest.mark.parametrize("seed", range(4))
    @virtually
    async def test_f53_a_phrase_of_an_older_turn_arrives_late(self, seed):
        """F53: the caller interrupts; what is on its way of the older answer is not spoken."""
        caller = ScriptedCaller([WORDS[1], *WORDS[2:]], pause_ms=700)
        slowed = When(probability=1, where='"phrase":2')
        played = await play(caller, model=slow(), slow=slowed, seed=seed)
        spoken = [next((t.turn for t in played.turns if s in t.reply), 0) for s in played.heard]
        told = [turn for turn in spoken if turn]
        assert told == sorted(told)


class TestFailover:
    """One call, two ways and two processes."""

    @pytest.mark.parametrize("at", [1, 2, 3])
    @virtually
    async def test_the_rest_is_spoken_and_the_next_turn_is_on_the_stream_again(self, at):
        """F47, F48: cut in the middle of the first answer."""
        played = await asked_all(cut=When(at=[at], where=SAY))
        assert played.by_http() == [1]
        assert asked_at(played).keys() == {1, 2, 3}
        assert len(played.sent("call")) == 2
        assert played.misheard() == []

    @pytest.mark.parametrize("place", ["the second question", "the second phrase", "answered"])
    @virtually
    async def test_another_process_takes_over(self, place):
        """F43, F48, invariant 8: the stream is cut, and all that follows goes to a second process
        with the same store: its model knows the whole talk."""
        first, second = slow(), PacedModel(0.3, 0.05, answer=answer)
        async with (
            backend(model=first) as one,
            backend(model=second, store=Lent(one.store)) as two,
        ):
            call = await call_to(None)(
                ScriptedCaller(list(WORDS), pause_ms=5_000),
                network=Moving(one.web, two.web),
                recogniser=EARS["prompt"],
                session_id=NUMBER,
                real_time=True,
                faults=Faults({"cut": PLACES[place]}),
            )
            record = await two.store.find_call(str(NUMBER))
            turns = await two.store.turns(str(NUMBER))
        judge(call)
        played = Played(call, record, turns, second, None)
        assert_whole(played)
        assert record.end_reason == "caller_hung_up"
        assert played.sent("final")[-1].turn == 3
        last = [m.content for m in second.asked[-1]]
        assert [text for text in last if text in WORDS] == WORDS
        assert [text for text in last if text in ANSWERS.values()] == [
            turn.reply for turn in turns[:2]
        ]


class Moving(AsgiNetwork):
    """Two processes behind one address: the first serves one stream and what is asked beside it;
    after that stream everything goes to the second."""

    def __init__(self, first, second) -> None:
        super().__init__(first, HOST)
        self._second = AsgiNetwork(second, HOST)
        self._stream = None

    @property
    def _moved(self) -> bool:
        return self._stream is not None and self._stream.over

    async def connect(self, request: SocketRequest):
        if self._stream is not None:
            return await self._second.connect(request)
        self._stream = Watched(await super().connect(request))
        return self._stream

    async def request(self, request):
        return await (self._second.request if self._moved else super().request)(request)


class Watched:
    """A socket that remembers that it was closed."""

    def __init__(self, inner) -> None:
        self._inner = inner
        self.over = False

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.over = True
        await self._inner.close(code)

    def __getattr__(self, name: str):
        return getattr(self._inner, name)


class Lent:
    """A store that somebody else closes."""

    def __init__(self, inner) -> None:
        self._inner = inner

    async def close(self) -> None: ...

    def __getattr__(self, name: str):
        return getattr(self._inner, name)
