"""GigaChat's sign-in: a long-lived key buys a token for half an hour.

A turn never waits for it: the token is renewed in the background when a fifth of its life is
left, again and again until it works. Only when the server was gone for all that time, or refuses
the token, does a turn wait, together with all others, for one renewal.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import msgspec

from halo_voice.core.errors import ModelBroken, ModelError, ModelTimeout
from halo_voice.llm.endpoint import SignIn
from halo_voice.llm.faults import fault_of_status
from halo_voice.llm.fetch import fetch
from halo_voice.llm.pool import Pool

_LIFE_S = 1800.0
_LIFE_S_MAX = 86_400.0
_RENEW_AT = 0.8
_RETRY_S_MIN, _RETRY_S_MAX = 5.0, 60.0
_BODY_BYTES_MAX = 64 * 1024


class _Granted(msgspec.Struct):
    access_token: str
    expires_at: float = 0.0  # Unix time in milliseconds


_decode = msgspec.json.Decoder(_Granted).decode


class Token:
    """The current token of one account. Belongs to one event loop.

    `head`: the beginning of the request to the token server, which `pool` reaches.
    """

    def __init__(self, sign_in: SignIn, head: bytes, pool: Pool) -> None:
        self._sign_in = sign_in
        self._head = head
        self._pool = pool
        self._value = ""
        self._expires = 0.0  # the loop's time
        self._renewal: asyncio.Task[ModelError | None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._retry_s = _RETRY_S_MIN
        self._closed = False

    async def get(self) -> str:
        """A live token, at once if there is one. Raises `ModelError`."""
        if not self.live:
            error = await asyncio.shield(self._renew())
            if error is not None:
                raise error
        return self._value

    def discard(self, token: str) -> None:
        """The server refuses this token: get another one, in the background, unless it is here."""
        if token == self._value:
            self._value = ""
            self._renew()

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    @property
    def live(self) -> str:
        """The token, "" when there is none that can still be used."""
        return self._value if asyncio.get_running_loop().time() < self._expires else ""

    def _renew(self) -> asyncio.Task[ModelError | None]:
        """The renewal under way, or a new one: never two at a time."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.get_running_loop().create_task(self._ask())
        return self._renewal

    async def _ask(self) -> ModelError | None:
        """Renew the token and arrange the next renewal. Returns its error: nobody may listen."""
        try:
            async with asyncio.timeout(self._sign_in.timeout_s):
                await self._fetch()
        except TimeoutError:
            error: ModelError | None = ModelTimeout("The token server did not answer in time.")
        except ModelError as refusal:
            error = refusal
        else:
            error = None
        self._arrange(error)
        return error

    async def _fetch(self) -> None:
        answer = await fetch(self._pool, self._request(), bytes_max=_BODY_BYTES_MAX)
        if answer.status != 200:
            raise fault_of_status(answer.status, answer.headers, answer.body)
        try:
            granted = _decode(answer.body)
        except ValueError:
            raise ModelBroken("The token server's answer holds no token.") from None
        if not granted.access_token.isascii() or not granted.access_token.isprintable():
            raise ModelBroken("The token server's answer holds no token.")
        self._value = granted.access_token
        said = answer.headers.get("date", "")
        life_s = _life_s(granted.expires_at / 1000, said)
        self._expires = asyncio.get_running_loop().time() + life_s

    def _request(self) -> bytes:
        body = urlencode({"scope": self._sign_in.scope})
        headers = {
            "Authorization": f"Basic {self._sign_in.key}",
            "RqUID": str(uuid.uuid4()),
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return self._head + f"{lines}\r\n{body}".encode()

    def _arrange(self, error: ModelError | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        if error is None:
            self._retry_s = _RETRY_S_MIN
            wait_s = (self._expires - loop.time()) * _RENEW_AT
        else:
            wait_s = self._retry_s
            self._retry_s = min(self._retry_s * 2, _RETRY_S_MAX)
        self._timer = loop.call_later(wait_s, self._renew)


def _life_s(expires_at: float, date: str) -> float:
    """How long the token lives, by the server's own clock where it tells the time."""
    try:
        now = parsedate_to_datetime(date).timestamp()
    except ValueError:
        now = time.time()
    life_s = expires_at - now
    return min(life_s, _LIFE_S_MAX) if life_s > 0 else _LIFE_S
