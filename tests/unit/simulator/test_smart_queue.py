"""A place in a queue: what it costs to be misused, how it moves, and how it ends."""

from __future__ import annotations

import pytest

from halo_voice.simulator import Queued, SilentCaller
from halo_voice.simulator.transfers import waits

BEGIN = """
require(Modules.SmartQueue);
const task = VoxEngine.enqueueTask({ call, queue: { name: "support" }, priority: 10, timeout: 60 });
const FIELDS = { EnqueueSuccess: "", Waiting: "position", TaskDistributed: "operatorName", OperatorReached: "", TaskCanceled: "status", Error: "type" };
for (const [name, field] of Object.entries(FIELDS)) {
  task.addEventListener(SmartQueueEvents[name], (e) => log(name, field ? e[field] : ""));
}
"""


def of(fate):
    return {"answers": lambda name: fate, "caller": SilentCaller(80_000)}


async def test_a_queue_moves_until_somebody_answers(connected):
    """Each wait tells a position; then an operator is chosen, and their call is up and can be
    joined; when they have gone, so has the task."""
    joined = """
    task.addEventListener(SmartQueueEvents.OperatorReached, ({ agentCall, task: mine }) => {
      log(mine === task, agentCall.state(), task.agentCall === agentCall, task.clientCall === call);
      VoxEngine.sendMediaBetween(call, agentCall);
    });
    """
    call = await connected(BEGIN + joined, **of(Queued(30_000, SilentCaller(10_000))))
    assert call.log == [
        "EnqueueSuccess",
        "Waiting 2",
        "Waiting 1",
        "TaskDistributed operator",
        "OperatorReached",
        "true CONNECTED true true",
        "TaskCanceled 1000",
    ]
    [leg] = call.legs
    [(begin, end)] = waits(call)
    assert 29_000 < end - begin < 32_000
    assert leg.connected_ms == end
    assert call.failures == []


@pytest.mark.parametrize(
    ("fate", "told"),
    [
        (Queued(1_000, status=1005), "TaskCanceled 1005"),
        (Queued(1_000, status=500, error=True), "Error 500"),
        (404, "Error 500"),
        (Queued(70_000), "TaskCanceled 1001"),
        (Queued(70_000, SilentCaller()), "TaskCanceled 1001"),
    ],
)
async def test_a_queue_may_end_without_anybody(connected, fate, told):
    """Full, broken, of a name that there is none of, or past the task's own timeout."""
    call = await connected(BEGIN, **of(fate))
    assert call.log[-1] == told
    assert all(leg.connected_ms is None for leg in call.legs)


STAYS = """
const log = (...words) => Logger.write(words.join(" "));
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Connected, () => {
    %s
  });
  call.answer();
});
"""


async def test_a_caller_who_has_gone_keeps_the_place_until_it_is_given_up(play):
    """Documented: the scenario has to cancel; else an operator is called for nobody."""
    left = "task.addEventListener(SmartQueueEvents.ClientDisconnected, (e) => %s);"

    async def leave(code):
        answers = lambda _: Queued(40_000, SilentCaller(1_000))  # noqa: E731
        return await play(STAYS % (BEGIN + code), answers=answers, caller=SilentCaller(10_000))

    kept = await leave(left % "log('left')")
    assert "left" in kept.log
    assert [leg.connected_ms is not None for leg in kept.legs] == [True]
    given_up = await leave(left % "e.cancel()")
    assert given_up.legs == []
    ended = await leave("setTimeout(() => task.end('enough'), 5000);")
    assert ended.legs == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("VoxEngine.enqueueTask({ call, queue: { name: 'a' } })", "needs require"),
        (BEGIN.replace("10", "101"), "priority must be 1 to 100"),
        (BEGIN.replace('{ name: "support" }', "{}"), "a name or an id"),
        (BEGIN.replace("timeout: 60", "timeout: '60'"), "timeout must be a number"),
        (BEGIN.replace("priority", "prio"), "prio does not exist"),
        (BEGIN + "task.end()", "the description must be a string"),
        (BEGIN + "task.end('over', 7)", "one of TerminationStatus"),
        (BEGIN + "task.cancel()", "SmartQueueTask.cancel does not exist"),
        (BEGIN + "call.sendMediaTo(task)", "takes no media"),
    ],
)
async def test_a_misused_queue_says_so(connected, code, told):
    """Unknown is loud here, too."""
    call = await connected(code, **of(Queued()))
    assert any(told in failure for failure in call.failures)
