"""What the JSON door says of a case that it refuses, and what it adds to one that it takes."""

from __future__ import annotations

import pytest

from domain.errors import ConfigError
from domain.verdict import Denied
from policies.case import Case
from policies.document import MAX_CASE_BYTES, read_case
from policies.policy_file import parse_policy
from tests.policies.test_document import SHORT_FILE, case_of, read


def test_the_policy_given_beside_a_case_holds_where_the_case_says_nothing():
    text = SHORT_FILE.replace('"plan"', '"policy": {"max_spread_bps": 7}, "plan"', 1)
    base = parse_policy({"max_spread_bps": 5, "max_open_positions_count": 2}, where="it")
    case = read_case(text, base)
    assert isinstance(case, Case)
    assert (case.policy.max_spread_bps, case.policy.max_open_positions_count) == (7, 2)
    with pytest.raises(ConfigError, match=r"^policy of the case: unknown key 'x'"):
        read(policy={"x": 7})


SENTENCES = [
    ({"plan": {"side": None}}, "plan.side is None; expected: Input should be 'long' or 'short'."),
    (
        {"market": {"last": None}},
        "case: market.last or plan.decision_price, one of the two is needed.",
    ),
    (
        {"market": {"now": "1969-12-31"}},
        "market.now: moment '1969-12-31' was expected from 1970 to 2199.",
    ),
    (
        {"market": {"now": "2200-01-01"}},
        "market.now: moment '2200-01-01' was expected from 1970 to 2199.",
    ),
    (
        {"market": {"now": None}},
        "market.now: null; leave it out for the default, it cannot be missing.",
    ),
    ({"plan": {"timeframe": 60}}, "plan.timeframe is 60; expected: a JSON number."),
    (
        {"account": {"equity": "u" * 78}},
        f"account.equity is '{'u' * 78}'; expected: a JSON number.",
    ),
    (
        {"account": {"equity": "u" * 79}},
        f"account.equity is '{'u' * 79}… (81 characters); expected: a JSON number.",
    ),
]


@pytest.mark.parametrize(("sections", "sentence"), SENTENCES)
def test_a_complaint_says_what_was_found_and_what_was_expected(sections, sentence):
    verdict = read(**sections)
    assert isinstance(verdict, Denied)
    assert [finding.sentence for finding in verdict.findings] == [f"Field {sentence}"]


def test_what_is_missing_is_said_to_be_missing_and_what_is_no_json_is_refused():
    missing = read_case(SHORT_FILE.replace('"side": "long", ', ""))
    assert missing.findings[0].sentence == "Field plan.side is missing; expected: a value."
    assert read_case("").findings[0].sentence.startswith("The case is refused: ")
    large = read_case(SHORT_FILE + " " * MAX_CASE_BYTES)
    assert "at most 1048576 are read" in large.findings[0].sentence


def test_the_first_moment_there_is_and_the_last_are_taken():
    for now in ("1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z"):
        case = case_of(market={"now": now})
        assert f"{case.market.now:%Y-%m-%dT%H:%M:%SZ}" == now


def test_a_cited_result_is_of_the_tool_before_its_first_hash_sign():
    case = case_of(plan={"evidence": ["ohlcv#1#2"]})
    assert [(e.result_id, e.tool) for e in case.evidence] == [("ohlcv#1#2", "ohlcv")]


def test_a_symbol_that_is_no_market_is_its_own_base():
    instrument = case_of(instrument={"symbol": "BTC"}).instrument
    assert (instrument.symbol, instrument.base, instrument.quote) == ("BTC", "BTC", "BTC")
