"""What `OpenAIClient` offers beyond the port: the first names, and the facts of an answer."""

from __future__ import annotations

import pytest

from halo_voice.core.errors import ConfigurationError, ModelTimeout
from halo_voice.core.ports import Message
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.openai_client import CONTEXT, OpenAIClient
from tests.standins.model_server import ModelServer, Reply, Step, chunk, event, spoken


async def test_get_ai_response_gives_the_whole_answer() -> None:
    """One question, one text; the assistant of the first description is the default."""
    async with ModelServer(spoken(["С девяти ", "до двадцати одного."])) as server:
        client = OpenAIClient(Endpoint(url=server.url, model="standin"))
        assert await client.get_ai_response("Когда вы работаете?") == "С девяти до двадцати одного."
        await client.close()
    assert server.requests[0].json()["messages"] == [
        {"role": "system", "content": CONTEXT},
        {"role": "user", "content": "Когда вы работаете?"},
    ]


async def test_its_streaming_twin_sends_context_and_history() -> None:
    """The history stands between the context and the question."""
    history = [Message("user", "Алло"), Message("assistant", "Слушаю вас.")]
    async with ModelServer() as server:
        client = OpenAIClient(Endpoint(url=server.url, model="standin"))
        answer = client.stream_ai_response("Кто вы?", "Вы - робот.", history, max_tokens=9)
        assert [piece async for piece in answer] == ["Здравствуйте!"]
        await client.close()
    sent = server.requests[0].json()
    assert [m["content"] for m in sent["messages"]] == [
        "Вы - робот.",
        "Алло",
        "Слушаю вас.",
        "Кто вы?",
    ]
    assert sent["max_tokens"] == 9


async def test_a_failure_in_the_middle_is_raised() -> None:
    """`get_ai_response` never passes half an answer off as a whole one."""
    async with ModelServer(Reply([event(chunk("Мы")), Step.HANG])) as server:
        limits = Limits(stall_s=0.05)
        client = OpenAIClient(Endpoint(url=server.url, model="standin", limits=limits))
        with pytest.raises(ModelTimeout):
            await client.get_ai_response("Когда?")
        await client.close()


async def test_an_answer_knows_how_it_ended() -> None:
    """Source, reason and the time of the first piece are there when the answer ended."""
    async with ModelServer(spoken(["Мы работаем с"], finish="length")) as server:
        client = OpenAIClient(Endpoint(url=server.url, model="standin", name="vllm"))
        answer = client.stream_ai_response("Когда?")
        assert answer.first_piece_s is None
        async for _ in answer:
            pass
        await client.close()
    assert (answer.source, answer.finish_reason, answer.truncated) == ("vllm", "length", True)
    assert 0 <= answer.first_piece_s < 5


@pytest.mark.parametrize(
    ("reason", "cut"),
    [
        ("length", "cut"),
        ("content_filter", "cut by a filter"),
        ("blacklist", "cut by a filter"),
        ("error", "cut"),
        ("stop", ""),
        ("tool_calls", ""),
        (None, ""),
    ],
)
async def test_an_answer_that_a_filter_broke_off_is_truncated(reason: str | None, cut: str) -> None:
    """F35: whatever else than its own end stopped it, its last sentence may be half of one."""
    async with ModelServer(spoken(["Доставка стоит пятьсот"], finish=reason)) as server:
        client = OpenAIClient(Endpoint(url=server.url, model="standin"))
        answer = client.stream_ai_response("Сколько стоит доставка?")
        async for _ in answer:
            pass
        await client.close()
    assert (answer.truncated, answer.filtered) == (bool(cut), cut == "cut by a filter")


async def test_an_answer_has_an_end() -> None:
    """A server that ignores `max_tokens` is cut at the limit of characters."""
    async with ModelServer(spoken(["слово "] * 1000)) as server:
        limits = Limits(answer_chars=100)
        client = OpenAIClient(Endpoint(url=server.url, model="standin", limits=limits))
        answer = client.stream_ai_response("Расскажите всё.")
        text = "".join([piece async for piece in answer])
        await client.close()
    assert text == ("слово " * 17)[:100]
    assert answer.truncated


async def test_an_endpoint_shapes_the_request() -> None:
    """Key style, headers, extra fields and the name of the token limit go out as configured."""
    async with ModelServer() as server:
        client = OpenAIClient(
            Endpoint(
                url=server.url + "/",
                model="gpt://b1g/yandexgpt/latest",
                key="secret",
                key_style="Api-Key",
                headers={"OpenAI-Project": "b1g"},
                max_tokens_field="max_completion_tokens",
                extra={"reasoning_effort": "none"},
            )
        )
        await client.get_ai_response("Алло", max_tokens=77)
        await client.close()
    request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Api-Key secret"
    assert request.headers["openai-project"] == "b1g"
    assert request.headers["accept-encoding"] == "identity"
    sent = request.json()
    assert (sent["max_completion_tokens"], sent["reasoning_effort"]) == (77, "none")
    assert "max_tokens" not in sent


def test_an_unreadable_ca_file_is_a_configuration_error(tmp_path) -> None:
    """It is found when the client is made, not in the first call."""
    for text in (None, "no certificate"):
        file = tmp_path / "ca.pem"
        if text:
            file.write_text(text)
        with pytest.raises(ConfigurationError, match="HALO_MODEL_CA_FILE"):
            OpenAIClient(Endpoint(url="https://127.0.0.1/v1", model="m", ca_file=str(file)))


def test_keys_are_not_printed() -> None:
    """An endpoint in a log line or a traceback shows neither key nor headers."""
    endpoint = Endpoint(url="http://h/v1", model="m", key="s3cret", headers={"X": "s3cret"})
    assert "s3cret" not in repr(endpoint)
