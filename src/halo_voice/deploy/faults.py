"""What the platform refuses, in words that say what to do about it.

The codes are those of the platform's page "Errors" of the HTTP API. AccountFault
├── Unsure        no answer came, so that it is not known whether the command was performed
└── Unreadable    the answer is not what is documented
"""

from __future__ import annotations

_KEY = (
    "The platform does not accept the key. Take the file of a service account of this account that "
    "was not deleted, and set this machine's clock: a token is good for seconds only."
)
_CHANGED = "What was just there is gone: somebody changes the account meanwhile. Run it again."
_LATER = "The platform is busy. Run it again in a minute; it carries on where it stopped."
_THEIRS = "A fault of the platform's own. Run it again later; it carries on where it stopped."

BUSY = frozenset({162, 340, 416, 429, 515})
"""Refused for the moment, and certainly not performed."""

BROKEN = frozenset({1, 2, 4, 5, 13, 15, 16, 20, 21, 251, 252})
"""The platform's own faults: what was performed is not known."""

REMEDIES: dict[int, str] = {
    **dict.fromkeys((100, 447, 454, 455, 456), _KEY),
    **dict.fromkeys(BUSY, _LATER),
    **dict.fromkeys(BROKEN, _THEIRS),
    101: "The platform does not take what HALO sends: is this the newest HALO?",
    103: "The platform does not know this command: is this the newest HALO?",
    104: "The key's role does not allow this. Give the service account the role Developer or Admin "
    "in the control panel.",
    107: "The platform does not take this name of an application. Choose another: --application.",
    108: "The account has as many applications as it may. Delete one in the control panel, or name "
    "an existing one with --application.",
    116: _CHANGED,
    121: "The number is not one of this account. Rent it in the control panel, or correct it.",
    127: "There is not enough money on the account. Top it up in the control panel.",
    129: "An application of this name is there already. Choose another: --application.",
    130: "The scenario is too long: the platform takes less than 128 KB.",
    131: "The account is not activated: follow the letter that Voximplant sent to its owner.",
    132: _CHANGED,
    133: "A scenario of this name is there already, in another application or among the shared "
    "ones. Rename or delete that one in the control panel, or choose another --application.",
    134: "The platform does not take what HALO sends: is this the newest HALO?",
    147: _CHANGED,
    148: "The platform does not take the rule's pattern: is this the newest HALO?",
    150: "The platform does not know this session, or it was too long ago.",
    156: "The platform does not take the rule's name: is this the newest HALO?",
    168: "The platform does not take the scenario's name. Choose another --application.",
    175: "A rule of this name is there already: somebody changes the account meanwhile. "
    "Run it again.",
    181: _CHANGED,
    182: "The number is in use elsewhere. Free it in the control panel first.",
    281: "The platform wants the account verified first: send your papers in the control panel.",
    282: "The platform is still verifying the account. Run it again when it has.",
    317: "This is for paid accounts only: upgrade it in the control panel.",
    375: "No scenario is bound to the rule. Run `halo deploy` first.",
    418: "The account has as many scenarios as it may. Delete one in the control panel.",
    419: "The rule has as many scenarios as it may. Free one of them in the control panel.",
}


class AccountFault(Exception):
    """The platform refused, or could not be asked. `code` is the platform's own; 0: none."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Unsure(AccountFault):
    """Nobody knows whether the command was performed: look again before it is sent again."""


class Unreadable(AccountFault):
    """The platform answers otherwise than documented."""


def refusal(command: str, code: int, said: str) -> AccountFault:
    """The fault that `command` was answered with; `said` are the platform's words."""
    remedy = REMEDIES.get(code, "See the page Errors of the platform's HTTP API.")
    kind = Unsure if code in BROKEN else AccountFault
    return kind(f"{remedy} ({command}, error {code}: {said.strip().rstrip('.')})", code=code)
