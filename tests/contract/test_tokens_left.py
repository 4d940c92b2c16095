"""What is left of the tokens that were bought, over a real connection: it is told in time (F64)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from halo_voice.app import load_configuration
from halo_voice.core.errors import ModelBroken, ModelError, ModelRefused, ModelUnreachable
from halo_voice.doctor.home import check_models
from halo_voice.llm import presets
from halo_voice.llm.endpoint import Endpoint, SignIn
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.packages import watch_tokens
from tests.halo import backend, client_of, until
from tests.standins.model_server import ModelServer, Reply, Request, Step, plain, spoken

# The live answer's shape and names, as GigaChat's own SDK and its users have them.
PACKAGES = {"embeddings": 9_999_967, "GigaChat-Pro": 991_490, "GigaChat": 900_000}


@dataclass
class GigaChat:
    """Its servers in one: gives a token, answers, and tells what is `left`."""

    left: dict[str, float] = field(default_factory=lambda: dict(PACKAGES))
    reply: Reply | None = None

    def __call__(self, request: Request) -> Reply:
        if request.path.endswith("/oauth"):
            return plain({"access_token": "token1"})
        if not request.path.endswith("/balance"):
            return spoken(["Да."])
        assert request.method == "GET"
        assert request.headers["authorization"] == "Bearer token1"
        told = [{"usage": name, "value": value} for name, value in self.left.items()]
        return self.reply or plain({"balance": told})


def client(server: ModelServer, model: str = "GigaChat-2", **values: Any) -> OpenAIClient:
    sign_in = SignIn(url=f"{server.url}/oauth", scope="GIGACHAT_API_PERS", key="a2V5")
    values = {"sign_in": sign_in, "packages": True, **values}
    return OpenAIClient(Endpoint(url=server.url, model=model, **values))


@pytest.mark.parametrize(
    ("model", "left"),
    [
        ("GigaChat-2", 900_000),
        ("GigaChat", 900_000),
        ("GigaChat-2-Pro", 991_490),
        ("GigaChat-2-Pro-preview", 991_490),
        ("GigaChat-2-Max", None),  # none was bought, or it is called otherwise
    ],
)
async def test_the_package_that_pays_for_the_model_counts(model: str, left: int | None) -> None:
    """Generations of a model have no package of their own."""
    async with ModelServer(GigaChat()) as server:
        asking = client(server, model)
        assert await asking.tokens_left() == left
        await asking.close()


async def test_who_pays_as_they_go_and_who_sells_no_packages_tell_nothing() -> None:
    """403 is no fault; a server without packages is not even asked."""
    giga = GigaChat(reply=plain({"message": "Permission denied"}, status=403))
    async with ModelServer(giga) as server:
        for asking in (client(server), client(server, packages=False)):
            assert await asking.tokens_left() is None
            await asking.close()
    assert [request.path for request in server.requests].count("/v1/balance") == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (plain({}, status=401), ModelRefused),
        (plain({}, status=500), ModelUnreachable),
        (plain({"balance": "many"}), ModelBroken),
        (plain({"balance": [{"usage": "GigaChat", "value": None}]}), ModelBroken),
        (Reply([b"<html>"]), ModelBroken),
        (Reply([b"{", Step.CUT]), ModelUnreachable),
    ],
    ids=["token", "500", "shape", "value", "page", "cut"],
)
async def test_what_cannot_be_read_is_a_model_error(reply: Reply, kind: type[ModelError]) -> None:
    async with ModelServer(GigaChat(reply=reply)) as server:
        asking = client(server)
        with pytest.raises(kind):
            await asking.tokens_left()
        await asking.close()


async def test_a_refusal_takes_no_token_from_the_turns() -> None:
    """It may be of this path alone: a turn that follows signs in no second time."""
    async with ModelServer(GigaChat(reply=plain({}, status=401))) as server:
        asking = client(server)
        with pytest.raises(ModelRefused):
            await asking.tokens_left()
        assert await asking.get_ai_response("Алло") == "Да."
        await asking.close()
    assert [request.path for request in server.requests].count("/v1/oauth") == 1


class Counted:
    """A model that tells these figures one after the other; an error is raised."""

    name = "gigachat"

    def __init__(self, *told: int | ModelError | None) -> None:
        self._told = list(told)
        self.tokens_left: int | None = None
        self.done = asyncio.Event()

    async def count_tokens(self) -> None:
        if not self._told:
            self.done.set()
            await asyncio.Event().wait()
        told = self._told.pop(0)
        if isinstance(told, ModelError):
            raise told
        self.tokens_left = told


async def test_the_alarm_is_raised_as_long_as_few_are_left() -> None:
    """F64: at each look; a server that cannot be asked is told once, and changes nothing."""
    model = Counted(500, 99, ModelUnreachable(), ModelUnreachable(), None, 10, 100)
    raised: list[None] = []
    with capture_logs() as logs:
        watching = asyncio.create_task(watch_tokens([model], 100, lambda: raised.append(None), 0))
        async with asyncio.timeout(10):
            await model.done.wait()
        watching.cancel()
        await asyncio.wait([watching])
    assert len(raised) == 2
    told = [each["event"] for each in logs]
    assert told == ["tokens_low", "tokens_unknown", "tokens_low"]


@pytest.fixture
def settings(monkeypatch) -> Callable[[ModelServer], dict[str, str]]:
    """What leads the preset to this server instead of the provider's."""

    def of(server: ModelServer) -> dict[str, str]:
        ours = replace(presets.PRESETS["gigachat"], sign_in_url=f"{server.url}/oauth")
        monkeypatch.setitem(presets.PRESETS, "gigachat", ours)  # type: ignore[arg-type]
        return {"model_preset": "gigachat", "model_url": server.url, "model_key": "a2V5"}

    return of


async def test_a_server_raises_the_alarm_and_has_the_figure(settings) -> None:
    """F64: `/readyz` warns, and tells what is left; so do the figures."""
    async with (
        ModelServer(GigaChat(left={"GigaChat": 5_000})) as server,
        backend(**settings(server)) as halo,
        client_of(halo) as asking,
    ):
        await until(halo.switchboard.alarms.recent)
        state = (await asking.get("/readyz")).json()
        figures = (await asking.get("/metrics")).text
    assert [each["warning"] for each in state["warnings"]] == ["tokens_low"]
    assert [each["tokens_left"] for each in state["models"]] == [5_000]
    assert 'halo_model_tokens_left{model="gigachat"} 5000.0' in figures


@pytest.mark.parametrize(("left", "cure"), [(5_000, "buy more"), (500_000, "")])
async def test_the_doctor_tells_what_is_left(settings, left: int, cure: str) -> None:
    """Before the first call."""
    async with ModelServer(GigaChat(left={"GigaChat": left})) as server:
        configuration = load_configuration(**settings(server))
        model, tokens = await check_models(configuration)
    assert model.ok
    assert (tokens.name, cure in tokens.cure, tokens.ok) == ("tokens", True, not cure)
    assert f"{left:,}" in tokens.said
