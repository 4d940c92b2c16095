"""`/process_audio`: a recording after the call."""

from __future__ import annotations

import json

import pytest

from halo_voice.core.errors import RecordingUnavailable
from tests.halo import backend, client_of
from tests.standins.transcription_server import TranscriptionServer

URL = "https://storage.voximplant.com/records/one.mp3"


class RecordingShelf:
    """Recordings by address; remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def check(self, url: str) -> None: ...

    async def fetch(self, url: str) -> tuple[bytes, str]:
        self.asked.append(url)
        if url != URL:
            raise RecordingUnavailable
        return b"ID3 sound", "audio/mpeg"

    async def close(self) -> None: ...


async def test_a_recording_is_transcribed_and_kept_with_its_call(model):
    """The text comes back and is stored; with `answer` the model answers it."""
    text = json.dumps({"text": "Где мой заказ"}).encode()
    async with (
        TranscriptionServer(body=text) as server,
        backend(
            model=model, recording_source=RecordingShelf(), transcription_url=server.url
        ) as halo,
        client_of(halo) as client,
    ):
        await client.post("/call/start", json={"call_id": "c-1"})
        await client.post("/call/end", json={"call_id": "c-1", "reason": "caller_hung_up"})
        plain = await client.post("/process_audio", json={"call_id": "c-1", "url": URL})
        asked = {"call_id": "c-1", "url": URL, "answer": True}
        answered = await client.post("/process_audio", json=asked)
        record = await halo.store.find_call("c-1")
    assert plain.json() == {"call_id": "c-1", "user_text": "Где мой заказ"}
    assert answered.json()["ai_text"] == "Ответ: Где мой заказ."
    assert record.recording_text == "Где мой заказ"


async def test_a_recording_s_text_is_masked(model):
    """F70: in the reply, in the store, and in what the model is asked."""
    said = "Карта 4276 3800 1234 5679, почта ivan@mail.ru"
    async with (
        TranscriptionServer(body=json.dumps({"text": said}).encode()) as server,
        backend(
            model=model, recording_source=RecordingShelf(), transcription_url=server.url
        ) as halo,
        client_of(halo) as client,
    ):
        await client.post("/call/start", json={"call_id": "c-1"})
        asked = {"call_id": "c-1", "url": URL, "answer": True}
        answered = await client.post("/process_audio", json=asked)
        record = await halo.store.find_call("c-1")
    assert answered.json()["user_text"] == record.recording_text
    assert record.recording_text == "Карта [номер карты], почта [почта]"
    assert model.asked[0][-1].content == record.recording_text


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://localhost/x.mp3",
        "http://storage.voximplant.com/x.mp3",
        "https://storage.voximplant.com@evil.example/x.mp3",
        "https://storage.voximplant.com.evil.example/x.mp3",
        "file:///etc/passwd",
        "",
    ],
)
async def test_an_address_elsewhere_is_refused(client, call_id, url):
    """F75: 403, before anything is resolved or sent."""
    async with TranscriptionServer() as server, backend(transcription_url=server.url) as halo:
        async with client_of(halo) as asking:
            await asking.post("/call/start", json={"call_id": call_id})
            reply = await asking.post("/process_audio", json={"call_id": call_id, "url": url})
        assert (reply.status_code, reply.json()["code"]) == (403, "recording_refused")
        assert server.requests == []


async def test_without_a_transcription_server_it_says_so(client, call_id):
    """502, and which setting is missing."""
    reply = await client.post("/process_audio", json={"call_id": call_id, "url": URL})
    assert (reply.status_code, reply.json()["code"]) == (502, "transcription_failed")
    assert "HALO_TRANSCRIPTION_URL" in reply.json()["message"]


async def test_a_recording_of_an_unknown_call_is_refused(client):
    """404: only a call that the store knows has a recording."""
    reply = await client.post("/process_audio", json={"call_id": "nobody", "url": URL})
    assert (reply.status_code, reply.json()["code"]) == (404, "unknown_call")
