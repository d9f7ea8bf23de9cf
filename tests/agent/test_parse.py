"""Every way an answer can be bad is refused with its code and a complaint that names the place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from agent.parse import Asked, Invalid, parse_answer
from domain.plan import ExitDraft, NoTrade, PlanDraft
from tests.agent.samples import PLAN, said

DATA = ("ohlcv", "regime")


def plan_text(**changes: Any) -> str:
    return json.dumps({**PLAN, **changes})


def refused(*calls: tuple[str, str], **kwargs: Any) -> Invalid:
    parsed = parse_answer(said(*calls, **kwargs), DATA)
    assert isinstance(parsed, Invalid), parsed
    return parsed


def test_a_plan_arrives_with_exact_numbers() -> None:
    text = plan_text(targets=[{"price": 110, "weight": 0.25}, {"price": 120.1, "weight": 0.75}])
    parsed = parse_answer(said(("propose_plan", text)), DATA)
    assert isinstance(parsed, PlanDraft)
    assert [t.price for t in parsed.targets] == [Decimal(110), Decimal("120.1")]
    assert parsed.invalidation == Decimal("90.5")
    assert parsed.entry is None
    assert parsed.horizon_bars == 12


def test_the_text_counts_not_the_lenient_reading() -> None:
    exact = plan_text().replace("90.5", "90.100000000000000001")
    parsed = parse_answer(said(("propose_plan", exact)), DATA)
    assert isinstance(parsed, Invalid)
    assert parsed.code == "NUMBER_INVALID"
    fine = plan_text().replace("90.5", "90.1000000000000001")
    parsed = parse_answer(said(("propose_plan", fine)), DATA)
    assert isinstance(parsed, PlanDraft)
    assert parsed.invalidation == Decimal("90.1000000000000001")


def test_an_exit_and_an_abstention_are_answers() -> None:
    leave = parse_answer(said(("propose_exit", '{"thesis": "it turned"}')), DATA)
    nothing = parse_answer(said(("no_trade", '{"reason": "no edge"}')), DATA)
    assert leave == ExitDraft(thesis="it turned")
    assert nothing == NoTrade(reason="no edge")


def test_without_a_raw_text_the_arguments_themselves_are_read_as_strictly() -> None:
    call = {"name": "propose_plan", "args": {**PLAN, "confidence": "0.7"}, "id": "a"}
    parsed = parse_answer(AIMessage("", tool_calls=[call]), DATA)
    assert isinstance(parsed, Invalid)
    assert 'confidence is "0.7"' in parsed.complaint


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"confidence": "0.7"}, "NUMBER_INVALID", 'confidence is "0.7", was expected to be a num'),
        ({"confidence": True}, "NUMBER_INVALID", "confidence is true"),
        ({"confidence": 1.5}, "NUMBER_INVALID", "confidence is 1.5, was expected to be less than"),
        ({"confidence": None}, "NUMBER_INVALID", "confidence is null"),
        ({"invalidation": -1}, "NUMBER_INVALID", "invalidation is -1"),
        ({"invalidation": 0}, "NUMBER_INVALID", "greater than 0"),
        ({"invalidation": 1e12}, "NUMBER_INVALID", "out of bounds"),
        ({"invalidation": 1e308}, "NUMBER_INVALID", "out of bounds"),
        ({"invalidation": [1]}, "NUMBER_INVALID", "invalidation is"),
        ({"entry": "59_400"}, "NUMBER_INVALID", "entry is"),
        ({"entry": "٥٩"}, "NUMBER_INVALID", "entry is"),
        ({"horizon_bars": 12.0}, "NUMBER_INVALID", "horizon_bars is 12.0"),
        ({"horizon_bars": "12"}, "NUMBER_INVALID", "a whole number"),
        ({"horizon_bars": True}, "NUMBER_INVALID", "horizon_bars is true"),
        ({"horizon_bars": 0}, "NUMBER_INVALID", "horizon_bars is 0"),
        ({"horizon_bars": 501}, "NUMBER_INVALID", "500"),
        ({"targets": []}, "SCHEMA_INVALID", "a list of at least 1"),
        ({"targets": {"price": 110}}, "SCHEMA_INVALID", "a list"),
        ({"targets": [110]}, "SCHEMA_INVALID", "targets[0] is 110, was expected to be an object"),
        ({"targets": [{"price": 1}] * 4}, "SCHEMA_INVALID", "at most 3"),
        ({"targets": [{"price": "1"}]}, "NUMBER_INVALID", 'targets[0].price is "1"'),
        ({"targets": [{"price": 1, "weight": 0}]}, "NUMBER_INVALID", "targets[0].weight"),
        ({"targets": [{"price": 1, "size": 4}]}, "UNKNOWN_FIELD", "targets[0].size"),
        ({"side": "up"}, "SCHEMA_INVALID", "'long' or 'short'"),
        ({"side": "LONG"}, "SCHEMA_INVALID", "'long' or 'short'"),
        ({"side": None}, "SCHEMA_INVALID", "side is null"),
        ({"thesis": ""}, "SCHEMA_INVALID", "at least 1 character"),
        ({"thesis": " \n "}, "SCHEMA_INVALID", "at least 1 character"),
        ({"thesis": "x" * 2001}, "SCHEMA_INVALID", "at most 2000 characters"),
        ({"thesis": 7}, "SCHEMA_INVALID", "a string"),
        ({"thesis": "\ud800"}, "SCHEMA_INVALID", "valid Unicode"),
        ({"evidence": "ohlcv#1"}, "SCHEMA_INVALID", "a list"),
        ({"quantity": 3}, "UNKNOWN_FIELD", "'quantity'"),
        ({"leverage": 50}, "UNKNOWN_FIELD", "'leverage'"),
        ({"invalidaton": 3}, "UNKNOWN_FIELD", "did you mean 'invalidation'?"),
    ],
)
def test_a_bad_field_is_refused_with_path_value_and_expectation(
    change: dict[str, Any], code: str, words: str
) -> None:
    parsed = refused(("propose_plan", plan_text(**change)))
    assert parsed.code == code
    assert words in parsed.complaint
    assert parsed.complaint.startswith("propose_plan: ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"reason": "a", "reason": "b"}', "DUPLICATE_KEY"),
        ('{"reason": NaN}', "NUMBER_INVALID"),
        ('{"reason": -Infinity}', "NUMBER_INVALID"),
        ('{"reason": ' + "9" * 400 + "}", "NUMBER_INVALID"),
        ('{"reason": 1e-999}', "NUMBER_INVALID"),
        ('{"reason": "cut', "SCHEMA_INVALID"),
        ('{"reason": "a"} and more', "SCHEMA_INVALID"),
        ("```json\n{}\n```", "SCHEMA_INVALID"),
        ("[]", "SCHEMA_INVALID"),
        ("null", "SCHEMA_INVALID"),
        ('"text"', "SCHEMA_INVALID"),
        ("", "SCHEMA_INVALID"),
        ("{}", "SCHEMA_INVALID"),
        ("[" * 100_000, "SCHEMA_INVALID"),
        ('{"reason": ' + "[" * 40 + "]" * 40 + "}", "SCHEMA_INVALID"),
        ('{"reason": "' + "x" * 70_000 + '"}', "SCHEMA_INVALID"),
        ('{"reason": "\x00"}', "SCHEMA_INVALID"),
    ],
)
def test_text_that_is_not_one_sound_json_object_is_refused(text: str, code: str) -> None:
    parsed = refused(("no_trade", text))
    assert parsed.code == code
    assert len(parsed.complaint) < 600


def test_all_faults_are_told_at_once_but_not_without_end() -> None:
    many = {f"field_{n}": n for n in range(50)}
    parsed = refused(("propose_plan", plan_text(side="up", confidence="1", **many)))
    assert "side is" in parsed.complaint
    assert "confidence is" in parsed.complaint
    assert "and 46 more" in parsed.complaint


def test_what_the_model_wrote_is_shown_short_and_printable() -> None:
    parsed = refused(("propose_plan", plan_text(side="\u202e" + "x" * 5000)))
    assert len(parsed.complaint) < 400
    assert "\u202e" not in parsed.complaint


def test_data_calls_are_passed_on_whole_even_unreadable_ones() -> None:
    parsed = parse_answer(said(("ohlcv", '{"bars": 3}'), ("regime", '{"x":'), ("nope", "{}")), DATA)
    assert isinstance(parsed, Asked)
    assert [(c.call_id, c.name, c.arguments_text) for c in parsed.calls] == [
        ("c0", "ohlcv", '{"bars": 3}'),
        ("c2", "nope", "{}"),
        ("c1", "regime", '{"x":'),
    ]


def test_two_calls_with_one_id_do_not_hide_each_other() -> None:
    calls = [{"name": "ohlcv", "args": {"bars": n}, "id": "same"} for n in (1, 2)]
    raw = {"raw_arguments": {"same": '{"bars": 2}'}}
    parsed = parse_answer(AIMessage("", tool_calls=calls, additional_kwargs=raw), DATA)
    assert isinstance(parsed, Asked)
    assert [c.arguments_text for c in parsed.calls] == ['{"bars":1}', '{"bars":2}']


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        (said(("propose_plan", plan_text()), ("ohlcv", "{}")), "MIXED_ANSWER", "'ohlcv'"),
        (said(("propose_plan", plan_text()), ("rm_rf", "{}")), "MIXED_ANSWER", "'rm_rf'"),
        (said(("no_trade", "{}"), ("propose_plan", "{}")), "TWO_ANSWERS", "2 answers"),
        (said(("no_trade", "{}"), ("no_trade", "{}")), "TWO_ANSWERS", "give one"),
        (said(("propose_plans", "{}")), "UNKNOWN_TOOL", "did you mean 'propose_plan'?"),
        (said(("place_order", "{")), "UNKNOWN_TOOL", "ohlcv"),
        (AIMessage(""), "EMPTY_ANSWER", "no_trade"),
        (AIMessage(" \n"), "EMPTY_ANSWER", "empty"),
        (AIMessage("buy now"), "NO_TOOL_CALL", "'buy now'"),
        (AIMessage('{"propose_plan": {}}'), "NO_TOOL_CALL", "text is not read"),
        (AIMessage("x" * 9000), "NO_TOOL_CALL", "9002 characters"),
        (AIMessage("", additional_kwargs={"refusal": "I cannot"}), "REFUSED", "I cannot"),
        (said(finish_reason="length"), "TRUNCATED", "cut off"),
        (said(("no_trade", "{}"), finish_reason="length"), "TRUNCATED", "shorter"),
        (said(finish_reason="content_filter"), "REFUSED", "filter"),
    ],
)
def test_what_is_no_answer_gets_its_own_complaint(
    message: AIMessage, code: str, words: str
) -> None:
    parsed = parse_answer(message, DATA)
    assert isinstance(parsed, Invalid)
    assert parsed.code == code
    assert words in parsed.complaint
    assert len(parsed.complaint) < 700


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_no_json_value_raises_or_becomes_a_plan(value: Any) -> None:
    parsed = parse_answer(said(("propose_plan", json.dumps(value))), DATA)
    assert isinstance(parsed, Invalid)


@given(st.text(max_size=200), st.sampled_from(["propose_plan", "no_trade", "ohlcv", "", "x"]))
def test_no_text_and_no_name_raises(text: str, name: str) -> None:
    parsed = parse_answer(said((name, text), content=text), DATA)
    assert isinstance(parsed, Asked if name == "ohlcv" else Invalid | NoTrade)
