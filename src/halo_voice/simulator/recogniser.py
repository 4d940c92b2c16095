"""The recognising vendors: what they make of speech, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from halo_voice.simulator.chance import Spread

CAPTURE = Spread(250, 0.25)
ENDPOINT = Spread(500, 0.25)
FINAL = Spread(450, 0.35)
INTERIM = Spread(500, 0.2)
BEHIND = Spread(200, 0.2)
CHUNK_MS = 60_000  # longer speech gives a result every minute


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Delays and habits of one vendor. Confidence is given as 0..1 times `scale`.

    capture: from the caller's first sound to CaptureStarted; endpoint: from the last sound to
    SpeechCaptured; final: from there to Result. behind: an interim result has the words of so long
    ago, and a last one with all of them comes so long after the last sound; without it interim
    results keep up with the voice and stop with it. rewrites: the share (0..1) of a final text's
    inner words that differ from the interim ones.
    """

    vendor: str = "Google"
    capture: Spread = CAPTURE
    endpoint: Spread = ENDPOINT
    final: Spread = FINAL
    scale: float = 1
    interims: bool = True
    interim_every: Spread = INTERIM
    behind: Spread | None = None
    rewrites: float = 0.0

    @property
    def unhurried(self) -> Recogniser:
        """Without `singleUtterance`, results come "in unpredictable time"."""
        return replace(self, final=Spread(self.final.median_ms * 1.6, self.final.sigma + 0.2))


# Google's scale is shown by an example in the documentation; of the others nothing is known, 0..1
# is inferred. The finals of Yandex were measured in production: 2 to 5 seconds late.
VENDORS = {
    "Google": Recogniser("Google", scale=100, behind=BEHIND),
    "Yandex": Recogniser("Yandex", final=Spread(3300, 0.25), behind=BEHIND),
    "YandexV3": Recogniser("YandexV3", final=Spread(2000, 0.2), interims=False),
    "Microsoft": Recogniser("Microsoft", interims=False),
    "SaluteSpeech": Recogniser("SaluteSpeech", behind=BEHIND),
    "TBank": Recogniser("TBank", behind=BEHIND),
    "Deepgram": Recogniser("Deepgram", final=Spread(250, 0.3)),
    "Amazon": Recogniser("Amazon"),
}

# For figures: no delay of theirs varies. Measured from the caller's last sound: all words are there
# after 200 ms as an interim result; the final one comes after 600 ms, or rewritten after 4.6 s.
PROMPT = Recogniser(
    "prompt",
    capture=Spread(150, 0),
    endpoint=Spread(300, 0),
    final=Spread(300, 0),
    scale=100,
    interim_every=Spread(100, 0),
    behind=Spread(200, 0),
)
TARDY = replace(
    PROMPT, vendor="tardy", endpoint=Spread(500, 0), final=Spread(4_100, 0), rewrites=0.3
)


# No vendor's: each delay may be anything, so that nothing may count on one of them.
ERRATIC = replace(
    PROMPT,
    vendor="erratic",
    capture=Spread(250, 0.5),
    endpoint=Spread(500, 0.5),
    final=Spread(2_000, 0.8),
    interim_every=Spread(400, 0.5),
    behind=Spread(300, 0.5),
    rewrites=0.2,
)


def rewritten(text: str, share: float, rng: random.Random) -> str:
    """A text as a recogniser sees it on second thoughts: some of its inner words end otherwise."""
    words = text.split()
    inner = range(1, len(words) - 1)
    if share <= 0 or not inner:
        return text
    for number in rng.sample(inner, max(1, round(share * len(inner)))):
        words[number] = _other(words[number])
    return " ".join(words)


def _other(word: str) -> str:
    """Another ending, or for a short word another vowel in front of it."""
    stem = word.rstrip(VOWELS)
    if len(stem) < 3:
        return "и" if word == "а" else f"а {word}"
    return stem + ("и" if word.endswith("а") else "а")


VOWELS = "аеёиоуыэюяй"


def recogniser_of(profile: str) -> Recogniser:
    """The vendor behind `ASRProfileList.Google.ru_RU`; an unknown one behaves like Google."""
    parts = profile.split(".")
    return VENDORS.get(parts[1] if len(parts) > 1 else "", VENDORS["Google"])
