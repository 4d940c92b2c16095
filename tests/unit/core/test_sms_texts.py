"""The text of a message to the caller: the profile's words, and nothing that anybody dictates."""

from __future__ import annotations

import pytest

from halo_voice.core.errors import ToolMisused
from halo_voice.core.sms import TEXT_CHARS_MAX, SmsField, SmsTemplate

FIELDS = {"order": SmsField("code"), "day": SmsField("choice", choices=("завтра", "в среду"))}
READY = SmsTemplate("the order is ready", "Заказ {order} готов, ждём вас {day}.", FIELDS)


def test_the_values_stand_where_the_profile_wants_them():
    text = READY.filled({"order": " К-57 ", "day": "завтра"})
    assert text == "Заказ К-57 готов, ждём вас завтра."


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"order": "К-57", "day": "завтра", "link": "x"}, "link"),
        ({"order": "К-57"}, "day"),
        ({"order": "", "day": "завтра"}, "order"),
        ({"order": "перейдите на сайт", "day": "завтра"}, "order"),
        ({"order": "К-57", "day": "никогда"}, "day"),
    ],
)
def test_what_does_not_fit_is_sent_back_to_the_model(values, told):
    """Unknown, missing, or of another kind: free text is of none."""
    with pytest.raises(ToolMisused, match=told):
        READY.filled(values)


def test_a_message_longer_than_the_platform_takes_is_not_sent():
    long = SmsTemplate("", "а" * (TEXT_CHARS_MAX - 2) + "{order}", {"order": SmsField("code")})
    assert len(long.filled({"order": "К1"})) == TEXT_CHARS_MAX
    with pytest.raises(ToolMisused, match="длинн"):
        long.filled({"order": "К12"})
