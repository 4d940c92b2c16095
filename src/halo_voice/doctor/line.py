"""The account at Voximplant: key, clock, money, and whatever a deploy would change in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from halo_voice.api.signature import SKEW_ALARM_S
from halo_voice.core.errors import ConfigurationError
from halo_voice.deploy.command import NO_CREDENTIALS, account_of, wanted_of
from halo_voice.deploy.credentials import is_private
from halo_voice.deploy.faults import AccountFault
from halo_voice.deploy.found import Found, Owner, look
from halo_voice.deploy.plan import plan
from halo_voice.deploy.wanted import PATTERN, Wanted
from halo_voice.doctor.check import Check, broken
from halo_voice.settings import Settings

_DEPLOY = "run `halo deploy`"


def check_line(settings: Settings) -> list[Check]:
    """Everything that the account can be asked. Changes nothing in it."""
    if not settings.vox_credentials:
        said, _, cure = NO_CREDENTIALS.partition(": ")
        return [Check("account", said, cure.rstrip("."))]
    try:
        wanted, faults = wanted_of(settings), ()
    except ConfigurationError as error:
        # The key and the money can be looked at all the same.
        wanted, faults = None, error.faults
    asked = wanted or Wanted(settings.vox_application, " ", {})
    try:
        account = account_of(settings)
    except AccountFault as fault:
        return [_refused(fault)]
    try:
        found = look(account, asked)
        checks = _account(found.owner)
    except AccountFault as fault:
        found = None
        checks = [_refused(fault)]
    finally:
        account.close()
    checks += [*_clock(account.skew_s), *_key_file(Path(settings.vox_credentials))]
    if found is None:
        return checks
    if wanted is None:
        return checks + broken("line", faults, "correct it: the account can then be compared")
    return [*checks, *_compared(wanted, found)]


def _refused(fault: AccountFault) -> Check:
    said, _, cure = str(fault).partition(". ")
    return Check("account", said.rstrip("."), cure.rstrip(".") or "see docs/real-line.md")


def _account(owner: Owner) -> list[Check]:
    name = f"{owner.name} ({owner.number})"
    if owner.frozen or not owner.active:
        said = f"{name} is {'frozen' if owner.frozen else 'not activated'}"
        return [Check("account", said, "ask Voximplant's support")]
    checks = [Check("account", f"{name}, the key is accepted")]
    if owner.balance is None:
        return [*checks, Check("balance", "the key may not see it")]
    money = f"{owner.balance:,.2f} {owner.currency}"
    empty = owner.balance <= 0
    return [*checks, Check("balance", money, "top the account up: no call goes through" * empty)]


def _clock(skew_s: float | None) -> Iterator[Check]:
    if skew_s is None:
        return
    apart = abs(skew_s) > SKEW_ALARM_S
    cure = "set it by NTP: tokens and signatures are good for seconds"
    said = f"{abs(skew_s):.0f} s from the platform's"
    yield Check("clock", said, cure if apart else "")


def _key_file(path: Path) -> Iterator[Check]:
    if not is_private(path):
        yield Check("key file", f"others may read {path}", f"chmod 600 {path}")


def _compared(wanted: Wanted, found: Found) -> Iterator[Check]:
    """What a deploy would do, told as what is wrong; where it would do nothing, what is right."""
    drawn = plan(wanted, found)
    right = {
        "application": f"{wanted.application} is there",
        "scenario": f"{wanted.scenario} equals the file, {len(wanted.script):,} characters",
        "rule": f"{PATTERN} starts {wanted.scenario} alone, and nothing comes before it",
        "secrets": f"{', '.join(wanted.secrets)} are there and right",
    }
    for topic, said in right.items():
        steps = [str(step) for step in drawn.steps if step.topic == topic]
        if steps:
            yield Check(topic, f"a deploy would {', '.join(steps)}", _DEPLOY)
        else:
            yield Check(topic, said)
    yield from _numbers(wanted, found, [str(s) for s in drawn.steps if s.topic == "number"])


def _numbers(wanted: Wanted, found: Found, steps: list[str]) -> Iterator[Check]:
    if not wanted.numbers:
        cure = "set HALO_VOX_NUMBERS to the number that you rented"
        yield Check("number", "HALO_VOX_NUMBERS is empty", cure)
    for number in wanted.numbers:
        held = found.numbers.get(number)
        step = next((each for each in steps if f"+{number} " in each), "")
        if held is None:
            cure = "rent it in the control panel, or correct HALO_VOX_NUMBERS"
            yield Check("number", f"+{number} is not one of this account", cure)
        elif held.fault:
            said, _, cure = held.fault.partition(": ")
            yield Check("number", f"+{number}: {said}", cure or "verify the account")
        elif step:
            yield Check("number", f"a deploy would {step}", _DEPLOY)
        else:
            yield Check("number", f"+{number} leads to {wanted.scenario}")
