"""A call in words for people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from halo_voice.core.review import OUTCOMES
from halo_voice.workflows.letter import ENDED, WE_CALLED, letter, subject
from halo_voice.workflows.presets import AmoCrm, Bitrix24
from tests.told import TOLD

OUT = replace(TOLD, call=replace(TOLD.call, direction="outgoing"))
CUT = replace(OUT, review=replace(OUT.review, outcome="abandoned"))


def test_a_call_that_the_company_made_is_told_as_one():
    """Nobody is to believe that the customer called and lost patience."""
    assert subject(CUT) == "Мы звонили +79161234567: разговор не состоялся"
    assert "Мы звонили: +79161234567\nИтог: разговор не состоялся" in letter(CUT)
    assert subject(TOLD) == "Звонок +79161234567: ждёт звонка"
    assert "Звонил: +79161234567" in letter(TOLD)


def test_every_outcome_has_its_words():
    """Both ways."""
    assert set(ENDED) == set(WE_CALLED) == set(OUTCOMES)


@pytest.mark.parametrize(("told", "event"), [(TOLD, True), (OUT, False)])
def test_a_lead_says_who_called(told, event):
    """In its title; amoCRM notes an incoming call only where one came in."""
    amo = AmoCrm("https://a.example", "t").ask("d", told).body.decode()
    bitrix = Bitrix24("https://b.example/rest/1/s").ask("d", told).body.decode()
    assert ("Мы звонили +79161234567: ждёт звонка" in amo) is not event
    assert ("Мы звонили +79161234567: ждёт звонка" in bitrix) is not event
    assert f'"is_call_event_needed": {str(event).lower()}' in amo
