"""The JSON door: a short file works, a wrong one is denied with the place that is wrong."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import ConfigError
from domain.strict_json import loads
from domain.verdict import Denied
from policies.case import Case
from policies.document import case_schema, read_case, verdict_document
from policies.gate import review
from tests.policies.cases import D, make_case

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"
EXPECTED = {
    "approved-long.json": [],
    "approved-short-perpetual.json": [],
    "reward-too-low.json": ["RR_BELOW_MIN"],
    "stale-quote.json": ["STALE_DATA"],
    "spot-short.json": ["SIDE_NOT_ALLOWED"],
    "daily-loss.json": ["DAILY_LOSS_LIMIT"],
    "correlated-exposure.json": ["CORRELATED_EXPOSURE"],
    "given-size.json": ["RISK_PER_TRADE", "SYMBOL_NOTIONAL_LIMIT", "CORRELATED_EXPOSURE"],
    "kill-switch.json": ["KILL_SWITCH"],
    "strict-stop.json": ["STOP_TOO_TIGHT"],
}

SHORT_FILE = """{
 "plan": {"side": "long", "targets": [{"price": 7800}], "invalidation": 7380, "confidence": 0.7},
 "market": {"last": 7485, "atr": 60}
}"""


def read(**sections) -> Case | Denied:
    document = json.loads(SHORT_FILE)
    for name, section in sections.items():
        document[name] = (
            section if not isinstance(section, dict) else {**document.get(name, {}), **section}
        )
    return read_case(json.dumps(document))


def case_of(**sections) -> Case:
    case = read(**sections)
    assert isinstance(case, Case)
    return case


def test_every_example_gives_the_verdict_it_is_named_after():
    assert {path.name for path in EXAMPLES.glob("*.json")} == set(EXPECTED)
    for name, codes in EXPECTED.items():
        case = read_case((EXAMPLES / name).read_text(encoding="utf-8"))
        assert isinstance(case, Case), name
        assert list(review(case).codes) == codes, name


def test_a_short_file_is_enough():
    case = read_case(SHORT_FILE)
    assert isinstance(case, Case)
    assert review(case).approved
    assert case.market.now == case.decided_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert case.market.book is not None
    assert case.market.book.origin == "modelled"
    assert case.market.book.bids[0].price == D("7484.25")
    assert case.account.free == case.account.day_start_equity == D(10_000)
    assert case.instrument.taker_fee_fraction == D("0.001")


def test_a_null_is_missing_and_is_denied():
    for section, field in (
        ("market", "book"),
        ("market", "last_at"),
        ("market", "candle_known_at"),
        ("market", "atr"),
        ("market", "realised_volatility"),
    ):
        assert not review(case_of(**{section: {field: None}})).approved, field
    perpetual = {"kind": "perpetual"}
    assert review(case_of(instrument=perpetual)).approved
    unfunded = review(case_of(instrument=perpetual, market={"funding": None}))
    assert unfunded.codes == ("STALE_DATA", "FUNDING_COST_LIMIT")


def test_what_is_given_arrives():
    case = case_of(
        plan={
            "decided_at": "2024-02-01T10:00:00Z",
            "decision_price": 7490.5,
            "timeframe": "4h",
            "horizon_bars": 3,
        },
        instrument={"symbol": "ETH/USDT:USDT", "kind": "perpetual", "taker_fee_fraction": 0},
        market={
            "now": "2024-02-01T10:00:05Z",
            "last_at": "2024-02-01T10:00:04Z",
            "candle_known_at": "2024-02-01T08:00:00+00:00",
            "book": {"bids": [[7484, 1]], "asks": [[7486, 2]]},
            "funding": {"rate_fraction": -0.0002, "next_at": "2024-02-01T16:00:00Z"},
        },
        account={
            "equity": 5000,
            "free": 4000,
            "day_start_equity": 5100,
            "positions": [{"symbol": "A/B", "quantity": -1, "mark": 10}],
            "working_entries": [{"symbol": "C/D", "side": "buy", "notional": 20}],
        },
        policy={"max_spread_bps": 12, "sides": ["long"]},
        allowed_symbols=["X/Y"],
    )
    assert case.decision_price == D("7490.5")
    assert (case.timeframe.value, case.draft.horizon_bars) == ("4h", 3)
    assert (case.instrument.base, case.instrument.quote) == ("ETH", "USDT")
    assert case.instrument.taker_fee_fraction == 0
    assert case.market.book is not None
    assert case.market.book.at == case.market.now
    assert case.market.funding is not None
    assert case.market.funding.known_at == case.market.now
    assert case.account.gross == D(30)
    assert (case.account.free, case.account.day_start_equity) == (4000, 5100)
    assert case.policy.max_spread_bps == 12
    assert case.allowed_symbols == ("X/Y",)


def test_the_decision_price_stands_in_for_the_last_price():
    text = SHORT_FILE.replace('"last": 7485, ', "").replace(
        '"side"', '"decision_price": 7485, "side"'
    )
    case = read_case(text)
    assert isinstance(case, Case)
    assert case.market.last == D(7485)


def test_a_last_price_that_is_null_is_missing():
    case = case_of(market={"last": None}, plan={"decision_price": 7485})
    assert case.market.last is None
    assert "STALE_DATA" in review(case).codes


def test_letters_of_another_alphabet_are_another_symbol():
    verdict = review(case_of(instrument={"symbol": "ВTC/USD"}, allowed_symbols=["BTC/USD"]))
    assert verdict.codes == ("UNKNOWN_SYMBOL",)
    odd = review(case_of(instrument={"symbol": "nonsense"}, allowed_symbols=["BTC/USD"]))
    assert odd.codes == ("UNKNOWN_SYMBOL",)


@pytest.mark.parametrize(
    ("replace", "by", "code", "place"),
    [
        ("7380", '"7380"', "NUMBER_INVALID", "plan.invalidation"),
        ("7800", '"7800"', "NUMBER_INVALID", "plan.targets.0.price"),
        ("7800", "true", "NUMBER_INVALID", "plan.targets.0.price"),
        ("7800", "-1", "NUMBER_INVALID", "plan.targets.0.price"),
        ("7800", "0", "NUMBER_INVALID", "plan.targets.0.price"),
        ("7800", "NaN", "NUMBER_INVALID", "text"),
        ("7800", "Infinity", "NUMBER_INVALID", "text"),
        ("7800", "1e999999999", "NUMBER_INVALID", "text"),
        ("7800", "7800.123456789012345678", "NUMBER_INVALID", "text"),
        ("7800", "1000000000000", "NUMBER_INVALID", "text"),
        ("7800", "７８００", "SCHEMA_INVALID", "text"),
        ("7800", '"７８００"', "NUMBER_INVALID", "plan.targets.0.price"),
        ("7800", '"59_400"', "NUMBER_INVALID", "plan.targets.0.price"),
        ("0.7", "1.2", "NUMBER_INVALID", "plan.confidence"),
        ('"atr": 60', '"atr": "60"', "NUMBER_INVALID", "market.atr"),
        ('"atr": 60', '"history_bars": 300.5', "NUMBER_INVALID", "market.history_bars"),
        ('"atr": 60', '"history_bars": true', "NUMBER_INVALID", "market.history_bars"),
        ('"atr": 60', '"atr": 60, "atr": 61', "DUPLICATE_KEY", "text"),
        ('"atr": 60', '"atr14": 60', "UNKNOWN_FIELD", "market.atr14"),
        ('"atr": 60', '"now": 1700000000', "SCHEMA_INVALID", "market.now"),
        ('"atr": 60', '"now": "yesterday"', "SCHEMA_INVALID", "market.now"),
        ('"atr": 60', '"now": "1969-12-31"', "SCHEMA_INVALID", "market.now"),
        ('"atr": 60', '"now": "9999-12-31T23:59:59-23:59"', "SCHEMA_INVALID", "market.now"),
        (
            '"side": "long"',
            '"side": "long", "decided_at": "9999-12-31"',
            "SCHEMA_INVALID",
            "plan.decided_at",
        ),
        (
            '"atr": 60',
            '"atr": 60, "book": {"bids": [[7484, 0]], "asks": [[7486, 1]]}',
            "NUMBER_INVALID",
            "market.book.bids.0.1",
        ),
        (
            '"atr": 60',
            '"atr": 60, "book": {"bids": [[7484, 1]], "asks": [[0, 1]]}',
            "NUMBER_INVALID",
            "market.book.asks.0.0",
        ),
        ('"side": "long"', '"side": "long", "quantity": 5', "UNKNOWN_FIELD", "plan.quantity"),
        ('"side": "long"', '"side": "long", "leverage": 5', "UNKNOWN_FIELD", "plan.leverage"),
        ('"side": "long"', '"side": "up"', "SCHEMA_INVALID", "plan.side"),
        ('"side": "long", ', "", "SCHEMA_INVALID", "plan.side"),
        ('"side": "long"', '"side": "long", "timeframe": "2h"', "SCHEMA_INVALID", "plan.timeframe"),
        ('"price": 7800', '"price": 7800, "weight": 0', "NUMBER_INVALID", "plan.targets.0.weight"),
        ('[{"price": 7800}]', "[]", "SCHEMA_INVALID", "plan.targets"),
        ('"last": 7485, ', "", "SCHEMA_INVALID", "case"),
        ("{\n", "[{\n", "SCHEMA_INVALID", "text"),
    ],
)
def test_what_cannot_be_read_is_denied_with_the_place(replace, by, code, place):
    assert replace in SHORT_FILE
    verdict = read_case(SHORT_FILE.replace(replace, by))
    assert isinstance(verdict, Denied)
    assert [(f.code, f.measured) for f in verdict.findings] == [(code, place)]


def test_the_sentence_names_field_and_value_and_is_cut_where_it_is_long():
    verdict = read_case(SHORT_FILE.replace("7380", '"' + "9" * 500 + '"'))
    assert isinstance(verdict, Denied)
    sentence = verdict.findings[0].sentence
    assert sentence.startswith("Field plan.invalidation is '999")
    assert sentence.endswith("… (502 characters); expected: a JSON number.")
    negative = read_case(SHORT_FILE.replace("7380", "-7380"))
    assert isinstance(negative, Denied)
    assert "Field plan.invalidation is -7380; expected:" in negative.findings[0].sentence


@pytest.mark.parametrize("text", ["", "null", "[]", "7", '"plan"', "{}", "\ud800", "[" * 100_000])
def test_a_text_that_is_no_case_is_denied(text):
    verdict = read_case(text)
    assert isinstance(verdict, Denied)
    assert set(verdict.codes) == {"SCHEMA_INVALID"}


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ({"max_spred_bps": 5}, "did you mean 'max_spread_bps'"),
        ({"risk_per_trade_fraction": 0.5}, "risk_per_trade_fraction"),
        ({"risk_per_trade_fraction": "0.01"}, "at most 0.02, without quotes"),
        ({"max_open_positions_count": True}, "expected a whole number of at least 1"),
    ],
)
def test_a_wrong_policy_key_or_value_refuses(policy, complaint):
    with pytest.raises(ConfigError, match=complaint):
        read(policy=policy)


def test_a_verdict_document_is_json_with_decimals_as_text():
    document = verdict_document(review(make_case()))
    assert json.loads(json.dumps(document)) == document
    assert document["verdict"] == "approved"
    assert document["bracket"]["quantity"] == "2.499"
    assert document["bracket"]["expires_at"] == "2024-03-05T13:00:00Z"
    assert document["bracket"]["targets"] == [{"price": "10600", "quantity": "2.499"}]
    denied = verdict_document(review(make_case(market__atr=None)))
    assert (denied["verdict"], denied["bracket"]) == ("denied", None)
    assert denied["codes"][0] == "VOL_UNAVAILABLE"
    assert set(denied["findings"][0]) == {
        "code", "passed", "measured", "limit", "unit", "sentence", "modelled",
    }  # fmt: skip


def test_the_schema_describes_every_field():
    schema = case_schema()
    json.dumps(schema)
    sections = {name: body for name, body in schema["$defs"].items() if "properties" in body}
    described = schema["properties"] | sections["MarketSection"]["properties"]
    assert described["atr"]["description"].startswith("ATR14")
    assert "max_spread_bps" in schema["properties"]["policy"]["properties"]
    assert schema["properties"]["policy"]["additionalProperties"] is False


def test_examples_say_what_they_show():
    for path in EXAMPLES.glob("*.json"):
        document = loads(path.read_text(encoding="utf-8"))
        assert isinstance(document, dict)
        assert document["comment"], path.name


def test_the_page_names_every_field_and_every_code():
    page = (Path(__file__).parents[2] / "docs" / "gate-cases.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    schema = case_schema()
    fields = {name for body in schema["$defs"].values() for name in body.get("properties", {})}
    codes = {finding.code for finding in review(make_case()).findings}
    assert (fields | set(schema["properties"]) | codes) - named == set()
    assert read_case(page.split("```json")[1].split("```")[0]) == read_case(SHORT_FILE)
