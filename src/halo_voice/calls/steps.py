"""The answer of one turn in which tools may be called: asked, used, told, asked again.

Theory. Three rounds of tools at most (F40). Nothing runs before the turn is written down: an answer
that was begun ahead waits there with its calls. A tool that must be confirmed ends the turn with
its read-back; the next turn's yes runs it. While a tool runs the caller is not left in silence; one
that takes too long is let go, and the turn ends with an offer. What is said after a tool comes from
a model that was told what really happened, or, if no model finds words, from the tool itself: never
from somebody who does not know of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from halo_voice.calls.draft import Commitment, Draft
from halo_voice.calls.errands import Errands
from halo_voice.core.consent import agrees, digits_said, heard_out
from halo_voice.core.dialogue import Dialogue, Say
from halo_voice.core.dictation import lowered, runs
from halo_voice.core.errors import ToolError
from halo_voice.core.heard import noted
from halo_voice.core.messages import Calling, Message, Returned, ToolCall
from halo_voice.core.ports import Action
from halo_voice.core.tools import (
    STEPS_MAX,
    Offer,
    Tool,
    ToolRecord,
    ToolState,
    call_name,
    canonical,
    told,
    within,
)

FILLER_S = (1.2, 6.0)
"""So long after the caller's turn a tool's own filler is said, and another one, in seconds."""

GRACE_S = 0.3
"""A tool that begins late has so long, in seconds, before its filler."""

LEAVE_S = 0.6
"""So long before the turn's end a tool is let go, in seconds."""


class Asked(NamedTuple):
    """What came of one question to a model."""

    source: str
    cut: bool
    calls: tuple[ToolCall, ...]
    given: bool  # something that can be spoken


_ENDS: Mapping[str, Action] = {"end": "hangup", "transfer": "transfer"}

Ask = Callable[[Sequence[Message], Offer | None, float], Awaitable[Asked]]
"""Ask the models: messages, tools, due on the event loop's clock. The phrases go to the draft."""


@dataclass(frozen=True, slots=True)
class Use:
    """One call of a tool in this answer. `record`: its row; None: nothing was begun. `over`: what
    ends the turn now, by its name: a read-back, a tool that was let go."""

    call: ToolCall
    returned: str
    record: ToolRecord | None = None
    over: str = ""


