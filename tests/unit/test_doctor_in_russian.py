"""What is said of the account has its Russian, for the console."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from halo_voice import deploy, doctor
from halo_voice.deploy.command import NO_CREDENTIALS, NO_KEYS
from halo_voice.deploy.faults import BROKEN, BUSY, refusal
from halo_voice.deploy.found import Found, Owner, Rule, Scenario
from halo_voice.deploy.found import Number as Held
from halo_voice.deploy.plan import plan
from halo_voice.deploy.wanted import Wanted, url_fault
from halo_voice.doctor.in_russian import in_russian
from halo_voice.doctor.line import _compared, _refused

ENGLISH = re.compile(r"\b(?:the|is|it|a|to|of|run|would|make|keep|account|put|take)\b")
WANTED = Wanted("halo", "// new", {"HALO_KEY": "k"}, ("74950000000", "74950000001"))
OWNER = Owner("romashka", 4711)
OLD = Scenario(2, "// old")


def told(node: ast.expr) -> str:
    """A sentence of the code, with something for each value in it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(told(each) for each in node.values)
    if isinstance(node, ast.BinOp):  # a cure that is told only where something is wrong
        return told(node.left)
    if isinstance(node, ast.IfExp):
        return told(node.body) or told(node.orelse)
    if isinstance(node, ast.FormattedValue):
        return "frozen" if isinstance(node.value, ast.IfExp) else "X"
    return node.value if isinstance(node, ast.Constant) else ""


def written() -> list[str]:
    """What `line.py` says, and what the key's file and the transport are found to be."""
    found = []
    paths = [Path(doctor.__file__).parent / "line.py"]
    paths += [Path(deploy.__file__).parent / name for name in ("credentials.py", "client.py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name == "Check":
                found += [told(each) for each in node.args[1:]]
            elif name == "broken":
                found.append(told(node.args[2]))
            elif name in ("AccountFault", "Unreadable", "Unsure"):
                check = _refused(ValueError(told(node.args[0])))
                found += [check.said, check.cure]
    return sorted({each for each in found if each.strip("X +:") and each != "a deploy would X"})


def refused() -> list[str]:
    """What the platform answers to somebody who only asks."""
    codes = sorted({100, 101, 103, 104, 131, *BUSY, *BROKEN})
    checks = [_refused(refusal("GetRules", code, "no")) for code in codes]
    parts = {part for check in checks for part in (check.said, check.cure) if part[0] != "("}
    return sorted({*parts, *NO_CREDENTIALS.rstrip(".").split(": ", 1)})


def compared() -> list[str]:
    """Every step that a deploy may take, and every state of a number."""
    other = Rule(7, "other", ".*")
    ours = Rule(8, "halo", "7.*", "8.*", ((3, "another"),))
    faulty = Held(fault="its rent was cancelled: rent it again in the control panel")
    accounts = (
        Found(OWNER),
        Found(OWNER, 1, secure=False, scenario=OLD, rules=(other, ours), secrets={"HALO_KEY": "x"}),
        Found(OWNER, 1, secure=True, scenario=OLD, rules=(other,)),
        Found(
            OWNER, 1, secure=True, numbers={"74950000000": Held(9, "else"), "74950000001": faulty}
        ),
    )
    steps = {type(step).__name__ for each in accounts for step in plan(WANTED, each).steps}
    assert len(steps) == 10, steps
    checks = [check for each in accounts for check in _compared(WANTED, each)]
    return sorted({part for check in checks for part in (check.said, check.cure) if part})


@pytest.mark.parametrize("words", [*written(), *refused(), *compared()])
def test_what_is_said_of_the_account_is_known(words):
    """No English word is left of it, but names and what the platform said itself."""
    russian = re.sub(r"\([^)]*\)|`[^`]*`|\S+\.\S+", "", in_russian(words))
    assert not ENGLISH.search(russian), russian
    assert re.search("[а-яё]", russian) or words.startswith(("chmod", "romashka"))


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("romashka (4711), the key is accepted", "romashka (4711), ключ принят"),
        ("halo equals the file, 49,100 characters", "halo совпадает с файлом, знаков: 49\u202f100"),
        ("1,234,567.80 RUR", "1\u202f234\u202f567,80 ₽"),
        ("-0.50 USD", "-0,50 USD"),
        (
            "a deploy would keep the present script as halo-previous, 6 characters, replace the "
            "scenario halo: 6 → 49,100 characters",
            "выкладка изменит: прежний текст сохранит как halo-previous (6 знаков), заменит "
            "сценарий halo (6 → 49\u202f100 знаков)",
        ),
        ("nobody wrote this", "nobody wrote this"),
        (f"HALO_PUBLIC_URL {url_fault('http://x')}", None),
        (NO_KEYS.rstrip("."), None),
    ],
)
def test_what_it_says_then(english, russian):
    """Names, numbers and figures stay in their places."""
    said = in_russian(english)
    assert said == russian if russian else said != english
