"""The account as the doctor sees it, as JSON: `python -m halo_voice.doctor.account`.

For the console, in a process of its own: what it imports, and how long the platform lets it wait,
is no call's matter.
"""

from __future__ import annotations

import json

from halo_voice.core.errors import ConfigurationError
from halo_voice.doctor.check import Check, broken
from halo_voice.doctor.in_russian import in_russian
from halo_voice.doctor.line import check_line
from halo_voice.settings import load_settings


def main() -> None:
    try:
        checks = check_line(load_settings())
    except ConfigurationError as error:
        checks = broken("line", error.faults, "correct it: the account can then be compared")
    print(json.dumps([_told(check) for check in checks], ensure_ascii=False))


def _told(check: Check) -> dict[str, object]:
    """In each of the console's languages."""
    return {
        "name": check.name,
        "ok": check.ok,
        "said": {"en": check.said, "ru": in_russian(check.said)},
        "cure": {"en": check.cure, "ru": in_russian(check.cure)},
    }


if __name__ == "__main__":
    main()
