"""Secrets of the settings, with everything behind HALO broken: nothing that is written has one."""

from __future__ import annotations

import json

import pytest

from halo_voice.core.errors import ConfigurationError, StoreError
from tests.halo import backend, client_of, settings
from tests.private import written

KEY = "signing-" + "k" * 32
NOWHERE = "http://127.0.0.1:9"
SECRETS = {
    "keys": f"k1:{KEY}",
    "model_key": "model-key-" + "m" * 16,
    "model2_key": "model2-key-" + "n" * 16,
    "transcription_key": "transcription-" + "t" * 16,
    "model_headers": json.dumps({"Authorization": "Bearer header-" + "h" * 16}),
}
PLANTED = [
    KEY, SECRETS["model_key"], SECRETS["model2_key"], SECRETS["transcription_key"],
    "header-" + "h" * 16, "pass word-" + "p" * 16,
]  # fmt: skip
STORE = "postgresql://halo:pass%20word-" + "p" * 16 + "@127.0.0.1:9/halo"


def test_all_that_is_planted_is_known_as_a_secret():
    """F76: what a log line is searched for."""
    assert set(PLANTED) <= set(settings(**SECRETS, store_url=STORE).secrets)


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_backend_without_its_neighbours_writes_no_secret(form):
    """F76: models and transcription that cannot be reached, a key that is refused, every page."""
    values = {
        **SECRETS, "model_url": f"{NOWHERE}/v1", "model_name": "m", "model2_url": f"{NOWHERE}/v2",
        "model2_name": "n", "transcription_url": f"{NOWHERE}/v1",
    }  # fmt: skip
    shown = []
    with written(form, settings(**values).secrets) as out:
        async with backend(**{**values, "keys": ""}) as halo, client_of(halo) as client:
            await client.post("/call/start", json={"call_id": "c-1"})
            for turn in range(1, 5):
                body = {"call_id": "c-1", "turn": turn, "user_text": f"вопрос {turn}"}
                shown.append((await client.post("/process_text", json=body)).text)
            shown += [(await client.get(page)).text for page in ("/readyz", "/metrics")]
        async with backend(**values) as halo, client_of(halo) as client:
            head = {"x-halo-key": "k1", "x-halo-signature": "v1=" + "0" * 64}
            shown.append((await client.post("/call/start", json={}, headers=head)).text)
    shown.append(out.getvalue())
    assert "model_unreachable" in shown[-1], "the models were tried"
    assert [secret for secret in PLANTED for text in shown if secret in text] == []


async def test_a_store_that_cannot_be_opened_does_not_show_its_password():
    """F76: neither in the fault nor in what it is of."""
    with written("text") as out, pytest.raises(StoreError) as fault:
        async with backend(store_url=STORE):
            pass
    told = out.getvalue() + str(fault.value) + repr(fault.value.__cause__)
    assert not any(part in told for part in ("pass%20word", "pass word"))


def test_a_configuration_with_faults_shows_no_secret():
    """F76: each fault names its variable, never its value."""
    from halo_voice.app import configure

    wrong = {**SECRETS, "keys": "k1:short-secret", "model_headers": "{torn header-" + "h" * 16}
    with pytest.raises(ConfigurationError) as error:
        configure(settings(**wrong, model_preset="nobody", assistants="nowhere"))
    told = str(error.value)
    assert "HALO_MODEL_HEADERS" in told
    assert not any(secret in told for secret in (*PLANTED, "short-secret"))
