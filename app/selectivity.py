"""How choosy a session was: what it did with its decisions, how sure it was, how much it said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import fmean
from typing import Any

from domain.clock import parse_moment

BANDS = (0.0, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Edges of the bands of confidence; each holds its lower edge, the last one also its upper."""


def selectivity_document(
    decisions: Sequence[Mapping[str, Any]],
    denied_at_send: Iterable[Iterable[str]],
    trades_count: int,
) -> dict[str, Any]:
    """Figures of a session's decisions; what nothing can be said about is null.

    Args:
        decisions: Their documents, oldest first.
        denied_at_send: Codes of each plan that was denied on fresh data.
        trades_count: Closed trades.
    """
    outcomes = Counter(d["outcome"] for d in decisions)
    asked = len(decisions) - outcomes["quiet"]
    plans = [v for d in decisions for v in _judged(d)]
    denied = [v for v in plans if not _approved(v)]
    failed = [d for d in decisions if d["outcome"] == "failed"]
    hours = _hours([parse_moment(d["as_of"]) for d in decisions])
    said = [v["draft"]["thesis"] for v in plans]
    said += [d["reason"] for d in decisions if d["outcome"] == "no_trade"]
    return {
        "decisions": len(decisions),
        "outcomes": dict(sorted(outcomes.items())),
        "hold_share": outcomes["no_trade"] / asked if asked else None,
        "woken_by": _counted(d["woken"][0] for d in decisions if d.get("woken")),
        "trades_per_hour": trades_count / hours if hours else None,
        "plans": len(plans),
        "revisions": sum(d["revisions"] for d in decisions),
        "denials_per_plan": len(denied) / len(plans) if plans else None,
        "denials_by_code": _counted(c for v in plans for c in v["verdict"]["codes"]),
        "denials_at_send_by_code": _counted(c for codes in denied_at_send for c in codes),
        "voted_down": sum(v["voted_down"] for v in plans),
        "failures_by_code": _counted(c for d in failed for c in d["codes"]),
        "opinions": _opinions([d["opinions"] for d in decisions if d.get("opinions")]),
        "mean_confidence": _mean([float(v["draft"]["confidence"]) for v in plans]),
        "confidence_bands": _bands(plans),
        "mean_justification_characters": _mean([float(len(text)) for text in said]),
    }


def _judged(decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each version of its plan, and whether others turned down what the gate had let through."""
    versions, code = decision["versions"], (decision.get("opinions") or {}).get("code")
    last = len(versions) - 1
    return [
        {**version, "voted_down": bool(code) and index == last and _approved(version)}
        for index, version in enumerate(versions)
    ]


def _approved(version: Mapping[str, Any]) -> bool:
    return bool(version["verdict"]["verdict"] == "approved")


def _opinions(asked: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How often others were asked, what that came to, and how often the model flipped."""
    if not asked:
        return None
    repeats = sum(each["repeats_count"] for each in asked)
    flips = sum(each["flips_count"] for each in asked)
    return {
        "asked": len(asked),
        "by_code": _counted(each["code"] or "AGREED" for each in asked),
        "flip_fraction": flips / repeats if repeats else None,
    }


def _bands(plans: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What became of plans, by the confidence that the model gave; bands without a plan left out.

    A plan that others turned down was approved by the gate, and counts as voted down alone.
    """
    rows = []
    for low, high in pairwise(BANDS):
        mine = [v for v in plans if _lies_within(float(v["draft"]["confidence"]), low, high)]
        if mine:
            voted_down = sum(v["voted_down"] for v in mine)
            approved = sum(_approved(v) for v in mine) - voted_down
            counts = {"plans": len(mine), "approved": approved, "voted_down": voted_down}
            rows.append({"from": low, "to": high, **counts})
    return rows


def _lies_within(confidence: float, low: float, high: float) -> bool:
    return low <= confidence < high or confidence == high == BANDS[-1]


def _hours(moments: Sequence[datetime]) -> float | None:
    """From the first decision to the last; None where that is no time."""
    span_s = (max(moments) - min(moments)).total_seconds() if moments else 0.0
    return span_s / 3600 or None


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(Counter(words).most_common())


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
