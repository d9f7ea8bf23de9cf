"""Each level of a plan is looked up where it says it comes from, and recomputed."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agent.evidence import PERSON, checked_numbers, levels
from agent.situation import Situation, situation_sections
from agent.situation_account import StandingPlan
from agent.source import NoSuchValue
from agent.sources import Sources, results_of
from domain.candles import Timeframe
from domain.equation import Place
from domain.orders import Position
from domain.plan import PlanDraft, make_plan
from domain.snapshot import Features
from domain.verdict import Change, Nearest
from tests.agent.samples import ACCOUNT, AS_OF, PLAN, bracket, denied, snapshot

CANDLES = {
    "id": "ohlcv#1",
    "source": "box",
    "columns": ["open_time", "open", "high", "low", "close", "volume"],
    "rows": [[f"2024-03-05T0{n}:00:00Z", 100, 105 + n, 95 - n, 101.5 + n, 10] for n in range(5)],
}
BOOK = {
    "id": "order_book#2",
    "bid": 108.25,
    "depth": {"columns": ["within_bps", "bids"], "rows": [[5, 12.5], [20, 40]]},
    "flow": None,
    "list": [1, 2],
}
RATES = {
    "id": "indicators#3",
    "columns": ["indicator", "now", "1_bar_ago"],
    "rows": [["atr_14", 2.5, 2.25]],
}


def result(body: dict[str, Any]) -> ToolMessage:
    name = body["id"].partition("#")[0]
    text = json.dumps(body, separators=(",", ":"))
    return ToolMessage(text, tool_call_id="c", name=name)


MESSAGES = [HumanMessage("hello"), result(CANDLES), result(BOOK), result(RATES)]
SOURCES = Sources(snapshot(), None, None, (), results_of(MESSAGES))


def at(text: str) -> Place:
    source, path = text.split(" ")
    path, _, ago = path.partition("[")
    return Place(source, path, int(ago.removesuffix("]") or 0))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("ohlcv#1 close", "105.5"),
        ("ohlcv#1 close[2]", "103.5"),
        ("ohlcv#1 high_5", "109"),
        ("ohlcv#1 low_3[2]", "93"),
        ("ohlcv#1 2024-03-05T01:00:00Z.low", "94"),
        ("order_book#2 bid", "108.25"),
        ("order_book#2 depth.20.bids", "40"),
        ("order_book#2 list.1", "2"),
        ("indicators#3 atr_14", "2.5"),
        ("indicators#3 atr_14.1_bar_ago", "2.25"),
        ("now price", "64052.1"),
        ("now mid", "64052.1"),
        ("now funding", "0.0001"),
        ("1h ema_20", "63990.123456"),
        ("1h close[1]", "64051"),
        ("1h high_3", "64102.25"),
        ("4h close[9]", "64000.5"),
    ],
)
def test_a_value_is_found_by_its_name(place: str, value: str) -> None:
    assert SOURCES.look(at(place)).value == D(value)


def test_what_was_shown_rounded_may_be_off_by_half_of_its_last_digit() -> None:
    assert SOURCES.look(at("1h ema_20")).error == D("0.05")
    assert SOURCES.look(at("ohlcv#1 close")).error == 0


def test_no_indicator_is_shown_farther_off_than_its_source_allows() -> None:
    """Else a level that is reckoned right from what was shown would be refused."""
    names = set(Features.model_fields) - {"timeframe", "known_at", "bars"}
    filled = {name: 28.28512345 * 3**n for n, name in enumerate(sorted(names))}
    features = tuple(of.model_copy(update=filled) for of in snapshot().features)
    told = snapshot().model_copy(update={"features": features})
    sources = Sources(told, None, None, (), {})
    by_name = {one.name: one for one in situation_sections(Situation(told, ACCOUNT))}
    checked = 0
    for row in by_name["features"].rows:
        name, *shown = row.split("|")
        for of, text in zip(features, shown, strict=True):
            if text != "-":
                found = sources.look(Place(of.timeframe.value, name, 0))
                assert abs(D(text) - found.value) <= found.error, row
                checked += 1
    assert checked > 5


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("ohlcv#9 close", "there is no 'ohlcv#9'; there are now, 1h, 4h, ohlcv#1"),
        ("ohlcv#1 ema_20", "has no ema_20"),
        ("ohlcv#1 low_6", "shows 5 candles of low, too few for low_6"),
        ("ohlcv#1 low_3[3]", "too few"),
        ("ohlcv#1 source", "says no number"),
        ("order_book#2 flow", "says nothing"),
        ("order_book#2 bid[1]", "has no candles of bid"),
        ("order_book#2 depth.99.bids", "has no depth.99.bids; it has 5, 20"),
        ("1h ema_50", "says nothing"),
        ("1d close", "there is no '1d'"),
        ("plan stop", "there is no 'plan'"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(place: str, words: str) -> None:
    with pytest.raises(NoSuchValue) as refused:
        SOURCES.look(at(place))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "message",
    [
        result({"id": "what_if#1", "plan": {"entry": 43000}}),
        ToolMessage('{"id":"ohlcv#1","low":43000}', tool_call_id="c", name="propose_plan"),
        ToolMessage("NOT READ: 43000", tool_call_id="c", name="ohlcv"),
        HumanMessage('{"id":"ohlcv#1","low":43000}'),
    ],
    ids=["it asked with it", "a reply to an answer", "a complaint", "no tool"],
)
def test_what_a_model_said_itself_is_no_source(message: Any) -> None:
    assert results_of([message]) == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"level": 43000}, 43000),
        ({"level": 43000.1234}, 43000.1),
        ({"deep": [{"words": "the low of $43,000 of June"}]}, 43000),
        ({"words": "4.3e4"}, 43000),
        ({"away": -43000}, 43000),
        ({"half": 21500, "level": 43000}, 43000),
    ],
)
def test_a_tool_that_says_back_what_it_was_asked_with_is_no_source(
    arguments: dict[str, Any], says: float
) -> None:
    asked = AIMessage("", tool_calls=[{"name": "ohlcv", "args": arguments, "id": "c"}])
    told = results_of([asked, result({"id": "ohlcv#1", "low": says, "high": 43010})])
    sources = replace(SOURCES, results=told)
    with pytest.raises(NoSuchValue, match="ohlcv#1 low is a number that the call was asked with"):
        sources.look(at("ohlcv#1 low"))
    assert sources.look(at("ohlcv#1 high")).value == D("43010")


def test_a_refused_call_says_nothing() -> None:
    told = results_of([result({"id": "ohlcv#1", "refused": "TIMED_OUT", "low": 1})])
    with pytest.raises(NoSuchValue, match="refused"):
        replace(SOURCES, results=told).look(at("ohlcv#1 low"))


def test_a_position_is_a_source() -> None:
    held = Position("BTC/USDT", D("-0.5"), D("-32000"), AS_OF, "plan")
    assert replace(SOURCES, position=held).look(at("position entry")).value == D("64000")


def test_a_level_that_stands_may_be_kept() -> None:
    draft = PlanDraft.model_validate({**PLAN, "entry": 99})
    plan = make_plan(
        draft, version=1, run_id="r", symbol="BTC/USDT", as_of=AS_OF, timeframe=Timeframe.H1,
        decision_price=D("100"), model="m", prompt_hash="p", policy_hash="h",
    )  # fmt: skip
    for stop, working in ((D("96.5"), D("96.5")), (None, D("95"))):
        told = replace(SOURCES, plan=StandingPlan(plan, bracket(), "working", stop))
        said = [told.look(at(f"plan {p}")).value for p in ("entry", "stop", "target_1")]
        assert said == [D("99"), working, D("103")]


def test_the_gates_figures_are_a_source_but_not_a_made_up_number_that_it_repeats() -> None:
    judged = PlanDraft.model_validate({**PLAN, "targets": [{"price": 103}], "invalidation": 95})
    mended = judged.model_copy(update={"targets": PlanDraft.model_validate(PLAN).targets})
    near = Nearest((Change("RR_BELOW_MIN", "targets", "x", True),), (), mended, ())
    sound = replace(denied("RR_BELOW_MIN"), nearest=near)
    told = replace(SOURCES, judged=[(judged, sound)])
    for place, value in (
        ("target_1", 103), ("limits.RR_BELOW_MIN", "1.5"), ("nearest.target_1", 110),
        ("nearest.invalidation", 95),
    ):  # fmt: skip
        assert told.look(at(f"gate#1 {place}")).value == D(value)
    unsound = replace(denied("EVIDENCE_UNBOUND", "RR_BELOW_MIN"), nearest=near)
    told = replace(SOURCES, judged=[(judged, unsound)])
    assert told.look(at("gate#1 nearest.target_1")).value == 110
    for place in ("target_1", "nearest.invalidation", "risk_per_unit"):
        with pytest.raises(NoSuchValue):
            told.look(at(f"gate#1 {place}"))


def check(tick: str = "0.1", **changes: Any) -> dict[str, tuple[bool, bool]]:
    numbers = ("110 = ohlcv#1 high_5 + 0.4 * indicators#3 atr_14", "90.5 = ohlcv#1 low_5")
    body = {**PLAN, "numbers": numbers, "invalidation": 91, **changes}
    draft = PlanDraft.model_validate(body)
    rows = checked_numbers(draft, draft, SOURCES, ["close 105.5"], D(tick))
    return {row.where: (row.bound, row.agrees) for row in rows}


def test_a_level_is_bound_by_the_equation_of_its_own_number() -> None:
    assert check() == {
        "target 1": (True, True),
        "invalidation": (False, False),
        "number": (True, False),
    }
    assert check(invalidation=90.5)["invalidation"] == (True, False)
    assert check(invalidation=90.5, tick="0.5")["invalidation"] == (True, True)
    assert check(entry=105)["entry"] == (False, False)


def test_of_two_equations_for_one_level_both_have_to_hold() -> None:
    draft = PlanDraft.model_validate(
        {
            **PLAN,
            "numbers": ("110 = ohlcv#1 high_5", "110 = ohlcv#1 high_5 + 0.4 * indicators#3 atr_14"),
        }
    )
    rows = checked_numbers(draft, draft, SOURCES, [], D("0.1"))
    assert [row.agrees for row in rows if row.where == "target 1"] == [False, True]


def test_thresholds_on_a_scale_are_a_choice_and_prices_in_conditions_are_not() -> None:
    free = [
        "1h rsi_14 above 70",
        "funding above 0.05 %",
        "1h close below ema_50",
        "1h macd below 0",
    ]
    named = ["price above 120", "1h close below 91", "open interest below 100", "1h ema_20 below 2"]
    draft = PlanDraft.model_validate({**PLAN, "invalid_if": free})
    assert [where for where, _ in levels(draft)] == ["target 1", "invalidation"]
    draft = PlanDraft.model_validate({**PLAN, "invalid_if": named})
    assert [where for where, _ in levels(draft)][2:] == [f"invalid_if {n}" for n in (1, 2, 3, 4)]


def test_the_thesis_may_name_what_was_shown_and_what_is_bound() -> None:
    assert "thesis" not in check(thesis="close 105.5, target 110")
    assert check(thesis="support at 107.7")["thesis"] == (False, False)


def test_a_level_that_a_person_set_is_the_persons() -> None:
    said = PlanDraft.model_validate(PLAN)
    draft = said.model_copy(update={"invalidation": D("91.7"), "thesis": "my 12345.6"})
    rows = checked_numbers(draft, said, SOURCES, [], D("0.1"))
    assert [(row.where, row.source, row.agrees) for row in rows] == [
        ("target 1", None, False), ("invalidation", PERSON, True),
    ]  # fmt: skip


def test_what_others_set_needs_a_source_and_the_words_stay_grounded_in_what_gave_way() -> None:
    thesis = "Out of the range, wrong at 90.96, which is 123.45 nowhere."
    equations = ("110 = ohlcv#1 high_5 + 0.4 * indicators#3 atr_14", "90.96 = ohlcv#1 low_5")
    said = PlanDraft.model_validate(
        {**PLAN, "numbers": equations, "invalidation": 90.96, "thesis": thesis}
    )
    draft = said.model_copy(update={"invalidation": D("93"), "numbers": equations[:1]})
    rows = checked_numbers(draft, said, SOURCES, [], D("0.1"), merged=True)
    assert [(row.where, row.bound) for row in rows] == [
        ("target 1", True), ("invalidation", False), ("thesis", False),
    ]  # fmt: skip
    assert rows[-1].number == D("123.45")


def test_the_equation_of_a_level_that_a_person_moved_keeps_the_levels_tick() -> None:
    numbers = ("110.2 = ohlcv#1 high_5 + 0.4 * indicators#3 atr_14", "90.5 = ohlcv#1 low_5")
    said = PlanDraft.model_validate({**PLAN, "numbers": numbers, "invalidation": 90.5})
    said = said.model_copy(
        update={"targets": (said.targets[0].model_copy(update={"price": D("110.2")}),)}
    )
    draft = said.model_copy(
        update={"invalidation": D("93"), "targets": PlanDraft.model_validate(PLAN).targets}
    )
    rows = checked_numbers(draft, said, SOURCES, [], D("0.5"))
    assert [(row.where, row.agrees) for row in rows] == [
        ("target 1", True), ("invalidation", True), ("number", True), ("number", True),
    ]  # fmt: skip
    edited = said.model_copy(update={"numbers": ("110.2 = ohlcv#1 high_5", numbers[1])})
    rows = checked_numbers(edited, said, SOURCES, [], D("0.5"))
    assert [(row.where, row.agrees) for row in rows] == [
        ("target 1", False),
        ("invalidation", True),
    ]


def test_every_number_moved_beyond_its_tolerance_is_noticed() -> None:
    for moved in ("110.02", "109.98", "111"):
        numbers = (f"{moved} = ohlcv#1 high_5 + 0.4 * indicators#3 atr_14", "91 = ohlcv#1 low_5")
        found = check(targets=[{"price": float(moved)}], numbers=numbers, tick="0.01")
        assert found == {"target 1": (True, False), "invalidation": (True, True)}, moved


def test_factors_do_not_make_rounding_so_large_that_any_price_fits() -> None:
    coarse = "999900000000 * ( 1h ema_20 - 1h ema_20 )"
    for number in (40_000, 110):
        found = check(targets=[{"price": number}], numbers=[f"{number} = {coarse}"])
        assert found["target 1"] == (True, False), number
