"""How long a caller waits for an answer: whole conversations, scenario and backend on one clock.

python -m benchmarks.conversation [--calls 20]

The delays are fixed (tests/conversation.py); the time is virtual, so every machine prints the same.
`bound` is the least that a model's answer can take with these delays; a farewell needs no model.
"""

from __future__ import annotations

import argparse
import logging
from statistics import quantiles

import structlog

from halo_voice.simulator import PROMPT, TARDY, Recogniser, run_virtually
from tests.conversation import QUESTIONS, Felt, bound_ms, converse, waiting

SCENES: dict[str, Recogniser] = {
    "final after 0.6 s": PROMPT,
    "the same, waited for": waiting(PROMPT),
    "final after 4.6 s, rewritten": TARDY,
}


def row(name: str, recogniser: Recogniser, felt: Felt) -> str:
    """One line of the table; times in ms."""
    tenths = quantiles(felt.waits_ms, n=20)
    times = [tenths[0], felt.p50_ms, tenths[17], tenths[18], max(felt.waits_ms)]
    begun = felt.adopted + felt.dropped
    adopted = f"{felt.adopted} of {begun}" if begun else "-"
    shown = " ".join(f"{round(ms):>6,}" for ms in (bound_ms(recogniser), *times))
    return f"{name:<30}{shown} {felt.turns:>6} {adopted:>12} {felt.wasted:>7}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20, help="of each kind")
    calls = parser.parse_args().calls
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"{calls} calls of {len(QUESTIONS)} questions each; ms from the caller's last sound")
    heads = " ".join(f"{head:>6}" for head in ("bound", "p5", "p50", "p90", "p95", "most"))
    print(f"{'recogniser':<30}{heads}  turns  used of begun  wasted")
    for name, recogniser in SCENES.items():
        felt = run_virtually(converse(recogniser, range(calls)))
        print(row(name, recogniser, felt))
        for fault in felt.faults[:5]:
            print(f"    {fault}")
    least = bound_ms(waiting(TARDY))
    print(f"A loop that waits for the final after 4.6 s cannot answer within {least:,.0f} ms.")


if __name__ == "__main__":
    main()
