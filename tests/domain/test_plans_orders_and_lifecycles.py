from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.candles import Timeframe
from domain.errors import IllegalTransition, UnknownSymbol
from domain.finding import Stated
from domain.instrument import split_symbol
from domain.lifecycle import (
    ORDER_STEPS,
    PLAN_STEPS,
    OrderStatus,
    PlanStatus,
    order_step,
    plan_step,
)
from domain.orders import Position, client_order_id
from domain.plan import PlanDraft, TradePlan, make_plan
from domain.trade import ClosedTrade
from domain.verdict import Approved, Bracket, Denied, TargetLeg

AT = datetime(2024, 1, 1, tzinfo=UTC)


def draft(**changes: Any) -> dict[str, Any]:
    return {
        "side": "long",
        "targets": [{"price": "110"}],
        "invalidation": "95",
        "horizon_bars": 24,
        "thesis": "because",
        "confidence": "0.7",
        **changes,
    }


def plan(**changes: Any) -> TradePlan:
    context: dict[str, Any] = {
        "version": 1,
        "run_id": "r",
        "symbol": "BTC/USD",
        "as_of": AT,
        "timeframe": Timeframe.H1,
        "decision_price": Decimal(100),
        "model": "rules",
        "prompt_hash": "p",
        "policy_hash": "q",
    }
    return make_plan(PlanDraft.model_validate(draft()), **{**context, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "1"},
        {"leverage": 10},
        {"targets": []},
        {"targets": [{"price": "110", "weight": "0"}]},
        {"targets": [{"price": "1", "weight": "0.25"}] * 4},
        {"invalidation": "0"},
        {"invalidation": "NaN"},
        {"invalidation": "1e12"},
        {"confidence": "1.1"},
        {"thesis": "  "},
        {"side": "LONG"},
        {"horizon_bars": 0},
        {"evidence": ["x" * 65]},
    ],
)
def test_a_draft_cannot_say_what_it_must_not(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlanDraft.model_validate(draft(**changes))


@pytest.mark.parametrize(
    ("said", "shares"),
    [
        (["0.5"], ["1"]),
        (["0.6", "0.4"], ["0.6", "0.4"]),
        (["0.123456", "0.876544"], ["0.123456", "0.876544"]),
        ([None, None], ["0.5000", "0.5000"]),
        (["1", "1", "1"], ["0.3333", "0.3333", "0.3334"]),
        (["50", "30", "20"], ["0.5000", "0.3000", "0.2000"]),
    ],
)
def test_weights_of_targets_are_relative(said: list[str | None], shares: list[str]) -> None:
    targets = [
        {"price": 110 + 10 * n} | ({"weight": weight} if weight else {})
        for n, weight in enumerate(said)
    ]
    read = PlanDraft.model_validate(draft(targets=targets))
    assert [str(target.weight) for target in read.targets] == shares
    assert sum(target.weight for target in read.targets) == 1
    assert PlanDraft.model_validate(read.model_dump(mode="json")) == read


@pytest.mark.parametrize("weights", [("100", "0.001"), ("0.001", "100"), ("1e-30", "1")])
def test_a_target_that_would_take_nothing_is_refused(weights: tuple[str, str]) -> None:
    targets = [{"price": 110 + n, "weight": weight} for n, weight in enumerate(weights)]
    with pytest.raises(ValidationError, match="takes less than"):
        PlanDraft.model_validate(draft(targets=targets))


def test_a_plan_is_named_by_its_content() -> None:
    assert plan().plan_id == plan().plan_id
    assert plan().plan_id != plan(version=2).plan_id
    assert plan().plan_id != plan(policy_hash="other").plan_id
    assert TradePlan.model_validate_json(plan().model_dump_json()) == plan()


@given(st.text(max_size=20), st.integers(1, 9), st.integers(0, 9))
def test_client_order_ids_are_short_lower_case_and_repeatable(
    plan_id: str, version: int, sequence: int
) -> None:
    one = client_order_id("paper", plan_id, version, "entry", sequence)
    assert one == client_order_id("paper", plan_id, version, "entry", sequence)
    assert len(one) == 28
    assert one.isalnum()
    assert one == one.lower()
    assert one != client_order_id("paper", plan_id, version, "stop", sequence)


def test_every_status_stands_in_its_table_and_final_ones_stay_final() -> None:
    assert set(PLAN_STEPS) == set(PlanStatus)
    assert set(ORDER_STEPS) == set(OrderStatus)
    assert plan_step(PlanStatus.APPROVED, PlanStatus.WORKING) is PlanStatus.WORKING
    assert order_step(OrderStatus.PENDING, OrderStatus.SENDING) is OrderStatus.SENDING
    with pytest.raises(IllegalTransition, match="'closed' to 'open'"):
        plan_step(PlanStatus.CLOSED, PlanStatus.OPEN)
    with pytest.raises(IllegalTransition, match="'filled' to 'working'"):
        order_step(OrderStatus.FILLED, OrderStatus.WORKING)


def test_positions_know_their_side_price_and_profit() -> None:
    short = Position("X", Decimal(-2), Decimal(-200), AT, "p")
    assert (short.side, short.entry_price) == ("short", Decimal(100))
    assert short.unrealised(Decimal(90)) == Decimal(20)
    assert Position("X", Decimal(1), Decimal(100), AT, "p").side == "long"


def test_a_closed_trade_is_measured_in_its_planned_risk() -> None:
    trade = ClosedTrade(
        "p", "X", "long", Decimal(1), Decimal(100), Decimal(110), AT, AT,
        gross=Decimal(10), fees=Decimal(1), funding=Decimal(-1), risk_amount=Decimal(5),
        close_reason="target",
    )  # fmt: skip
    assert (trade.net, trade.r_multiple) == (Decimal(10), Decimal(2))


def bracket(side: str) -> Bracket:
    return Bracket(
        "X", side, "market", Decimal(100), Decimal(2), Decimal(95),  # type: ignore[arg-type]
        (TargetLeg(Decimal(110), Decimal(2)),), AT, AT, Decimal(5), Decimal(10), Decimal(2),
        Decimal(0), Decimal(0), (), None,
    )  # fmt: skip


def test_verdicts_name_their_failed_codes_once_and_in_order() -> None:
    good = Stated("A", True, "1", "<= 2", "fine", "ratio")
    bad = Stated("B", False, "3", "<= 2", "not fine", "ratio")
    denied = Denied((good, bad, bad))
    assert (denied.approved, denied.codes, denied.failed) == (False, ("B",), (bad, bad))
    approved = Approved(bracket("long"), (good,))
    assert (approved.approved, approved.codes) == (True, ())


def test_a_bracket_buys_to_open_a_long_and_sells_to_open_a_short() -> None:
    assert (bracket("long").entry_side, bracket("long").exit_side) == ("buy", "sell")
    assert (bracket("short").entry_side, bracket("short").exit_side) == ("sell", "buy")
    assert bracket("long").notional == Decimal(200)


def test_symbols_split_into_base_and_quote() -> None:
    assert split_symbol("BTC/USDT:USDT") == ("BTC", "USDT")
    with pytest.raises(ValueError, match="BASE/QUOTE"):
        split_symbol("BTCUSDT")


def test_an_unknown_symbol_offers_the_near_ones() -> None:
    assert "did you mean BTC/USDT" in str(UnknownSymbol("BTC/USDTT", "files", ["BTC/USDT"]))
    assert "known: AAA, BBB" in str(UnknownSymbol("zz", "files", ["BBB", "AAA"]))
