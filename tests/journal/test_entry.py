from __future__ import annotations

from decimal import Decimal

from domain.plan import PlanDraft, TradePlan, make_plan
from domain.snapshot import Snapshot
from domain.strict_json import canonical
from journal.entry import entry_snapshot
from tests.agent.samples import AS_OF, PLAN, snapshot


def plan_on(seen: Snapshot) -> TradePlan:
    return make_plan(
        PlanDraft.model_validate(PLAN),
        version=1,
        run_id="run",
        symbol=seen.symbol,
        as_of=AS_OF,
        timeframe=seen.timeframe,
        decision_price=seen.last,
        model="rules",
        prompt_hash="prompt",
        policy_hash="policy",
    )


def test_what_was_known_is_kept_as_the_plan_saw_it() -> None:
    seen = snapshot()
    known = entry_snapshot(seen, plan_on(seen), Decimal(3))
    assert canonical(known) == canonical(entry_snapshot(seen, plan_on(seen), Decimal(3)))
    assert (known["as_of"], known["last_at"]) == ("2024-03-05T12:00:00Z",) * 2
    assert (known["decision_price"], known["last"]) == ("64052.1", "64052.1")
    assert (known["spread_bps"], known["book_origin"]) == ("0.0312", "synthetic")
    assert known["features"]["timeframe"] == "1h"
    assert known["features"]["atr_14"] == 210.0
    assert known["regime"]["volatility"] == "extreme"
    assert known["funding"]["rate_fraction"] == "0.0001"
    assert (known["confidence"], known["evidence"]) == ("0.7", ["ohlcv#1"])
    hashes = (known["model"], known["prompt_hash"], known["policy_hash"])
    assert hashes == ("rules", "prompt", "policy")
    assert known["leverage_ratio"] == "3"


def test_what_was_absent_is_null_and_a_spot_position_is_paid_in_full() -> None:
    bare = {"kind": "spot", "book": None, "funding": None, "features": ()}
    seen = snapshot().model_copy(update=bare)
    known = entry_snapshot(seen, plan_on(seen), Decimal(3))
    assert [known[name] for name in ("spread_bps", "book_origin", "features", "funding")] == [
        None
    ] * 4
    assert known["leverage_ratio"] == "1"
