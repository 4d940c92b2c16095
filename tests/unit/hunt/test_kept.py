"""Failing seeds in a file: written once, read as they were."""

from __future__ import annotations

from halo_voice.hunt.kept import Kept, keep, read
from halo_voice.hunt.play import SCENARIO, one_call
from halo_voice.simulator.faults import Faults, When


def test_a_seed_is_kept_once(tmp_path):
    """With what struck and what it broke; a second time adds nothing."""
    file = tmp_path / "seeds.toml"
    source = SCENARIO.read_text("utf-8").replace("no_speech_ms: 6500", "no_speech_ms: 30000")
    found = next(o for o in (one_call(s, scenario=source) for s in range(100)) if o.breaches)
    assert keep(file, [found]) == 1
    assert keep(file, [found]) == 0
    (kept,) = read(file)
    assert (kept.seed, kept.backend) == (found.seed, False)
    assert kept.what == str(found.breaches[0])
    assert len(kept.strikes) == len(found.strikes)


def test_a_hostile_text_stays_a_text(tmp_path):
    """Quotes, backslashes and control characters of what was said break no file."""
    file = tmp_path / "seeds.toml"
    found = one_call(1, faults=Faults({}))
    found.breaches.append(type("Told", (), {"__str__": lambda _: 'a "b" \\ \x07\n c'})())
    keep(file, [found])
    assert read(file)[0].what == 'a "b" \\ c'


def test_strikes_are_read_as_faults():
    """Each at its occasion, and none after the calm has begun."""
    kept = Kept(7, False, "", ("F20@3", "late@10", "F20@1"))
    wanted = {"F20": When(at=(1, 3)), "late": When(at=(10,))}
    assert kept.faults(9_000) == Faults(wanted, 9_000)
