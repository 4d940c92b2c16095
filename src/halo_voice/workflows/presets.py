"""Channels over HTTP: Telegram, amoCRM, Bitrix24. Each makes requests and reads answers.

`known` asks whether what this id stands for is there already, where the other side can tell: an
attempt whose answer was lost is then no second lead. None where it cannot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp

from halo_voice.core.profile import number_digits
from halo_voice.workflows.channel import Attempt, Told, judged
from halo_voice.workflows.letter import letter, subject
from halo_voice.workflows.request import Answered, Asked, Door

TELEGRAM = "https://api.telegram.org"
MESSAGE_CHARS_MAX = 4_096  # of Telegram, in UTF-16 units
COMMENT_CHARS_MAX = 30_000
NAME_CHARS_MAX = 240

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class Preset(Protocol):
    """One service's dialect."""

    def known(self, delivery_id: str, told: Told) -> Asked | None: ...

    def there(self, answer: Answered) -> bool:
        """Whether the answer to `known` says that it is there."""
        ...

    def ask(self, delivery_id: str, told: Told) -> Asked: ...

    def read(self, answer: Answered) -> Attempt: ...


@dataclass(frozen=True, slots=True)
class HttpChannel:
    """A preset behind a door."""

    preset: Preset
    door: Door

    async def send(self, delivery_id: str, told: Told) -> Attempt:
        try:
            looked = self.preset.known(delivery_id, told)
            if looked is not None:
                answer = await self.door.ask(looked)
                if not 200 <= answer.status < 300:
                    return judged(answer.status, answer.rest_s)
                if self.preset.there(answer):
                    return Attempt(True, answer.status)
            return self.preset.read(await self.door.ask(self.preset.ask(delivery_id, told)))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Attempt(False, fault=type(error).__name__)  # its words may hold a secret
        except ValueError as error:  # a secret that can stand in no header
            return Attempt(False, fault=type(error).__name__, final=True)


@dataclass(frozen=True, slots=True)
class Telegram:
    """Bot API, `sendMessage`. Plain text: nothing in it is markup. It has no place for an id."""

    token: str
    chat: str
    url: str = TELEGRAM

    def known(self, delivery_id: str, told: Told) -> Asked | None:  # noqa: ARG002
        return None

    def there(self, answer: Answered) -> bool:  # noqa: ARG002
        return False

    def ask(self, delivery_id: str, told: Told) -> Asked:  # noqa: ARG002
        text = _within(f"{subject(told)}\n{letter(told)}", MESSAGE_CHARS_MAX)
        shown = {"is_disabled": True}
        body = {"chat_id": self.chat, "text": text, "link_preview_options": shown}
        return _json(f"{self.url.rstrip('/')}/bot{self.token}/sendMessage", body)

    def read(self, answer: Answered) -> Attempt:
        if answer.status == 200 and not _object(answer).get("ok"):
            return Attempt(False, 200, "Telegram: not ok")
        return judged(answer.status, answer.rest_s)


