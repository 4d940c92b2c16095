"""The recognising vendors: what they make of speech, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

from halo_voice.simulator.chance import Spread

CAPTURE = Spread(250, 0.25)
ENDPOINT = Spread(500, 0.25)
FINAL = Spread(450, 0.35)
INTERIM = Spread(500, 0.2)
CHUNK_MS = 60_000  # longer speech gives a result every minute


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Delays and habits of one vendor. Confidence is given as 0..1 times `scale`.

    capture: from the caller's first sound to CaptureStarted; endpoint: from the last sound to
    SpeechCaptured; final: from there to Result.
    """

    vendor: str = "Google"
    capture: Spread = CAPTURE
    endpoint: Spread = ENDPOINT
    final: Spread = FINAL
    scale: float = 1
    interims: bool = True
    interim_every: Spread = INTERIM

    @property
    def unhurried(self) -> Recogniser:
        """Without `singleUtterance`, results come "in unpredictable time"."""
        return replace(self, final=Spread(self.final.median_ms * 1.6, self.final.sigma + 0.2))


# Google's scale is shown by an example in the documentation; of the others nothing is known, 0..1
# is inferred. The finals of Yandex were measured in production: 2 to 5 seconds late.
VENDORS = {
    "Google": Recogniser("Google", scale=100),
    "Yandex": Recogniser("Yandex", final=Spread(3300, 0.25)),
    "YandexV3": Recogniser("YandexV3", final=Spread(2000, 0.2), interims=False),
    "Microsoft": Recogniser("Microsoft", interims=False),
    "SaluteSpeech": Recogniser("SaluteSpeech"),
    "TBank": Recogniser("TBank"),
    "Deepgram": Recogniser("Deepgram", final=Spread(250, 0.3)),
    "Amazon": Recogniser("Amazon"),
}


def recogniser_of(profile: str) -> Recogniser:
    """The vendor behind `ASRProfileList.Google.ru_RU`; an unknown one behaves like Google."""
    parts = profile.split(".")
    return VENDORS.get(parts[1] if len(parts) > 1 else "", VENDORS["Google"])
