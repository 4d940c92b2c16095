"""Callers in the middle of a speech, for the tests of the table."""

from __future__ import annotations

from tests.scenario.table import Table


def listening() -> Table:
    table = Table(barge_in__mode="asr")
    table.now = 1_790_000_000_000  # as the platform's clock has it
    return table.greeted()


def hearing(text: str) -> Table:
    """The caller has just said this, and is silent; the recogniser has not noticed the end."""
    table = listening()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    table.see("interim", 400, text=text)
    table.see("voiceStopped", 100)
    return table


def saying_more(text: str) -> Table:
    """The caller has said this, whose end is told only now, and is speaking on without a word."""
    table = hearing(text)
    table.see("voiceStarted", 200)
    table.see("speechStarted", 100)
    table.see("speechCaptured", 100)
    return table


def asked(table: Table) -> list[str]:
    """The words of the turn that is being asked."""
    return [part["text"] for part in table.state["taken"] if part["turn"] == table.state["turn"]]
