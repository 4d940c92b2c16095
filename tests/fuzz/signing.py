"""Has schemathesis sign what it sends. Loaded by its command line, in a process of its own."""

from __future__ import annotations

import itertools
import os
import time
from typing import Any

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase

from halo_voice.api.signature import sign
from tests.streams import KEY

_numbers = itertools.count()


class Signed(AuthBase):
    """Signs the bytes that will be sent, whatever they are."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        head = sign(
            "k1",
            KEY,
            timestamp=int(time.time()),
            nonce=f"fuzz.{os.getpid()}.{next(_numbers)}",
            method=request.method or "",
            path=request.path_url,
            body=body.encode() if isinstance(body, str) else bytes(body),
        )
        request.headers.update(head)
        return request


schemathesis.auth.set_from_requests(Signed())


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """The rules between fields, which a description cannot tell, and what it calls an integer.

    It takes 1.0 for one, and we do not.
    """
    for fields in (case.body, case.query):
        if isinstance(fields, dict):
            _whole(fields)


def _whole(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, float) and value.is_integer() and name != "confidence":
            fields[name] = int(value)
        if name == "notes" and isinstance(value, list):
            for note in value:
                if isinstance(note, dict):
                    _whole(note)
    start = fields.get("start")
    if "user_text" in fields and None in (fields.get("call_id"), fields.get("turn")):
        for name in ("call_id", "turn", "start"):
            fields.pop(name, None)
    elif isinstance(start, dict) and "call_id" in start and "call_id" in fields:
        start["call_id"] = fields["call_id"]
