"""What a profile can change: recogniser, voice, recording, limits; through whole calls."""

from __future__ import annotations

import json

import pytest

from halo_voice.core.ports import Outcome
from halo_voice.core.profile import Asr, Profile
from halo_voice.core.recognisers import RUSSIAN
from halo_voice.simulator import AsgiNetwork, HttpResponse, ScriptedNetwork, When
from halo_voice.simulator.faults import Faults
from halo_voice.simulator.invariants import breaches
from tests.halo import HOST, HttpOnly, backend, call_to

WORDS = ["до скольки вы работаете", "сколько стоит доставка"]


def with_profile(halo, **changes) -> ScriptedNetwork:
    """The real app, with something else in the profile that it gives to the scenario."""
    inner = AsgiNetwork(halo.web, HOST)

    async def answer(request):
        response = await inner.request(request)
        if not request.url.endswith("/call/start"):
            return response
        content = json.loads(response.body)
        for section, value in changes.items():
            content["profile"][section] = value
        return HttpResponse(200, json.dumps(content).encode())

    return ScriptedNetwork(answer)


@pytest.mark.parametrize("name", RUSSIAN)
async def test_every_russian_recogniser_holds_a_call(halo, name):
    """Google, Yandex, YandexV3, Microsoft, SaluteSpeech, T-Bank, Deepgram: two turns each."""
    able = Asr(name).capabilities
    asr = Asr(name, interim=able.interim, single_utterance=able.single_utterance_default)
    network = with_profile(halo, asr=Profile(asr=asr).for_scenario()["asr"])
    done = await call_to(halo.web)(list(WORDS), network=network)
    assert done.failures == []
    assert breaches(done) == []
    assert any(f"createASR ASRProfileList.{able.profile}" in line.what for line in done.trace)
    [record] = await halo.store.recent_calls(1)
    assert [t.user_text for t in await halo.store.turns(record.call_id)] == WORDS


async def test_a_name_that_the_platform_has_dropped_falls_back(halo):
    """A voice or recogniser that is no longer there: the built-in one speaks and hears."""
    network = with_profile(
        halo, voice="TBank.ru_RU_Alyona", asr={"profile": "Tinkoff.ru_RU", "model": "X.y"}
    )
    done = await call_to(halo.web)(list(WORDS), network=network)
    assert done.failures == []
    assert done.playbacks[0].complete
    assert any("createASR ASRProfileList.Google.ru_RU" in line.what for line in done.trace)


ON = {"enabled": True, "stereo": True}


class TestRecording:
    """A recording is posted after the call, and holds nothing up."""

    async def test_its_address_is_posted_after_hang_up(self, halo):
        """Started after the greeting; /process_audio gets the address from RecordStopped."""
        done = await call_to(halo.web)(list(WORDS), network=with_profile(halo, recording=ON))
        [posted] = [r for r in done.requests if r.url.endswith("/process_audio")]
        assert json.loads(posted.body)["url"].startswith("https://")
        assert posted.sent_ms > done.disconnected_ms
        record = next(line.ms for line in done.trace if "record" in line.what.lower())
        assert record >= done.playbacks[0].ended_ms
        assert done.terminated_ms - done.disconnected_ms <= 20_000

    async def test_off_means_off(self, call):
        """The default: no recording, no request."""
        done = await call(list(WORDS))
        assert not any("record" in line.what for line in done.trace if line.who == "scenario")
        assert not any(r.url.endswith("/process_audio") for r in done.requests)

    @pytest.mark.parametrize("fault", ["F27", "F28", "F29", "F32"])
    async def test_the_session_ends_within_twenty_seconds_whatever_happens(self, halo, fault):
        """The backend is gone when the recording is to be posted."""
        faults = Faults({fault: When(probability=1, where="/process_audio")})
        network = with_profile(halo, recording=ON)
        done = await call_to(halo.web)(list(WORDS), network=network, faults=faults)
        assert done.struck[fault]
        assert done.finish_reason == "Normal termination"
        assert done.terminated_ms - done.disconnected_ms <= 20_000


class TestReport:
    """The end of every call is reported once."""

    @pytest.mark.parametrize("fault", ["F27", "F29", "F32"])
    async def test_a_lost_report_is_sent_with_the_last_request(self, halo, fault):
        """The one request that is allowed while terminating."""
        faults = Faults({fault: When(at=[1], where="/call/end")})
        done = await call_to(halo.web)(list(WORDS), faults=faults)
        assert done.struck[fault] == 1
        assert done.failures == []
        [record] = await halo.store.recent_calls(1)
        assert record.end_reason == "caller_hung_up"
        assert record.turns_reported == 2

    async def test_it_counts_reason_time_and_turns(self, halo, call):
        """Duration in ms of the connected time."""
        done = await call(list(WORDS))
        [record] = await halo.store.recent_calls(1)
        up_ms = done.disconnected_ms - done.connected_ms
        assert abs(record.duration_ms - up_ms) < 500
        assert record.turns_reported == 2
        kept = await halo.store.turns(record.call_id)
        assert {turn.outcome for turn in kept} == {Outcome.ANSWERED}

    async def test_a_lost_start_loses_nothing(self, halo, call):
        """The start request fails: the first turn brings it, call and turns are in the store."""
        faults = Faults({"F29": When(at=[1], where="/call/start")})
        await call(list(WORDS), faults=faults)
        [record] = await halo.store.recent_calls(1)
        assert record.turns_reported == 2
        assert len(await halo.store.turns(record.call_id)) == 2


async def test_signed_calls_are_let_in_and_others_hear_a_goodbye():
    """F72: with a key on both sides a call goes as ever; with a wrong one it apologises."""
    import time

    key = "0123456789abcdef" * 4
    async with backend(keys={"k1": key}) as halo:
        place = call_to(halo.web)
        now = int(time.time() * 1000)
        secrets = {"HALO_URL": f"https://{HOST}", "HALO_KEY_ID": "k1", "HALO_KEY": key}
        http = HttpOnly(halo.web, HOST)
        good = await place(list(WORDS), secrets=secrets, epoch_ms=now, network=http)
        assert [r.code for r in good.requests] == [200] * len(good.requests)
        # The platform does not say in which encoding it signs.
        assert all(r.body.isascii() for r in good.requests)
        bad = await place(list(WORDS) * 2, secrets={**secrets, "HALO_KEY": key[::-1]}, epoch_ms=now)
        assert {r.code for r in bad.requests} == {401}
        assert "неполадки" in bad.playbacks[-1].text
        assert len(await halo.store.recent_calls(5)) == 1


async def test_an_address_of_any_length_gets_an_answer(halo):
    """A caller by SIP: what is longer than the backend takes is cut, not refused."""
    long = f"sip:{'a' * 100}@pbx.example.com"
    call = await call_to(halo.web)(
        WORDS[:1], callerid=long, destination=long, network=HttpOnly(halo.web, HOST)
    )
    assert len(call.requests) == 3  # start, one turn, end
    assert {request.code for request in call.requests} == {200}
