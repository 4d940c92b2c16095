"""The acceptance list of the first description, as one call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from halo_voice.core.ports import Outcome
from halo_voice.simulator import Recogniser
from halo_voice.simulator.trace import PlaybackSpan

GREETING = "Здравствуйте! Я голосовой ассистент компании HALO. Чем могу помочь?"
QUESTIONS = [
    "до скольки вы работаете",
    "где вы находитесь",
    "сколько стоит доставка",
    "как можно оплатить заказ",
    "как вернуть товар",
    "какая у вас гарантия",
    "можно ли забрать заказ самому",
    "как с вами связаться",
    "есть ли у вас рассрочка",
    "вы делаете ремонт",
    "сколько стоит установка люстры",
    "как узнать где мой заказ",
    "а тринадцатый вопрос",
]


async def test_a_call_of_twelve_turns_goes_as_the_first_description_says(halo, call):
    """Connect, greet, detect, capture, recognise, ask, speak, listen again, twelve times."""
    done = await call(QUESTIONS, recogniser=Recogniser(scale=100, interims=False))

    assert done.failures == []
    assert done.finish_reason == "Normal termination"
    # 1 the call connects, 2 the greeting is heard whole
    assert done.connected_ms is not None
    assert done.playbacks[0].text == GREETING
    assert done.playbacks[0].complete
    # 3 to 6: what each turn writes to the log, letter by letter, in this order
    turns = _turns(done.log)
    assert len(turns) == 12
    phrases = iter(done.playbacks[1:])
    for turn, question in zip(turns, QUESTIONS, strict=False):
        assert turn[:3] == [
            "[ASR] Speech detected!",
            "[ASR] Speech captured, recognizing...",
            "[ASR] Result received!",
        ]
        assert turn[3] == f"[ASR] Text: {question}"
        assert re.fullmatch(r"\[ASR\] Confidence: (0(\.\d+)?|1)", turn[4])
        assert turn[5] == "[ASR] Backend response: 200"
        # 7 the answer is heard, phrase by phrase
        assert turn[6].startswith("[ASR] AI: ")
        assert _heard(phrases, turn[6].removeprefix("[ASR] AI: "))
        assert len(turn) == 7
    # 8 it listened all the time: the recogniser was never taken off the line before the goodbye
    order = [line.what for line in done.trace if line.who in ("scenario", "voice")]
    assert sum("sendMediaTo asr" in what for what in order) == 1
    assert sum("stopMediaTo asr" in what for what in order) == 1
    # 9 the dialogue ends after twelve turns, with a goodbye
    assert "до свидания" in done.playbacks[-1].text.lower()
    assert next(phrases) is done.playbacks[-1]

    [record] = await halo.store.recent_calls(10)
    assert record.end_reason == "turn_limit"
    assert record.turns_reported == 12
    kept = await halo.store.turns(record.call_id)
    assert [turn.turn for turn in kept] == list(range(1, 13))
    assert [turn.user_text for turn in kept] == QUESTIONS[:12]
    spoken = " ".join(span.text for span in done.playbacks[1:-1])
    assert " ".join(turn.reply for turn in kept) == spoken
    assert {turn.outcome for turn in kept} == {Outcome.ANSWERED}
    assert len({turn.reply for turn in kept}) == 12


def _heard(phrases: Iterator[PlaybackSpan], answer: str) -> bool:
    """Whether the next phrases are this answer, each heard to its end."""
    told = ""
    while len(told) < len(answer):
        phrase = next(phrases)
        told = f"{told} {phrase.text}".strip()
        if not phrase.complete:
            return False
    return told == answer


def _turns(log: list[str]) -> list[list[str]]:
    turns: list[list[str]] = []
    for line in log:
        if line == "[ASR] Speech detected!":
            turns.append([])
        turns[-1].append(line)
    return turns


async def test_confidence_is_shown_as_a_share(call):
    """«[ASR] Confidence: 0.95», whatever the vendor's scale."""
    from halo_voice.simulator import Say, ScriptedCaller

    done = await call(ScriptedCaller([Say("где вы находитесь", confidence=0.95)]))
    assert "[ASR] Confidence: 0.95" in done.log


async def test_a_goodbye_ends_the_call(halo, call):
    """The caller says goodbye, the assistant says goodbye, the line is closed."""
    done = await call(["сколько стоит доставка", "спасибо до свидания"])
    [record] = await halo.store.recent_calls(1)
    assert record.end_reason == "assistant_hung_up"
    assert done.playbacks[-1].complete


async def test_the_called_number_chooses_the_profile(halo, call):
    """Two companies on one backend: the second profile greets on its own number."""
    [other] = [p for p in halo.switchboard.profiles if not p.default]
    done = await call(["здравствуйте"], destination=other.numbers[0])
    assert done.playbacks[0].text == other.texts.greeting
    [record] = await halo.store.recent_calls(1)
    assert record.profile == other.name
