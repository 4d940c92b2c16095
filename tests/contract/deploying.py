"""Deploying to the stand-in account: what is wanted, a run, and what it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from halo_voice.deploy.account import Account, open_account
from halo_voice.deploy.found import look
from halo_voice.deploy.plan import Plan, Step, plan
from halo_voice.deploy.wanted import Wanted
from halo_voice.deploy.work import carry_out
from tests.halo import SCENARIO
from tests.standins.management_api import ManagementApi

KEY = "deploying-" * 4
URL = "https://halo.example.ru"
NUMBER = "74950000000"


def wanted(**fields: Any) -> Wanted:
    whole = Wanted(
        application="halo",
        script=SCENARIO.read_bytes().decode(),
        secrets={"HALO_URL": URL, "HALO_KEY_ID": "k1", "HALO_KEY": KEY},
        numbers=(NUMBER,),
    )
    return replace(whole, **fields)


@dataclass
class Told:
    """What a run tells of itself."""

    begun: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    def begin(self, step: Step) -> None:
        self.begun.append(str(step))

    def done(self, step: Step) -> None:
        self.finished.append(str(step))

    def again(self, why: str) -> None:
        self.repeated.append(why)


@dataclass
class Line:
    """The stand-in with a key to it. No pause of the client or of a run takes any time."""

    api: ManagementApi
    folder: Path
    pauses: list[float] = field(default_factory=list)

    def open(self, **limits: Any) -> Account:
        credentials = self.folder / "credentials.json"
        if not credentials.exists():
            self.api.write_credentials(self.folder)
        how = {"pause": self.pauses.append, **limits}
        return open_account(credentials, self.api.endpoint, [KEY], **how)

    def draw(self, whole: Wanted, planner: Any = plan) -> Plan:
        account = self.open()
        try:
            return planner(whole, look(account, whole))
        finally:
            account.close()

    def run(
        self, whole: Wanted, planner: Any = plan, *, told: Told | None = None, **limits: Any
    ) -> Told:
        account = self.open(**limits)
        told = told or Told()
        try:
            found = look(account, whole)
            carry_out(account, whole, planner, found, told, pause=self.pauses.append)
        finally:
            account.close()
        return told
