"""What needs no way in from outside: settings, profiles, signature, store, models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from halo_voice.api.signature import sign
from halo_voice.app import Configuration, configure
from halo_voice.core.errors import ConfigurationError, ModelError, StoreError
from halo_voice.core.ports import Message
from halo_voice.core.profile import Profile, Profiles
from halo_voice.doctor.check import Check, broken
from halo_voice.llm.embeddings import EmbeddingClient
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.profiles import load_profiles
from halo_voice.settings import Settings
from halo_voice.store import open_store

EMBEDDINGS_S = 5.0
_ASKED = (Message("user", "Здравствуйте!"),)
_VECTOR = {"timestamp": 1, "nonce": "n", "method": "GET", "path": "/", "body": b""}
# Of the key `k` with the secret of 32 letters s: another result and nothing of ours is accepted.
_VECTOR_MAC = "ff4a8d4f64d29366bc6cfb8b85b3435f40da14e76768d784dee6de4d40bcae41"


def check_settings(
    settings: Settings, faults: Sequence[str]
) -> tuple[list[Check], Configuration | None]:
    """`faults`: those of reading. The configuration is None where `halo serve` would not start."""
    profiles, of_profiles = _profiles(settings)
    configuration, of_parts = None, []
    try:
        configuration = configure(settings)
    except ConfigurationError as error:
        named = tuple(f"{profile.name}: " for profile in profiles or ())
        of_tools = [fault for fault in error.faults if fault.startswith(named)]
        of_profiles = [*of_profiles, *of_tools]
        of_parts = [fault for fault in error.faults if fault not in of_profiles]
    cure = "correct it, see docs/settings.md"
    checks = broken("settings", [*faults, *of_parts], cure)
    if not checks:
        checks = [Check("settings", "every variable can be understood")]
    checks += broken("profiles", of_profiles, "correct the file, see docs/profiles.md")
    if profiles is not None and not of_profiles:
        names = ", ".join(profile.name for profile in profiles)
        checks.append(Check("profiles", f"{names} in {settings.assistants}"))
    return checks, None if faults else configuration


def _profiles(settings: Settings) -> tuple[Profiles | None, Sequence[str]]:
    try:
        return load_profiles(settings.assistants), ()
    except ConfigurationError as error:
        return None, error.faults


def check_signature(settings: Settings) -> list[Check]:
    """The known vector, and that there is a key at all."""
    headers = sign("k", "s" * 32, **_VECTOR)  # type: ignore[arg-type]
    if headers["X-Halo-Signature"] != f"v1={_VECTOR_MAC}":
        return [Check("signature", "a known request is signed wrongly", "install HALO anew")]
    if not settings.keys:
        return [
            Check(
                "signature",
                "HALO_KEYS is empty",
                "make a key with `openssl rand -hex 32` and set HALO_KEYS=k1:<the key>",
            )
        ]
    key_id = next(iter(settings.keys))
    return [Check("signature", f"a known request is signed rightly; the key in use is {key_id}")]


async def check_store(settings: Settings) -> list[Check]:
    try:
        store = await open_store(settings.store_url, busy_ms=settings.store_busy_ms)
        try:
            await store.ping()
        finally:
            await store.close()
    except StoreError as error:
        return [Check("store", error.message.rstrip("."), "correct HALO_STORE_URL, or start it")]
    return [Check("store", "it opens, and it writes")]


async def check_models(configuration: Configuration | None) -> list[Check]:
    """Each is asked once, as a call would; one that is too slow for its limit has failed."""
    if configuration is None:
        return [Check("model", "not asked: the settings are faulty", "correct the settings first")]
    if not configuration.endpoints:
        return [Check("model", "none: the offline assistant answers from the company's texts")]
    limit = configuration.settings.model_max_tokens
    least = configuration.settings.model_tokens_min
    checks = []
    for endpoint in configuration.endpoints:
        checks += await _check_model(endpoint, limit, least)
    named = [each for each in configuration.profiles if each.embeddings is not None]
    return checks + [await _check_embeddings(configuration.settings, each) for each in named]


async def _check_embeddings(settings: Settings, profile: Profile) -> Check:
    """Asked for one vector twice: the second answer is as quick as those of a call."""
    spec = profile.embeddings
    assert spec is not None, "it is asked of profiles that have a server"
    key = settings.tool_secrets.get(spec.key)
    client = EmbeddingClient(spec, "" if key is None else key.get_secret_value())
    loop = asyncio.get_running_loop()
    took_s = 0.0
    try:
        for _ in range(2):
            began = loop.time()
            model = spec.question_model or spec.model
            await client.embed([_ASKED[0].content], model=model, deadline_s=EMBEDDINGS_S)
            took_s = loop.time() - began
    except ModelError as error:
        cure = f"correct [embeddings] of {profile.name}; until then texts are found by words alone"
        return Check("embeddings", f"{profile.name}: {error.message.rstrip('.')}", cure)
    finally:
        await client.close()
    slow = took_s * 1000 > spec.wait_ms
    cure = f"raise wait_ms of {profile.name}, or take a server that is nearer" if slow else ""
    return Check("embeddings", f"{profile.name}: a vector in {took_s * 1000:.0f} ms", cure)


async def _check_model(endpoint: Endpoint, max_tokens: int, least: int) -> list[Check]:
    client = OpenAIClient(endpoint)
    try:
        await client.warm_up()
        answer = client.stream(_ASKED, max_tokens=max_tokens, deadline_s=endpoint.limits.answer_s)
        async for _ in answer:
            pass
        first_s = answer.first_piece_s or 0.0
        left = await _tokens_left(client)
    except ModelError as error:
        cure = "correct HALO_MODEL_…, or ask its provider; until then the offline assistant answers"
        return [Check("model", f"{client.name}: {error.message.rstrip('.')}", cure)]
    finally:
        await client.close()
    answers = Check("model", f"{client.name} answers, its first word after {first_s:.2f} s")
    if left is None:
        return [answers]
    few = "buy more: without them it stops answering" if left < least else ""
    return [
        answers,
        Check("tokens", f"{client.name}: {left:,} bought tokens left", few),
    ]


async def _tokens_left(client: OpenAIClient) -> int | None:
    """None where nothing is told: it is no fault of a model that answers."""
    try:
        return await client.tokens_left()
    except ModelError:
        return None
