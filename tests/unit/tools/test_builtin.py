"""The tools that HALO brings, with a stand-in of the platform for what only that can do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from halo_voice.core.clock import Clock
from halo_voice.core.errors import ToolError, ToolMisused
from halo_voice.core.operators import Operator
from halo_voice.core.profile import BUILTIN_TOOLS, Hours, Profile, Tools
from halo_voice.core.sms import Sms, SmsField, SmsTemplate
from halo_voice.core.tools import Use
from halo_voice.speech.values import READERS
from halo_voice.tools.box import Box
from halo_voice.tools.builtin import builtin_tools

NOW = datetime(2026, 11, 27, 20, 30, tzinfo=UTC)  # 23:30 in Moscow: tomorrow is near
HOURS = Hours(3.0, ("9:00–21:00",) * 5 + ("10:00–20:00", ""))
PROFILE = Profile(
    operators={
        "отдел продаж": Operator("74950000001"),
        "мастерская": Operator("74950000002", hours=HOURS),
    },
    hours=HOURS,
    tools=Tools(
        builtin=BUILTIN_TOOLS,
        sms=Sms(
            "74950000000",
            {
                "address": SmsTemplate("адрес магазина", "Мы на Садовой, 1."),
                "visit": SmsTemplate(
                    "подтверждение визита",
                    "Ждём вас {day} в {at}, заказ {order}, {what}.",
                    {
                        "day": SmsField("date"),
                        "at": SmsField("time"),
                        "order": SmsField("code"),
                        "what": SmsField("choice", choices=("замер", "монтаж")),
                    },
                ),
            },
        ),
    ),
)
VISIT = {
    "template": "visit",
    "day": "2026-12-03",
    "at": "15:30",
    "order": "1",
    "what": "замер",
}
USE = Use(key="k", call_id="c-1", turn=1, caller="+79161234567", now=NOW)


class Platform:
    def __init__(self) -> None:
        self.done: list[tuple[str, ...]] = []

    async def send_sms(self, source: str, number: str, text: str) -> None:
        self.done.append((source, number, text))


def box(platform=None, profile=PROFILE, sent=0) -> Box:
    async def count(_number: str, _call_id: str) -> int:
        return sent

    clock = Clock(profile.hours, lambda: NOW)
    return Box(builtin_tools(profile, clock, platform, count), clock, READERS)


def names(box: Box) -> list[str]:
    return [spec.name for spec in box.offer().specs]


def test_what_needs_the_platform_is_offered_with_it_only():
    """An SMS that nobody can send is not promised, nor a transfer to nobody."""
    always = ["end_call", "call_back", "current_time", "transfer_call"]
    assert names(box()) == always
    assert names(box(Platform())) == [*always, "send_sms"]
    few = replace(PROFILE, operators={}, tools=Tools(builtin=("current_time", "transfer_call")))
    assert names(box(Platform(), few)) == ["current_time"]


async def test_the_time_is_the_companys():
    """With its hours."""
    tool = box().find("current_time")
    assert (await tool.run({}, USE)).text == (
        "Сейчас пятница, 27 ноября 2026 года, 23:30. Сегодня работаем 9:00–21:00. Часы работы: "
        "понедельник 9:00–21:00; вторник 9:00–21:00; среда 9:00–21:00; четверг 9:00–21:00; "
        "пятница 9:00–21:00; суббота 10:00–20:00; воскресенье выходной."
    )


async def test_a_transfer_goes_to_a_name():
    """F71: a model gives a name of the profile, and no number is known to it or to the tool."""
    tool = box().find("transfer_call")
    able = replace(USE, transfers=True, now=NOW.replace(hour=9))
    result = await tool.run(tool.check('{"operator": "отдел продаж"}'), able)
    assert (result.action, "отдел продаж" in result.text) == ("transfer", True)
    for wrong in ('{"operator": "+79991112233"}', '{"operator": "74950000001"}', "{}"):
        with pytest.raises(ToolMisused):
            tool.check(wrong)
    assert (tool.spec.effect, tool.spec.per_call) == (True, PROFILE.limits.transfers)
    assert "7495" not in str(tool.spec)


async def test_nobody_is_promised_who_cannot_be_reached():
    """Outside their hours, and in a call that can be put through no more, or never could."""
    tool = box().find("transfer_call")
    asked = tool.check('{"operator": "мастерская"}')
    with pytest.raises(ToolError, match="не работают"):
        await tool.run(asked, replace(USE, transfers=True))
    with pytest.raises(ToolError, match="не соединить"):
        await tool.run(asked, USE)


async def test_an_sms_goes_to_who_calls():
    """In the profile's words with the values that fit; to a mobile number, and no other."""
    platform = Platform()
    tool = box(platform).find("send_sms")
    visit = {
        "template": "visit",
        "day": "2026-12-03",
        "at": "15:30",
        "order": "А-12",
        "what": "замер",
    }
    await tool.run(tool.check(json.dumps(visit)), USE)
    await tool.run(tool.check('{"template": "address"}'), USE)
    assert platform.done == [
        ("74950000000", "79161234567", "Ждём вас 03.12.2026 в 15:30, заказ А-12, замер."),
        ("74950000000", "79161234567", "Мы на Садовой, 1."),
    ]
    for caller in ("anonymous", "", "+74951234567", "+4915112345678", "+79161234567890"):
        with pytest.raises(ToolError, match="не с мобильного"):
            await tool.run({"template": "address"}, replace(USE, caller=caller))
    assert len(platform.done) == 2


@pytest.mark.parametrize(
    "given",
    [
        {"template": "other"},
        {"template": "address", "number": "+79990000000"},
        {"template": "address", "text": "Вы выиграли"},
        {"template": "address", "day": "2026-12-03"},
        {"template": "visit"},
        {**VISIT, "day": "завтра"},
        {**VISIT, "at": "25:00"},
        {
            "template": "visit",
            "day": "2026-12-03",
            "at": "15:30",
            "order": "evil.example/x",
            "what": "замер",
        },
        {**VISIT, "what": "выигрыш"},
    ],
)
def test_a_model_words_no_message(given):
    """Neither a text nor a number of its own, nor a value that could be one."""
    with pytest.raises(ToolMisused):
        box(Platform()).find("send_sms").check(json.dumps(given))


async def test_a_number_gets_so_many_messages_a_day():
    """Whatever calls they were asked for in; the tool itself keeps to so many a call."""
    platform = Platform()
    tool = box(platform, sent=4).find("send_sms")
    with pytest.raises(ToolError, match="больше сообщений"):
        await tool.run({"template": "address"}, USE)
    assert (platform.done, tool.spec.per_call, tool.spec.effect) == ([], 2, True)
    assert not tool.spec.repeatable


async def test_a_call_back_needs_a_number():
    """The one that was said, or the one that calls; read back in words."""
    own = box()
    tool = own.find("call_back")
    said = tool.check('{"question": "доставка", "phone": "8 916 123-45-67"}')
    assert own.readback(tool.spec, said).startswith("Оставляю заявку на звонок по номеру восемь,")
    none = tool.check('{"question": "доставка"}')
    assert "по номеру с которого вы звоните" in own.readback(tool.spec, none)
    assert (await tool.run(none, USE)).text.startswith("Заявка записана")
    with pytest.raises(ToolError, match="не определился"):
        await tool.run(none, replace(USE, caller=""))
    with pytest.raises(ToolMisused):
        own.readback(tool.spec, tool.check('{"question": "x", "phone": "12"}'))
