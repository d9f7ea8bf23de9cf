"""What was known when a plan was decided, kept with the plan: to be read long after the trace."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.clock import iso
from domain.numbers import plain
from domain.plan import TradePlan
from domain.snapshot import Snapshot


def entry_snapshot(
    snapshot: Snapshot, plan: TradePlan, leverage_ratio: Decimal = Decimal(1)
) -> dict[str, Any]:
    """The market as the plan saw it, JSON-able; what was absent is null, never 0.

    Args:
        snapshot: What the run saw.
        plan: What was approved.
        leverage_ratio: Value over margin that the policy reckons with for a perpetual; a spot
            position is paid in full.
    """
    book, features, funding = snapshot.book, snapshot.decision_features, snapshot.funding
    spread = None if book is None or book.spread_bps is None else plain(book.spread_bps, 4)
    return {
        "as_of": iso(snapshot.as_of),
        "decision_price": plain(plan.decision_price),
        "last": plain(snapshot.last),
        "last_at": iso(snapshot.last_at),
        "spread_bps": spread,
        "book_origin": None if book is None else book.origin,
        "features": None if features is None else features.model_dump(mode="json"),
        "regime": snapshot.regime.model_dump(mode="json"),
        "funding": None if funding is None else funding.model_dump(mode="json"),
        "leverage_ratio": plain(leverage_ratio) if snapshot.kind == "perpetual" else "1",
        "confidence": plain(plan.draft.confidence),
        "evidence": list(plan.draft.evidence),
        "model": plan.model,
        "prompt_hash": plan.prompt_hash,
        "policy_hash": plan.policy_hash,
    }
