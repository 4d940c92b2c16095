"""An assistant's character, voice, words and limits, as the scenario and the dialogue need them.

Each limit and text carries its range and its meaning, so that the loader's checks and the
documentation cannot differ from the defaults here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from halo_voice.core import voices
from halo_voice.core.recognisers import RECOGNISERS, Recogniser

COMPANY_MARK = "{company}"
"""Stands for the company's name in the persona and in every text."""

SPOKEN_CHARS_MAX = 400
"""The longest text that is spoken in one go, in characters."""


def _text(default: str, meaning: str, *, to_scenario: bool = False) -> Any:
    return field(default=default, metadata={"meaning": meaning, "to_scenario": to_scenario})


def _limit(default: float, low: float, high: float, meaning: str) -> Any:
    return field(default=default, metadata={"range": (low, high), "meaning": meaning})


@dataclass(frozen=True, slots=True)
class Texts:
    """What the assistant says by itself, without a language model. Each at most 400 characters."""

    greeting: str = _text(
        "Здравствуйте! Я голосовой ассистент компании {company}. Чем могу помочь?",
        "opens the call; says that an automatic assistant speaks",
        to_scenario=True,
    )
    filler: str = _text(
        "Секунду, пожалуйста.", "covers the wait for a slow answer", to_scenario=True
    )
    repeat: str = _text(
        "Простите, вас плохо слышно. Повторите, пожалуйста.",
        "what was heard is empty or not sure enough",
        to_scenario=True,
    )
    apology: str = _text(
        "Простите, у меня небольшая техническая заминка. Повторите, пожалуйста, ваш вопрос.",
        "the backend gave no answer",
        to_scenario=True,
    )
    reprompts: tuple[str, ...] = field(
        default=(
            "Я вас слушаю. О чём вы хотели узнать?",
            "Кажется, вас не слышно. Если вы на линии, скажите что-нибудь, пожалуйста.",
        ),
        metadata={"meaning": "the caller is silent; one after the other", "to_scenario": True},
    )
    resumed: str = _text(
        "Говорите, я слушаю.",
        "a noise stopped the assistant in a phrase that cannot be taken up again",
        to_scenario=True,
    )
    too_long: str = _text(
        "Понял вас. Секунду.",
        "the caller speaks for longer than `utterance_ms`",
        to_scenario=True,
    )
    keys: str = _text(
        "Нажимать кнопки не нужно. Скажите, пожалуйста, словами.",
        "the caller presses a key",
        to_scenario=True,
    )
    bye_turns: str = _text(
        "К сожалению, время нашего разговора подошло к концу. Если остались вопросы, позвоните нам "
        "ещё раз. До свидания!",
        "the last turn is over",
        to_scenario=True,
    )
    bye_silence: str = _text(
        "Похоже, связь прервалась. Позвоните нам, пожалуйста, ещё раз. До свидания!",
        "the caller stayed silent",
        to_scenario=True,
    )
    bye_failure: str = _text(
        "Простите, сейчас я не могу вам помочь из-за технических неполадок. Позвоните нам, "
        "пожалуйста, немного позже. До свидания!",
        "too many apologies in a row",
        to_scenario=True,
    )
    bye_time: str = _text(
        "К сожалению, мне пора заканчивать разговор. Если остались вопросы, позвоните нам ещё раз. "
        "До свидания!",
        "the call reached its longest duration",
        to_scenario=True,
    )
    unknown: str = _text(
        "К сожалению, точного ответа у меня нет. Вопросы из звонков сохраняются в журнале, "
        "сотрудники компании могут их прочитать. Чем ещё могу помочь?",
        "the company's texts do not answer the question",
    )
    unknown_again: str = _text(
        "И этого я, к сожалению, не знаю. Спросите меня о том, чем занимается компания.",
        "the same twice in a row",
    )
    noted: str = _text(
        "Хорошо, ваши слова сохранены в журнале звонков, сотрудники компании могут их прочитать. "
        "Подсказать что-нибудь ещё?",
        "the caller wants the question passed on, a message written down or a call back",
    )
    hello: str = _text("Здравствуйте! Слушаю вас.", "the caller greets")
    listening: str = _text("Да, я вас слышу. Чем могу помочь?", "«алло», «вы меня слышите?»")
    about: str = _text(
        "Я не человек, а автоматический голосовой ассистент компании {company}. Отвечаю на вопросы "
        "о компании. Чем могу помочь?",
        "the caller asks who or what is speaking",
    )
    thanks: str = _text("Пожалуйста! Подсказать что-нибудь ещё?", "the caller thanks")
    offer: str = _text("Хорошо. Чем ещё могу помочь?", "a bare yes or no")
    farewell: str = _text("Спасибо за звонок. До свидания!", "the caller says goodbye")
    go_on: str = _text("Продолжить?", "an answer broke off, or has no end")

    def of(self, company: str) -> Texts:
        """The same texts with the company's name in them."""

        def named(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(named, value))
            return value.replace(COMPANY_MARK, company)

        return Texts(**{f.name: named(getattr(self, f.name)) for f in fields(self)})


@dataclass(frozen=True, slots=True)
class Limits:
    """When the scenario stops waiting. `*_ms` are milliseconds."""

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
    speculations: int = _limit(24, 0, 200, "answers begun too early and dropped, in one call")


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
    default: bool = False
    asr: Asr = field(default_factory=Asr)
    voice: Voice = field(default_factory=Voice)
    texts: Texts = field(default_factory=Texts)
    limits: Limits = field(default_factory=Limits)
    recording: Recording = field(default_factory=Recording)
    stream: Stream = field(default_factory=Stream)
    barge_in: BargeIn = field(default_factory=BargeIn)
    words: Mapping[str, str] = field(default_factory=dict)
    """How the company's own words are said: «HALO» as «Хало», «замок» as «замо́к»."""
    audio: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    version: str = "builtin"

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", self.texts.of(self.company))
        object.__setattr__(self, "persona", self.persona.replace(COMPANY_MARK, self.company))

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
            "limits": asdict(self.limits),
            "recording": asdict(self.recording),
        }


def number_digits(number: str) -> str:
    """A telephone number as comparable digits: `8 (495) …`, `+7 495 …` and a SIP address agree."""
    digits = "".join(c for c in number.removeprefix("sip:").partition("@")[0] if c in "0123456789")
    russian = len(digits) == 11 and digits[0] == "8" and "+" not in number
    return "7" + digits[1:] if russian else digits


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
