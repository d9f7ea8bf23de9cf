"""Thousands of cases before the gate and before an oracle that shares no code with it.

10,000 cases a run; `FUZZ_CASES=100000` makes it more, `FUZZ_SEED=anything` makes it others. A
failure prints each case as JSON, to be fed to `plangate gate check -`.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.fuzz.cases import make_text
from tests.fuzz.holding import Outcome, hold
from tests.fuzz.shrink import smallest
from tests.oracle.limits import CODES, DOOR_CODES

SEED = os.environ.get("FUZZ_SEED", "plangate")
CHUNK = 2_500
CHUNKS = max(1, int(os.environ.get("FUZZ_CASES", "10000")) // CHUNK)
THOROUGH_EVERY = 4
"""One case in so many is also written down and read again."""
SHOWN = 3


@pytest.mark.timeout(900)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_gate_and_the_oracle_agree(chunk, record_property):
    outcomes, failures = [], []
    for index in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        text = make_text(SEED, index)
        outcome = hold(text, thorough=index % THOROUGH_EVERY == 0)
        outcomes.append(outcome)
        if outcome.complaints:
            failures.append((index, text, outcome.complaints))
    kinds = Counter(outcome.kind for outcome in outcomes)
    codes = Counter(code for outcome in outcomes for code in outcome.codes)
    record_property("fuzz", {"kinds": dict(kinds), "codes": dict(codes)})
    assert not failures, _shown(failures)
    _every_control_is_alive(kinds, codes, outcomes)


def _every_control_is_alive(
    kinds: Counter[str], codes: Counter[str], outcomes: list[Outcome]
) -> None:
    """A fuzzer that denies everything, or never reaches a control, proves nothing."""
    assert kinds["approved"] >= len(outcomes) * 0.05, kinds
    assert kinds["refused"], kinds
    never = sorted((CODES | DOOR_CODES) - codes.keys())
    assert not never, f"never fired: {never}"


def _shown(failures: list[tuple[int, str, list[str]]]) -> str:
    """Of each kind of failure the shortest case, as it came and as small as it gets."""
    shortest: dict[str, tuple[int, str, list[str]]] = {}
    for failure in sorted(failures, key=lambda f: len(f[1]), reverse=True):
        shortest[" ".join(failure[2][0].split()[:2])] = failure
    rows = [f"{len(failures)} cases of seed {SEED!r} on which gate and oracle differ"]
    for index, text, complaints in list(shortest.values())[:SHOWN]:
        rows += [f"case {index}:", *complaints, text, "smallest:", smallest(text)]
    return "\n".join(rows)
