"""How many messages a caller's number got lately, as the store has it."""

from __future__ import annotations

from halo_voice.calls.budget import utc_now
from halo_voice.core.admission import DAY, bucket_of
from halo_voice.core.errors import StoreError, ToolError
from halo_voice.core.ports import Store
from halo_voice.core.tools import ToolState

_SMS = "send_sms"
_MAY_HAVE = (ToolState.DONE, ToolState.UNKNOWN)


async def messages_sent(store: Store, caller: str, call_id: str) -> int:
    """Those of 24 hours that were sent, or may have been, in any call of the number.

    Raises `ToolError`: while the store is away nobody knows.
    """
    try:
        calls = {each.call_id for each in await store.calls_of(bucket_of(caller), utc_now() - DAY)}
        rows = [row for each in calls | {call_id} for row in await store.tools(each)]
    except StoreError:
        raise ToolError("Сейчас сообщение не отправить.") from None
    return sum(row.tool == _SMS and row.state in _MAY_HAVE for row in rows)
