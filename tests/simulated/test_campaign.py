"""A campaign of fifty people in the simulator's cloud: every row ends with a reported result.

The platform's call list is a stand-in that keeps its rules: attempts, hours of UTC, and a row that
reports nothing counts as done. Each session is the shipped scenario with the real backend; clocks
are virtual, and days pass.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from halo_voice.core.dials import Campaign
from halo_voice.dialling.results import Task as Told
from halo_voice.dialling.results import results_of
from halo_voice.dialling.rows import list_of, orders_of, read_rows
from halo_voice.simulator import (
    Answering,
    AnsweringMachine,
    AsgiNetwork,
    HttpResponse,
    Pickup,
    ScriptedCaller,
    SilentCaller,
)
from halo_voice.simulator.invariants import breaches
from halo_voice.store.memory import MemoryStore
from tests.halo import HOST, SCENARIO, TalkingModel, backend, call_to
from tests.standins.call_lists import CallList, tasks_of

FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)  # 15:00 in Moscow, 22:00 in Vladivostok
OURS = "74950000000"
GOODBYE = "спасибо до свидания"
STEP_S = 1_800
ATTEMPTS, PAUSE_S = 3, 3_600

# Who picks up, attempt by attempt; the last of them again. By kind: how many, and what comes of it.
KINDS = {
    "talks": (12, "answered"),
    "busy, then talks": (5, "answered"),
    "busy": (4, "busy"),
    "silent": (4, "no_answer"),
    "machine": (4, "machine"),
    "off": (2, "unavailable"),
    "declines": (2, "declined"),
    "nowhere": (3, "invalid"),
    "wants no calls": (2, "answered"),
    "hangs up": (1, "hung_up"),
    "asleep in the east": (3, "answered"),
    "opted out before": (3, "opted_out"),
    "opted out meanwhile": (2, "opted_out"),
    "no consent": (2, "no_consent"),
    "twice": (1, "duplicate"),
}


def person(*lines):
    return Pickup(4_000, Answering(ScriptedCaller(list(lines))))


def telephone(kind: str, attempt: int) -> Pickup:
    failing = {"busy": 486, "silent": 408, "off": 480, "declines": 603, "nowhere": 404}
    if kind in failing:
        return Pickup(2_000, code=failing[kind])
    if kind == "busy, then talks" and attempt == 1:
        return Pickup(2_000, code=486)
    if kind == "machine":
        return Pickup(3_000, AnsweringMachine())
    if kind == "hangs up":
        return Pickup(3_000, SilentCaller(300))
    if kind == "wants no calls":
        return person("не звоните мне больше")
    return person("да", GOODBYE)


class People:
    """Fifty of them, by number; what was dialled, and when."""

    def __init__(self) -> None:
        kinds = [kind for kind, (count, _) in KINDS.items() for _ in range(count)]
        self.kinds: dict[str, str] = {}
        self.rows: list[tuple[str, str]] = []
        self.dialled: list[tuple[str, datetime]] = []
        random.Random(5).shuffle(kinds)
        for number, kind in enumerate(kinds):
            area = "423" if kind == "asleep in the east" else "495"
            digits = f"7{area}{1_000_000 + number}"
            if kind == "twice":
                digits = self.rows[0][0]
            else:
                self.kinds[digits] = kind
            self.rows.append((digits, kind))

    def file(self) -> bytes:
        lines = [
            f"+{digits};{'нет' if kind == 'no consent' else 'да'};Имя {n}"
            for n, (digits, kind) in enumerate(self.rows)
        ]
        return ("number;consent;имя\n" + "\n".join(lines)).encode()

    def of_kind(self, kind: str) -> list[str]:
        return [digits for digits, each in self.kinds.items() if each == kind]


class Cloud:
    """Works a call list off, session by session; its clock is the backend's."""

    def __init__(self, halo, clock, people, *, scenario=SCENARIO, network=AsgiNetwork) -> None:
        self.halo, self.clock, self.people = halo, clock, people
        self.scenario, self.network = scenario, network
        self.sessions = 0

    async def run(self, calls: CallList, *, days: int = 4) -> None:
        until = self.clock[0] + timedelta(days=days)
        while self.clock[0] < until and any(task.open for task in calls.tasks):
            now_s = self.clock[0].timestamp()
            due = [task for task in calls.tasks if task.may_begin(now_s)]
            for task in due:
                await self._session(task, calls.interval_s)
            self.clock[0] += timedelta(seconds=STEP_S)

    async def _session(self, task, interval_s: int) -> None:
        self.sessions += 1

        def rings(number: str) -> Pickup:
            self.people.dialled.append((number, self.clock[0]))
            attempt = sum(each == number for each, _ in self.people.dialled)
            return telephone(self.people.kinds[number], attempt)

        call = await call_to(self.halo.web)(
            SilentCaller(), dialled=rings, custom_data=task.session_data(), scenario=self.scenario,
            network=self.network(self.halo.web, HOST), session_id=self.sessions,
            seed=self.sessions, epoch_ms=int(self.clock[0].timestamp() * 1000),
        )  # fmt: skip
        assert [str(breach) for breach in breaches(call)] == []
        lines = [line.data for line in call.trace if "task" in line.data]
        told = [(data["task"], data["told"]) for data in lines]
        task.ended(told, self.clock[0].timestamp(), interval_s)


