"""What every transcriber promises, and that ours asks as the official SDK does."""

import asyncio
import io
import json

import openai
import pytest

from halo_voice.core.errors import ConfigurationError, TranscriptionError, TranscriptionRefused
from halo_voice.speech.transcriber import OpenAITranscriber
from tests.standins.transcription_server import TranscriptionServer

AUDIO = bytes(range(256)) * 4
SAID = "Здравствуйте, где мой заказ?"


def answer(**fields):
    return json.dumps(fields).encode()


@pytest.fixture
async def server():
    async with TranscriptionServer(body=answer(text=SAID)) as standing:
        yield standing


@pytest.fixture
async def transcriber(server):
    made = OpenAITranscriber(server.url, "key-1", "whisper-1", total_s=5.0)
    yield made
    await made.close()


async def transcribe(transcriber, content_type="audio/mpeg", language="ru"):
    return await transcriber.transcribe(AUDIO, content_type=content_type, language=language)


async def test_gives_the_words(transcriber):
    """The text comes back without the white space around it."""
    assert await transcribe(transcriber) == SAID


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (answer(text="  да \n"), "да"),
        (answer(text=""), ""),
        (answer(text="да", segments=[], language="russian", usage={"type": "duration"}), "да"),
        (b'{"text": "\\ud800"}', "?"),
    ],
)
async def test_reads_what_servers_answer(server, transcriber, body, text):
    """Silence is the empty text, more fields than one do no harm, and torn Unicode is mended."""
    server.body = body
    assert await transcribe(transcriber) == text


@pytest.mark.parametrize("content_type", ["audio/mpeg", "audio/wav", "audio/flac", "audio/ogg"])
async def test_asks_as_the_official_sdk_does(server, transcriber, content_type):
    """Method, path, authorisation and every field of the form equal the SDK's."""
    await transcribe(transcriber, content_type)
    ours = server.forms.pop()
    async with openai.AsyncOpenAI(base_url=server.url, api_key="key-1", max_retries=0) as sdk:
        result = await sdk.audio.transcriptions.create(
            file=(ours[0].file_name, io.BytesIO(AUDIO), content_type),
            model="whisper-1",
            language="ru",
            response_format="json",
        )
    assert result.text == SAID
    assert sorted(ours, key=repr) == sorted(server.forms.pop(), key=repr)
    (our_method, our_path, our_headers), (method, path, headers) = server.requests
    assert (our_method, our_path) == (method, path) == ("POST", "/v1/audio/transcriptions")
    assert our_headers["Authorization"] == headers["Authorization"] == "Bearer key-1"


async def test_names_the_file_by_its_type(server, transcriber):
    """Servers choose the decoder by the ending, so it fits the content type."""
    for content_type in ("audio/mpeg", "audio/x-wav", "audio/mp4; codecs=x"):
        await transcribe(transcriber, content_type)
    names = [form[0].file_name for form in server.forms]
    assert names == ["recording.mp3", "recording.wav", "recording.m4a"]


@pytest.mark.parametrize(
    ("language", "sent"), [("ru", b"ru"), ("ru-RU", b"ru"), ("RU_ru", b"ru"), ("", None)]
)
async def test_sends_the_language_as_a_code(server, transcriber, language, sent):
    """A language tag is shortened to its ISO 639-1 code; none is sent for none."""
    await transcribe(transcriber, language=language)
    fields = {part.name: part.value for part in server.forms[0]}
    assert fields.get("language") == sent


async def test_a_large_recording_is_sent_whole(server, transcriber):
    """Twenty-five megabytes arrive byte for byte."""
    audio = b"0123456789abcdef" * (25 * 65536)
    await transcriber.transcribe(audio, content_type="audio/mpeg", language="ru")
    assert server.forms[0][0].value == audio


async def test_extra_headers_are_sent_and_no_key_sends_none(server):
    """A server without keys, and one that wants its own header, are both served."""
    made = OpenAITranscriber(server.url + "/", "", "m", headers={"OpenAI-Project": "p"})
    await transcribe(made)
    await made.close()
    (_, path, headers) = server.requests[0]
    assert path == "/v1/audio/transcriptions"
    assert headers["OpenAI-Project"] == "p"
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, answer(error={"message": SAID, "code": "invalid_file"}), "400 (invalid_file)"),
        (401, answer(error={"message": SAID, "type": "auth"}), "401 (auth): check the key"),
        (404, b"<html>", "404: check HALO_TRANSCRIPTION_URL"),
        (413, answer(error=SAID), "413"),
        (429, answer(error={"code": SAID}), "429"),
        (500, b"[" * 100_000, "500"),
        (503, b"", "503"),
        (307, b"", "307"),
    ],
)
async def test_a_refusal_says_its_status_and_nothing_that_was_said(
    server, transcriber, status, body, words
):
    """One try, no redirect; the message has status and code and never the server's prose."""
    server.status, server.body, server.headers = status, body, {"Location": "/v1/elsewhere"}
    with pytest.raises(TranscriptionError) as failure:
        await transcribe(transcriber)
    assert words in failure.value.message
    assert SAID not in failure.value.message
    assert isinstance(failure.value, TranscriptionRefused) is (status in (401, 403, 413))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"text": 5}', b'{"text": ', b"\xff", b'"text"', b"[" * 100_000]
)
async def test_a_broken_answer_is_an_error(server, transcriber, body):
    """What is not JSON with a text is no transcription."""
    server.body = body
    with pytest.raises(TranscriptionError, match="not JSON"):
        await transcribe(transcriber)


async def test_an_endless_answer_is_an_error(server, transcriber):
    """An answer over two megabytes is not read to its end."""
    server.body = answer(text="а" * 1_000_000)
    with pytest.raises(TranscriptionError, match="too large"):
        await transcribe(transcriber)


async def test_a_silent_server_is_given_up(server):
    """The whole transcription has one limit."""
    server.hangs = True
    made = OpenAITranscriber(server.url, "k", "m", total_s=0.05)
    with pytest.raises(TranscriptionError, match=r"within 0\.05 s"):
        await transcribe(made)
    await made.close()


async def test_no_server_is_an_error():
    """A refused connection says which setting to check."""
    async with TranscriptionServer() as gone:
        pass
    made = OpenAITranscriber(gone.url, "k", "m")
    with pytest.raises(TranscriptionError, match="HALO_TRANSCRIPTION_URL"):
        await transcribe(made)
    await made.close()


async def test_another_content_type_is_refused_before_anything_is_sent(server, transcriber):
    """What is not audio that servers decode is an error here, not there."""
    with pytest.raises(TranscriptionRefused, match="The type text/html"):
        await transcribe(transcriber, "text/html")
    assert server.requests == []


async def test_closes_twice_and_opens_again(server, transcriber):
    """A closed transcriber leaves no socket; used again, it connects again."""
    await transcribe(transcriber)
    await transcriber.close()
    await transcriber.close()
    assert await transcribe(transcriber) == SAID


async def test_a_cancelled_transcription_stops(server, transcriber):
    """Cancelling is not turned into an error."""
    server.hangs = True
    task = asyncio.create_task(transcribe(transcriber))
    await server.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_missing_ca_file_is_a_fault_of_the_configuration(tmp_path):
    """A CA file that cannot be read is found at the start, not at the first recording."""
    with pytest.raises(ConfigurationError, match="CA file"):
        OpenAITranscriber("http://127.0.0.1/v1", "k", "m", ca_file=str(tmp_path / "none.pem"))
