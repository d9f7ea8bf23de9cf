"""The rules planner in conversation: it asks, proposes, mends what can be mended, and abstains."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.models import make_models
from agent.parse import Invalid, parse_answer
from agent.rules_model import RulesModel
from domain.plan import ExitDraft, NoTrade, PlanDraft
from domain.verdict import Denied, TargetLeg
from tests.agent.chart import (
    BREAKOUT,
    denied_with,
    indicators,
    ohlcv,
    regime,
    situation,
    talk,
)
from tests.agent.samples import bracket, finding

NAMES = ["ohlcv", "indicators", "regime", "order_book", "funding", "cross_asset"]


def schema(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": "", "parameters": {}}}


def speak(messages: list[BaseMessage], names: list[str] = NAMES) -> AIMessage:
    return RulesModel().bind_tools([schema(name) for name in names]).invoke(messages)


def decide(messages: list[BaseMessage]) -> Any:
    parsed = parse_answer(speak(messages), NAMES)
    assert not isinstance(parsed, Invalid), parsed.complaint
    return parsed


def rr_denial(reply: AIMessage, ratio: str, risk: str = "4") -> Denied:
    """Too little reward for the proposal in `reply`, as the gate would say it."""
    plan = parse_answer(reply, NAMES)
    assert isinstance(plan, PlanDraft)
    judged = bracket(
        side=plan.side,
        entry_price=Decimal("102.5"),
        targets=(TargetLeg(plan.targets[0].price, Decimal(1)),),
        risk_per_unit=Decimal(risk),
        reward_risk=Decimal(ratio),
    )
    return Denied((finding("RR_BELOW_MIN", ratio),), judged)


def test_it_is_called_rules_and_nothing_else() -> None:
    assert make_models("rules", {}, {})[0].model._llm_type == "rules"


def test_first_it_asks_for_data_all_at_once() -> None:
    asked = [call["name"] for call in speak([situation()]).tool_calls]
    assert asked == ["ohlcv", "indicators", "regime", "order_book"]


def test_funding_matters_only_where_it_is_paid() -> None:
    asked = [call["name"] for call in speak([situation("perpetual")]).tool_calls]
    assert asked[-1] == "funding"


def test_it_asks_only_for_tools_that_are_there_and_abstains_without_any() -> None:
    assert [c["name"] for c in speak([situation()], ["regime"]).tool_calls] == ["regime"]
    assert [c["name"] for c in speak([situation()], []).tool_calls] == ["no_trade"]


def test_the_same_messages_give_the_same_answer() -> None:
    first, second = speak(talk()), speak(talk())
    assert first.tool_calls == second.tool_calls
    assert first.tool_calls[0]["id"] == "rules_1_0"
    assert first.usage_metadata is None


async def test_asked_asynchronously_it_says_the_same() -> None:
    bound = RulesModel().bind_tools([schema(name) for name in NAMES])
    assert (await bound.ainvoke(talk())).tool_calls == speak(talk()).tool_calls


def test_a_breakout_with_the_trend_is_proposed_to_its_measured_move() -> None:
    plan = decide(talk())
    assert isinstance(plan, PlanDraft)
    assert plan.side == "long"
    assert plan.entry is None
    assert plan.targets[0].price == 101 + (101 - 97)
    assert plan.invalidation == Decimal("96.8")
    assert plan.thesis.startswith("Rule breakout:")
    assert plan.evidence == ("ohlcv#1", "indicators#2", "regime#3")


@pytest.mark.parametrize(
    "results",
    [
        {"ohlcv": ohlcv(close=102.5, high=102.6, volume=11.0)},
        {"ohlcv": ohlcv(close=100.9, high=101.0, volume=30.0)},
        {"indicators": indicators(ema_20=(99.0, 99.0, 99.0))},
    ],
    ids=["without volume", "inside the range", "against the trend"],
)
def test_a_breakout_that_lacks_something_is_left_alone(results: dict[str, Any]) -> None:
    answer = decide(talk(**results))
    assert isinstance(answer, NoTrade)
    assert "no rule fires" in answer.reason


def test_a_dip_in_an_uptrend_is_bought_to_the_old_high() -> None:
    chart = ohlcv(close=102.5, low=99.5, high=102.6)
    for row in chart["rows"][-12:-2]:
        row[2] = 106.0
    chart["rows"][-30][2] = 112.0
    plan = decide(talk(ohlcv=chart, indicators=indicators(rsi_7=(58.0, 40.0, 35.0))))
    assert isinstance(plan, PlanDraft)
    assert plan.thesis.startswith("Rule pullback:")
    assert plan.targets[0].price == Decimal(112)


def test_a_short_is_the_long_upside_down_and_only_where_it_can_be_shorted() -> None:
    upside_down = {
        "ohlcv": ohlcv(flip=True, **BREAKOUT),
        "indicators": indicators(
            ema_20=(99.0, 99.2, 99.8), ema_50=(100.0, 100.1, 100.5), rsi_7=(40.0, 45.0, 50.0)
        ),
        "regime": regime(trend="down"),
    }
    long = decide(talk(kind="perpetual"))
    short = decide(talk(kind="perpetual", **upside_down))
    assert isinstance(short, PlanDraft)
    assert short.side == "short"
    assert short.invalidation == 200 - long.invalidation
    assert short.targets[0].price == 200 - long.targets[0].price
    assert short.confidence == long.confidence
    assert isinstance(decide(talk(**upside_down)), NoTrade)


def test_confidence_follows_its_formula() -> None:
    calm = decide(talk(indicators=indicators(adx_14=(15.0,) * 3), regime=regime(trend="range")))
    strong = decide(talk(indicators=indicators(adx_14=(60.0,) * 3, volume_trend=(1.5,) * 3)))
    assert calm.confidence == Decimal("0.6")
    assert strong.confidence == Decimal("0.8")


def test_when_the_regime_says_sit_out_it_says_why() -> None:
    answer = decide(talk(regime=regime(sit_out=True, sit_out_reasons=["Volatility is extreme."])))
    assert isinstance(answer, NoTrade)
    assert "Volatility is extreme." in answer.reason


@pytest.mark.parametrize("name", ["ohlcv", "indicators", "regime"])
def test_a_refused_tool_is_missing_data(name: str) -> None:
    refusal = json.dumps({"id": f"{name}#1", "refused": "RATE_LIMITED", "message": "later"})
    answer = decide(talk(**{name: refusal}))
    assert isinstance(answer, NoTrade)
    assert f"{name} (RATE_LIMITED)" in answer.reason


def test_too_little_reward_is_mended_by_what_the_critique_asks_for() -> None:
    messages = talk()
    first = speak(messages)
    old = parse_answer(first, NAMES)
    again = parse_answer(speak(denied_with(messages, first, rr_denial(first, "1.0"))), NAMES)
    assert isinstance(old, PlanDraft)
    assert isinstance(again, PlanDraft)
    assert again.targets[0].price == old.targets[0].price + Decimal("2.04")
    assert again.invalidation == old.invalidation
    assert "Revised after RR_BELOW_MIN" in again.thesis


def test_a_target_out_of_reach_is_not_stretched() -> None:
    messages = talk()
    first = speak(messages)
    answer = parse_answer(
        speak(denied_with(messages, first, rr_denial(first, "0.1", risk="12"))), NAMES
    )
    assert isinstance(answer, NoTrade)
    assert "would serve the ratio" in answer.reason


def test_a_dear_book_is_entered_at_a_limit() -> None:
    messages = talk()
    first = speak(messages)
    denial = Denied((finding("SLIPPAGE_LIMIT", "20", "<= 15"),), bracket())
    again = parse_answer(speak(denied_with(messages, first, denial)), NAMES)
    assert isinstance(again, PlanDraft)
    assert again.entry == Decimal("102.5")


@pytest.mark.parametrize("codes", [("MIN_NOTIONAL",), ("RR_BELOW_MIN", "STOP_TOO_WIDE")])
def test_what_cannot_be_mended_ends_in_an_abstention_that_names_it(codes: tuple[str, ...]) -> None:
    messages = talk()
    first = speak(messages)
    denial = Denied(tuple(finding(code) for code in codes), bracket())
    answer = parse_answer(speak(denied_with(messages, first, denial)), NAMES)
    assert isinstance(answer, NoTrade)
    assert codes[-1] in answer.reason


def test_a_denial_without_numbers_is_given_up() -> None:
    messages = talk()
    first = speak(messages)
    bare = replace(rr_denial(first, "1.0"), bracket=None)
    answer = parse_answer(speak(denied_with(messages, first, bare)), NAMES)
    assert isinstance(answer, NoTrade)


def test_an_open_position_is_held_while_its_trend_holds() -> None:
    answer = decide(talk(position="long 0.5 since 2024-01-01, entered at 100"))
    assert isinstance(answer, NoTrade)
    assert "holding the open long" in answer.reason


def test_an_open_position_is_left_when_its_trend_has_turned() -> None:
    turned = {
        "ohlcv": ohlcv(close=97.0, low=96.0, volume=10.0),
        "indicators": indicators(ema_20=(99.0, 99.2, 99.8), ema_50=(100.0, 100.1, 100.5)),
    }
    answer = decide(talk(position="long 0.5 since 2024-01-01, entered at 100", **turned))
    assert isinstance(answer, ExitDraft)
    assert isinstance(decide(talk(position="short 0.5 since 2024-01-01", **turned)), NoTrade)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["columns", "rows", "id", "refused", "denied", "bracket", "sit_out"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.sampled_from(["ohlcv", "indicators", "regime"]), ODD)
def test_no_odd_result_raises(name: str, body: Any) -> None:
    answer = decide(talk(**{name: json.dumps(body)}))
    assert isinstance(answer, NoTrade | PlanDraft)


@given(ODD, st.sampled_from([None, "propose_plan", "ohlcv"]))
def test_no_odd_history_raises(body: Any, name: str | None) -> None:
    odd = ToolMessage(json.dumps(body), tool_call_id="x", name=name)
    for messages in ([odd], [HumanMessage(""), odd], [*talk(), speak(talk()), odd]):
        assert speak(messages).tool_calls