@dataclass(frozen=True, slots=True)
class AmoCrm:
    """API v4: a call in «Неразобранное», which becomes a lead when somebody takes it.

    `field`: a text field of leads that takes the whole letter; without it only the name tells.
    """

    url: str
    token: str
    pipeline: int | None = None
    field: int | None = None

    def known(self, delivery_id: str, told: Told) -> Asked | None:  # noqa: ARG002
        query = quote(told.call.call_id, safe="")
        return Asked(f"{self._api}/leads?limit=1&query={query}", headers=self._headers)

    def there(self, answer: Answered) -> bool:
        leads = _object(answer).get("_embedded", {})
        return bool(isinstance(leads, dict) and leads.get("leads"))  # 204 without a body: none

    def ask(self, delivery_id: str, told: Told) -> Asked:
        call = told.call
        began = int(call.started_at.timestamp())
        name = f"{subject(told)} ({call.call_id})"
        lead: dict[str, Any] = {"name": name[:NAME_CHARS_MAX]}
        if self.field is not None:
            written = {"field_id": self.field, "values": [{"value": letter(told)}]}
            lead["custom_fields_values"] = [written]
        phone = {"field_code": "PHONE", "values": [{"value": call.caller, "enum_code": "WORK"}]}
        contact = {"name": call.caller or "номер скрыт"}
        seconds = (call.duration_ms or 0) // 1000
        metadata = {
            "is_call_event_needed": not told.outgoing,  # it would be noted as an incoming one
            "uniq": delivery_id,
            "duration": seconds,
            "service_code": "halo_voice",
            "link": "",
            "phone": number_digits(call.caller),
            "called_at": began,
            "from": call.called or told.title,
        }
        unsorted: dict[str, Any] = {
            "request_id": delivery_id,
            "source_name": told.title,
            "source_uid": delivery_id,
            "created_at": began,
            "metadata": metadata,
            "_embedded": {
                "leads": [lead],
                "contacts": [contact | ({"custom_fields_values": [phone]} if call.caller else {})],
            },
        }
        if self.pipeline is not None:
            unsorted["pipeline_id"] = self.pipeline
        return _json(f"{self._api}/leads/unsorted/sip", [unsorted], self._headers)

    def read(self, answer: Answered) -> Attempt:
        return _with_code(answer, _object(answer).get("title"))

    @property
    def _api(self) -> str:
        return f"{self.url.rstrip('/')}/api/v4"

    @property
    def _headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Bitrix24:
    """REST over an incoming webhook: `crm.lead.add`. `url` ends before the method's name, and is a
    secret as a whole. The lead's origin is the delivery, so it is added once."""

    url: str

    def known(self, delivery_id: str, told: Told) -> Asked | None:  # noqa: ARG002
        origin = {"ORIGINATOR_ID": "halo", "ORIGIN_ID": delivery_id}
        return self._method("crm.lead.list", {"filter": origin, "select": ["ID"]})

    def there(self, answer: Answered) -> bool:
        return bool(_object(answer).get("result"))

    def ask(self, delivery_id: str, told: Told) -> Asked:
        call = told.call
        fields: dict[str, Any] = {
            "TITLE": subject(told),
            "SOURCE_ID": "CALL",
            "OPENED": "Y",
            "COMMENTS": _html(letter(told)[:COMMENT_CHARS_MAX]),
            "ORIGINATOR_ID": "halo",
            "ORIGIN_ID": delivery_id,
        }
        if call.caller:
            fields["PHONE"] = [{"VALUE": call.caller, "VALUE_TYPE": "WORK"}]
        return self._method(
            "crm.lead.add", {"fields": fields, "params": {"REGISTER_SONET_EVENT": "Y"}}
        )

    def read(self, answer: Answered) -> Attempt:
        found = _object(answer)
        if answer.status == 200 and not found.get("result"):
            return Attempt(False, 200, f"Bitrix24: {_code(found.get('error')) or 'no lead'}")
        return _with_code(answer, found.get("error"))

    def _method(self, name: str, body: Mapping[str, Any]) -> Asked:
        return _json(f"{self.url.rstrip('/')}/{name}.json", body)


def _json(url: str, body: Any, headers: Mapping[str, str] | None = None) -> Asked:
    written = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Asked(url, written, {"content-type": "application/json", **(headers or {})})


def _object(answer: Answered) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _code(code: Any) -> str:
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _with_code(answer: Answered, code: Any) -> Attempt:
    """As the status says, with the service's own word for it; never its sentences."""
    attempt = judged(answer.status, answer.rest_s)
    if attempt.delivered or not _code(code):
        return attempt
    return replace(attempt, fault=f"{attempt.fault} {_code(code)}")


def _within(text: str, units: int) -> str:
    """Its beginning, counted as UTF-16 has it."""
    if len(text.encode("utf-16-le")) // 2 <= units:
        return text
    cut = text.encode("utf-16-le")[: (units - 1) * 2].decode("utf-16-le", "ignore")
    return f"{cut}…"


def _html(text: str) -> str:
    """Comments of Bitrix24 are HTML: what callers said is text in them."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("\n", "<br>")
