"""Tokens as a model's server counts them, over a real connection; estimates where it does not."""

from __future__ import annotations

import contextlib

from halo_voice.core.errors import ModelError
from halo_voice.core.money import Tokens, tokens_asked, tokens_of
from halo_voice.core.ports import Message
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.presets import PRESETS, ModelValues, endpoint_of
from tests.halo import TalkingModel
from tests.standins.model_server import ModelServer, Reply, Step, chunk, event, spoken

ASKED = [Message("user", "Сколько стоит доставка?")]
PIECES = ["Доставка ", "бесплатная."]
USAGE = {**chunk(), "choices": [], "usage": {"prompt_tokens": 41, "completion_tokens": 7}}
COUNTED = Reply(
    [
        *(event(chunk(piece)) for piece in PIECES),
        event(chunk(finish="stop")),
        event(USAGE),
        event("[DONE]"),
    ]
)


async def taken(reply: Reply) -> list[Tokens]:
    async with ModelServer(reply) as server:
        limits = Limits(stall_s=0.3, first_token_s=60.0)
        client = OpenAIClient(Endpoint(url=server.url, model="m", name="m", limits=limits))
        guarded = GuardedModel([client, TalkingModel()])
        answer = guarded.stream(ASKED, max_tokens=50, deadline_s=60.0)
        given: list[str] = []
        with contextlib.suppress(ModelError):  # how the answer ends is tried elsewhere
            await answer.each(lambda piece: given.append(piece))
        await answer.aclose()
        await guarded.close()
        # The reader's own count must not matter: the client knows.
        return answer.spent(10_000)


async def test_the_server_s_own_count_holds() -> None:
    """It comes after the last word, and is waited for no longer than the answer's end."""
    assert await taken(COUNTED) == [Tokens("m", 41, 7)]


async def test_without_a_count_it_is_estimated() -> None:
    """From the characters that came over the line."""
    estimated = Tokens("m", tokens_asked(ASKED), tokens_of(len("".join(PIECES))))
    assert await taken(spoken(PIECES)) == [estimated]


async def test_a_torn_stream_is_estimated() -> None:
    """F34, F35: the server's count never came; what had come counts."""
    for end in (Step.CUT, Step.HANG):
        [tokens] = await taken(Reply([event(chunk(PIECES[0])), end]))
        assert tokens == Tokens("m", tokens_asked(ASKED), tokens_of(len(PIECES[0])))


async def test_thoughts_are_written_too() -> None:
    """A model that only thinks gives no word, and is paid for what it thought."""
    thinking = Reply([event(chunk(reasoning_content="а" * 30)), event("[DONE]")])
    assert await taken(thinking) == [Tokens("m", tokens_asked(ASKED), 10)]


def test_the_count_is_asked_for_where_it_has_to_be() -> None:
    """`stream_options` for the presets that know it; a server of which nothing is known gets none.

    GigaChat sends its count by itself.
    """
    asking = {}
    for name in PRESETS:
        values = ModelValues(preset=name, key="k", name="m", folder="f", url="http://m.example/v1")
        asking[name] = endpoint_of(values).extra.get("stream_options")
    counted = {"include_usage": True}
    assert asking == {
        "compatible": None,
        "openai": counted,
        "yandexgpt": None,
        "gigachat": None,
        "cloudru": counted,
        "vllm": counted,
        "ollama": counted,
    }
