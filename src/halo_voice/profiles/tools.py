"""What the table `tools` of a profile's file may hold: built in, Python, HTTP, MCP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic import field_validator as checked

from halo_voice.core.profile import BUILTIN_TOOLS
from halo_voice.core.sms import FIELD_KINDS, SLOT, Sms, SmsField, SmsTemplate
from halo_voice.core.speakable import speakable
from halo_voice.profiles.operators import telephone
from halo_voice.profiles.strict import Shape, fault, nearest

TOOLS_MAX = 32
TEMPLATES_MAX = 20
KINDS = ("date", "time", "phone")


def _builtin(name: str) -> str:
    if name not in BUILTIN_TOOLS:
        choice = ", ".join(BUILTIN_TOOLS)
        hint = nearest(name, BUILTIN_TOOLS)
        raise fault(f'there is no built in tool "{name}"{hint}; choose from {choice}')
    return name


def _said(text: str) -> str:
    if text and (text != speakable(text, limit=400) or not text.strip()):
        raise fault("must be 1 to 400 characters that can be spoken, without markup")
    return text


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise fault(f'there is no kind "{kind}"; choose one of {", ".join(KINDS)}')
    return kind


def _sms_kind(kind: str) -> str:
    if kind not in FIELD_KINDS:
        raise fault(f'there is no kind "{kind}"; choose one of {", ".join(FIELD_KINDS)}')
    return kind


_FIELD = r"^[a-z][a-z0-9_]{0,31}$"
Name = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]{0,39}$")]
Said = Annotated[str, AfterValidator(_said)]
Seconds = Annotated[float, Field(gt=0, le=300)]


class MarksShape(Shape):
    """The fields of `core.tools.ToolSpec` that a table may set; what is left out is its default."""

    effect: bool | None = None
    repeatable: bool | None = None
    deadline_s: Seconds | None = None
    longest_s: Seconds | None = None
    filler: Said | None = None
    filler_again: Said | None = None
    confirm: Annotated[str, Field(max_length=400)] | None = None
    spoken: dict[str, Annotated[str, AfterValidator(_kind)]] | None = None
    absent: dict[str, str] | None = None
    identity: list[str] | None = None
    per_call: Annotated[int, Field(ge=0)] | None = None
    confirms: list[str] | None = None
    done: Said | None = None
    later: Said | None = None


class HttpShape(MarksShape):
    """One HTTP tool."""

    name: Name
    description: Annotated[str, Field(min_length=1, max_length=1000)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    headers: dict[str, str] = {}
    parameters: dict[str, Any] = {}


class McpShape(Shape):
    """One MCP server: a command, or an address. `tools`: of its own marks, by tool."""

    name: Name
    command: Annotated[list[str], Field(min_length=1)] | None = None
    env: dict[str, str] = {}
    url: str | None = None
    headers: dict[str, str] = {}
    only: list[str] | None = None
    tools: dict[str, MarksShape] = {}

    @checked("url")
    @classmethod
    def _one_way(cls, url: str | None, info: Any) -> str | None:
        if url is not None and info.data.get("command") is not None:
            raise fault("there is a command already; give one of the two")
        return url


class SmsFieldShape(Shape):
    model_config = ConfigDict(validate_default=True)  # a choice without choices is a fault

    kind: Annotated[str, AfterValidator(_sms_kind)]
    about: Annotated[str, Field(max_length=100)] = ""
    choices: Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field()] = []

    @checked("choices")
    @classmethod
    def _choices_of_a_choice(cls, choices: list[str], info: Any) -> list[str]:
        if bool(choices) != (info.data.get("kind") == "choice"):
            raise fault('belong to kind = "choice", which needs them')
        return choices


class SmsTemplateShape(Shape):
    about: Annotated[str, Field(min_length=1, max_length=200)]
    fields: dict[Annotated[str, Field(pattern=_FIELD)], SmsFieldShape] = {}
    text: Annotated[str, Field(min_length=1, max_length=500)]

    @checked("text")
    @classmethod
    def _slots_are_fields(cls, text: str, info: Any) -> str:
        slots, known = set(SLOT.findall(text)), set(info.data.get("fields") or {})
        if slots != known or "{" in SLOT.sub("", text) or "}" in SLOT.sub("", text):
            raise fault("must have each of its fields in curly brackets, and no other brackets")
        return text


class SmsShape(Shape):
    """What `send_sms` may send."""

    source: Annotated[str, AfterValidator(telephone)]
    per_call: Annotated[int, Field(ge=1, le=10)] = 2
    per_day: Annotated[int, Field(ge=1, le=50)] = 4
    templates: Annotated[
        dict[Annotated[str, Field(pattern=_FIELD)], SmsTemplateShape],
        Field(min_length=1, max_length=TEMPLATES_MAX),
    ]

    @checked("templates")
    @classmethod
    def _fields_agree(cls, templates: dict[str, SmsTemplateShape]) -> dict[str, SmsTemplateShape]:
        known: dict[str, tuple[str, list[str]]] = {}
        for template in templates.values():
            for name, each in template.fields.items():
                kind = each.kind, each.choices
                if known.setdefault(name, kind) != kind or name == "template":
                    raise fault(f'"{name}" must be one kind of field everywhere, not "template"')
        return templates


def sms_of(shape: SmsShape | None) -> Sms | None:
    if shape is None:
        return None
    templates = {
        name: SmsTemplate(
            each.about,
            each.text,
            {
                field: SmsField(spec.kind, spec.about, tuple(spec.choices))  # type: ignore[arg-type]
                for field, spec in each.fields.items()
            },
        )
        for name, each in shape.templates.items()
    }
    return Sms(shape.source, templates, shape.per_call, shape.per_day)


class ToolsShape(Shape):
    builtin: list[Annotated[str, AfterValidator(_builtin)]] = []
    python: list[Annotated[str, Field(min_length=1)]] = []
    http: Annotated[list[HttpShape], Field(max_length=TOOLS_MAX)] = []
    mcp: Annotated[list[McpShape], Field(max_length=TOOLS_MAX)] = []
    sms: SmsShape | None = None
