"""An assistant's character, voice, words and limits, as the scenario and the dialogue need them.

Each limit and text carries its range and its meaning, so that the loader's checks and the
documentation cannot differ from the defaults here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from halo_voice.core import voices
from halo_voice.core.after import After
from halo_voice.core.embeddings import Embeddings
from halo_voice.core.hours import Hours as Hours
from halo_voice.core.notices import Notices, opening
from halo_voice.core.operators import Operator
from halo_voice.core.outbound import CALLING, Outbound
from halo_voice.core.privacy import Privacy
from halo_voice.core.recognisers import RECOGNISERS, Recogniser
from halo_voice.core.sms import Sms
from halo_voice.core.telephones import number_digits as number_digits
from halo_voice.core.texts import COMPANY_MARK
from halo_voice.core.texts import SPOKEN_CHARS_MAX as SPOKEN_CHARS_MAX
from halo_voice.core.texts import Texts as Texts


def _limit(
    default: float, low: float, high: float, meaning: str, *, to_scenario: bool = True
) -> Any:
    about = {"range": (low, high), "meaning": meaning, "to_scenario": to_scenario}
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True)
class Limits:
    """When the scenario stops waiting, and what a model is told. `*_ms` are milliseconds."""

    turns: int = _limit(12, 1, 100, "answers in one call")
    reprompts: int = _limit(2, 0, 5, "re-prompts in a row before the goodbye")
    apologies: int = _limit(2, 0, 5, "apologies in a row before the goodbye")
    confidence: float = _limit(0.3, 0.0, 1.0, "below it the caller is asked to repeat, 0..1")
    phrase_chars: int = _limit(400, 50, 1500, "characters of one phrase (the platform takes 1500)")
    call_ms: int = _limit(600_000, 10_000, 3_600_000, "the whole call")
    no_speech_ms: int = _limit(6_500, 1_000, 60_000, "listening until the caller speaks")
    capture_ms: int = _limit(12_000, 1_000, 60_000, "speech detected until speech captured")
    utterance_ms: int = _limit(60_000, 2_000, 300_000, "the longest the caller speaks in one go")
    result_ms: int = _limit(3_000, 500, 30_000, "speech captured until its text")
    filler_ms: int = _limit(2_000, 500, 30_000, "asked until the filler")
    turn_ms: int = _limit(7_000, 1_000, 60_000, "asked until the answer")
    connect_ms: int = _limit(2_000, 200, 10_000, "connection to the backend")
    playback_start_ms: int = _limit(2_500, 500, 30_000, "until the voice is heard")
    playback_grace_ms: int = _limit(1_500, 100, 30_000, "the voice over its known length")
    goodbye_ms: int = _limit(6_000, 1_000, 20_000, "goodbye until the end of the call")
    close_ms: int = _limit(700, 200, 5_000, "the same words and a quiet line until the turn ends")
    stall_ms: int = _limit(3_000, 500, 30_000, "a phrase was heard until the next one is there")
    ring_ms: int = _limit(30_000, 5_000, 60_000, "somebody's telephone rings in a transfer")
    talk_ms: int = _limit(1_800_000, 60_000, 7_200_000, "the talk after a transfer")
    transfers: int = _limit(2, 0, 3, "transfers that may be tried in a call", to_scenario=False)
    speculations: int = _limit(24, 0, 200, "answers begun too early and dropped, in one call")
    idle_turns: int = _limit(
        3,
        1,
        10,
        "turns in a row that were not meant for the assistant, or in another language",
        to_scenario=False,
    )
    input_chars: int = _limit(
        500,
        50,
        2000,
        "of one turn of the caller, what the model is told; the rest is cut off",
        to_scenario=False,
    )


@dataclass(frozen=True, slots=True)
class Asr:
    """How the caller is heard. `model` is one of the recogniser's `models`, None its default."""

    recogniser: str = "google"
    model: str | None = None
    interim: bool = True
    single_utterance: bool = True
    phrase_hints: tuple[str, ...] = ()

    @property
    def capabilities(self) -> Recogniser:
        return RECOGNISERS[self.recogniser]


@dataclass(frozen=True, slots=True)
class Voice:
    """How the assistant sounds. `name` is one of `voices.VOICES`."""

    name: str = "Yandex.Neural.ru_RU_alena"
    progressive: bool = True

    @classmethod
    def of(cls, name: str) -> Voice:
        """The voice, progressive where its vendor can."""
        return cls(name, voices.progressive(name))


@dataclass(frozen=True, slots=True)
class Recording:
    """Whether calls are recorded after the greeting."""

    enabled: bool = False
    stereo: bool = True


@dataclass(frozen=True, slots=True)
class Stream:
    """Whether the scenario opens the stream; without it every turn is one HTTP request."""

    enabled: bool = True


BARGE_IN_MODES = ("asr", "vad", "off")


@dataclass(frozen=True, slots=True)
class BargeIn:
    """How the caller interrupts the assistant. `mode`: by recognised words (`asr`), by any sound
    long enough (`vad`), not at all (`off`)."""

    mode: Literal["asr", "vad", "off"] = "asr"
    min_ms: int = _limit(300, 100, 3_000, "sound of the caller until the voice pauses")
    min_words: int = _limit(2, 1, 5, "recognised words that stop the voice at once")
    resume_ms: int = _limit(1_200, 300, 5_000, "a pause without words until the voice goes on")


