"""A stand-in for Voximplant's Management API: HTTPS on loopback with an authority of its own.

It speaks the platform's protocol: a form with `cmd`, an RS256 token whose `kid` names the key, JSON
answers, refusals with HTTP 200. What goes wrong is set with `fail`, command by command.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import jwt
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.standins.voximplant_account import VoximplantAccount
from tests.standins.voximplant_parts import Form, Refusal

KEY_ID = "0e1b6a6c-8f0e-4f52-8d8b-stand-in"
TOKEN_S_MAX = 3600


@dataclass
class Failure:
    """What goes wrong with a command, the next `times` times, after `after` good ones.

    `refusal`: a code and its words. `status`: a gateway's page instead of an answer, with a
    `location` to go to. `cut`: the connection breaks before or after the command was performed.
    `hang`: no answer ever comes, and `hangs` of the stand-in is set.
    `drip`: one byte every so many seconds. `ignored`: accepted, and nothing is kept. `answer`: this
    body instead of the real one.
    """

    refusal: tuple[int, str] | None = None
    status: int = 0
    cut: str = ""
    hang: bool = False
    location: str = ""
    drip_s: float = 0.0
    ignored: bool = False
    answer: bytes | None = None
    times: int = 1
    after: int = 0


@cache
def _draw_key(_: int) -> rsa.RSAPrivateKey:
    """One for each account of a test run: drawing it takes longer than a test."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class ManagementApi:
    """Serves `account` from a thread of its own while the context is open.

    `asked` has every command that was let in, with its form; `refused` the reasons of tokens that
    were not. `clock_s`: how far the platform's clock is ahead of ours.
    """

    account: VoximplantAccount = field(default_factory=VoximplantAccount)
    clock_s: float = 0.0
    asked: list[tuple[str, Form]] = field(default_factory=list)
    raw: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _failures: dict[str, list[Failure]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.key = _draw_key(self.account.account_id)
        self.authority = trustme.CA()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(tls)
        self.gone = threading.Event()
        self.hangs = threading.Event()
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self})
        )
        self._server.daemon_threads = True
        self._server.socket = tls.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.endpoint = f"127.0.0.1:{self._server.server_address[1]}"
        # The pause between two looks at whether it shall stop.
        serve = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        serve.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gone.set()
        self._server.shutdown()
        self._server.server_close()

    def write_authority(self, folder: Path) -> Path:
        path = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(path)
        return path

    def write_credentials(self, folder: Path, **fields: Any) -> Path:
        """A service account's file, as the control panel gives it; `fields` replace parts."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = folder / "credentials.json"
        parts = {
            "account_email": "owner@example.com",
            "account_id": self.account.account_id,
            "key_id": KEY_ID,
            "private_key": pem.decode(),
        }
        path.write_text(json.dumps({**parts, **fields}), encoding="utf-8")
        path.chmod(0o600)
        return path

    def fail(self, command: str, **what: Any) -> Failure:
        failure = Failure(**what)
        self._failures.setdefault(command, []).append(failure)
        return failure

    @property
    def writes(self) -> list[str]:
        """The commands, since the last `forget`, that change something."""
        return [command for command, _ in self.asked if not command.startswith("Get")]

    def forget(self) -> None:
        self.asked.clear()
        self.raw.clear()

    def next_failure(self, command: str) -> Failure | None:
        for failure in self._failures.get(command, ()):
            if failure.after > 0:
                failure.after -= 1
            elif failure.times > 0:
                failure.times -= 1
                return failure
        return None

    def let_in(self, header: str) -> None:
        """Raises `Refusal` unless the token is this account's, and of this moment."""
        scheme, _, token = header.partition(" ")
        now = time.time() + self.clock_s
        try:
            if scheme != "Bearer" or jwt.get_unverified_header(token)["kid"] != KEY_ID:
                raise Refusal(100, "Authorization failed.")
            claims = jwt.decode(
                token,
                self.key.public_key(),
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.DecodeError as error:
            code = 100 if isinstance(error, jwt.InvalidSignatureError) else 447
            raise Refusal(code, "Authorization failed.") from None
        long = claims["exp"] - claims["iat"] > TOKEN_S_MAX
        if claims["iss"] != str(self.account.account_id) or long:
            raise Refusal(100, "Authorization failed.")
        if not claims["iat"] <= now < claims["exp"]:
            raise Refusal(456, "The token is expired, or not valid yet.")


class _Handler(BaseHTTPRequestHandler):
    api: ManagementApi
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = urllib.parse.urlsplit(self.path).path
        if path != "/platform_api":
            self.reply(404, b"<html>not found</html>", "text/html")
            return
        try:
            self.answer(body)
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True  # the client went

    def answer(self, body: bytes) -> None:
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        command = form.pop("cmd", "")
        with self.api.lock:
            self.api.raw.append(({k.lower(): v for k, v in self.headers.items()}, body))
            failure = self.api.next_failure(command) or Failure()
            answer = self.decide(command, form, failure)
        if failure.hang:
            self.api.hangs.set()
            self.api.gone.wait()
        if failure.cut or failure.hang:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif failure.status:
            page = b"<html>a gateway's page</html>"
            self.reply(failure.status, page, "text/html", location=failure.location)
        else:
            self.reply(200, answer, "application/json; charset=utf-8", failure.drip_s)

    def decide(self, command: str, form: Form, failure: Failure) -> bytes:
        try:
            self.api.let_in(self.headers.get("Authorization", ""))
        except Refusal as refusal:
            self.api.refused.append(refusal.message)
            return _refused(refusal)
        self.api.asked.append((command, form))
        if failure.answer is not None:
            return failure.answer
        if failure.cut == "before" or failure.status:
            return b""
        if failure.ignored:
            form = {k: v for k, v in form.items() if k != "scenario_script"}
        try:
            if failure.refusal:
                raise Refusal(*failure.refusal)
            answer = self.api.account.perform(command, form)
        except Refusal as refusal:
            return _refused(refusal)
        return json.dumps(answer, ensure_ascii=False).encode()

    def reply(
        self, status: int, body: bytes, kind: str, drip_s: float = 0.0, location: str = ""
    ) -> None:
        self.send_response_only(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Date", formatdate(time.time() + self.api.clock_s, usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not drip_s:
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes([byte]))
            if self.api.gone.wait(drip_s):
                return

    def log_message(self, *_: object) -> None: ...


def _refused(refusal: Refusal) -> bytes:
    error = {"code": refusal.code, "msg": refusal.message}
    return json.dumps({"error": error, "errors": [error]}).encode()
