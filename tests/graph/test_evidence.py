"""A plan's numbers on the road through the graph: sound, sent back once, and then the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.scripted_model import Step
from graph.run import Runner, open_saver
from journal.batch import Batch
from tests.broker.venue import approved, commit
from tests.graph.room import SLOT, proposal, scripted, wired_session
from tests.journal.hand import fill
from traces.view import render

ASK: Step = [("ohlcv", {"bars": 40}), ("indicators", {})]
TARGET = "5295.09 = now price + 5 * indicators#2 atr_14"
STOP = "5119.29 = now price - 1.25 * indicators#2 atr_14"
"""By hand from the shipped candles: last 5154.45, ATR 14 28.12731."""
LEVELS: dict[str, Any] = {"targets": [{"price": 5295.09}], "invalidation": 5119.29}
BOUND = proposal(0, **LEVELS, numbers=[TARGET, STOP])


async def decide(home: Path, steps: list[Step]) -> dict[str, Any]:
    async with wired_session(home, limits="") as wired, open_saver(home / "c.db") as saver:
        context, model = scripted(wired, steps)
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
        model.assert_finished()
        recorded = context.recorder.store.events(final["run_id"])
        page = str(render(recorded, context.recorder.read_blob, full=True))
        asked = [message.text for message in model.calls[-1]]
        return {**final, "orders_made": context.journal.orders(), "page": page, "asked": asked}


async def test_a_plan_whose_numbers_hold_is_approved_and_each_is_in_the_trace(
    tmp_path: Path,
) -> None:
    final = await decide(tmp_path, [ASK, BOUND])
    assert (final["outcome"], len(final["orders_made"])) == ("approved", 1)
    assert (
        "✓ target 1 5295.09 from now price + 5 * indicators#2 atr_14, which is 5295.08655 ± 0.01"
    ) in " ".join(final["page"].split())


async def test_wrong_numbers_and_the_gates_denial_come_back_as_one_message_numbers_first(
    tmp_path: Path,
) -> None:
    wrong = proposal(5200, numbers=["5200 = ohlcv#1 high_40"], thesis="Support at 4987.7.")
    final = await decide(tmp_path, [ASK, wrong, BOUND])
    assert (final["outcome"], final["revisions"]) == ("approved", 1)
    lines = final["asked"][-1].splitlines()
    assert [line.split(":")[0] for line in lines[:4]] == [
        "DENIED (gate#1).", "- EVIDENCE_UNBOUND", "- EVIDENCE_MISMATCH", "- RR_BELOW_MIN",
    ]  # fmt: skip
    assert "invalidation 5120 has no source: add '5120 = ...' to numbers." in lines[1]
    assert "4987.7 in the thesis is nowhere in what you were shown." in lines[1]
    assert "5200, but ohlcv#1 high_40 is 5191.19: 8.81 apart, rounding allows 0.01." in lines[2]


async def test_what_was_told_once_is_the_end_the_second_time_and_a_complaint_is_no_source(
    tmp_path: Path,
) -> None:
    again = proposal(0, **LEVELS, numbers=[TARGET, STOP], thesis="Support at 4987.7.")
    final = await decide(tmp_path, [ASK, again, again])
    assert (final["outcome"], final["codes"]) == ("denied", ["EVIDENCE_UNBOUND"])
    assert (final["revisions"], final["orders_made"]) == (1, [])
    assert len(final["versions"]) == 2


async def test_an_exit_needs_no_number_and_is_never_held_back(tmp_path: Path) -> None:
    async with wired_session(tmp_path, limits="") as wired:
        plan, verdict = approved(symbol="BTC/USD", run="earlier", at=SLOT)
        commit(wired.context.journal, plan, verdict)
        bought = replace(fill("buy", "1.5", "5150", symbol="BTC/USD"), plan_id=plan.plan_id)
        wired.context.journal.apply(Batch(entries=[bought]))
        context, _ = scripted(wired, [[("propose_exit", {"thesis": "Below 4321.9 it is lost."})]])
        final = await Runner(context, None).decide("BTC/USD", SLOT)
    assert final["outcome"] == "exit"
