"""Webhooks as the standard's own library sees them."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from halo_voice.workflows.webhook import Receiver, signed, webhook_faults
from tests.standins.webhook_receiver import SECRET, receiving
from tests.told import TOLD

BODY = '{"type":"call.ended","data":{"summary":"Спросили о доставке."}}'.encode()


def test_the_standards_library_verifies_what_is_signed():
    """And refuses it with another body, id, time or secret."""
    now = int(time.time())
    headers = dict(signed(SECRET, "d-1", now, BODY))
    receiver = Webhook(SECRET)

    assert receiver.verify(BODY, headers) == json.loads(BODY)
    for wrong in (
        headers | {"webhook-id": "d-2"},
        headers | {"webhook-timestamp": str(now + 1)},
        dict(signed("whsec_" + "A" * 32, "d-1", now, BODY)),
        dict(signed(SECRET, "d-1", now - 3_600, BODY)),
    ):
        with pytest.raises(WebhookVerificationError):
            receiver.verify(BODY, wrong)
    with pytest.raises(WebhookVerificationError):
        receiver.verify(BODY + b" ", headers)


@pytest.mark.parametrize(
    ("status", "delivered", "final"),
    [(200, True, False), (204, True, False), (301, False, False), (400, False, True),
     (401, False, False), (404, False, False), (422, False, True), (429, False, False),
     (500, False, False), (503, False, False)],
)  # fmt: skip
async def test_what_the_receiver_says_decides_whether_to_try_again(status, delivered, final):
    """An event that it does not want is given up; a receiver that is away is waited for."""
    with receiving() as receiver:
        receiver.answer = lambda _: status
        attempt = await Receiver(receiver.url, SECRET).send("d-1", TOLD)

    assert (attempt.delivered, attempt.status, attempt.final) == (delivered, status, final)
    assert receiver.unverified == 0


@pytest.mark.parametrize(
    ("told", "rest_s"),
    [("120", 120), ("90000", 3_600), ("-5", 0), ("", 0), ("9" * 99, 0),
     ("Wed, 21 Oct 2026 07:28:00 GMT", 0)],
)  # fmt: skip
async def test_a_receiver_may_ask_for_a_rest(told, rest_s):
    """In seconds, an hour at most; whatever else it says, our own waits hold."""
    with receiving() as receiver:
        receiver.answer, receiver.retry_after = (lambda _: 429), told
        attempt = await Receiver(receiver.url, SECRET).send("d-1", TOLD)

    assert (attempt.delivered, attempt.rest_s, attempt.final) == (False, rest_s, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnone",
    ],
    ids=["broken off", "unreadable"],
)
async def test_an_event_is_taken_whatever_comes_behind_the_status(answer):
    """A receiver that has said so has it: it is not told again because its words broke off."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        attempt = await Receiver(f"http://127.0.0.1:{port}/hook", SECRET).send("d-1", TOLD)

    assert (attempt.delivered, attempt.status, attempt.fault) == (True, 200, "")


async def test_nobody_at_the_address_is_no_exception():
    """It is an attempt without a status, whose fault holds no word of the event."""
    attempt = await Receiver("http://127.0.0.1:9/hook", SECRET).send("d-1", TOLD)

    assert (attempt.delivered, attempt.status, attempt.final) == (False, None, False)
    assert attempt.fault == "ClientConnectorError"


@pytest.mark.parametrize(
    ("url", "secret", "wrong"),
    [
        ("", "", []),
        ("https://crm.example/hook", SECRET, []),
        ("http://127.0.0.1:8000/hook", SECRET, []),
        ("http://crm.example/hook", SECRET, ["URL"]),
        ("https://someone@crm.example/", SECRET, ["URL"]),
        ("https://[", SECRET, ["URL"]),
        ("https://crm.example/hook", "", ["SECRET"]),
        ("https://crm.example/hook", "whsec_AAAA", ["SECRET"]),
        ("https://crm.example/hook", "whsec_!", ["SECRET"]),
        ("", SECRET, ["URL"]),
    ],
)
def test_a_receiver_that_cannot_work_is_told_at_the_start(url, secret, wrong):
    """By the variable that is at fault; none of them shows the secret."""
    found = webhook_faults(url, secret)

    assert list(found) == wrong
    assert SECRET not in repr(found)