class Steps:
    """One answer of one draft."""

    def __init__(
        self, draft: Draft, dialogue: Dialogue, errands: Errands, ask: Ask, due: float
    ) -> None:
        self._draft = draft
        self._dialogue = dialogue
        self._errands = errands
        self._ask = ask
        self._due = due
        self._awaits = draft.awaits
        self._messages: list[Message] = list(draft.messages)
        self._uses: list[Use] = []
        self._loop = asyncio.get_running_loop()
        self._commitment: Commitment | None = None
        self.source = ""
        """Of the last answer, if it had nothing to say."""

    async def write(self) -> Say | None:
        """The answer; None if no model and no tool has anything to say."""
        over = await self._carry_on()
        asked = Asked("", False, (), given=False)
        for step in range(STEPS_MAX + 1):
            if over:
                break
            offer = self._errands.toolbox.offer()
            if offer is not None and step == STEPS_MAX:
                offer = offer.without
            asked = await self._ask(self._named(), offer, self._due)
            if not asked.calls or step == STEPS_MAX:
                break
            over = await self._round(asked.calls)
        return self._said(asked, over)

    # ---------------------------------------------------------------------------- the rounds

    async def _round(self, calls: Sequence[ToolCall]) -> str:
        """Use the tools that one answer called. Returns what ends the turn, "" if nothing does."""
        await self._committed()
        uses: list[Use] = []
        over = ""
        for call in calls:
            use = await self._use(call) if not over else Use(call, "Не выполнено: ход окончен.")
            uses.append(use)
            over = over or use.over
        self._tell(uses)
        return over or self._last_action

    def _tell(self, uses: Sequence[Use]) -> None:
        self._uses += uses
        self._messages.append(Calling("assistant", "", tuple(use.call for use in uses)))
        self._messages += [_returned(use) for use in uses]

    async def _use(self, call: ToolCall) -> Use:
        tool = self._errands.toolbox.find(call.name)
        if tool is None:
            return Use(call, "Такого инструмента нет.")
        try:
            arguments = canonical(tool.check(call.arguments))
            refused = self._refusal(tool, arguments)
            if refused:
                return Use(call, refused)
            turn = self._turn
            known = self._errands.same(tool.spec.name, arguments, turn)
            if known is not None:
                use = await self._wait(call, tool, self._errands.follow(tool, known))
                return use if known.arguments == arguments else _other(use, known)
            if self._errands.used_up(tool):
                return Use(call, "Не выполнено: в этом звонке больше нельзя.")
            if tool.spec.confirm:
                return await self._propose(call, tool, arguments)
            return await self._wait(call, tool, await self._errands.begin(tool, arguments, turn))
        except ToolError as error:
            return Use(call, f"Не выполнено. {within(error.message, 500)}")

    def _refusal(self, tool: Tool, arguments: str) -> str:
        """Why the caller may not ask about this person, "" if he may (F69)."""
        identity = tool.spec.identity
        if not identity:
            return ""
        given = tool.check(arguments)
        said = [lowered(m.content) for m in self._messages if m.role == "user"]
        digits = [run.digits for text in said for run in runs(text)]
        if not all(digits_said(str(given.get(name) or ""), digits) for name in identity):
            return (
                "Не выполнено: эти данные должен назвать сам собеседник, и номер, с которого он "
                "звонит, ничего не подтверждает. Спросите их."
            )
        if not self._errands.may_ask_of(tool, arguments):
            return "Не выполнено: слишком много попыток. Предложите звонок сотрудника."
        return ""

    async def _propose(self, call: ToolCall, tool: Tool, arguments: str) -> Use:
        """Read back what is to be done; the turn ends with it."""
        question = self._errands.toolbox.readback(tool.spec, tool.check(arguments))
        record = await self._errands.propose(tool, arguments, self._turn)
        if record.state is not ToolState.PROPOSED:
            return await self._wait(call, tool, self._errands.follow(tool, record))
        self._draft.add([question])
        return Use(call, told(record), record, over="readback")

    async def _carry_on(self) -> str:
        """What was read back and is agreed to now, and what another process began in this turn.
        Returns what ends the turn, "" if nothing does."""
        agreed = self._agreed()
        proposed, begun = self._errands.proposed(), self._errands.open()
        if not (proposed or begun):
            return ""
        commitment = await self._committed()
        for record in proposed:
            if record is not agreed and record.turn < commitment.turn:
                await self._errands.decline(record)
        uses = []
        if agreed is not None:
            uses.append(await self._follow(agreed, agreed=True))
        for record in begun:
            uses.append(await self._follow(record, agreed=False))
        if uses:
            places = {(use.record.turn, use.record.key) for use in uses if use.record is not None}
            self._forget(places)
            self._tell(uses)
        return next((use.over for use in uses if use.over), "") or self._last_action

    def _agreed(self) -> ToolRecord | None:
        """The one proposal of the turn before, if these words agree to it."""
        said = [m.content for m in self._messages if m.role == "user"]
        words = said[-1] if said else ""
        last = self._dialogue.transcript.answered
        open_ = [r for r in self._errands.proposed() if last is not None and r.turn == last.turn]
        if last is None or len(open_) != 1:
            return None
        yes = agrees(words.removeprefix(noted(last)), last.reply)
        return open_[0] if yes and heard_out(last.reply, last.heard) else None

    async def _follow(self, record: ToolRecord, *, agreed: bool) -> Use:
        """Run what was agreed to, or see to what was begun."""
        call = ToolCall(call_name(record.turn, record.key), record.tool, record.arguments)
        tool = self._errands.toolbox.find(record.tool)
        try:
            if agreed and tool is None:
                return Use(call, "Не выполнено: инструмент сейчас недоступен.", record)
            begun = (
                await self._errands.take_up(tool, record)
                if agreed and tool is not None
                else self._errands.follow(tool, record)
            )
            return await self._wait(call, tool, begun)
        except ToolError as error:
            return Use(call, f"Не выполнено. {within(error.message, 500)}", record)

    def _forget(self, places: set[tuple[int, str]]) -> None:
        """The history tells of these as they were: what became of them is told behind it."""
        gone = {call_name(*place) for place in places}
        kept: list[Message] = []
        for message in self._messages:
            if isinstance(message, Calling):
                calls = tuple(c for c in message.calls if c.id not in gone)
                if not calls and message.calls:
                    continue
                message = replace(message, calls=calls)
            elif isinstance(message, Returned) and message.call_id in gone:
                continue
            kept.append(message)
        self._messages = kept

    # ------------------------------------------------------------------------- while it runs

    async def _wait(
        self, call: ToolCall, tool: Tool | None, running: asyncio.Task[ToolRecord]
    ) -> Use:
        """Wait for a tool, with a word now and then, until it has to be let go."""
        now = self._loop.time()
        deadline_s = 0.0 if tool is None else tool.spec.deadline_s
        until = min(now + deadline_s, self._due - LEAVE_S)
        marks = self._fillers(tool, now)
        while not running.done():
            now = self._loop.time()
            if now >= until:
                return self._let_go(call, tool, running)
            if marks and now >= marks[0][0]:
                self._fill(marks.pop(0)[1])
                continue
            due = min([until, *(mark[0] for mark in marks[:1])])
            await asyncio.wait([running], timeout=max(0.0, due - now))
        if running.cancelled() or running.exception() is not None:
            return Use(call, "Не выполнено: инструмент не сработал.")
        record = running.result()
        return Use(call, told(record), record)

    def _fillers(self, tool: Tool | None, now: float) -> list[tuple[float, str]]:
        """When what is said while the tool runs. Who has just said something need not."""
        if tool is None or self._commitment is None:
            return []
        received = self._commitment.received
        first, again = (received + after_s for after_s in FILLER_S)
        marks = [(max(again, now + GRACE_S), tool.spec.filler_again)]
        if not self._draft.phrases:
            marks.insert(0, (max(first, now + GRACE_S), tool.spec.filler))
        return [mark for mark in marks if mark[0] < self._due - 2 * LEAVE_S]

    def _fill(self, text: str) -> None:
        """Over HTTP nobody hears it before the answer: the scenario fills that wait itself."""
        if self._commitment is not None and self._commitment.streamed():
            self._draft.add([text])

    def _let_go(self, call: ToolCall, tool: Tool | None, running: asyncio.Task[ToolRecord]) -> Use:
        """It goes on by itself; the turn does not wait any more."""
        del running
        later = tool.spec.later if tool is not None else ""
        if tool is not None:
            self._errands.meter.tool_let_go(tool.spec.name)
        self._draft.add(self._dialogue.ended(self._draft.phrases, later) if later else [])
        return Use(call, "Ещё выполняется.", over="later")

    # -------------------------------------------------------------------------- what is said

    def _said(self, asked: Asked, over: str) -> Say | None:
        """The turn's end: as a model put it, or as its tools can tell it themselves."""
        source, cut = asked.source, asked.cut
        if over:
            source, cut = f"tool:{over}", False
            texts = self._dialogue.profile.texts
            said = {"end": texts.farewell, "transfer": texts.transfer}.get(over)
            if said and not self._draft.phrases:
                self._draft.add([said])
        elif not asked.given and self._uses:
            source, cut = "tool", False
            self._draft.add(self._own_words())
        if not self._draft.phrases:
            self.source = asked.source
            return None
        say = self._dialogue.answered(self._draft.phrases, source, cut=cut)
        return replace(say, action=_ENDS.get(over, say.action))

    @property
    def _last_action(self) -> str:
        """How the turn ends by what a tool came to: `end`, `transfer` or ""."""
        places = [(u.record.turn, u.record.key) for u in self._uses if u.record is not None]
        results = [self._errands.results.get(place) for place in places]
        actions = {result.action for result in results if result is not None}
        return next((over for over, action in _ENDS.items() if action in actions), "")

    def _own_words(self) -> list[str]:
        """What became of the last tool, in its own words."""
        texts = self._dialogue.profile.texts
        use = self._uses[-1]
        tool = self._errands.toolbox.find(use.call.name)
        if use.record is not None and use.record.state is ToolState.DONE and tool is not None:
            result = self._errands.results.get((use.record.turn, use.record.key))
            if result is not None and result.say:
                return [result.say]
            return [tool.spec.done if use.record.effect else texts.unknown]
        return [texts.unconfirmed if tool is None or tool.spec.effect else texts.unknown]

    # ------------------------------------------------------------------------------ odds

    @property
    def _turn(self) -> int:
        assert self._commitment is not None
        return self._commitment.turn

    async def _committed(self) -> Commitment:
        """The turn, once it is written down."""
        if self._commitment is None:
            assert self._awaits is not None
            self._commitment = await self._awaits
            self._due = min(self._due, self._commitment.due)
        return self._commitment

    def _named(self) -> list[Message]:
        """The messages, with what each success allows to be claimed."""
        find = self._errands.toolbox.find
        return [
            replace(m, confirms=tool.spec.confirms)
            if isinstance(m, Returned) and m.confirms is not None and (tool := find(m.name))
            else m
            for m in self._messages
        ]


def _other(use: Use, known: ToolRecord) -> Use:
    """The tool was called in this turn with other arguments: those are what was done."""
    told_ = (
        f"В этом ходу инструмент уже вызван с данными {known.arguments}, второй раз не вызывается. "
        f"Итог того вызова: {use.returned}"
    )
    return replace(use, returned=told_)


def _returned(use: Use) -> Returned:
    record = use.record
    done = record is not None and record.state is ToolState.DONE
    return Returned(
        "tool",
        use.returned,
        call_id=use.call.id,
        name=use.call.name,
        confirms=() if done and record is not None and record.effect else None,
        read=done and record is not None and not record.effect,
    )
