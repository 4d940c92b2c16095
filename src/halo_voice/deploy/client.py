"""The official client with what its transport lacks: deadlines, retries, a limit, a clock.

The library's commands, fields and token are taken as they are; only `_perform_request`, its single
way out, is replaced. A contract test holds both to the same bytes.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
from voximplant.apiclient import VoximplantAPI

from halo_voice.deploy.credentials import load_key
from halo_voice.deploy.faults import BROKEN, BUSY, AccountFault, Unreadable, Unsure, refusal

REQUEST_S = 20.0
TOTAL_S = 60.0
CONNECT_S = 5.0
ATTEMPTS = 5
ANSWER_BYTES_MAX = 16 * 1024 * 1024

# What may be sent twice: it asks, or sets what it has set already.
_REPEATABLE = ("Get", "Set", "Bind", "Reorder")


class _Failed(Exception):
    """An attempt that may be made again: `fault` is what it ends with otherwise."""

    def __init__(self, fault: AccountFault) -> None:
        super().__init__()
        self.fault = fault


class Client(VoximplantAPI):
    """Asks the Management API. Raises `AccountFault` and the library's `VoximplantException`.

    `request_s` bounds one request, `total_s` a command with its retries, in seconds. `skew_s`: how
    far this machine's clock is ahead of the platform's, by the last answer; None before it.
    """

    def __init__(
        self,
        credentials: Path,
        endpoint: str,
        *,
        request_s: float = REQUEST_S,
        total_s: float = TOTAL_S,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        key = load_key(credentials)
        super().__init__(str(credentials), endpoint=endpoint)
        self.credentials["private_key"] = key  # the library reads it anew for each token
        self._request_s = request_s
        self._total_s = total_s
        self._pause = pause
        self.skew_s: float | None = None
        try:
            verify = self._ca_verify()
        except (OSError, ssl.SSLError):
            raise AccountFault(
                "The file of REQUESTS_CA_BUNDLE cannot be read: correct or remove the variable."
            ) from None
        # A redirect would carry the token elsewhere: none is followed.
        self._http = httpx.Client(verify=verify, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def _perform_request(self, cmd: str, args: dict[str, Any]) -> Any:
        gives_up_at = time.monotonic() + self._total_s
        for attempt in itertools.count(1):
            try:
                return self._attempt(cmd, args)
            except _Failed as failed:
                wait_s = 0.5 * 2**attempt
                if attempt >= ATTEMPTS or time.monotonic() + wait_s >= gives_up_at:
                    raise failed.fault from None
                self._pause(wait_s)

    def _attempt(self, cmd: str, args: dict[str, Any]) -> Any:
        try:
            status, kind, body = self._exchange(cmd, args)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise self._unreachable(error) from None
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise _unsure(cmd, f"{type(error).__name__} after it was sent") from None
        if kind == "application/json":
            try:
                return _judged(cmd, json.loads(body))
            except ValueError:
                raise _unsure(cmd, "an answer that is no JSON") from None
        if status in (429, 503):
            raise _Failed(refusal(cmd, 429, f"HTTP {status}"))
        if status >= 500:
            raise _unsure(cmd, f"HTTP {status}")
        raise Unreadable(
            f"{self.endpoint} does not answer as the Management API ({cmd}: HTTP {status}, "
            f"{kind or 'no type'}). Is something between here and there? Correct HALO_VOX_API."
        )

    def _exchange(self, cmd: str, args: dict[str, Any]) -> tuple[int, str, bytes]:
        """One request and its answer: status, type, body."""
        ends_at = time.monotonic() + self._request_s
        with self._http.stream(
            "POST",
            f"https://{self.endpoint}/platform_api",
            data={**self._form_params(args), "cmd": cmd},
            headers={"Authorization": self.build_auth_header()},
            timeout=httpx.Timeout(self._request_s, connect=CONNECT_S),
        ) as response:
            self._set_clock(response.headers.get("date", ""))
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                # The library's own limit is for each read: a trickle would never meet it.
                if time.monotonic() > ends_at:
                    raise TimeoutError
                if len(body) > ANSWER_BYTES_MAX:
                    raise Unreadable(f"The answer to {cmd} is larger than any of the platform's.")
            kind = response.headers.get("content-type", "").split(";")[0].lower()
            return response.status_code, kind, bytes(body)

    def _set_clock(self, date: str) -> None:
        with contextlib.suppress(ValueError):  # no date, no clock
            self.skew_s = time.time() - parsedate_to_datetime(date).timestamp()

    def _unreachable(self, error: httpx.TransportError) -> Exception:
        """Nothing was sent: it may be tried again, unless the other side is not whom we trust."""
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return AccountFault(
                f"The certificate of {self.endpoint} is not trusted: name its authority with "
                "REQUESTS_CA_BUNDLE, or find out who stands in between."
            )
        return _Failed(
            AccountFault(
                f"{self.endpoint} cannot be reached ({type(error).__name__}): check the network, "
                "HTTPS_PROXY and HALO_VOX_API."
            )
        )


def _judged(cmd: str, answer: Any) -> Any:
    """The answer, unless it is a refusal that passes by itself."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if code in BUSY:
        raise _Failed(refusal(cmd, code, str(error.get("msg", ""))))
    if code in BROKEN and cmd.startswith(_REPEATABLE):
        raise _Failed(refusal(cmd, code, str(error.get("msg", ""))))
    return answer


def _unsure(cmd: str, how: str) -> Exception:
    fault = Unsure(
        f"No answer from the platform ({cmd}: {how}). Run it again; it carries on where it stopped."
    )
    return _Failed(fault) if cmd.startswith(_REPEATABLE) else fault
