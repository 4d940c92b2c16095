"""What is spoken is in words: numbers of the model's answer are written out for the voice."""

from __future__ import annotations

from tests.halo import backend, client_of


async def test_a_price_comes_back_in_words(client, model):
    """«390 ₽» of the model is «триста девяносто рублей» for the voice."""
    model.answer = lambda _: "Доставка **390 ₽**, от 5 000 ₽ бесплатно."
    reply = await client.get("/process_text", params={"user_text": "Сколько стоит доставка"})
    words = "Доставка триста девяносто рублей, от пяти тысяч рублей бесплатно."
    assert reply.json()["ai_text"] == words


async def test_a_turn_of_a_call_is_in_words_too(client, model, call_id):
    """The stored reply and its repetition hold what was spoken."""
    model.answer = lambda _: "Приедем к 5 мая, с 9:00 до 21:00."
    body = {"call_id": call_id, "turn": 1, "user_text": "Когда"}
    replies = [(await client.post("/process_text", json=body)).json() for _ in range(2)]
    words = "Приедем к пятому мая, с девяти до двадцати одного часа."
    assert [reply["ai_text"] for reply in replies] == [words, words]


async def test_words_fit_into_a_phrase(client, model):
    """Digits that fit but whose words do not are cut at a sentence, within the limit."""
    model.answer = lambda _: "Цена 123 456 ₽. " * 25
    reply = (await client.get("/process_text", params={"user_text": "Цена"})).json()["ai_text"]
    assert len(reply) <= 400
    assert reply.endswith("рублей. Продолжить?")


async def test_the_offline_assistant_is_spoken_too(tmp_path):
    """A price in the company's own texts comes back in words."""
    (tmp_path / "shop").mkdir()
    text = "## Сколько стоит доставка?\n\nДоставка стоит 390 ₽.\n"
    (tmp_path / "shop" / "delivery.md").write_text(text, encoding="utf-8")
    profile = 'name = "shop"\ncompany = "Лавка"\ndefault = true\nknowledge = "shop"\n'
    (tmp_path / "shop.toml").write_text(profile, encoding="utf-8")
    async with backend(assistants=tmp_path) as halo, client_of(halo) as client:
        asked = {"user_text": "Сколько стоит доставка?"}
        reply = (await client.get("/process_text", params=asked)).json()
    assert reply["ai_text"] == "Доставка стоит триста девяносто рублей."
