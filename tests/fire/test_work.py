"""The worker on ended calls is killed, and its receiver goes away: each effect is seen once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from halo_voice.store.archive import open_archive
from halo_voice.workflows.after import WAITS_S
from tests.standins.services import Services, serving


@pytest.fixture
def services() -> Iterator[Services]:
    with serving() as found:
        yield found


def test_killed_at_any_step_each_effect_is_seen_once(victims, receiver, services):
    """Before and after each write, request and step: another worker ends it, nothing is doubled.

    A request that was answered while the process died is sent again under the same id: a receiver
    that knows the id does nothing twice, and a CRM that can tell what it has is asked first.
    """
    victims.end("c-0")
    whole = victims.work(services=services.url)
    assert whole["code"] == 0
    assert whole["points"] >= 20

    for die_at in range(1, whole["points"] + 1):
        call_id = f"c-{die_at}"
        victims.end(call_id)
        died = victims.work(die_at=die_at, services=services.url)
        assert died["code"] == 9, die_at
        assert victims.work(services=services.url)["code"] == 0

    told = [effect["data"]["call_id"] for effect in receiver.effects]
    assert told == [f"c-{n}" for n in range(whole["points"] + 1)]
    leads = [lead["ORIGIN_ID"] for lead in services.of("bitrix24")]
    assert leads == [f"call.ended.{call_id}.crm" for call_id in told]
    assert receiver.unverified == 0
    archive = open_archive(victims.database)
    assert {each.state for each in archive.deliveries(limit=1_000)} == {"delivered"}
    assert archive.review("c-3").outcome == "answered"
    archive.close()


def test_a_receiver_that_was_away_gets_everything_in_order(victims, receiver):
    """Sixty attempts in vain are its absence, with a kill in it; then each event once, in order."""
    receiver.answer = lambda number: 200 if number >= 60 else (503, 500, 429)[number % 3]
    calls = [f"c-{n}" for n in range(8)]
    victims.end(*calls)
    waits_s = [0.02] * 200
    assert victims.work(waits_s=waits_s, die_announced=len(calls))["code"] == 9
    archive = open_archive(victims.database)
    announced = [delivery.call_id for delivery in archive.deliveries()]
    archive.close()
    assert announced == calls

    assert victims.work(waits_s=waits_s)["code"] == 0

    assert [effect["data"]["call_id"] for effect in receiver.effects] == calls
    assert receiver.unverified == 0
    assert {delivery_id for delivery_id, _ in receiver.requests[:60]} == {"call.ended.c-0"}


def test_what_the_store_could_not_note_is_told_once(victims, receiver):
    """A day long it takes no note: what was sent is not sent for every look, and in the end it is
    written down, by the step that waited for it."""
    victims.end("c-0")
    assert victims.work(away_s=24 * 3_600)["code"] == 0

    assert [delivery_id for delivery_id, _ in receiver.requests] == ["call.ended.c-0"]
    archive = open_archive(victims.database)
    (delivery,) = archive.deliveries()
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    archive.close()


def test_a_channel_that_breaks_is_told_and_given_up(victims):
    """A fault of our own is one of the attempt: it is on the call's page, and can be sent again."""
    victims.end("c-0")
    assert victims.work(broken=True, waits_s=[0.02, 0.02])["code"] == 0

    archive = open_archive(victims.database)
    (dead,) = archive.deliveries()
    assert (dead.state, dead.attempts, dead.last_fault) == ("dead", 3, "LookupError")
    archive.close()


def test_a_day_of_absence_ends_with_everything_in_order(victims, receiver):
    """The real waits, on a clock that is handed in: away for a day, then each event once, in order,
    verified by the standard's own library; nothing was given up."""
    day_s = 24 * 3_600
    passed_s = [sum(WAITS_S[:number]) for number in range(len(WAITS_S) + 1)]
    back = next(number for number, seconds in enumerate(passed_s) if seconds >= day_s)
    receiver.answer = lambda number: 200 if number >= back else 503
    calls = [f"c-{n}" for n in range(6)]
    victims.end(*calls)

    assert victims.work(day=True)["code"] == 0

    assert [effect["data"]["call_id"] for effect in receiver.effects] == calls
    assert [each[0] for each in receiver.requests[:back]] == ["call.ended.c-0"] * back
    assert receiver.unverified == 0
    archive = open_archive(victims.database)
    assert {each.state for each in archive.deliveries()} == {"delivered"}
    assert len(archive.attempts("c-0")) == back + 1
    archive.close()


def test_who_wants_to_be_left_alone_is(victims, receiver):
    """Half an hour by its own word, instead of the five seconds after a first attempt."""
    receiver.answer = lambda number: 200 if number else 429
    receiver.retry_after = "1800"
    victims.end("c-0")

    assert victims.work(day=True)["passed_s"] == 1_800
    assert [status for _, status in receiver.requests] == [429, 200]