@dataclass(frozen=True, slots=True)
class Keys:
    """What keys of the telephone do, each one of 0-9, * and #, or "" for none. Where a number is
    being dictated digits are digits, and # ends it."""

    operator: str = "0"
    repeat: str = "*"
    end: str = "#"


BUILTIN_TOOLS = ("end_call", "call_back", "current_time", "transfer_call", "send_sms")


@dataclass(frozen=True, slots=True)
class Tools:
    """What the model may do. `builtin`: of `BUILTIN_TOOLS`; `python`: files with functions; `http`
    and `mcp`: the tables of the profile's file; `sms`: what `send_sms` may send. See
    docs/tools.md."""

    builtin: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    http: tuple[Mapping[str, Any], ...] = ()
    mcp: tuple[Mapping[str, Any], ...] = ()
    sms: Sms | None = None

    def __bool__(self) -> bool:
        return bool(self.builtin or self.python or self.http or self.mcp)


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the company's texts. `source` names it, `text` is its Markdown."""

    source: str
    text: str


@dataclass(frozen=True)
class Profile:
    """One assistant. `version` changes with every change of its file and of its company's texts."""

    name: str = "halo"
    title: str = "HALO"
    company: str = "HALO"
    persona: str = "Вы - вежливый голосовой ассистент компании {company}."
    numbers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("ru",)
    """What callers may speak; words in another language are answered with `texts.foreign`."""
    default: bool = False
    asr: Asr = field(default_factory=Asr)
    voice: Voice = field(default_factory=Voice)
    texts: Texts = field(default_factory=Texts)
    limits: Limits = field(default_factory=Limits)
    recording: Recording = field(default_factory=Recording)
    stream: Stream = field(default_factory=Stream)
    barge_in: BargeIn = field(default_factory=BargeIn)
    privacy: Privacy = field(default_factory=Privacy)
    after: After = field(default_factory=After)
    words: Mapping[str, str] = field(default_factory=dict)
    """How the company's own words are said: «HALO» as «Хало», «замок» as «замо́к»."""
    audio: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    hours: Hours = field(default_factory=Hours)
    operators: Mapping[str, Operator] = field(default_factory=dict)
    """Whom a call may be transferred to, by name. A model knows the names only."""
    keys: Keys = field(default_factory=Keys)
    notices: Notices = field(default_factory=Notices)
    tools: Tools = field(default_factory=Tools)
    embeddings: Embeddings | None = None
    """The server that finds the company's texts by what is meant; None: words alone."""
    outbound: Outbound = field(default_factory=Outbound)
    version: str = "builtin"

    def __post_init__(self) -> None:
        texts = self.texts.of(self.company)
        greeting = opening(texts, self.notices, recorded=self.recording.enabled)
        object.__setattr__(self, "texts", replace(texts, greeting=greeting))
        named = {
            name: getattr(self.outbound, name).replace(COMPANY_MARK, self.company)
            for name in ("greeting", "message")
        }
        called = replace(texts, greeting=named["greeting"])
        named["greeting"] = opening(called, self.notices, recorded=self.recording.enabled)
        object.__setattr__(self, "outbound", replace(self.outbound, **named))
        object.__setattr__(self, "persona", self.persona.replace(COMPANY_MARK, self.company))

    def calling(self) -> Profile:
        """The same as it calls somebody: it greets otherwise, and thanks nobody for a call that it
        made itself, where the company has not its own words for that."""
        usual = Texts().of(self.company)
        own = [name for name in CALLING if getattr(self.texts, name) != getattr(usual, name)]
        said = {name: text for name, text in CALLING.items() if name not in own}
        return replace(self, texts=replace(self.texts, greeting=self.outbound.greeting, **said))

    def for_scenario(self) -> dict[str, Any]:
        """The object `profile` of `/call/start` (docs/http.md): JSON types only."""
        asr = self.asr.capabilities
        return {
            "name": self.name,
            "version": self.version,
            "asr": {
                "profile": asr.profile,
                "model": asr.model_path(self.asr.model),
                "interim": self.asr.interim,
                "single_utterance": self.asr.single_utterance,
                "confidence_scale": asr.confidence_scale or 0,
                "phrase_hints": list(self.asr.phrase_hints),
            },
            "voice": self.voice.name,
            "progressive": self.voice.progressive,
            "realtime_voice": voices.realtime(self.voice.name),
            "stream": self.stream.enabled,
            "barge_in": asdict(self.barge_in),
            "texts": {
                f.name: list(value) if isinstance(value, tuple) else value
                for f in fields(Texts)
                if f.metadata["to_scenario"]
                for value in (getattr(self.texts, f.name),)
            },
            "audio": dict(self.audio),
            "limits": {
                f.name: getattr(self.limits, f.name)
                for f in fields(Limits)
                if f.metadata["to_scenario"]
            },
            "recording": asdict(self.recording),
            "keys": {name: key or "off" for name, key in asdict(self.keys).items()},
            "operators": bool(self.operators) and self.limits.transfers > 0,
        }


class Profiles:
    """The assistants of a company. Exactly one is the default."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._by_name = {profile.name: profile for profile in profiles}
        self._by_number = {
            number_digits(number): profile for profile in self for number in profile.numbers
        }
        self.default = next(profile for profile in self if profile.default)

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def of_number(self, called: str) -> Profile:
        """The assistant that answers the called number, however it is written, or the default."""
        return self._by_number.get(number_digits(called), self.default)

    def named(self, name: str) -> Profile | None:
        return self._by_name.get(name)
