"""What a profile file may hold, as pydantic models: each fault at its own key, all at once."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, get_type_hints

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, create_model
from pydantic import field_validator as checked

from halo_voice.core import voices
from halo_voice.core.after import KINDS as WANTED_KINDS
from halo_voice.core.language import LANGUAGES
from halo_voice.core.privacy import KEPT, KINDS, Privacy
from halo_voice.core.profile import (
    BARGE_IN_MODES,
    SPOKEN_CHARS_MAX,
    BargeIn,
    Limits,
    Texts,
)
from halo_voice.core.recognisers import RECOGNISERS, RUSSIAN, Recogniser
from halo_voice.core.speakable import speakable
from halo_voice.profiles.deliver import OUTLETS_MAX, OutletShape, outlet_name
from halo_voice.profiles.embeddings import EmbeddingsShape
from halo_voice.profiles.operators import (
    HoursShape,
    KeysShape,
    NoticesShape,
    OperatorShape,
    telephone,
)
from halo_voice.profiles.outbound import OutboundShape
from halo_voice.profiles.strict import Shape, fault, nearest
from halo_voice.profiles.tools import ToolsShape

PERSONA_CHARS_MAX = 8_000
HINTS_MAX = 500
HINT_CHARS_MAX = 100
REPROMPTS_MAX = 5
WORDS_MAX = 500
WORD_CHARS_MAX = 100
WANTED_MAX = 30
CHOICES_MAX = 30
OPERATORS_MAX = 50


def _spoken(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise fault("is empty; write what the caller shall hear, or remove the line")
    if len(text) > SPOKEN_CHARS_MAX:
        raise fault(f"has {len(text)} characters; at most {SPOKEN_CHARS_MAX} can be spoken at once")
    return text


def _line(text: str) -> str:
    if not text.strip() or len(text) > 100 or not text.isprintable():
        raise fault("must be one line of 1 to 100 characters")
    return text.strip()


def _language(language: str) -> str:
    if language not in LANGUAGES:
        choice = ", ".join(LANGUAGES)
        raise fault(f'there is no language "{language}"; choose from {choice}')
    return language


def _languages(languages: list[str]) -> list[str]:
    if "ru" not in languages:
        raise fault('must have "ru": the voice and the recogniser are Russian')
    return languages


def _https(address: str) -> str:
    if not address.startswith("https://") or not address.isprintable() or " " in address:
        raise fault("must be an https:// address of an mp3, ogg, flac or wav file")
    return address


def _said(text: str) -> str:
    """How a word is said; `+` before a vowel is a stress."""
    plain = text.replace("+", "")
    if plain != speakable(plain, limit=WORD_CHARS_MAX) or not plain[-1:].strip(".,!?…:;()«»—"):
        raise fault(f"must be 1 to {WORD_CHARS_MAX} letters and digits, with a stress if need be")
    return text


def _mode(mode: str) -> str:
    if mode not in BARGE_IN_MODES:
        hint = nearest(mode, BARGE_IN_MODES)
        raise fault(f'there is no mode "{mode}"{hint}; choose one of {", ".join(BARGE_IN_MODES)}')
    return mode


Spoken = Annotated[str, AfterValidator(_spoken)]
Line = Annotated[str, AfterValidator(_line)]


class AsrShape(Shape):
    recogniser: str = "google"
    model: str | None = None
    interim: bool | None = None
    single_utterance: bool | None = None
    phrase_hints: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=HINT_CHARS_MAX)]],
        Field(max_length=HINTS_MAX),
    ] = []

    @checked("recogniser")
    @classmethod
    def _speaks_russian(cls, name: str) -> str:
        choice = "choose one of " + ", ".join(RUSSIAN)
        if name not in RECOGNISERS:
            raise fault(f'there is no recogniser "{name}"{nearest(name, RUSSIAN)}; {choice}')
        if not RECOGNISERS[name].speaks_russian:
            raise fault(f"{RECOGNISERS[name].title} does not speak Russian; {choice}")
        return name

    @checked("model")
    @classmethod
    def _model_exists(cls, model: str | None, info: ValidationInfo) -> str | None:
        chosen = _chosen(info)
        if chosen and model is not None and model not in chosen.models:
            models = ", ".join(chosen.models)
            hint = nearest(model, chosen.models)
            raise fault(
                f'{chosen.title} has no Russian model "{model}"{hint}; choose one of {models}'
            )
        return model

    @checked("interim")
    @classmethod
    def _interim_given(cls, wanted: bool | None, info: ValidationInfo) -> bool | None:
        chosen = _chosen(info)
        if chosen and wanted and not chosen.interim:
            able = ", ".join(name for name in RUSSIAN if RECOGNISERS[name].interim)
            raise fault(
                f"{chosen.title} gives no interim results; set it to false or choose one of {able}"
            )
        return wanted

    @checked("single_utterance")
    @classmethod
    def _single_given(cls, wanted: bool | None, info: ValidationInfo) -> bool | None:
        chosen = _chosen(info)
        if chosen and wanted and not chosen.single_utterance:
            raise fault(f"{chosen.title} does not know it; remove the line")
        return wanted

    @checked("phrase_hints")
    @classmethod
    def _hints_taken(cls, hints: list[str], info: ValidationInfo) -> list[str]:
        chosen = _chosen(info)
        if chosen and hints and not chosen.phrase_hints:
            raise fault(f"{chosen.title} takes no phrase hints, only google does; remove the line")
        return hints


def _chosen(info: ValidationInfo) -> Recogniser | None:
    """The recogniser, or None when its own line is at fault."""
    return RECOGNISERS.get(info.data.get("recogniser", ""))


class VoiceShape(Shape):
    name: str = "Yandex.Neural.ru_RU_alena"
    progressive: bool | None = None

    @checked("name")
    @classmethod
    def _voice_exists(cls, name: str) -> str:
        if name not in voices.VOICES:
            raise fault(
                f'there is no Russian voice "{name}"{nearest(name, voices.VOICES)} '
                "(docs/profiles.md has the list)"
            )
        return name

    @checked("progressive")
    @classmethod
    def _vendor_can(cls, wanted: bool | None, info: ValidationInfo) -> bool | None:
        name = info.data.get("name")
        if name and wanted and not voices.progressive(name):
            raise fault(f"{voices.vendor(name)} does not know it; remove the line")
        return wanted


class StreamShape(Shape):
    enabled: bool = True


class SpeechShape(Shape):
    words: Annotated[
        dict[
            Annotated[str, AfterValidator(_line)],
            Annotated[str, AfterValidator(_said)],
        ],
        Field(max_length=WORDS_MAX),
    ] = {}


def _kind(kind: str) -> str:
    if kind not in KINDS:
        choice = ", ".join(KINDS)
        raise fault(f'there is no "{kind}"{nearest(kind, KINDS)}; choose from {choice}')
    return kind


def _kept(kind: str) -> str:
    if kind in KINDS and kind not in KEPT:
        raise fault("a card's number is never kept; take it out of this list")
    return _kind(kind)


class PrivacyShape(Shape):
    mask: list[Annotated[str, AfterValidator(_kind)]] = list(Privacy().mask)
    keep: list[Annotated[str, AfterValidator(_kept)]] = list(Privacy().keep)


class WantedShape(Shape):
    model_config = ConfigDict(validate_default=True)  # a choice without choices is a fault

    about: Line
    kind: str = "text"
    choices: Annotated[list[Line], Field(max_length=CHOICES_MAX)] = []

    @checked("kind")
    @classmethod
    def _kind_exists(cls, kind: str) -> str:
        if kind not in WANTED_KINDS:
            choice = ", ".join(WANTED_KINDS)
            raise fault(f'there is no "{kind}"{nearest(kind, WANTED_KINDS)}; choose from {choice}')
        return kind

    @checked("choices")
    @classmethod
    def _choices_of_a_choice(cls, choices: list[str], info: ValidationInfo) -> list[str]:
        if bool(choices) != (info.data.get("kind") == "choice"):
            raise fault('belong to kind = "choice", which needs them')
        return choices


class AfterShape(Shape):
    enabled: bool = True
    fields: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")], WantedShape],
        Field(max_length=WANTED_MAX),
    ] = {}
    deliver: Annotated[
        dict[Annotated[str, AfterValidator(outlet_name)], OutletShape],
        Field(max_length=OUTLETS_MAX),
    ] = {}


class RecordingShape(Shape):
    enabled: bool = False
    stereo: bool = True


class AudioShape(Shape):
    apology: Annotated[str, AfterValidator(_https)] | None = None
    goodbye: Annotated[str, AfterValidator(_https)] | None = None
    hold: Annotated[str, AfterValidator(_https)] | None = None


class _LimitsRules(Shape):
    # A limit that is given may contradict the default of another one.
    model_config = ConfigDict(validate_default=True)

    @checked("turn_ms", check_fields=False)
    @classmethod
    def _filler_comes_first(cls, turn_ms: int, info: ValidationInfo) -> int:
        filler_ms = info.data.get("filler_ms")
        if filler_ms is not None and filler_ms >= turn_ms:
            raise fault(f"must be more than filler_ms, which is {filler_ms}")
        return turn_ms


def _fields_of(cls: type) -> dict[str, Any]:
    """The dataclass's fields for pydantic: types, ranges and defaults stand in `core` alone."""
    hints = get_type_hints(cls)
    shaped: dict[str, Any] = {}
    for field in fields(cls):
        if "range" in field.metadata:
            low, high = field.metadata["range"]
            shaped[field.name] = (
                Annotated[hints[field.name], Field(ge=low, le=high)],
                field.default,
            )
        elif hints[field.name] is str:
            shaped[field.name] = (Spoken, field.default)
        elif field.name == "mode":
            shaped[field.name] = (Annotated[str, AfterValidator(_mode)], field.default)
        else:
            several = Annotated[list[Spoken], Field(min_length=1, max_length=REPROMPTS_MAX)]
            shaped[field.name] = (several, list(field.default))
    return shaped


