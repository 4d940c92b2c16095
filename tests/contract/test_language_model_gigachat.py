"""GigaChat's sign-in over TLS: who waits for a token, when it is renewed, whom it trusts."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from halo_voice.core.errors import (
    ModelBroken,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
)
from halo_voice.llm import gigachat
from halo_voice.llm.endpoint import Endpoint, SignIn
from halo_voice.llm.faults import TokenRefused
from halo_voice.llm.openai_client import OpenAIClient
from tests.standins.certificates import Authority, make_authority
from tests.standins.model_server import ModelServer, Pause, Reply, Request, Step, plain, spoken


class GigaChat:
    """Both of its servers in one: gives out token 1, 2, 3 … and takes those it has not revoked."""

    def __init__(self, *lives_s: float) -> None:
        self.given = 0
        self.revoked = 0
        self.lives_s = lives_s or (1800.0,)
        self.sign_in: Callable[[], Reply] | None = None

    def __call__(self, request: Request) -> Reply:
        if request.path == "/v1/oauth":
            return self.sign_in() if self.sign_in else self._token()
        number = int(request.headers["authorization"].removeprefix("Bearer token"))
        return spoken(["Да."]) if number > self.revoked else plain({}, status=401)

    def _token(self) -> Reply:
        life_s = self.lives_s[min(self.given, len(self.lives_s) - 1)]
        self.given += 1
        expires = int((time.time() + life_s) * 1000)
        return plain({"access_token": f"token{self.given}", "expires_at": expires})


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program")
    return make_authority(tmp_path_factory.mktemp("authority"))


@contextlib.asynccontextmanager
async def closing(client: OpenAIClient) -> AsyncIterator[OpenAIClient]:
    try:
        yield client
    finally:
        await client.close()


def client_of(
    server: ModelServer, ca_file: Path | str = "", timeout_s: float = 2.0
) -> OpenAIClient:
    sign_in = SignIn(
        url=f"{server.url}/oauth", scope="GIGACHAT_API_PERS", key="a2V5", timeout_s=timeout_s
    )
    return OpenAIClient(
        Endpoint(url=server.url, model="GigaChat-2", sign_in=sign_in, ca_file=str(ca_file))
    )


def sign_ins(server: ModelServer) -> list[Request]:
    return [request for request in server.requests if request.path == "/v1/oauth"]


async def test_sign_in_goes_over_trusted_tls(authority: Authority) -> None:
    """The key buys a token from the server our CA file vouches for; answers carry the token."""
    async with (
        ModelServer(GigaChat(), tls=authority.server_tls) as server,
        closing(client_of(server, authority.ca_file)) as client,
    ):
        assert await client.get_ai_response("Алло") == "Да."
    signed_in, asked = server.requests
    assert signed_in.headers["authorization"] == "Basic a2V5"
    assert uuid.UUID(signed_in.headers["rquid"]).version == 4
    assert signed_in.headers["content-type"] == "application/x-www-form-urlencoded"
    assert signed_in.body == b"scope=GIGACHAT_API_PERS"
    assert asked.headers["authorization"] == "Bearer token1"


@pytest.mark.parametrize("signs_in", [True, False])
async def test_a_foreign_certificate_is_never_trusted(authority: Authority, signs_in: bool) -> None:
    """Without the CA file nothing is sent, and the error says which setting is missing."""
    async with ModelServer(GigaChat(), tls=authority.server_tls) as server:
        unsigned = OpenAIClient(Endpoint(url=server.url, model="m", key="k"))
        async with closing(client_of(server) if signs_in else unsigned) as client:
            with pytest.raises(ModelUnreachable, match="HALO_MODEL_CA_FILE"):
                await client.get_ai_response("Алло")
    assert server.requests == []


async def test_many_turns_share_one_sign_in() -> None:
    """Twenty turns without a token wait for one and the same request."""
    async with ModelServer(GigaChat()) as server, closing(client_of(server)) as client:
        answers = await asyncio.gather(*(client.get_ai_response("Алло") for _ in range(20)))
    assert answers == ["Да."] * 20
    assert len(sign_ins(server)) == 1


async def test_warm_up_signs_in_ahead() -> None:
    """After `warm_up` a turn sends its own request and nothing else."""
    async with ModelServer(GigaChat()) as server, closing(client_of(server)) as client:
        await client.warm_up()
        before = len(server.requests)
        assert await client.get_ai_response("Алло") == "Да."
    assert len(server.requests) == before + 1


async def test_a_token_is_renewed_before_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks for it: the token is new again while the old one is still good."""
    assert 0 < gigachat._RENEW_AT < 1
    monkeypatch.setattr(gigachat, "_RENEW_AT", 0.02)  # a slow machine has the rest of its life
    giga = GigaChat(30.0, 1800.0)
    async with ModelServer(giga) as server, closing(client_of(server)) as client:
        begun = time.monotonic()
        await client.get_ai_response("Алло")
        await server.received(3)  # sign-in, answer, and the renewal
        assert time.monotonic() - begun < 30.0
        assert await client.get_ai_response("Алло") == "Да."
    assert len(sign_ins(server)) == 2


