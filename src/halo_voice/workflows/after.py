"""The workflows of a call that has ended, on DBOS: reviewed, announced, delivered.

    after_call(call)          reviewed ──► announced ──► sorted out: a deliver for each way out
    deliver(delivery)         attempt, wait, attempt, … until it is taken, refused or given up

Every step is written down when it is done, and done again if the process died in it. So each step
may run twice, and is made for it: a review is kept once, a delivery has one id. Each way out has
one place in the queues for all processes: it gets events in their order, and while it is away the
first of them waits for it, and no other way does. DBOS is told ids only; what was said stays in our
own store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from dbos import DBOS, DBOSConfiguredInstance, SetEnqueueOptions, SetWorkflowID

from halo_voice.core.profile import Profile
from halo_voice.core.review import Delivery
from halo_voice.store.archive import Archive
from halo_voice.workflows.channel import Attempt, Channel, Told
from halo_voice.workflows.channels import Channels
from halo_voice.workflows.event import CALL_ENDED
from halo_voice.workflows.marks import unreached
from halo_voice.workflows.review import Reviewer

CALLS, DELIVERIES, OUTLETS = "halo-calls", "halo-deliveries", "halo-outlets"
WEBHOOK = "webhook"
WAITS_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, *(43_200,) * 4)
"""Between attempts to deliver, seconds: two days and a half in all."""

STORE_WAITS = {"retries_allowed": True, "interval_seconds": 1.0, "max_attempts": 75}
"""A store that is away is waited for like a receiver: two days and a half in all. From the twelfth
time on an hour passes between two looks. What gives up before is begun by nobody any more."""

RECOVERIES_MAX = 1_000

_log = structlog.get_logger(__name__)


@DBOS.dbos_class()
class AfterCall(DBOSConfiguredInstance):
    """`profile` finds a call's profile by its name; None: no such one is known, and nothing is sent
    for it but the settings' webhook, `receiver`. `channels`: those of the profiles, as they are
    now. `pause` waits for so many seconds, over restarts too."""

    def __init__(
        self,
        archive: Archive,
        reviewer: Reviewer,
        profile: Callable[[str], Profile | None],
        receiver: Channel | None,
        channels: Callable[[], Channels] = dict,
        *,
        now: Callable[[], datetime],
        waits_s: Sequence[float] = WAITS_S,
        pause: Callable[[float], None] = DBOS.sleep,
    ) -> None:
        super().__init__(config_name="after-call")
        self.archive = archive
        self.reviewer = reviewer
        self.profile = profile
        self.receiver = receiver
        self.channels = channels
        self.now = now
        self.waits_s = waits_s
        self.pause = pause
        self._unnoted: dict[str, Attempt] = {}

    @DBOS.workflow(name="after_call", max_recovery_attempts=RECOVERIES_MAX)
    def after_call(self, call_id: str) -> None:
        self.reviewed(call_id)
        delivery_id = self.announced(call_id)
        if delivery_id:
            self.enqueue(delivery_id, delivery_id)
        for each, way in self.sorted_out(call_id):
            self.enqueue(each, each, way)

    def enqueue(self, workflow_id: str, delivery_id: str, way: str = "") -> None:
        """Have it delivered, after what goes the same way already. `way`: empty for the webhook."""
        with SetWorkflowID(workflow_id):
            if not way:
                DBOS.enqueue_workflow(DELIVERIES, self.deliver, delivery_id)
                return
            with SetEnqueueOptions(queue_partition_key=way):
                DBOS.enqueue_workflow(OUTLETS, self.deliver, delivery_id)

    def way(self, delivery: Delivery) -> str:
        """What goes the same way keeps its order; empty for the webhook. Raises `StoreError`."""
        call = self.archive.call(delivery.call_id)
        if delivery.channel == WEBHOOK or call is None:
            return ""
        return _way(call.profile, delivery.channel)

    @DBOS.workflow(name="deliver", max_recovery_attempts=RECOVERIES_MAX)
    def deliver(self, delivery_id: str) -> None:
        rest_s: float = 0.0
        for number, wait_s in enumerate((0.0, *self.waits_s)):
            if wait_s or rest_s:
                self.pause(max(wait_s, rest_s))
            over = self.attempted(delivery_id, number == len(self.waits_s))
            if over is True:
                return
            rest_s = over

    @DBOS.step(**STORE_WAITS)
    def reviewed(self, call_id: str) -> None:
        """Raises `StoreError`; then it is tried again."""
        call = self.archive.call(call_id)
        if call is None or self.archive.review(call_id) is not None:
            return  # erased, or reviewed by a process that died before it could say so
        turns = self.archive.turns(call_id)
        review = self.reviewer.review(call, turns, self.profile(call.profile))
        self.archive.keep_review(asyncio.run(review))

    @DBOS.step(**STORE_WAITS)
    def announced(self, call_id: str) -> str:
        """The id of what has to be delivered, "" if nothing. Raises `StoreError`."""
        if self.receiver is None or self.archive.call(call_id) is None:
            return ""
        delivery = Delivery(f"{CALL_ENDED}.{call_id}", call_id, CALL_ENDED, self.now())
        self.archive.keep_delivery(delivery)
        return delivery.delivery_id

    @DBOS.step(**STORE_WAITS)
    def sorted_out(self, call_id: str) -> list[list[str]]:
        """The ids of what goes to the profile's channels, each with its way. Whom the company could
        not reach said nothing that anybody has to read.

        Raises `StoreError`.
        """
        call, review = self.archive.call(call_id), self.archive.review(call_id)
        if call is None or review is None or unreached(call):
            return []
        profile = self.profile(call.profile)
        if profile is None:
            _log.warning("profile_unknown_undelivered", call_id=call_id, profile=call.profile)
            for each in self.archive.deliveries(call_id=call_id):  # of a process that died in here
                if each.channel != WEBHOOK and each.state == "waiting":
                    self._note(each.delivery_id, "dead", None, _nobodys(call.profile))
            return []
        found = []
        for name, outlet in profile.after.deliver.items():
            if outlet.when and review.outcome not in outlet.when:
                continue
            delivery_id = f"{CALL_ENDED}.{call_id}.{name}"
            moment = self.now()
            self.archive.keep_delivery(
                Delivery(delivery_id, call_id, CALL_ENDED, moment, channel=name)
            )
            found.append([delivery_id, _way(call.profile, name)])
        return found

    @DBOS.step(**STORE_WAITS)
    def attempted(self, delivery_id: str, last: bool) -> float:
        """One attempt: True if it was the last one that is needed, else for how many seconds at
        least there should be no other. Raises `StoreError`.

        Where the store takes no note of it this step comes again, and has only that left to do:
        nothing is sent a second time for it.
        """
        delivery = self.archive.delivery(delivery_id)
        call = self.archive.call(delivery.call_id) if delivery else None
        review = self.archive.review(delivery.call_id) if delivery else None
        if delivery is None or delivery.state == "delivered" or call is None or review is None:
            return True  # done, or erased meanwhile: then there is nothing to tell any more
        profile = self.profile(call.profile)
        if profile is None and delivery.channel != WEBHOOK:
            self._note(delivery_id, "dead", None, _nobodys(call.profile))
            return True
        channel = self._channel(call.profile, delivery)
        if channel is None:
            self._note(delivery_id, "dead", None, f"nothing is set: {_setting(delivery)}")
            return True
        attempt = self._unnoted.get(delivery_id)
        if attempt is None:
            told = Told(call, self.archive.turns(call.call_id), review)
            if profile is not None:
                told = replace(told, title=profile.title, utc_hours=profile.hours.utc_hours)
            attempt = self._unnoted[delivery_id] = self._sent(channel, delivery_id, told)
        over = attempt.delivered or attempt.final or last
        state = "delivered" if attempt.delivered else "dead" if over else "waiting"
        self._note(delivery_id, state, attempt.status, attempt.fault)
        del self._unnoted[delivery_id]
        return over or attempt.rest_s

    @staticmethod
    def _sent(channel: Channel, delivery_id: str, told: Told) -> Attempt:
        try:
            return asyncio.run(channel.send(delivery_id, told))
        except Exception as error:  # ours: kept where people look, or it would wait there for ever
            fault = type(error).__name__
            _log.error("delivery_broke", delivery_id=delivery_id, fault=fault)
            return Attempt(False, fault=fault)

    def _note(self, delivery_id: str, state: str, status: int | None, fault: str) -> None:
        self.archive.note_attempt(delivery_id, state=state, status=status, fault=fault)

    def _channel(self, profile: str, delivery: Delivery) -> Channel | None:
        if delivery.channel == WEBHOOK:
            return self.receiver
        return self.channels().get(profile, {}).get(delivery.channel)


def _way(profile: str, channel: str) -> str:
    return f"{profile}/{channel}"


def _nobodys(profile: str) -> str:
    return f"no profile {profile} is known any more; nothing is sent through another one's channels"


def _setting(delivery: Delivery) -> str:
    """Where one would set what this delivery needs."""
    named = delivery.channel != WEBHOOK
    return f"[after.deliver.{delivery.channel}]" if named else "HALO_WEBHOOK_URL"
