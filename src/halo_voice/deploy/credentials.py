"""The file of a service account, as the control panel gives it, checked before it is used."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import jwt

from halo_voice.deploy.faults import AccountFault

_RS256 = jwt.get_algorithm_by_name("RS256")
_HOW = (
    "Make a service account with the role Developer in the control panel (Settings, Service "
    "accounts) and download its key."
)


def load_key(path: Path) -> Any:
    """The file's private key, ready to sign with: reading it takes longer than a request.

    Raises `AccountFault` with words that say what is wrong, and never show the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AccountFault(f"{path}: {error.strerror}. {_HOW}") from None
    except UnicodeDecodeError:
        raise AccountFault(f"{path}: is not a file of a service account. {_HOW}") from None
    try:
        held = json.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict):
        raise AccountFault(f"{path}: is not JSON. {_HOW}")
    missing = [name for name in ("account_id", "key_id", "private_key") if not held.get(name)]
    if missing:
        raise AccountFault(f"{path}: has no {', '.join(missing)}. {_HOW}")
    try:
        return _RS256.prepare_key(str(held["private_key"]))
    except Exception:  # what a wrong key raises depends on what is wrong with it
        raise AccountFault(f"{path}: private_key is not an RSA key. {_HOW}") from None


def is_private(path: Path) -> bool:
    """Nobody but its owner may read the file."""
    return not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
