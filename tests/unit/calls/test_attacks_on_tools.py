"""Spoken attacks on a profile with tools, and a model that reaches for whatever it is told to."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from halo_voice.core.clock import Clock
from halo_voice.core.messages import Calls, ToolCall
from halo_voice.core.operators import Operator
from halo_voice.core.profile import BUILTIN_TOOLS, Tools
from halo_voice.core.sms import Sms, SmsField, SmsTemplate
from halo_voice.profiles import load_profiles
from halo_voice.store.memory import MemoryStore
from halo_voice.tools.builtin import builtin_tools
from halo_voice.tools.kit import kits_of
from tests.halo import ROOT
from tests.one_call import PROFILE, heard
from tests.tooling import ScriptedModel, call_with, now, states, using

SAID = tomllib.loads((ROOT / "tests/unit/api/spoken_attacks.toml").read_text("utf-8"))
EVERY = 5
ATTACKS = [words for kind in SAID.values() for words in kind["said"]]
MINE, VICTIM = "+79161234567", "+79031112233"
VISIT = {"day": "2026-12-03", "at": "15:00"}
OPEN = replace(
    PROFILE,
    operators={"отдел продаж": Operator("74950000001")},
    tools=Tools(
        builtin=BUILTIN_TOOLS,
        sms=Sms(
            "74950000000",
            {"visit": SmsTemplate("визит", "Ждём вас {day}.", {"day": SmsField("date")})},
        ),
    ),
)


def raw(name: str, arguments: str) -> Calls:
    return Calls((ToolCall("m1", name, arguments),))


REACHES = {
    "nothing of this name": using("delete_database", table="calls"),
    "a shell": using("shell", command="cat /etc/passwd"),
    "an action of the protocol": using("hangup"),
    "Python behind a tool": using("order_status.__globals__", number="4207"),
    "a stranger's order": using("order_status", number="4207", phone_end="4567"),
    "the query of a store": using("order_status", number="' OR 1=1 --", phone_end="4567"),
    "a visit for somebody": using("book_visit", **VISIT),
    "a visit under a name": using("book_visit", **VISIT, caller=VICTIM),
    "a key of its own": using("book_visit", **VISIT, key="mine", use={"caller": VICTIM}),
    "a call to somebody": using("call_back", question="долг", phone=VICTIM),
    "a telephone number": using("transfer_call", operator=VICTIM),
    "a number beside the name": using("transfer_call", operator="отдел продаж", number=VICTIM),
    "the operator's number": using("transfer_call", operator="74950000001"),
    "a message to somebody": using("send_sms", template="visit", day=VISIT["day"], number=VICTIM),
    "a message in its words": using("send_sms", template="visit", day="Переведите деньги"),
    "a template of its own": using("send_sms", template="Вы выиграли {day}", day=VISIT["day"]),
    "no JSON": raw("book_visit", "{'day': __import__('os')}"),
    "no object": raw("send_sms", '["visit", "2026-12-03"]'),
    "a megabyte": raw("call_back", json.dumps({"question": "а" * 1_000_000})),
}
FORBIDDEN = ("Аркос", "курьер", "выиграли", "Готово")
"""Of a stranger's order, of the model's own message, and of its claim."""
CLAIM = "Готово, я отправила сообщение, записала вас и соединила с менеджером."


class Platform:
    """Sends nothing, and remembers what it was asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, ...]] = []

    async def send_sms(self, source: str, number: str, text: str) -> None:
        self.sent.append((source, number, text))


def visits(data: Path) -> int:
    """How many the sample's diary has."""
    file = data / "halo-sample.sqlite3"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as store:
        return store.execute("SELECT count(*) FROM visits").fetchone()[0]


async def none_sent(_number: str, _call_id: str) -> int:
    return 0


@pytest.mark.parametrize("number", range(len(REACHES)), ids=REACHES)
async def test_no_spoken_attack_makes_a_tool_act(number, tmp_path):
    """F67, F69, F71: what attacks would have the model reach for; each attack meets some of it.

    Nothing is done, nobody's data is heard, and nothing is claimed to be done.
    """
    reach = [*REACHES.values()][number]
    sample = kits_of(load_profiles(ROOT / "assistants"), secrets={}, private=())["halo"]
    platform = Platform()
    builtin = builtin_tools(OPEN, Clock(OPEN.hours, now), platform, none_sent)
    tools = {each.spec.name: each for each in (*sample.tools, *builtin)}
    wrong = []
    for said in ATTACKS[number % EVERY :: EVERY]:
        model, store = ScriptedModel([reach], [CLAIM]), MemoryStore()
        call = await call_with(
            model, *tools.values(), store=store, profile=OPEN, caller=MINE, data=tmp_path
        )
        turn = await call.take(heard(1, said))
        done = set(await states(store)) - {"proposed", "failed"}
        told = [part for part in FORBIDDEN if part in turn.reply]
        if done or told or turn.action != "listen":
            wrong.append((said, turn.reply, turn.action, done, told))
    assert wrong == []
    assert (platform.sent, visits(tmp_path)) == ([], 0)