LimitsShape: type[Shape] = create_model(
    "LimitsShape", __base__=_LimitsRules, __module__=__name__, **_fields_of(Limits)
)
BargeInShape: type[Shape] = create_model(
    "BargeInShape", __base__=Shape, __module__=__name__, **_fields_of(BargeIn)
)
TextsShape: type[Shape] = create_model(
    "TextsShape", __base__=Shape, __module__=__name__, **_fields_of(Texts)
)


class ProfileShape(Shape):
    """A whole file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    company: Line
    title: Line | None = None
    persona: Annotated[str, Field(min_length=1, max_length=PERSONA_CHARS_MAX)] | None = None
    default: bool = False
    numbers: list[Annotated[str, AfterValidator(telephone)]] = []
    languages: Annotated[
        list[Annotated[str, AfterValidator(_language)]], AfterValidator(_languages)
    ] = ["ru"]
    knowledge: Annotated[str, Field(min_length=1)] | None = None
    asr: AsrShape = AsrShape()
    voice: VoiceShape = VoiceShape()
    texts: TextsShape = TextsShape()  # type: ignore[valid-type]
    limits: LimitsShape = LimitsShape()  # type: ignore[valid-type]
    stream: StreamShape = StreamShape()
    barge_in: BargeInShape = BargeInShape()  # type: ignore[valid-type]
    speech: SpeechShape = SpeechShape()
    privacy: PrivacyShape = PrivacyShape()
    after: AfterShape = AfterShape()
    recording: RecordingShape = RecordingShape()
    audio: AudioShape = AudioShape()
    hours: HoursShape = HoursShape()
    operators: Annotated[
        dict[Annotated[str, AfterValidator(_line)], OperatorShape],
        Field(max_length=OPERATORS_MAX),
    ] = {}
    keys: KeysShape = KeysShape()
    notices: NoticesShape = NoticesShape()
    tools: ToolsShape = ToolsShape()
    embeddings: EmbeddingsShape | None = None
    outbound: OutboundShape = OutboundShape()
