"""The channel `email`: a letter over SMTP with TLS, to a server that was vetted."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime

import structlog

from halo_voice.core.errors import ConfigurationError
from halo_voice.outgoing.public import vetted
from halo_voice.outgoing.tls import tls_context
from halo_voice.workflows.channel import Attempt, Told
from halo_voice.workflows.letter import letter, subject

TIMEOUT_S = 20.0
TLS_AT_ONCE = 465

# What a server refuses for good, but for reasons that the company can put right.
_NOT_FINAL = frozenset((530, 534, 535, 538, 552, 554))
_log = structlog.get_logger(__name__)


class _Plain(smtplib.SMTP):
    """Connects to the address that was vetted; certificates are checked against the name."""

    address: str

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        return socket.create_connection((self.address, port), timeout)


class _Tls(smtplib.SMTP_SSL):
    """The same, with TLS at once."""

    address: str

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = socket.create_connection((self.address, port), timeout)
        try:
            return self.context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


@dataclass(frozen=True, slots=True)
class Mail:
    """Raises `ConfigurationError` when it is made with what cannot work."""

    server: str
    sender: str
    recipients: Sequence[str]
    user: str = ""
    password: str = ""
    private_hosts: frozenset[str] = frozenset()
    ca_file: str | None = None

    def __post_init__(self) -> None:
        if bool(self.user) != bool(self.password):
            raise ConfigurationError(["user and password belong together"])
        for name in ("user", "password"):
            if not getattr(self, name).isascii():
                raise ConfigurationError([f"{name} must be ASCII: no mail server is told another"])
        tls_context(self.ca_file)

    async def send(self, delivery_id: str, told: Told) -> Attempt:
        host, _, port = self.server.rpartition(":")
        try:
            address = host
            if not {host.lower(), self.server.lower()} & self.private_hosts:
                address = str((await vetted(host))[0])
            written = self._written(delivery_id, told)
            return await asyncio.to_thread(self._sent, host, int(port), address, written)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            code = min(codes, default=550)  # one that may be taken later is worth another attempt
            return Attempt(False, code, f"SMTP {code}: no recipient", final=_final(code))
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            return Attempt(False, code, f"SMTP {code}", final=_final(code))
        except (smtplib.SMTPException, OSError, TimeoutError) as error:
            return Attempt(False, fault=type(error).__name__)
        except (
            ValueError,
            OverflowError,
            MessageError,
        ) as error:  # it cannot be written
            return Attempt(False, fault=type(error).__name__, final=True)

    def _written(self, delivery_id: str, told: Told) -> EmailMessage:
        """The same letter for every attempt, under the same id."""
        message = EmailMessage()
        message["Subject"] = subject(told)
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message["Date"] = format_datetime(told.review.made_at)
        message["Message-ID"] = f"<{_id(delivery_id)}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter(told))
        return message

    def _sent(self, host: str, port: int, address: str, message: EmailMessage) -> Attempt:
        """On a thread. Raises what `smtplib` raises."""
        context = tls_context(self.ca_file)
        smtp: _Plain | _Tls
        if port == TLS_AT_ONCE:
            smtp = _Tls(timeout=TIMEOUT_S, context=context)
        else:
            smtp = _Plain(timeout=TIMEOUT_S)
        smtp.address = address
        try:
            # Both names: a connection that is begun by hand does not keep the one for TLS.
            smtp._host = host  # type: ignore[union-attr]
            code, _ = smtp.connect(host, port)
            if code != 220:
                return Attempt(False, code, f"SMTP {code}", final=False)
            if port != TLS_AT_ONCE:
                smtp.starttls(context=context)
            if self.user:
                smtp.login(self.user, self.password)
            refused = smtp.send_message(message, self.sender, list(self.recipients))
        finally:
            _leave(smtp)
        fault = f"{len(refused)} of {len(self.recipients)} recipients refused" if refused else ""
        return Attempt(True, 250, fault)


def _leave(smtp: smtplib.SMTP) -> None:
    """By now the letter is taken or refused, whatever is answered to QUIT."""
    with contextlib.closing(smtp), contextlib.suppress(smtplib.SMTPException, OSError):
        code, _ = smtp.quit()
        if code != 221:
            _log.info("mail_server_without_goodbye", status=code)


def _final(code: int) -> bool:
    return 500 <= code < 600 and code not in _NOT_FINAL


def _id(delivery_id: str) -> str:
    """What may stand in a Message-ID; calls have the platform's ids, which are plain."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in delivery_id)
