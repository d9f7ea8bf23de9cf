"""One decision through the real graph, desk, gate and journal, with a scripted model."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.scripted_model import Step
from app.session import ORDER_DELAY
from domain.clock import FixedClock
from domain.errors import AccessRefused, Unreachable
from domain.lifecycle import OrderStatus
from graph.build import build_graph
from graph.recording import plan_of
from graph.run import Runner, open_saver, thread
from journal.batch import Batch
from policies.case import Case
from policies.document import read_case, verdict_document
from policies.gate import review
from tests.broker.venue import H, approved, commit
from tests.graph.room import SLOT, proposal, scripted, wired_session
from tests.journal.hand import fill
from traces.events import Reviewed

ASK: Step = [("ohlcv", {"bars": 5}), ("regime", {})]
ABSTAIN: Step = [("no_trade", {"reason": "nothing to do"})]


async def decide(home: Path, steps: list[Step], **caps: Any) -> dict[str, Any]:
    async with wired_session(home) as wired, open_saver(home / "c.db") as saver:
        context, model = scripted(wired, steps, **caps)
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
        model.assert_finished()
        return {**final, "pending": context.journal.orders(OrderStatus.PENDING)}


async def test_tools_denial_revision_approval_and_one_intent(tmp_path: Path) -> None:
    final = await decide(tmp_path, [ASK, proposal(5200), proposal(5300)])
    assert final["outcome"] == "approved"
    assert (final["model_calls"], final["tool_calls"], final["revisions"]) == (3, 2, 1)
    assert [o.client_order_id for o in final["pending"]] == final["orders"]
    assert len(final["versions"]) == 2


async def test_a_plan_carries_what_its_runs_tools_answered(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        refused: Step = [("ohlcv", {"bars": 5}), ("ohlcv", {"bars": -5})]
        context, _ = scripted(wired, [refused, proposal(5300, evidence=["ohlcv#1"])])
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
        plan = plan_of(context, final["versions"][-1][0])
    assert final["outcome"] == "approved", final["reason"]
    assert [(e.result_id, e.tool, e.ok) for e in plan.evidence] == [
        ("ohlcv#1", "ohlcv", True),
        ("ohlcv#2", "ohlcv", False),
    ]
    assert {e.as_of for e in plan.evidence} == {SLOT}


@pytest.mark.parametrize("cited", ["ohlcv#1", "ohlcv#2", "made_up#1"])
async def test_a_plan_that_rests_on_what_was_never_answered_is_denied(
    tmp_path: Path, cited: str
) -> None:
    asked: list[Step] = [[("ohlcv", {"bars": -5})]]
    steps = [*asked, proposal(5300, evidence=[cited])]
    final = await decide(tmp_path, steps, max_revisions_count=0)
    assert (final["outcome"], final["codes"]) == ("denied", ["EVIDENCE_MISSING"])


async def test_the_whole_case_is_kept_as_the_gate_saw_it(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5200), proposal(5300)])
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
        clock = context.clock
        assert isinstance(clock, FixedClock)
        clock.advance_to(SLOT + ORDER_DELAY)
        await wired.executor.dispatch()
        reviews = [
            recorded.event
            for recorded in context.recorder.store.events(final["run_id"])
            if isinstance(recorded.event, Reviewed)
        ]
        assert [(r.stage, r.approved) for r in reviews] == [
            ("review", False),
            ("review", True),
            ("send", True),
        ]
        for event in reviews:
            assert event.case is not None
            case = read_case(context.recorder.read_blob(event.case))
            assert isinstance(case, Case)
            verdict = review(case)
            assert (verdict.approved, list(verdict.codes)) == (event.approved, event.codes)
            assert verdict_document(verdict)["findings"] == event.findings


async def test_a_denial_is_kept_with_the_nearest_plan_that_would_pass(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5200), proposal(5300)])
        await Runner(context, saver).decide("BTC/USD", SLOT)
        (decision,) = context.journal.decisions()
    first, second = (version["verdict"] for version in decision["versions"])
    assert first["nearest"]["plan"]["targets"]
    assert second["nearest"] is None


async def test_abstaining_is_an_answer(tmp_path: Path) -> None:
    final = await decide(tmp_path, [ABSTAIN])
    assert (final["outcome"], final["reason"]) == ("no_trade", "nothing to do")
    assert final["pending"] == []


async def test_a_denial_after_the_last_revision_ends_as_denied(tmp_path: Path) -> None:
    final = await decide(tmp_path, [proposal(5200), proposal(5201), proposal(5202)])
    assert (final["outcome"], final["codes"]) == ("denied", ["RR_BELOW_MIN"])
    assert final["pending"] == []


async def test_without_revisions_the_first_denial_ends_it(tmp_path: Path) -> None:
    final = await decide(tmp_path, [proposal(5200)], max_revisions_count=0)
    assert final["outcome"] == "denied"


async def test_an_answer_that_cannot_be_read_may_be_mended(tmp_path: Path) -> None:
    final = await decide(tmp_path, [proposal(5300, quantity=5), proposal(5300)])
    assert (final["outcome"], final["revisions"]) == ("approved", 1)


async def test_an_answer_that_never_can_be_read_fails_with_its_code(tmp_path: Path) -> None:
    final = await decide(tmp_path, [proposal(5300, leverage=50)] * 3)
    assert (final["outcome"], final["codes"]) == ("failed", ["UNKNOWN_FIELD"])


async def test_exiting_nothing_is_a_complaint_not_an_order(tmp_path: Path) -> None:
    final = await decide(tmp_path, [[("propose_exit", {"thesis": "out"})], ABSTAIN])
    assert (final["outcome"], final["revisions"], final["pending"]) == ("no_trade", 1, [])


@pytest.mark.parametrize(("quantity", "closed"), [("1.5000005", ["1.500000"]), ("0.0000005", [])])
async def test_an_exit_is_of_whole_steps_and_dust_cannot_be_exited(
    quantity: str, closed: list[str], tmp_path: Path
) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        plan, verdict = approved(symbol="BTC/USD", run="earlier", at=SLOT)
        commit(wired.context.journal, plan, verdict)
        bought = replace(fill("buy", quantity, "5150", symbol="BTC/USD"), plan_id=plan.plan_id)
        wired.context.journal.apply(Batch(entries=[bought]))
        context, _ = scripted(wired, [[("propose_exit", {"thesis": "out"})]])
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
        closes = [o for o in context.journal.orders() if o.leg == "close"]
    assert [o.quantity for o in closes] == [Decimal(q) for q in closed]
    assert final["outcome"] == ("exit" if closed else "no_trade")


@pytest.mark.parametrize(
    ("steps", "caps", "code"),
    [
        ([ASK, ASK], {"max_tool_turns_count": 1}, "TOOL_TURNS_CAP"),
        ([ASK, ASK], {"max_model_calls_count": 2}, "CALLS_CAP"),
        ([ASK], {"max_tokens_count": 1000}, "TOKENS_CAP"),
        ([], {"max_seconds_s": 1e-9}, "DEADLINE"),
    ],
)
async def test_each_cap_ends_the_run_with_its_own_code(
    tmp_path: Path, steps: list[Step], caps: dict[str, Any], code: str
) -> None:
    final = await decide(tmp_path, steps, **caps)
    assert (final["outcome"], final["codes"]) == ("failed", [code])


async def test_an_outage_ends_as_no_trade_with_its_own_code(tmp_path: Path) -> None:
    final = await decide(tmp_path, [Unreachable("no host")] * 3, max_seconds_s=20.0)
    assert (final["outcome"], final["codes"]) == ("failed", ["MODEL_UNAVAILABLE"])
    assert "no host" in final["reason"]


async def test_a_repeated_run_commits_nothing_twice(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        for _ in range(2):
            context, _model = scripted(wired, [proposal(5300)])
            await (
                build_graph(context)
                .compile()
                .ainvoke({"symbol": "BTC/USD", "as_of": SLOT.isoformat()})
            )
        assert len(wired.context.journal.orders()) == 1
        assert len(wired.context.journal.decisions()) == 1


async def test_checkpoints_hold_hashes_and_plain_values_only(tmp_path: Path) -> None:
    await decide(tmp_path, [ASK, proposal(5300)])
    with sqlite3.connect(tmp_path / "c.db") as connection:
        stored = b"".join(
            row[0] for row in connection.execute("SELECT checkpoint FROM checkpoints")
        )
    connection.close()
    assert b"Situation" not in stored
    assert b"open_time" not in stored
    assert len(stored) < 6000


def test_the_graph_is_drawn_as_it_always_was() -> None:
    from graph.build import NODES

    graph = build_graph(None).compile().get_graph().draw_mermaid()  # type: ignore[arg-type]
    golden = Path(__file__).parents[1] / "snapshots" / "graph.mmd"
    assert set(NODES) <= set(graph.replace("(", " ").replace("\t", " ").split())
    assert graph == golden.read_text(encoding="utf-8")


async def test_a_run_that_stopped_before_its_end_is_made_again_with_the_same_result(
    tmp_path: Path,
) -> None:
    """Whatever node a crash came before: the checkpoint's leftovers must not decide anything."""
    undisturbed = await decide(tmp_path / "whole", [proposal(5200), proposal(5300)])
    for node in ("plan", "review", "revise", "submit", "record"):
        home = tmp_path / node
        async with wired_session(home) as wired, open_saver(home / "c.db") as saver:
            context, _ = scripted(wired, [proposal(5200), proposal(5300)])
            stopped = build_graph(context).compile(checkpointer=saver)
            await stopped.ainvoke(
                {"symbol": "BTC/USD", "as_of": SLOT.isoformat().replace("+00:00", "Z")},
                thread(context, "BTC/USD", SLOT),
                interrupt_before=[node],
                durability="sync",
            )
            context.recorder.flush()
        again = await decide(home, [proposal(5200), proposal(5300)])
        for key in ("outcome", "orders", "codes", "revisions", "model_calls", "pending"):
            assert again[key] == undisturbed[key], (node, key)


async def test_a_refused_key_ends_no_live_session_that_has_begun(tmp_path: Path) -> None:
    refused = AccessRefused("the account at the provider is empty")
    for live, steps in ((False, [ABSTAIN, refused]), (True, [refused]), (True, [ABSTAIN, refused])):
        async with wired_session(tmp_path / f"{live}-{len(steps)}") as wired:
            context, _ = scripted(wired, steps)
            runner = Runner(replace(context, replay=not live), None)
            if len(steps) > 1:
                await runner.decide("BTC/USD", SLOT)
            later = SLOT + H
            if live and len(steps) > 1:
                final = await runner.decide("BTC/USD", later)
                assert (final["outcome"], final["codes"]) == ("failed", ["MODEL_REFUSED"])
                assert final["reason"] == str(refused)
            else:
                with pytest.raises(AccessRefused):
                    await runner.decide("BTC/USD", later)