class Away(AsgiNetwork):
    """A backend that is not there."""

    connect = None

    async def request(self, request):
        return HttpResponse(503)


@pytest.fixture
def people():
    return People()


async def made(halo, people, clock) -> CallList:
    """The campaign, as the command makes it."""
    profile, dials = halo.switchboard.profiles.default, halo.store.dials
    for number in people.of_kind("opted out before"):
        await dials.opt_out(number, "operator")
    never = {each.number for each in await dials.opt_outs(100)}
    rows = read_rows(people.file(), profile, never)
    orders = orders_of(rows, profile, OURS, clock[0], campaign="k", attempts=ATTEMPTS)
    await dials.keep_campaign(
        Campaign("k", "Осень", "halo", clock[0]), [order.dial for order in orders]
    )
    return CallList("k", 1, 2, PAUSE_S, tasks_of(list_of(orders, profile), ";", ATTEMPTS))


async def results(halo, calls):
    dials = await halo.store.dials.dials_of("k")
    tried = await halo.store.dials.tried([dial.dial_id for dial in dials])
    tasks = [Told(t.data["dial"], t.status, t.attempts_left, t.result) for t in calls.tasks]
    return results_of(dials, tried, tasks)


async def test_every_row_of_fifty_ends_with_a_reported_result(people):
    """Invariant 23: whatever comes of it, each session tells its list exactly once; opt-outs and
    night hours are never dialled; who was engaged is called again, who was reached is not."""
    clock = [FRIDAY]
    model = TalkingModel()
    async with backend(store=MemoryStore(now=lambda: clock[0]), model=model) as halo:
        calls = await made(halo, people, clock)
        for number in people.of_kind("opted out meanwhile"):
            await halo.store.dials.opt_out(number, "operator")
        await Cloud(halo, clock, people).run(calls)
        rows = await results(halo, calls)
        out = await halo.store.dials.opt_outs(100)

    wanted = [KINDS[kind][1] for _, kind in people.rows]
    assert len(rows) == 50
    assert [row.result for row in rows] == wanted
    assert all(told and len(told) == 1 for task in calls.tasks for told in task.reports)
    assert {task.status for task in calls.tasks} == {"Processed", "Error"}

    dialled = Counter(number for number, _ in people.dialled)
    never = ("opted out before", "opted out meanwhile", "no consent")
    assert not dialled.keys() & {n for kind in never for n in people.of_kind(kind)}
    for kind, times in (("talks", 1), ("busy", ATTEMPTS), ("busy, then talks", 2), ("nowhere", 1),
                        ("declines", 1), ("machine", ATTEMPTS), ("hangs up", 1)):  # fmt: skip
        assert {dialled[number] for number in people.of_kind(kind)} == {times}, kind
    for number, moment in people.dialled:
        here = moment + timedelta(hours=10 if number.startswith("7423") else 3)
        begin, end = (9, 20) if here.weekday() < 5 else (10, 18)
        assert begin <= here.hour < end, (number, here)
    assert {each.number for each in out if each.by == "caller"} == set(
        people.of_kind("wants no calls")
    )