def test_one_way_that_is_down_holds_up_no_other(victims, receiver, services):
    """While the receiver is away the CRM gets its leads, in the order of the calls."""
    receiver.answer = lambda _: 503
    calls = [f"c-{n}" for n in range(4)]
    victims.end(*calls)

    assert victims.work(services=services.url, waits_s=[0.2] * 3)["code"] == 0

    leads = [lead["ORIGIN_ID"] for lead in services.of("bitrix24")]
    assert leads == [f"call.ended.{call_id}.crm" for call_id in calls]
    archive = open_archive(victims.database)
    dead = archive.deliveries(state="dead")
    assert [each.channel for each in dead] == ["webhook"] * 4
    first = min(each.last_at for each in dead)
    taken = [each.last_at for each in archive.deliveries(state="delivered")]
    assert min(taken) < first
    archive.close()


def test_a_lead_that_was_given_up_is_sent_again(victims, receiver, services):
    """By the way that it had; the webhook's is not sent a second time."""
    services.status = lambda _: 422
    victims.end("c-0")
    assert victims.work(services=services.url)["code"] == 0
    services.status = lambda _: 0
    archive = open_archive(victims.database)
    assert archive.send_again() == 1
    archive.close()

    assert victims.work(services=services.url)["code"] == 0

    assert len(services.of("bitrix24")) == 1
    assert len(receiver.requests) == 1


def test_what_is_given_up_can_be_sent_again(victims, receiver):
    """After its attempts a delivery is dead, the next ones go on, and a person sends it anew."""
    receiver.answer = lambda _: 400
    victims.end("c-0")
    assert victims.work()["code"] == 0
    archive = open_archive(victims.database)
    (dead,) = archive.deliveries(state="dead")
    assert (dead.attempts, dead.last_fault) == (1, "HTTP 400")

    receiver.answer = lambda _: 503
    victims.end("c-1")
    assert victims.work(waits_s=[0.02, 0.02])["code"] == 0
    assert [each.attempts for each in archive.deliveries(state="dead")] == [1, 3]

    receiver.answer = lambda _: 200
    assert archive.send_again("call.ended.c-1") == 1
    assert victims.work()["code"] == 0
    assert [effect["data"]["call_id"] for effect in receiver.effects] == ["c-1"]
    assert archive.send_again() == 1
    assert victims.work()["code"] == 0
    assert [effect["data"]["call_id"] for effect in receiver.effects] == ["c-1", "c-0"]
    assert archive.send_again() == 0
    archive.close()


def test_an_erased_call_is_told_to_nobody(victims, receiver):
    """What waits for the receiver goes with the call: nothing of it is sent afterwards."""
    receiver.answer = lambda _: 503
    victims.end("c-0")
    victims.work(die_at=11)
    archive = open_archive(victims.database)
    archive.erase([call.call_id for call in archive.of_number("8 916 123-45-67")])
    receiver.answer = lambda _: 200

    assert victims.work()["code"] == 0

    assert receiver.effects == []
    assert archive.recent(10) == archive.deliveries() == []
    archive.close()


def test_a_call_waits_for_its_profile(victims, services):
    """A profile that the server took up a moment before the worker: its call is delivered its way,
    and by nobody else's."""
    victims.end("c-0")
    assert victims.work(services=services.url, unknown_s=2)["code"] == 0

    assert [lead["ORIGIN_ID"] for lead in services.of("bitrix24")] == ["call.ended.c-0.crm"]


def test_a_call_that_nobody_picked_up_is_told_to_the_webhook_alone(victims, receiver, services):
    """No lead, no letter: nobody called. The event tells the direction and the end."""
    victims.miss("c-0")
    assert victims.work(services=services.url)["code"] == 0

    assert services.of("bitrix24") == []
    (effect,) = receiver.effects
    told = [effect["data"][name] for name in ("direction", "end_reason", "outcome")]
    assert told == ["outgoing", "not_connected", "other"]


def test_nothing_goes_through_another_profiles_channels(victims, receiver, services):
    """A profile that was removed: what waits for its channels is given up and says why; the
    settings' webhook is told as ever, and the rules review its last calls."""
    services.status = lambda _: 503
    victims.end("c-0")
    assert victims.work(services=services.url, die_announced=2)["code"] == 9
    services.status = lambda _: 0
    victims.end("c-1")

    assert victims.work(services=services.url, gone=True)["code"] == 0

    assert services.of("bitrix24") == []
    assert [effect["data"]["call_id"] for effect in receiver.effects] == ["c-0", "c-1"]
    archive = open_archive(victims.database)
    (dead,) = archive.deliveries(state="dead")
    assert dead.delivery_id == "call.ended.c-0.crm"
    assert "no profile halo is known" in dead.last_fault
    assert archive.review("c-1").source == "rules"
    archive.close()
