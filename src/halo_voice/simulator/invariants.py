"""What must hold on every call, decided from its trace. The numbers are docs/reliability.md's.

A vendor's voice that never sounds (F20, F21) is no silence of ours: where the scenario ordered a
phrase in time, the phrase counts as a reaction, and its start is waited for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from halo_voice.simulator.case import Breach, Case, Limits
from halo_voice.simulator.heard import no_lost_word
from halo_voice.simulator.interruptions import interruption
from halo_voice.simulator.outgoing import outgoing, signal_awaited
from halo_voice.simulator.place import FinishedCall
from halo_voice.simulator.recovery import recovers
from halo_voice.simulator.repeated import Why, spoken_once
from halo_voice.simulator.speakable import safe_to_speak, same_again
from halo_voice.simulator.trace import TraceLine
from halo_voice.simulator.transfers import talk_ms, talks, transfers, waits
from halo_voice.simulator.turns import TRANSFER, Phrase, Story, Texts, path, story
from halo_voice.simulator.typed import no_lost_key, no_number_ends_a_call
from halo_voice.simulator.wire import fields

VOICED_MS = 1_000  # a voice takes no longer, as a rule

__all__ = ["CHECKS", "Breach", "Limits", "breaches"]


def breaches(
    call: FinishedCall,
    limits: Limits | None = None,
    texts: Texts | None = None,
    calm_ms: int | None = None,
    told: Story | None = None,
) -> list[Breach]:
    """Every broken invariant of 1–6, 7 (as far as the trace shows it), 10–14, 18 and 21–23.

    `texts` are the scenario's own; from `calm_ms` on no fault struck, without it 18 is not judged;
    `told` is the call's story, where it has been read already.
    """
    case = Case(call, told or story(call, texts), limits or Limits(), calm_ms)
    found = [breach for check in CHECKS for breach in check(case)]
    return sorted(found, key=lambda breach: (breach.ms, breach.invariant))


def reaction(case: Case) -> Iterator[Breach]:
    """1. From an accepted result to the first reaction, and to the answer or an apology."""
    limits = case.limits
    transfers = [e.sent_ms for e in case.call.requests if path(e) == TRANSFER]
    results = [e.ms for e in case.call.recognition if e.data["event"] == "ASR.Result"]
    late = case.call.having("late")
    captured = [e.ms for e in late if e.data["event"] == "ASR.SpeechCaptured"]
    for turn in case.story.turns:
        begin, end = case.window(turn)
        end = min([end, *(ms for ms in transfers if ms > begin)])  # goes another way
        phrases = case.within(turn)
        # What still sounds from before is a reaction too, or would sound, had the voice not failed.
        sounding = any(
            s.started_ms <= begin and (s.ended_ms or end) > begin for s in case.call.playbacks
        ) or any(
            p.fault and p.ordered_ms <= begin < p.due_ms + limits.voice_ms
            for p in case.story.phrases
        )
        # Who answers while a phrase sounds waits for its end, which its start tells in advance.
        since = min([begin, *(s.started_ms for s in case.call.playbacks if s.ended_ms == begin)])
        # An end of speech that is told while more is waited for is that of more words.
        heard_ms = max((ms for ms in results if ms <= begin), default=begin)
        since = min([since, *(ms for ms in captured if heard_ms < ms <= begin)])
        for name, limit, wanted in (
            ("reaction", limits.reaction_ms, phrases),
            ("answer or apology", limits.answer_ms, [p for p in phrases if p.kind != "filler"]),
        ):
            if name == "reaction" and sounding:
                continue
            first = min(map(_audible_ms, wanted), default=end)
            until = min(first, end)
            if case.silent_ms(begin, until) > limit + case.late_ms(since, until):
                yield Breach(1, begin, f"turn {turn.number}: no {name} within {limit} ms")


def dead_air(case: Case) -> Iterator[Breach]:
    """2. While the call is up, one side is audible again and again."""
    call, limits = case.call, case.limits
    if call.connected_ms is None:
        return
    spans = [(s.started_ms, s.ended_ms) for s in call.playbacks if s.call == "call:1"]
    spans += [(s.started_ms, s.ended_ms) for s in call.speech if s.call == "call:1"]
    spans += [_waited_for(case, phrase) for phrase in case.story.phrases if phrase.fault]
    spans += signal_awaited(call)
    spans += [(line.ms, line.ms) for line in call.having("tone")]  # a key is heard
    spans += _noises(call)
    spans = [span for span in spans if span[0] <= case.end_ms]
    ours = {s.started_ms for s in call.playbacks}
    quiet_since = since = call.connected_ms  # since: the start of a phrase tells its end in advance
    for started, ended in [*sorted(spans, key=lambda span: span[0]), (case.end_ms, None)]:
        silent = started - quiet_since
        if silent > limits.silence_ms + case.late_ms(since, started):
            yield Breach(2, quiet_since, f"silence of {silent} ms")
        until = case.end_ms if ended is None else ended
        if until > quiet_since:
            quiet_since, since = until, started if started in ours else until


def _waited_for(case: Case, phrase: Phrase) -> tuple[int, int]:
    """From when until when a phrase that never sounds is waited for: to its end, where the start of
    an older one was told late, and so may be its own."""
    began, end = phrase.due_ms, phrase.due_ms + case.limits.voice_ms
    for line in case.call.having("late"):
        if line.data.get("event") == "Player.Started" and began <= line.ms <= end:
            lasts_ms = round(1000 * line.data["duration"]) + case.limits.grace_ms
            return began, max(end, line.ms + lasts_ms)
    return began, end


def _noises(call: FinishedCall) -> list[tuple[int, int]]:
    """What a recogniser without interim results cannot tell from a caller who speaks."""
    if any(line.data["event"] == "ASR.InterimResult" for line in call.having("event")):
        return []
    return [(line.ms, line.ms + line.data["noise"]) for line in call.having("noise")]


def one_voice(case: Case) -> Iterator[Breach]:
    """3. A phrase starts only after the previous one has ended or was stopped."""
    spans = [s for s in case.call.playbacks if s.call == "call:1"]
    for span in spans:
        told = (span.started_ms <= ms <= (span.ended_ms or 0) for ms in case.unsure_ms)
        if span.cut_by == "replaced" and not any(told):
            yield Breach(3, span.ended_ms or 0, f"«{span.text}» was replaced, not stopped")
    for before, after in pairwise(sorted(spans, key=lambda span: span.started_ms)):
        if before.ended_ms is None or before.ended_ms > after.started_ms:
            yield Breach(3, after.started_ms, "two phrases at one moment")


def fresh_answer(case: Case) -> Iterator[Breach]:
    """5. An answer is spoken only while its turn is the newest accepted one."""
    for phrase in case.story.phrases:
        newest = case.story.newest(phrase.ordered_ms - 1)  # of one moment nobody knows the order
        if phrase.turn and newest and phrase.turn.number < newest.number:
            text = f"the answer of turn {phrase.turn.number} is spoken in turn {newest.number}"
            yield Breach(5, phrase.ordered_ms, text)


def one_outcome(case: Case) -> Iterator[Breach]:
    """7. Every accepted turn is answered, apologised for, superseded, or the call was to end."""
    for turn in case.story.turns:
        begin, end = case.window(turn)
        phrases = case.within(turn)
        heard = [p for p in phrases if p.span]
        kinds = {p.kind for p in heard if p.turn is turn or p.kind in ("apology", "answer")}
        if {"answer", "apology"} <= kinds and turn.answer:
            yield Breach(7, begin, f"turn {turn.number} is both answered and apologised for")
        told = any(p.kind != "filler" for p in phrases)
        if not told and end == case.end_ms and not case.wanted_over:
            yield Breach(7, begin, f"turn {turn.number} has no outcome")


def bounded(case: Case) -> Iterator[Breach]:
    """10. Turns, attempts, re-prompts and apologies in a row, and the length of the call."""
    call, limits = case.call, case.limits
    numbers = [turn.number for turn in case.story.turns]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Breach(10, 0, f"the turns are numbered {numbers}")
    if len(numbers) > limits.turns:
        yield Breach(10, case.story.turns[limits.turns].accepted_ms, f"{len(numbers)} turns")
    for turn in case.story.turns:
        if not turn.user_text.strip():
            yield Breach(10, turn.accepted_ms, f"turn {turn.number} was spent on nothing")
        if len(turn.exchanges) > limits.attempts:
            text = f"turn {turn.number}: {len(turn.exchanges)} attempts"
            yield Breach(10, turn.accepted_ms, text)
        if len(turn.asked_ms) > limits.asks:
            text = f"turn {turn.number}: asked {len(turn.asked_ms)} times over the stream"
            yield Breach(10, turn.accepted_ms, text)
    talked_ms = sum(end - begin for begin, end in (*talks(call), *waits(call)))
    longest_ms = limits.call_ms + talked_ms
    if call.connected_ms is not None and case.end_ms - call.connected_ms > longest_ms:
        yield Breach(10, case.end_ms, f"{case.end_ms - call.connected_ms} ms connected")
    heard = lambda p: p.turn is not None or p.kind == "transfer"  # noqa: E731
    yield from _in_a_row(case, "reprompt", limits.reprompts, heard)
    yield from _in_a_row(case, "apology", limits.apologies, lambda p: p.kind == "answer")


def ends(case: Case) -> Iterator[Breach]:
    """11. The session ends by itself, soon after the call."""
    call, limits = case.call, case.limits
    if call.finish_reason != "Normal termination":
        yield Breach(11, call.terminated_ms, f"the session ended by {call.finish_reason}")
    if call.disconnected_ms is None:
        return
    # When nobody reports the end (F60), only the limit of the call's length can help.
    told_ms = next((e.ms for e in call.having("event") if _is_end(e)), call.disconnected_ms)
    deadline = told_ms + limits.end_ms
    if "F60" in call.struck:
        talked_ms = talk_ms(call) if talks(call) else 0
        waited_ms = sum(end - begin for begin, end in waits(call))
        longest_ms = limits.call_ms + talked_ms + waited_ms + limits.end_ms
        deadline = max(deadline, (call.connected_ms or 0) + longest_ms)
    if call.terminated_ms > deadline:
        late = call.terminated_ms - call.disconnected_ms
        yield Breach(11, call.disconnected_ms, f"the session lived {late} ms longer than the call")


def _is_end(line: TraceLine) -> bool:
    return line.data["event"] == "Call.Disconnected" and line.data["unit"] == "call:1"


def nothing_after(case: Case) -> Iterator[Breach]:
    """12. After Disconnected nothing is said or asked, and the call is reported at most once."""
    asked = {e.number: turn for turn in case.story.turns for e in turn.exchanges}
    told = False
    for line in case.call.trace:
        if told and "phrase" in line.data:
            yield Breach(12, line.ms, f"«{line.data['phrase']}» is ordered after the end")
        if told and fields(line.data.get("message", "")).get("type") == "final":
            yield Breach(12, line.ms, "a turn is asked over the stream after the end")
        if told and line.data.get("sent") in asked:
            turn = asked[line.data["sent"]]
            yield Breach(12, line.ms, f"turn {turn.number} is asked after the end")
        told = told or ("event" in line.data and _is_end(line))
    # What a fault answered has not reached the backend; the scenario may well try again.
    accepted = [r for r in case.story.reports if r.code == 200 and not r.fault]
    # Nor is it told an answer that comes when the platform itself has begun to end the session.
    deaf_ms = next((line.ms for line in case.call.trace if "idle_ms" in line.data), math.inf)
    untold = bool(accepted) and (accepted[0].done_ms or 0) >= deaf_ms
    if len(accepted) > 1 + untold:
        yield Breach(12, accepted[-1].sent_ms, f"{len(accepted)} reports")


CHECKS: list[Callable[[Case], Iterator[Breach]]] = [
    reaction,
    dead_air,
    one_voice,
    interruption,
    fresh_answer,
    spoken_once,
    one_outcome,
    bounded,
    ends,
    nothing_after,
    safe_to_speak,
    same_again,
    recovers,
    no_lost_word,
    no_lost_key,
    no_number_ends_a_call,
    transfers,
    outgoing,
]


def _audible_ms(phrase: Phrase) -> float:
    """When a phrase was first heard, or would have been, had the vendor's voice not failed, or, for
    a filler, which is made when it is wanted, not taken more than a second."""
    if phrase.span:
        late_ms = phrase.ordered_ms + VOICED_MS if phrase.kind == "filler" else math.inf
        return min(phrase.span.started_ms, late_ms)
    return phrase.ordered_ms if phrase.fault else float("inf")


def _in_a_row(
    case: Case, kind: str, limit: int, resets: Callable[[Phrase], bool]
) -> Iterator[Breach]:
    count, last_turn, last_ms, last = 0, None, 0, None
    why = Why(case)
    events = case.call.having("event")
    keys_ms = [e.ms for e in events if e.data["event"] == "Call.ToneReceived"]
    for phrase in case.story.phrases:
        newest = case.story.newest(phrase.ordered_ms)
        # One that is said in the place of another, of which no word was heard, was wanted with it.
        anew = last and not last.heard and (phrase.is_file or phrase.text == last.text)
        wanted_ms = last_ms if anew else phrase.ordered_ms
        # Whoever presses a key is there.
        pressed = any(last_ms <= ms <= wanted_ms for ms in keys_ms)
        if resets(phrase) or (kind == "reprompt" and (pressed or newest is not last_turn)):
            count = 0
        # One that was cut for a failure, and is said once more, is one.
        same = last and newest is last_turn and last.text == phrase.text
        again = same and last.heard and why.failed(last, phrase)
        if phrase.kind == kind and phrase.heard and not again:
            count += 1
            if count > limit:
                yield Breach(10, phrase.ordered_ms, f"{count} of kind {kind} in a row")
        last_turn, last_ms, last = newest, wanted_ms, phrase
