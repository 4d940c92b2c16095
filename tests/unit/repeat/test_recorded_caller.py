"""What a recorded caller does, read from the steps of a trace."""

from __future__ import annotations

from dataclasses import replace

from halo_voice.repeat.caller import acts_of
from halo_voice.repeat.recorded import Recorded
from tests.recordings import a_call, a_turn, steps


def acts(lines, *turns):
    return acts_of(Recorded(a_call(), turns, steps(lines)))


def test_words_are_said_as_long_after_our_phrase_as_they_were():
    """From before the recogniser's first words until it had the last one."""
    turn = replace(a_turn(2, "Где вы?"), latency={"asr_ms": 600})
    [act] = acts(
        "0 started 0 0; 200 joined 0 0; 5000 sounding 1 2; 7000 heard 1 2;"
        "9000 hearing 2 0; 10100 asked 2 0 final 0.9",
        turn,
    )
    assert (act.kind, act.text, act.after) == ("words", "Где вы?", (1, 2))
    assert act.ms == 8300
    assert act.after_ms == 3300
    assert act.lasts_ms == 10100 - 600 - 8300


def test_the_first_words_are_told_by_the_call_itself():
    [act] = acts(
        "0 started 0 0; 200 joined 0 0; 6000 hearing 1 0; 7500 asked 1 0 final", a_turn(1, "Да")
    )
    assert (act.after, act.after_ms) == ((0, 0), 6000 - 700 - 200)


def test_who_cut_a_phrase_cuts_it_again():
    """Also who began a moment before it sounded."""
    found = acts(
        "0 joined 0 0; 1000 hearing 1 0; 2000 asked 1 0 final; 3000 sounding 1 1 900;"
        "3600 interrupted 1 1 600; 3620 hearing 2 0; 5000 asked 2 0 final",
        a_turn(1, "Где вы?"),
        a_turn(2, "Подождите"),
    )
    assert found[1].ms < 3000
    assert (found[1].after, found[1].after_ms) == ((1, 1), 0)


def test_words_that_went_along_are_said_once():
    """A turn whose answer was not heard is said again by the scenario with the next one's words."""
    lines = (
        "0 joined 0 0; 1000 hearing 1 0; 2000 asked 1 0 stable;{}"
        "3000 hearing 2 0; 4000 asked 2 0 final"
    )
    turns = a_turn(1, "Сколько стоит"), a_turn(2, "Сколько стоит доставка домой")
    assert [act.text for act in acts(lines.format(""), *turns)] == [
        "Сколько стоит",
        "доставка домой",
    ]
    heard = lines.format(" 2500 sounding 1 1 600;")
    assert [act.text for act in acts(heard, *turns)] == [turn.user_text for turn in turns]


def test_sounds_whose_words_are_not_kept_are_made_again():
    """Without words before a question whether the caller is there; with some until they go."""
    found = acts(
        "0 joined 0 0; 3000 hearing 1 0; 5000 silence 0 0 1; 8000 hearing 1 0;"
        "9000 asked 1 0 final; 9500 sounding 1 1 800; 9900 resumed 1 1;"
        "20000 hearing 2 0; 25000 gone 0 0",
        a_turn(1, "Где вы?"),
    )
    assert [act.kind for act in found] == ["sound", "words", "sound", "words", "hang_up"]
    assert found[3].ms + found[3].lasts_ms > 25000
    assert found[4].ms == 25000


def test_only_a_caller_who_hung_up_hangs_up():
    lines = steps("0 joined 0 0; 9000 gone 0 0")
    ended = replace(a_call(), end_reason="assistant_hung_up")
    assert acts_of(Recorded(ended, [], lines)) == []