async def test_an_expired_token_costs_one_sign_in() -> None:
    """If no renewal came through, the turn itself gets a token, once."""
    giga = GigaChat(0.02, 1800.0)
    async with ModelServer(giga) as server, closing(client_of(server)) as client:
        await client.warm_up()
        giga.sign_in = lambda: plain({}, status=500)
        await server.received(3)  # sign-in, models, and the renewal that fails
        giga.sign_in = None
        waited = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.03, waited.set_result, None)
        await waited  # the token's own time has passed
        assert await client.get_ai_response("Алло") == "Да."
    assert len(sign_ins(server)) == 3


async def test_a_refused_token_is_replaced() -> None:
    """A token that the server takes back fails one turn; the next one has a new token."""
    giga = GigaChat()
    async with ModelServer(giga) as server, closing(client_of(server)) as client:
        await client.warm_up()
        giga.revoked = 1
        with pytest.raises(ModelRefused) as refusal:
            await client.get_ai_response("Алло")
        assert refusal.value.status == 401
        await server.received(4)  # sign-in, models, refused answer, new sign-in
        assert await client.get_ai_response("Алло") == "Да."
    assert len(sign_ins(server)) == 2


async def test_a_late_refusal_of_an_old_token_costs_no_new_one() -> None:
    """However many answers were under way with it, a token that is taken back is replaced once."""
    giga = GigaChat()
    refusals = iter([plain({}, status=401), Reply([Pause(0.2)], 401)])

    def reply(request: Request) -> Reply:
        return next(refusals) if request.path.endswith("/completions") else giga(request)

    async with ModelServer(reply) as server, closing(client_of(server)) as client:
        await client.warm_up()
        asked = (client.get_ai_response("Алло") for _ in range(2))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(fault) for fault in told] == [TokenRefused] * 2
    assert len(sign_ins(server)) == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (plain({"code": 4, "message": "key"}, status=401), ModelRefused),
        (plain({}, status=302, headers={"Location": "http://127.0.0.1:1/"}), ModelRefused),
        (plain({}, status=500), ModelUnreachable),
        (plain({"token": "x"}), ModelBroken),
        (plain({"access_token": "a\r\nX: y"}), ModelBroken),
        (Reply([b"<html>"]), ModelBroken),
        (Reply([Step.HANG]), ModelTimeout),
        (Reply([b"{", Step.CUT]), ModelUnreachable),
    ],
    ids=["key", "redirect", "500", "shape", "hostile", "page", "silence", "cut"],
)
async def test_a_failed_sign_in_is_a_model_error(reply: Reply, kind: type[ModelError]) -> None:
    """Whatever the token server does, the turn ends in time and with the port's own error."""
    giga = GigaChat()
    giga.sign_in = lambda: reply
    async with ModelServer(giga) as server, closing(client_of(server, timeout_s=0.1)) as client:
        with pytest.raises(kind):
            await client.get_ai_response("Алло")
        await client.warm_up()  # never raises


async def test_a_turn_that_gives_up_leaves_the_sign_in_running() -> None:
    """The renewal belongs to all turns: calling one off does not take it from the others."""
    async with ModelServer(GigaChat()) as server, closing(client_of(server)) as client:
        first = asyncio.create_task(client.get_ai_response("Алло"))
        second = asyncio.create_task(client.get_ai_response("Алло"))
        await server.received(1)
        first.cancel()
        assert await second == "Да."
        with pytest.raises(asyncio.CancelledError):
            await first
    assert len(sign_ins(server)) == 1


async def test_closing_ends_the_renewal() -> None:
    """A closed client leaves no task behind, even in the middle of a sign-in."""
    giga = GigaChat()
    giga.sign_in = lambda: Reply([Step.HANG])
    async with ModelServer(giga) as server:
        client = client_of(server)
        warming = asyncio.create_task(client.warm_up())
        await server.received(1)
        await client.close()
        await asyncio.wait([warming])
        await server.idle()
