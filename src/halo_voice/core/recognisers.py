"""What each speech recogniser of the platform can do for a Russian caller.

Names are paths below `ASRProfileList` and `ASRModelList`. Where a fact comes from is written at the
field; "typings" are the declarations of VoxEngine that Voximplant publishes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One vendor's recogniser, as the platform offers it."""

    name: str
    """The profile file's word for it."""

    title: str

    profile: str | None
    """Path below `ASRProfileList` (typings, `ASRProfileList`); None: it does not speak Russian."""

    models: tuple[str, ...]
    """Names below `ASRModelList.<vendor>` for Russian (typings, `ASRModelList`), without the
    deprecated ones. `DEFAULT` is the platform's own choice, as if no model was named."""

    interim: bool
    """Gives text while the caller still speaks (typings, `ASRParameters.interimResults`)."""

    single_utterance: bool
    """Can give a result after every utterance (typings, `ASRParameters.singleUtterance`). Without
    it a result comes "in unpredictable time"."""

    single_utterance_default: bool = False
    """What the platform does when the scenario does not say (typings, `singleUtterance`)."""

    phrase_hints: bool = False
    """Takes words to expect (typings, `ASRParameters.phraseHints`)."""

    confidence_scale: int | None = None
    """The greatest confidence. The platform says "0..100 or 0..1 depending on the provider"
    (typings, `ASRResultEvent.confidence`) and shows it for Google only (guide on speech
    recognition: `> 50`). None: not known, a value above 1 is read as a percentage."""

    @property
    def speaks_russian(self) -> bool:
        return self.profile is not None

    def model_path(self, model: str | None) -> str | None:
        """The path below `ASRModelList` of one of `models`; None stays None."""
        return f"{self.title.replace('-', '')}.{model}" if model else None


_YANDEX_MODELS = ("DEFAULT", "general", "generalrc")
_GOOGLE_MODELS = (
    "DEFAULT",
    "default_enhanced",
    "command_and_search",
    "command_and_search_enhanced",
    "phone_call",
    "phone_call_enhanced",
    "video",
    "video_enhanced",
)

RECOGNISERS: dict[str, Recogniser] = {
    recogniser.name: recogniser
    for recogniser in (
        Recogniser(
            "google",
            "Google",
            "Google.ru_RU",
            _GOOGLE_MODELS,
            interim=True,
            single_utterance=True,
            phrase_hints=True,
            confidence_scale=100,
        ),
        Recogniser(
            "yandex", "Yandex", "Yandex.ru_RU", _YANDEX_MODELS, interim=True, single_utterance=True
        ),
        # Neither interimResults nor singleUtterance names YandexV3 (typings, ASRParameters).
        Recogniser(
            "yandexv3",
            "YandexV3",
            "YandexV3.ru_RU",
            _YANDEX_MODELS,
            interim=False,
            single_utterance=False,
        ),
        Recogniser(
            "microsoft",
            "Microsoft",
            "Microsoft.ru_RU",
            ("DEFAULT",),
            interim=False,
            single_utterance=True,
        ),
        Recogniser(
            "salutespeech",
            "SaluteSpeech",
            "SaluteSpeech.ru_RU",
            ("DEFAULT", "general", "media", "callcenter"),
            interim=True,
            single_utterance=True,
            single_utterance_default=True,
        ),
        Recogniser(
            "tbank", "T-Bank", "TBank.ru_RU", ("DEFAULT",), interim=True, single_utterance=True
        ),
        # The profile is `ru`, not `ru_RU`. The platform lists 26 models; of the newer ones only the
        # general ones speak Russian, the others English (Deepgram's page of models and languages).
        Recogniser(
            "deepgram",
            "Deepgram",
            "Deepgram.ru",
            ("DEFAULT", "nova2_general", "nova3_general"),
            interim=True,
            single_utterance=False,
        ),
        # typings, ASRProfileList.Amazon: English, French, Spanish only.
        Recogniser("amazon", "Amazon", None, ("DEFAULT",), interim=True, single_utterance=True),
    )
}

RUSSIAN: tuple[str, ...] = tuple(r.name for r in RECOGNISERS.values() if r.speaks_russian)
"""The names to choose from."""
