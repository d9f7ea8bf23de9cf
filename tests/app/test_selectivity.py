"""How choosy a session was: figures by hand, and nothing said where nothing is known."""

from __future__ import annotations

from typing import Any

import pytest

from app.report_words import selectivity_words
from app.selectivity import selectivity_document


def version(confidence: str, *codes: str) -> dict[str, Any]:
    verdict = {"verdict": "denied" if codes else "approved", "codes": list(codes)}
    return {"draft": {"confidence": confidence, "thesis": "ten words.."}, "verdict": verdict}


def decision(hour: int, outcome: str, *versions: Any, **more: Any) -> dict[str, Any]:
    return {
        "as_of": f"2024-01-01T{hour:02d}:00:00Z",
        "outcome": outcome,
        "versions": list(versions),
        "revisions": max(0, len(versions) - 1),
        "codes": [],
        "reason": "why",
        "woken": [],
        **more,
    }


def test_the_figures_are_those_of_a_hand_count() -> None:
    found = selectivity_document(
        [
            decision(0, "approved", version("0.65", "RR_BELOW_MIN"), version("0.7")),
            decision(1, "no_trade", woken=["PRICE", "it moved"], reason="nothing at all"),
            decision(2, "quiet", woken=["QUIET", "nothing"]),
            decision(3, "quiet", woken=["QUIET", "nothing"]),
            decision(4, "denied", version("1.0", "COOLDOWN", "RR_BELOW_MIN")),
            decision(8, "failed", codes=["DEADLINE"]),
        ],
        [["PRICE_COLLAR"]],
        trades_count=2,
    )
    assert found == {
        "decisions": 6,
        "outcomes": {"approved": 1, "denied": 1, "failed": 1, "no_trade": 1, "quiet": 2},
        "hold_share": 0.25,
        "woken_by": {"QUIET": 2, "PRICE": 1},
        "trades_per_hour": 0.25,
        "plans": 3,
        "revisions": 1,
        "denials_per_plan": pytest.approx(2 / 3),
        "denials_by_code": {"RR_BELOW_MIN": 2, "COOLDOWN": 1},
        "denials_at_send_by_code": {"PRICE_COLLAR": 1},
        "voted_down": 0,
        "failures_by_code": {"DEADLINE": 1},
        "opinions": None,
        "mean_confidence": pytest.approx(0.7833, abs=1e-4),
        "confidence_bands": [
            {"from": 0.6, "to": 0.7, "plans": 1, "approved": 0, "voted_down": 0},
            {"from": 0.7, "to": 0.8, "plans": 1, "approved": 1, "voted_down": 0},
            {"from": 0.9, "to": 1.0, "plans": 1, "approved": 0, "voted_down": 0},
        ],
        "mean_justification_characters": pytest.approx((3 * 11 + 14) / 4),
    }


def test_of_nothing_nothing_is_said() -> None:
    found = selectivity_document([], [], 0)
    assert {k for k, v in found.items() if v is None} == {
        "hold_share", "trades_per_hour", "denials_per_plan", "mean_confidence",
        "mean_justification_characters", "opinions",
    }  # fmt: skip
    assert selectivity_document([decision(3, "no_trade")], [], 1)["trades_per_hour"] is None


def test_what_others_made_of_the_plans_is_counted() -> None:
    def asked(hour: int, code: str | None, flips: int) -> dict[str, Any]:
        counts = {"code": code, "flips_count": flips, "repeats_count": 3}
        return {**decision(hour, "no_trade"), "opinions": counts}

    found = selectivity_document([asked(0, None, 0), asked(1, "UNSTABLE", 2)], [], 0)
    assert found["opinions"] == {
        "asked": 2,
        "by_code": {"AGREED": 1, "UNSTABLE": 1},
        "flip_fraction": pytest.approx(1 / 3),
    }


def test_what_others_turned_down_is_no_approval_though_the_gate_let_it_through() -> None:
    no = {"opinions": {"code": "NO_QUORUM", "flips_count": 0, "repeats_count": 0}}
    agreed = {"opinions": {"code": None, "flips_count": 0, "repeats_count": 0}}
    found = selectivity_document(
        [
            decision(0, "no_trade", version("0.7"), **no),
            decision(1, "approved", version("0.7"), version("0.7"), **agreed),
            # What was revised after a denial met the votes before it was a version.
            decision(2, "no_trade", version("0.7"), version("0.7", "RR_BELOW_MIN"), **no),
        ],
        [],
        trades_count=0,
    )
    assert found["voted_down"] == 1
    assert found["confidence_bands"] == [
        {"from": 0.7, "to": 0.8, "plans": 5, "approved": 3, "voted_down": 1}
    ]
    assert found["denials_per_plan"] == pytest.approx(1 / 5)
    assert "0.7–0.8: 3 of 5 (1 voted down)" in selectivity_words(found)
