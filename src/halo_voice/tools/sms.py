"""The tool that sends the caller a message: a template of the profile, to the number that calls.

A model chooses the template and fills in its fields; it gives neither a number nor a text. The
platform keeps no key of ours: a message whose answer is lost may have been sent, and is not sent
again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from halo_voice.core.errors import ToolError, ToolMisused
from halo_voice.core.sms import Sms, SmsField, mobile
from halo_voice.core.tools import Platform, ToolResult, ToolSpec, Use
from halo_voice.tools.schema import Schema

NAME = "send_sms"
Sent = Callable[[str, str], Awaitable[int]]
"""How many messages a number got in the last 24 hours; it is told the number and this call."""


class SmsTool:
    """A `Tool`. `sent` counts what other calls of the number have sent."""

    def __init__(self, sms: Sms, platform: Platform, sent: Sent) -> None:
        self._sms = sms
        self._platform = platform
        self._sent = sent
        self._schema = Schema(_schema(sms))
        told = "; ".join(f"{name}: {each.about}" for name, each in sms.templates.items())
        self.spec = ToolSpec(
            name=NAME,
            description="Отправить собеседнику SMS на мобильный номер, с которого он звонит. "
            f"Текст готов, выберите шаблон и заполните его поля. Шаблоны: {told}.",
            parameters=self._schema.parameters,
            effect=True,
            per_call=sms.per_call,
            confirms=("отправ", "высл", "присл", "готово"),
            filler="Секунду, отправляю.",
            done="Сообщение отправлено.",
        )

    def check(self, arguments: str) -> dict[str, Any]:
        given = self._schema.check(arguments)
        self._text(given)
        return given

    async def run(self, arguments: Mapping[str, Any], use: Use) -> ToolResult:
        number, text = mobile(use.caller), self._text(arguments)
        if not number:
            raise ToolError("Собеседник звонит не с мобильного номера: сообщение не отправить.")
        if await self._sent(use.caller, use.call_id) >= self._sms.per_day:
            raise ToolError("На этот номер сегодня больше сообщений не отправить.")
        await self._platform.send_sms(self._sms.source, number, text)
        return ToolResult(f"SMS отправлено на номер, с которого звонит собеседник: «{text}»")

    def _text(self, given: Mapping[str, Any]) -> str:
        template = self._sms.templates.get(str(given.get("template", "")))
        if template is None:
            raise ToolMisused("Такого шаблона нет.")
        return template.filled({name: each for name, each in given.items() if name != "template"})


def _schema(sms: Sms) -> dict[str, Any]:
    """Of all templates together: which of the fields it wants, a template says by itself."""
    properties: dict[str, Any] = {
        "template": {"type": "string", "enum": list(sms.templates), "description": "шаблон"}
    }
    for name, template in sms.templates.items():
        for each, spec in template.fields.items():
            known = properties.setdefault(each, _property(spec))
            known["description"] += f", для {name}"
    return {"properties": properties, "required": ["template"], "additionalProperties": False}


def _property(spec: SmsField) -> dict[str, Any]:
    if spec.kind == "choice":
        return {"type": "string", "enum": list(spec.choices), "description": spec.about}
    told = {"date": "дата ГГГГ-ММ-ДД", "time": "время ЧЧ:ММ", "number": "число", "code": "номер"}
    kind = ["integer", "string"] if spec.kind == "number" else "string"
    return {"type": kind, "description": f"{spec.about} ({told[spec.kind]})"}
