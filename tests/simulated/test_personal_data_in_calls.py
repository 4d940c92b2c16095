"""Whole calls with planted personal data: what log, figures, model and store have of it."""

from __future__ import annotations

import pytest

from halo_voice.core.errors import ModelTimeout
from halo_voice.simulator import AsgiNetwork, ScriptedCaller
from tests.halo import HOST, HttpOnly, TalkingModel, backend, call_to, client_of, virtually
from tests.private import CALLER, SPOKEN, found, written

WORDS = [
    "сколько стоит доставка",
    f"{SPOKEN} она не проходит",
    "сорок два семьдесят шесть пятьдесят пять ноль ноль сорок четыре сорок четыре тридцать три "
    "тридцать шесть",
    "паспорт сорок пять ноль восемь девятьсот восемьдесят семь шестьсот пятьдесят четыре",
    "а мне перезвоните на 8 916 777-00-01",
    "спасибо до свидания",
]
IN_WORDS = ("сорок четыре тридцать три", "девятьсот восемьдесят семь")


class Leaking(TalkingModel):
    """Says the data of others, and fails at every third turn."""

    async def stream(self, messages, *, max_tokens, deadline_s):
        self.fault = ModelTimeout(SPOKEN) if len(self.asked) % 3 == 2 else None
        async for piece in super().stream(messages, max_tokens=max_tokens, deadline_s=deadline_s):
            yield piece


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("network", [AsgiNetwork, HttpOnly], ids=["stream", "http"])
def test_a_call_leaves_no_personal_data_where_none_belongs(network, form):
    """F70, F79, F80, invariant 20: a caller dictates all that he has, a model makes up the rest."""

    @virtually
    async def check() -> None:
        model = Leaking()
        model.answer = lambda words: f"Вы Маркеров. Карта 4276 5500 4444 3336. {words}"
        with written(form) as out:
            async with backend(model=model) as halo, client_of(halo) as client:
                call = await call_to(halo.web)(
                    ScriptedCaller(list(WORDS), pause_ms=2_000),
                    network=network(halo.web, HOST),
                    callerid=CALLER,
                    real_time=True,
                )
                shown = [(await client.get(page)).text for page in ("/metrics", "/readyz")]
                [record] = await halo.store.recent_calls(9)
                turns = await halo.store.turns(record.call_id)
        assert call.failures == []
        assert "call_ended" in out.getvalue()
        assert found(out.getvalue()) == []
        assert found("\n".join(shown)) == []
        heard = "\n".join(f"{turn.user_text} {turn.revised_text}" for turn in turns)
        said = "\n".join(turn.reply for turn in turns)
        asked = "\n".join(message.content for each in model.asked for message in each)
        for text in (heard, said, asked, *record.late_texts):
            # A number to call back on is kept on purpose; the name and the words are the caller's.
            assert found(text, but=("name", "words", "phone")) == []
            assert not [part for part in IN_WORDS if part in text]
        assert "[номер карты]" in heard
        assert "паспорт [паспорт]" in heard
        assert "номер соседа [телефон]" in heard
        assert "8 916 777-00-01" in heard
        assert record.caller == CALLER

    check()
