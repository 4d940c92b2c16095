"""Sends a caller an SMS through the platform."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import structlog

from halo_voice.core.errors import ConfigurationError, ToolError, ToolUnsure
from halo_voice.deploy.account import Account, open_account
from halo_voice.deploy.faults import BROKEN, AccountFault, Unreadable, Unsure

REQUEST_S = 8.0
TOTAL_S = 20.0
"""A refusal of the moment is offered again for so long, in seconds: it was not performed."""

_NOT_SENT = "Сообщение не отправлено. Предложите назвать всё сейчас или перезвонить."
_log = structlog.get_logger(__name__)


class Messages:
    """The port `Platform` on an account. One message at a time: the client is one connection."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._one = threading.Lock()

    async def send_sms(self, source: str, number: str, text: str) -> None:
        """Digits only. Raises `ToolError` if it was not sent, `ToolUnsure` if nobody knows."""
        await asyncio.to_thread(self._send, source, number, text)

    def _send(self, source: str, number: str, text: str) -> None:
        try:
            with self._one:
                self._account.ask(
                    "send_sms_message", source=source, destination=number, sms_body=text
                )
        except AccountFault as fault:
            unsure = isinstance(fault, Unsure | Unreadable) or fault.code in BROKEN
            _log.warning("sms_unsure" if unsure else "sms_not_sent", code=fault.code)
            if unsure:
                raise ToolUnsure("Неизвестно, отправлено ли сообщение.") from None
            raise ToolError(_NOT_SENT) from None

    async def close(self) -> None:
        await asyncio.to_thread(self._account.close)


def messages_of(credentials: str, endpoint: str) -> Messages:
    """On the account of a service account's file. Raises `ConfigurationError`."""
    try:
        limits = {"request_s": REQUEST_S, "total_s": TOTAL_S}
        return Messages(open_account(Path(credentials), endpoint, **limits))
    except AccountFault as fault:
        raise ConfigurationError([f"HALO_VOX_CREDENTIALS: {fault}"]) from None
