"""The platform's history: what became of sessions, and which recordings it keeps of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from halo_voice.core.errors import ConfigurationError, PlatformError
from halo_voice.core.sessions import DURATION_MS_MAX, REASONS, Session, SessionRecord, numbered
from halo_voice.core.telephones import meant_digits
from halo_voice.deploy.account import Account, open_account, reading
from halo_voice.deploy.faults import AccountFault
from halo_voice.deploy.found import owner_of

REQUEST_S = 10.0
TOTAL_S = 20.0
AT_ONCE = 500
"""So many sessions are asked for at once: the platform takes 1,000."""

_URL_CHARS_MAX = 2_000


class History:
    """Blocks, on any thread, one question at a time. Raises `PlatformError`s only.

    `application`: whose sessions are looked for by a number; others' are nobody's business here.
    """

    def __init__(self, account: Account, application: str) -> None:
        self._account = account
        self._application = application
        self._one = threading.Lock()

    def sessions(self, call_ids: Sequence[str], since: datetime) -> dict[str, Session]:
        """Those of our calls that it knows, by their ids. `since`: none began before."""
        asked = sorted(filter(numbered, call_ids))
        found: dict[str, Session] = {}
        for at in range(0, len(asked), AT_ONCE):
            some = asked[at : at + AT_ONCE]
            found |= self._found(since, call_session_history_id=some)
        return {call_id: each for call_id, each in found.items() if call_id in set(asked)}

    def sessions_of(self, number: str, since: datetime) -> dict[str, Session]:
        """The application's sessions with this telephone number on the other side."""
        digits = meant_digits(number)
        found = self._found(since, remote_number=[digits]) if digits else {}
        ours = f"{self._application}."
        return {i: each for i, each in found.items() if each.application.startswith(ours)}

    def balance(self) -> float | None:
        """What the account has, in its currency; None where the key may not see it."""
        with self._one:
            try:
                return owner_of(self._account).balance
            except AccountFault as fault:
                raise PlatformError(str(fault)) from None

    def delete(self, record: SessionRecord) -> None:
        """Remove a recording and what was transcribed of it."""
        with self._one:
            try:
                self._account.ask("delete_record", record_id=record.record_id)
            except AccountFault as fault:
                raise PlatformError(str(fault)) from None

    def _found(self, since: datetime, **which: Any) -> dict[str, Session]:
        with self._one:
            try:
                rows = self._account.rows(
                    "get_call_history",
                    from_date=since,
                    to_date=datetime.now(since.tzinfo),
                    with_calls=True,
                    with_records=True,
                    with_total_count=True,
                    **which,
                )
                with reading("GetCallHistory"):
                    read = [_session(row) for row in rows]
            except AccountFault as fault:
                raise PlatformError(str(fault)) from None
        return {each.call_id: each for each in read}

    def close(self) -> None:
        self._account.close()


def _session(row: Mapping[str, Any]) -> Session:
    calls = [each for each in row.get("calls") or () if each.get("incoming")]
    lasted = calls[0].get("duration") if calls else None
    lasted = row.get("duration") if lasted is None else lasted
    duration_ms = None if lasted is None else min(max(0, int(lasted) * 1000), DURATION_MS_MAX)
    reason = REASONS.get(str(row.get("finish_reason") or ""), "")
    return Session(
        str(int(row["call_session_history_id"])),
        duration_ms,
        reason,
        tuple(_records(row)),
        str(row.get("application_name") or ""),
    )


def _records(row: Mapping[str, Any]) -> Iterator[SessionRecord]:
    for each in row.get("records") or ():
        url = str(each.get("record_url") or "")
        if each.get("record_id") is not None and len(url) <= _URL_CHARS_MAX:
            yield SessionRecord(int(each["record_id"]), url)


def history_of(credentials: str, endpoint: str, application: str) -> History:
    """On the account of a service account's file. Raises `ConfigurationError`."""
    try:
        limits = {"request_s": REQUEST_S, "total_s": TOTAL_S}
        return History(open_account(Path(credentials), endpoint, **limits), application)
    except AccountFault as fault:
        raise ConfigurationError([f"HALO_VOX_CREDENTIALS: {fault}"]) from None
