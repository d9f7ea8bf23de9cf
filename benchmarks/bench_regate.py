"""Re-gating stored plans: plans per second of CPU time, and how that grows with their number.

Each plan has a case of its own (its prices differ), stored as a session stores it: events, and the
case as a text by hash. Timed apart: reading the events back, reading the cases, and judging them
under another policy; a grid judges again and reads nothing. Aim: ten times the plans take at most
ten times as long. Run: python benchmarks/bench_regate.py
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

import market.store.tables  # noqa: F401  # a new database is made from all definitions
from backtest.record import read_decisions
from backtest.regate import judged, read_plans
from domain.clock import FixedClock
from domain.strict_json import exact
from policies.case import Case
from policies.case_document import case_document
from policies.document import verdict_document
from policies.gate import review
from policies.policy_file import preset
from policies.settings import Policy
from policies.specimen import NOW, draft, specimen
from traces import events as ev
from traces.database import Database
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore
from traces.tables import METADATA

FEW, MANY = 1_000, 10_000
CENT = Decimal("0.01")


def main() -> None:
    """Print the table; the few are timed before and after the many, so that neighbours show."""
    print("plans    read events   read cases       judge       all   plans per CPU-s   flips")
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "bench.db", METADATA)
        for count in (FEW, MANY):
            _fill(TraceStore(database, f"of-{count}"), count)
        taken = [_row(database, count) for count in (FEW, FEW, MANY, FEW, FEW)]
        database.close()
    growth = taken[2] / median([*taken[:2], *taken[3:]])
    print(
        f"\n{MANY // FEW} times the plans: {growth:.1f} times as long (aim: at most {MANY // FEW})"
    )


def _row(database: Database, count: int) -> float:
    events, cases, judging, flips = _timed(TraceStore(database, f"of-{count}"))
    whole = events + cases + judging
    print(
        f"{count:>6,}  {events:>9.2f} s  {cases:>9.2f} s  {judging:>8.2f} s  "
        f"{whole:>6.2f} s  {count / whole:>16,.0f}  {flips:>6}"
    )
    return whole


def _fill(store: TraceStore, count: int) -> None:
    """A session's traces with so many decisions of one plan each."""
    recorder = Recorder(store, Redactor({}), FixedClock(NOW))
    base = specimen(Policy())
    for number in range(count):
        _record(recorder, f"run-{number}", _moved(base, number))
        if number % 500 == 499:
            recorder.flush()
    recorder.flush()


def _moved(base: Case, number: int) -> Case:
    """The specimen at another price: no two of the cases are the same text."""
    moved = base.decision_price + (number % 977) * CENT
    confidence = Decimal(50 + number % 50) / 100
    at = base.decided_at + timedelta(seconds=number)
    changed = replace(draft(base, confidence=confidence), decision_price=moved)
    return replace(changed, market=replace(base.market, last=moved), decided_at=min(at, NOW))


def _record(recorder: Recorder, run_id: str, case: Case) -> None:
    started = ev.RunStarted(
        symbol=case.instrument.symbol,
        as_of=case.decided_at,
        model="bench",
        policy_hash=case.plan_policy_hash,
        prompt_hash="",
        market="bench",
    )
    verdict = review(case)
    document = verdict_document(verdict)
    body = case.draft.model_dump(mode="json")
    judged_then = ev.Reviewed(
        plan_id=run_id,
        version=1,
        approved=verdict.approved,
        codes=list(verdict.codes),
        findings=document["findings"],
        bracket=document["bracket"],
        stage="review",
        case=recorder.blob(exact(case_document(case))),
    )
    recorder.record(run_id, "observe", started)
    recorder.record(run_id, "plan", ev.AnswerParsed(answer="plan", body=body, complaint=None))
    recorder.record(run_id, "review", judged_then)


def _timed(store: TraceStore) -> tuple[float, float, float, int]:
    """CPU seconds of the three parts, and how many decisions flip."""
    policy = preset("conservative")
    begun = process_time()
    decisions = read_decisions(store)
    events = process_time()
    record = list(read_plans(decisions, store.blobs.get))
    cases = process_time()
    found = [judged(decision, plans, policy) for decision, plans in record]
    ended = process_time()
    flips = sum(one.flip is not None for one in found)
    return events - begun, cases - events, ended - cases, flips


if __name__ == "__main__":
    main()
