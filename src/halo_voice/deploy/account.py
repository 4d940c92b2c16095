"""The account as commands with whole lists for answers, and one kind of fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from voximplant.apiclient import VoximplantException

from halo_voice.deploy.client import Client
from halo_voice.deploy.faults import AccountFault, Unreadable, refusal

PAGE = 1000
PAGES_MAX = 100


class Account:
    """Performs the client's methods by name. `hidden`: what no message may show."""

    def __init__(self, client: Client, hidden: Iterable[str] = ()) -> None:
        self._client = client
        self._hidden = tuple(filter(None, hidden))

    @property
    def skew_s(self) -> float | None:
        """Seconds that this machine's clock is ahead of the platform's; None: not known yet."""
        return self._client.skew_s

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, **fields: Any) -> dict[str, Any]:
        """The answer. Raises `AccountFault` with what to do."""
        command = "".join(word.title() for word in method.split("_"))
        try:
            with reading(command):
                answer = getattr(self._client, method)(**fields)
        except VoximplantException as error:
            code = error.code if isinstance(error.code, int) else 0
            raise refusal(command, code, self._without_secrets(str(error.message))) from None
        except AccountFault as fault:  # may quote the platform, and that may quote us
            raise type(fault)(self._without_secrets(str(fault)), code=fault.code) from None
        if not isinstance(answer, dict):
            raise Unreadable(f"The platform answers {command} with something else than an object.")
        return answer

    def rows(self, method: str, **fields: Any) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        found: list[dict[str, Any]] = []
        for _ in range(PAGES_MAX):
            answer = self.ask(method, **fields, count=PAGE, offset=len(found))
            with reading(method):
                page = list(answer["result"])
                total = int(answer.get("total_count", 0))
            found += page
            if not page or len(found) >= total:
                break
        return found

    def _without_secrets(self, words: str) -> str:
        for each in self._hidden:
            words = words.replace(each, "…")
        return words


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turns what a strange answer does to code that reads it into a fault with words."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(
            f"The platform answers {what} otherwise than documented ({type(error).__name__}): "
            "is this the newest HALO?"
        ) from None


def open_account(
    credentials: Path, endpoint: str, hidden: Iterable[str] = (), **limits: Any
) -> Account:
    """The account of a service account's file. Raises `AccountFault`; asks nothing yet."""
    return Account(Client(credentials, endpoint, **limits), hidden)
