"""Whatever a model says, what is spoken is words: invariant 13, phrase by phrase and over HTTP."""

from __future__ import annotations

import asyncio
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_voice.calls.call import Call
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.guard import Guard
from halo_voice.core.ports import CallStart
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel, backend, client_of
from tests.one_call import PROFILE, Listening, heard

UNSAFE = re.compile(
    r"[<>\[\]{}*_`#|~\\^@&]|://|www\.|[A-Za-z0-9-]\.(?:ru|com|org|net)\b", re.IGNORECASE
)
HOSTILE = st.sampled_from(
    [
        "<speak><audio src='http://evil.example/a.mp3'/>", "<break time='10s'/>", "</speak>",
        "<think>", "</think>", "**жирно**", "# Заголовок\n", "- пункт\n", "| а | б |\n",
        "```\nrm -rf /\n```", "[ссылка](https://evil.example)", "https://evil.example/?a=b",
        "www.evil.ru", "evil.com", "mail@evil.com", "javascript:alert(1)", "data:text/html,x",
        "&lt;b&gt;", "&#60;", "\x00", "\x1b[31m", "\u202e", "\u200b", "\ufeff", "\ud83d", "\udc00",
        "🙂", "👩\u200d👧", "\r\n", "\t", "{{7*7}}", "${jndi:ldap://x}", "%0d%0a", "sil<[500]>",
        "+", "зам+ок", "…", "Да. ", "Нет! ", "Что? ", "и ", "слово ", "5", "390 ₽ ",
    ]
)  # fmt: skip
PIECES = st.lists(st.one_of(HOSTILE, st.text(st.characters(), max_size=30)), max_size=30)


class Saying:
    """A model that says these pieces."""

    name = "saying"

    def __init__(self, pieces: list[str]) -> None:
        self.pieces = pieces

    async def stream(self, messages, *, max_tokens, deadline_s):
        for piece in filter(None, self.pieces):
            yield piece


def faults(text: str) -> list[str]:
    """Why it must not be spoken."""
    text.encode("utf-8")
    found = [] if 1 <= len(text) <= 400 else [f"{len(text)} characters"]
    found += [f"U+{ord(char):04X}" for char in text if unicodedata.category(char)[0] == "C"]
    return found + UNSAFE.findall(text)


async def said(pieces: list[str]) -> list[str]:
    """All phrases and the reply of a turn that is answered with these pieces."""
    store, listener = MemoryStore(), Listening()
    await store.open_call(CallStart("c-1"))
    guard = Guard(PROFILE, canary="жышычыщючяшящяця", secret=["k" * 32])
    words = Words(Saying(pieces), max_tokens=300, guard=guard)
    call = Call("c-1", Dialogue(PROFILE), words=words, store=store)
    record = await call.take(heard(1, "где вы"), listener)
    await call.finish()
    assert record.reply == " ".join(listener.said(1))
    assert record.action == "listen"
    return [*listener.said(1), record.reply]


@settings(max_examples=150, deadline=None)
@given(PIECES)
def test_whatever_a_model_says_is_safe_to_speak(pieces):
    """Invariant 13: 1 to 400 characters, UTF-8, no control characters, markup or addresses."""
    for text in asyncio.run(said(pieces)):
        assert faults(text) == [], text


TEN_MB = 10_000_000


@pytest.mark.parametrize(
    "answer",
    [
        "слово " * (TEN_MB // 12),
        "<" * TEN_MB,
        "Да. " * (TEN_MB // 7),
        "\u202e\x00" * (TEN_MB // 4),
        "https://evil.example/" + "a" * TEN_MB,
        "1" * TEN_MB,
        "[" * (TEN_MB // 2) + "]" * (TEN_MB // 2),
        "собака точка ру " * (TEN_MB // 30),
    ],
    ids=["words", "brackets", "sentences", "invisible", "address", "digits", "links", "mail"],
)
async def test_ten_megabytes_in_one_piece_are_safe_to_speak(answer):
    """Invariant 13, F39: over HTTP, in one token, and the call goes on."""
    model = TalkingModel()
    model.answer = lambda _: answer
    async with backend(model=model) as halo, client_of(halo) as client:
        reply = await client.get("/process_text", params={"user_text": "что"})
        assert faults(reply.json()["ai_text"]) == []
        model.answer = lambda _: "Да."
        again = await client.get("/process_text", params={"user_text": "что"})
        assert again.json()["ai_text"] == "Да."
