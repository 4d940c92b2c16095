"""Calls that lead nowhere: a television before a silent caller, a caller of another language."""

from __future__ import annotations

import re

from halo_voice.core.aside import INSTRUCTION, MARK
from tests.halo import TalkingModel, backend, client_of, virtually
from tests.played import play

TELEVISION = [
    "в столице сегодня облачно без осадков",
    "а теперь к новостям спорта",
    "счёт матча пока не открыт",
    "оставайтесь с нами после рекламы",
]
ENGLISH = ["hello do you speak english", "i would like to order a lamp", "ду ю спик инглиш"]


class Discerning(TalkingModel):
    """Knows what is for the assistant, as its instructions ask: here, what is a question."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = lambda words: "Доставка стоит триста рублей." if "?" in words else MARK


@virtually
async def test_a_television_is_said_goodbye_to_after_three_turns():
    """F16: two times it is asked to repeat, the third time the call ends; three short answers."""
    played = await play(list(TELEVISION), model=Discerning())
    texts = played.texts
    assert played.heard == [texts.greeting, texts.repeat, texts.repeat, texts.bye_idle]
    assert [turn.source for turn in played.turns] == ["aside"] * 3
    assert [turn.action for turn in played.turns] == ["listen", "listen", "hangup"]
    assert played.record.end_reason == "assistant_hung_up"


@virtually
async def test_a_question_in_between_begins_the_count_anew():
    """F16: who is there after all is answered, and is not hung up on for what was before."""
    words = [*TELEVISION[:2], "сколько стоит доставка?", *TELEVISION[2:4]]
    played = await play(words, model=Discerning())
    assert [turn.source for turn in played.turns] == [*["aside"] * 2, "talking", *["aside"] * 2]
    assert {turn.action for turn in played.turns} == {"listen"}
    assert played.record.end_reason == "caller_hung_up"


async def test_the_mark_is_never_spoken_however_it_is_written():
    """F16: nor what a model adds to it; a word that only begins so is an answer."""
    said = {}
    model = TalkingModel()
    async with backend(model=model) as halo, client_of(halo) as client:
        for answer in (f"{MARK}.", f"«{MARK}». Это телевизор.", f"{MARK}\n\nпояснение", "Мимо."):
            model.answer = lambda _, answer=answer: answer
            reply = await client.get("/process_text", params={"user_text": "и о погоде"})
            said[answer] = reply.json()["ai_text"]
        texts = halo.switchboard.profiles.default.texts
    assert said.pop("Мимо.") == "Мимо."
    assert set(said.values()) == {texts.repeat}
    assert INSTRUCTION in model.asked[0][0].content


@virtually
async def test_another_language_is_apologised_for_in_ours():
    """F17: no model is asked, the language is in the turn's row, the third such turn ends it."""
    played = await play(list(ENGLISH), model=TalkingModel(), http=True)
    texts = played.texts
    assert played.heard == [texts.greeting, texts.foreign, texts.foreign, texts.bye_idle]
    assert [turn.source for turn in played.turns] == ["language:en"] * 3
    assert played.model.asked == []
    assert re.search("[а-яё]", texts.foreign)


@virtually
async def test_who_changes_to_our_language_is_answered():
    """F17: the apology tells what to do, and it works."""
    played = await play([ENGLISH[0], "сколько стоит доставка"], model=TalkingModel())
    assert [turn.source for turn in played.turns] == ["language:en", "talking"]
    assert played.heard[-1] == "Ответ: сколько стоит доставка."


async def test_a_company_may_take_other_languages(tmp_path):
    """F17: with `languages` the words go to the model."""
    profile = 'name = "shop"\ncompany = "Лавка"\ndefault = true\nlanguages = ["ru", "en"]\n'
    (tmp_path / "shop.toml").write_text(profile, encoding="utf-8")
    model = TalkingModel()
    async with backend(model=model, assistants=tmp_path) as halo, client_of(halo) as client:
        await client.post("/call/start", json={"call_id": "c-1"})
        for turn, words in enumerate((ENGLISH[0], "guten Tag, sprechen Sie Deutsch?"), 1):
            body = {"call_id": "c-1", "turn": turn, "user_text": words}
            await client.post("/process_text", json=body)
    assert [asked[-1].content for asked in model.asked] == [ENGLISH[0]]
