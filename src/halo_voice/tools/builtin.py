"""The tools that every profile may have: the end of a call, a call back, the time, the platform's.

What only the platform can do (SMS) is offered where there is a `Platform`. Whom a call is put
through to is chosen by a name of the profile; a model never gives a number (F71), and the scenario
asks for it when the turn is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from halo_voice.core.clock import Clock
from halo_voice.core.errors import ToolError
from halo_voice.core.profile import Profile, number_digits
from halo_voice.core.tools import Platform, Tool, ToolResult, Use
from halo_voice.tools.function import FunctionTool, tool
from halo_voice.tools.sms import Sent, SmsTool


def builtin_tools(
    profile: Profile, clock: Clock, platform: Platform | None = None, sent: Sent | None = None
) -> Iterator[Tool]:
    """Those that the profile names, as far as they are possible here."""
    wanted = profile.tools.builtin
    always = {"end_call": end_call, "call_back": call_back, "current_time": _current_time(clock)}
    yield from (each for name, each in always.items() if name in wanted)
    if "transfer_call" in wanted and profile.operators:
        yield _transfer_call(profile)
    sms = profile.tools.sms
    if sms is not None and platform is not None and sent is not None and "send_sms" in wanted:
        yield SmsTool(sms, platform, sent)


@tool(
    "Завершить звонок, когда собеседник попрощался или разговор исчерпан. Попрощайтесь в этом же "
    "ответе.",
)
async def end_call() -> ToolResult:
    return ToolResult("Звонок завершается.", action="hangup")


@tool(
    "Оставить заявку, чтобы сотрудник перезвонил собеседнику.",
    effect=True,
    repeatable=True,
    confirm="Оставляю заявку на звонок по номеру {phone}. Верно?",
    spoken={"phone": "phone"},
    absent={"phone": "с которого вы звоните"},
    confirms=("заявк", "остав", "запис", "переда", "принят", "оформ", "созда", "готово"),
    done="Заявка оставлена, вам перезвонят.",
    filler="Секунду, записываю.",
)
async def call_back(
    question: Annotated[str, "о чём перезвонить, одним предложением"],
    use: Use,
    phone: Annotated[
        str | None, "номер, который назвал собеседник; без него тот, с которого он звонит"
    ] = None,
) -> ToolResult:
    """The row of this call is the request: who looks after it reads it in the store."""
    del question
    if len(number_digits(phone or use.caller)) < 10:
        raise ToolError("Номер собеседника не определился: спросите, на какой перезвонить.")
    return ToolResult("Заявка записана, сотрудники её увидят. Время звонка не обещайте.")


def _current_time(clock: Clock) -> FunctionTool:
    async def current_time() -> str:
        return clock.told()

    return FunctionTool(current_time, "Текущие дата, время и часы работы компании.")


def _transfer_call(profile: Profile) -> FunctionTool:
    names = tuple(profile.operators)

    async def transfer_call(
        operator: Annotated[Literal[names], "кто нужен"],  # type: ignore[valid-type]
        use: Use,
    ) -> ToolResult:
        if not use.transfers:
            raise ToolError("В этом звонке больше не соединить. Предложите обратный звонок.")
        if not profile.operators[operator].there(profile.hours, use.now):
            raise ToolError("Сейчас там не работают. Предложите обратный звонок.")
        return ToolResult(
            f"Собеседника соединяют: {operator}. Чем кончилось, скажут отдельно.", action="transfer"
        )

    transfer_call.__annotations__["operator"] = Annotated[Literal[names], "кто нужен"]
    transfer_call.__annotations__["use"] = Use
    return FunctionTool(
        transfer_call,
        "Соединить собеседника с сотрудником, если он просит об этом или без человека не обойтись.",
        effect=True,
        per_call=profile.limits.transfers,
        confirms=("соедин", "переве", "перевож", "переключ"),
        done=profile.texts.transfer,
    )
