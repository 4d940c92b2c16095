"""Looks for secrets in the files of the project, the scenario among them: `python supply/leaks.py`.

Two ways: the shapes that providers give their keys, and long strings that look drawn at random.
What is known to be none (a test's own key, a published example) is in `known_strings.txt`, by its
hash and with its reason, so that the list itself tells nothing. Every line found names file, line
and kind, never the secret. Exit code 1 if there is one.
"""

from __future__ import annotations

import hashlib
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
KNOWN = Path(__file__).with_name("known_strings.txt")

SHAPES = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{40,}",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "a key of a model's provider": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}",
    "a token of Slack": r"\bxox[abeprs]-[0-9A-Za-z-]{10,}",
    "a token of Telegram": r"\b\d{8,10}:AA[\w-]{33}\b",
    "a key of Yandex Cloud": r"\bAQVN[\w-]{35,}|\bYC[\w-]{38}\b|\bt1\.[\w-]+={0,2}\.[\w-]{86}",
    "a token of Yandex": r"\by[0-3]_[\w-]{50,}",
    "a JSON web token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "a password in an address": r"://[^/\s:@'\"{}<>$]+:(?P<secret>[^/\s:@'\"{}<>$]{3,})@",
}
_SHAPES = {kind: re.compile(shape) for kind, shape in SHAPES.items()}

# Hashes of packages are random and public.
_PUBLIC = re.compile(r"sha(?:256|384|512)[:-][A-Za-z0-9+/=]+")
_NAMED = re.compile(
    r"(?i)(?:secret|token|passw(?:or)?d|credential|api_?key|auth_?key|halo_keys?)\w*"
    r"['\"]?\s*[:=]\s*['\"]?(?P<value>[A-Za-z0-9+/_.:=-]{16,})"
)
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{32,}={0,2}(?![A-Za-z0-9+/_=-])")
HEX_BITS, BASE64_BITS, NAMED_BITS = 3.4, 4.5, 3.6
"""Bits a character from which a string looks random; a sentence of code has less."""

SUFFIXES_LEFT_OUT = frozenset({".wav", ".mp3", ".png", ".ico"})


@dataclass(frozen=True)
class Leak:
    """What looks like a secret, and where. The text itself is not shown."""

    path: str
    line: int
    kind: str
    print: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind} ({self.print})"


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def bits(text: str) -> float:
    """Shannon's entropy, in bits a character."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def _suspects(line: str) -> Iterator[tuple[str, str]]:
    for kind, shape in _SHAPES.items():
        for found in shape.finditer(line):
            yield kind, found.groupdict().get("secret") or found[0]
    line = _PUBLIC.sub("", line)
    for found in _HEX.finditer(line):
        if bits(found[0].lower()) >= HEX_BITS and not found[0].isdigit():
            yield "a string of random digits", found[0]
    for found in _BASE64.finditer(line):
        mixed = re.search(r"\d", found[0]) and re.search(r"[A-Z]", found[0])
        if mixed and bits(found[0]) >= BASE64_BITS:
            yield "a string of random characters", found[0]
    for found in _NAMED.finditer(line):
        value = found["value"]
        if re.search(r"\d", value) and bits(value) >= NAMED_BITS:
            yield "a value that is called a secret", value


def known() -> set[str]:
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def leaks_in(text: str, path: str, allowed: Iterable[str] = ()) -> list[Leak]:
    """What looks like a secret in `text`, but for the fingerprints in `allowed`."""
    found = [
        Leak(path, number, kind, fingerprint(secret))
        for number, line in enumerate(text.splitlines(), 1)
        for kind, secret in _suspects(line)
    ]
    return [leak for leak in found if leak.print not in set(allowed)]


def files() -> list[Path]:
    """The files under version control, and new ones that are not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S603
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return sorted({p for p in paths if p.is_file() and p.suffix not in SUFFIXES_LEFT_OUT})


def leaks(paths: Iterable[Path] | None = None) -> list[Leak]:
    """What is found in these files, or in all of the project."""
    allowed, found = known(), []
    for path in files() if paths is None else paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
        found += leaks_in(text, name, allowed)
    return found


def main() -> int:
    found = leaks([Path(name) for name in sys.argv[1:]] or None)
    for leak in found:
        print(leak)
    print(f"{len(found)} possible secrets" if found else "no secrets found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