async def test_a_backend_that_is_away_reports_its_rows_as_failed(people):
    """Nothing is dialled, nothing counts as done: the rows are tried again, and end as errors."""
    clock = [FRIDAY]

    async with backend(store=MemoryStore(now=lambda: clock[0])) as halo:
        calls = await made(halo, people, clock)
        calls.tasks = calls.tasks[:3]
        await Cloud(halo, clock, people, network=Away).run(calls, days=1)
    assert people.dialled == []
    assert [task.status for task in calls.tasks] == ["Error"] * 3
    assert {tuple(told) for task in calls.tasks for told in task.reports} == {("reportError",)}


async def test_an_hour_in_which_nobody_is_called_costs_no_attempt(people):
    """The list's hours are those of the week; on a Saturday the backend is stricter, and says when
    the row may be tried again."""
    clock = [datetime(2026, 11, 28, 6, 0, tzinfo=UTC)]  # 9:00 in Moscow
    async with backend(store=MemoryStore(now=lambda: clock[0])) as halo:
        calls = await made(halo, people, clock)
        task = next(t for t in calls.tasks if t.begin == 6 * 3600)
        calls.tasks, task.attempts_left = [task], 1
        await Cloud(halo, clock, people).run(calls, days=1)
        reports = [name for told in task.reports for name in told]
    assert reports[0] == "requestNextAttempt"
    assert people.dialled[0][1] == datetime(2026, 11, 28, 7, 0, tzinfo=UTC)
    assert (len(reports), len(people.dialled)) == (2, 1)


FAULTY = {
    "a fault in a state": ("function pickedUp(state, event) {", "throw new Error('broken');"),
    "a fault in the decision": ("function orderCall(state, event) {", "throw new Error('broken');"),
    "a fault at the end": (
        "function summary(state, ms = REPORT_MS) {",
        "throw new Error('broken');",
    ),
    "a fault of the detector": ("function detector(line, timeout) {", "throw new Error('broken');"),
}


@pytest.mark.parametrize("name", FAULTY)
async def test_a_broken_scenario_reports_its_rows_too(people, name):
    """Every way out tells the list once, an error of the scenario's own as well."""
    place, fault = FAULTY[name]
    text = SCENARIO.read_text("utf-8")
    assert text.count(place) == 1
    broken = text.replace(place, f"{place} {fault}")
    clock = [FRIDAY]
    async with backend(store=MemoryStore(now=lambda: clock[0])) as halo:
        calls = await made(halo, people, clock)
        task = calls.tasks[0]

        call = await call_to(halo.web)(
            SilentCaller(), dialled=person(GOODBYE), custom_data=task.session_data(),
            scenario=broken, session_id=5, epoch_ms=int(FRIDAY.timestamp() * 1000),
        )  # fmt: skip
    told = [line.data["task"] for line in call.trace if "task" in line.data]
    assert len(told) == 1, told
    assert call.finish_reason == "Normal termination"


@pytest.mark.parametrize("data", ['{"phone": "+79160000000"}', '{"dial": "short"}'])
async def test_a_row_that_is_not_ours_is_told_as_such(data):
    """Somebody's list is bound to the wrong rule: nobody is dialled, and the row says so."""
    async with backend() as halo:
        call = await call_to(halo.web)(SilentCaller(), dialled=person(), custom_data=data)
    assert [line.data["told"] for line in call.trace if "task" in line.data] == [
        f'{{"outcome":"unknown","call_id":"{_session(call)}"}}'
    ]
    assert not any("called" in line.data for line in call.trace)


def _session(call) -> str:
    return next(line.data["told"] for line in call.trace if "told" in line.data).split('"')[7]


async def test_a_session_that_the_platform_ends_reports_its_row(people):
    """Of the one request that is left then, the list's report is the dearer use."""
    text = SCENARIO.read_text("utf-8")
    late = text.replace("const ORDER_MS = 1500;", "const ORDER_MS = 600000;")
    assert late != text
    async with backend() as halo:
        call = await call_to(halo.web)(
            SilentCaller(), dialled=person(), custom_data='{"dial": "0123456789012345678901"}',
            scenario=late, network=Away(halo.web, HOST),
        )  # fmt: skip
    told = [line.data["task"] for line in call.trace if "task" in line.data]
    assert told == ["reportError"]
    assert any(line.what == "no calls for 60 s" for line in call.trace)
    assert [str(breach) for breach in breaches(call)] == []
