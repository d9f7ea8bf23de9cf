"""A case as a file: complete, exact, nothing left to a default, and read back as it was."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from domain.clock import iso
from domain.lifecycle import TradingState
from domain.plan import Evidence, Target
from domain.strict_json import exact, loads
from policies.case_document import case_document, policy_document
from policies.case_model import CaseDocument
from policies.document import case_schema, read_case
from policies.facts import Exit, Held, WorkingEntry
from policies.gate import review
from policies.policy_file import parse_policy, preset
from policies.presets import PRESETS
from policies.settings import Policy
from tests.policies.cases import NOW, D, ago, draft, make_case

FULL = make_case(
    "short",
    draft=draft(
        "short",
        entry=D("10010.5"),
        targets=(
            Target(price=D(9_500), weight=D("0.25")),
            Target(price=D("9400.05"), weight=D("0.75")),
        ),
        evidence=("ohlcv#1", "regime#2"),
        thesis='with "quotes", a \\ and Ελληνικά',
    ),
    decided_at=ago(1.25),
    evidence=(
        Evidence(result_id="ohlcv#1", tool="ohlcv", ok=True, as_of=NOW),
        Evidence(result_id="regime#2", tool="regime", ok=False, as_of=ago(0.000001)),
    ),
    quantity=D("0.123"),
    version=3,
    head_version=4,
    plan_policy_hash="an older one",
    policy=preset("aggressive"),
    instrument__max_quantity=D("12.5"),
    instrument__min_price_ratio=D("0.7"),
    instrument__max_price_ratio=D("1.3"),
    market__correlations={"ETH/USDT": D("0.83"), "XRP/USDT": D(-1)},
    market__venue_status="maintenance",
    market__atr=D("0.000000000000000000012345678901234567890"),
    account__positions=(Held("ETH/USDT", D("-1.5"), D("2000.25"), None),),
    account__working_entries=(WorkingEntry("XRP/USDT", "sell", D(20), D("0.5")),),
    account__recent_exits=(Exit("BTC/USDT", NOW - timedelta(days=1), True),),
    account__recent_notionals=(D("1E+3"), D("999.99")),
    account__recent_drafts=("a" * 32,),
    account__trading_state=TradingState.REDUCING,
    account__net_deposits_today=D(-5),
    account__open_orders=4,
)
UNKNOWN = make_case(
    head_version=None,
    market__book=None,
    market__last=None,
    market__last_at=None,
    market__atr=None,
    market__realised_volatility=None,
    market__candle_known_at=None,
    market__funding=None,
    market__last_close=None,
    market__turnover_24h=None,
    market__gap_bars=None,
    market__venue_status=None,
    market__clock_skew_s=None,
    market__clock_jump_s=None,
    account__trading_state=None,
    account__kill_switch=None,
    account__reconciled=None,
)


def test_a_full_case_comes_back_exactly():
    text = exact(case_document(FULL))
    again = read_case(text)
    assert again == FULL
    assert review(again) == review(FULL)
    assert exact(case_document(again)) == text


def test_what_is_unknown_is_written_as_null_and_stays_unknown():
    document = case_document(UNKNOWN)
    assert document["market"]["book"] is None
    again = read_case(exact(document))
    assert again.market.last is None
    assert again == UNKNOWN
    assert not review(again).approved


def test_every_field_is_written_so_that_no_default_can_change_the_case():
    sections = CaseDocument.model_fields
    document = case_document(FULL)
    assert set(document) == set(sections) - {"comment"}
    for name in ("plan", "instrument", "market", "account"):
        assert set(document[name]) == set(sections[name].annotation.model_fields), name
    assert set(document["policy"]) == set(Policy.model_fields)


def test_the_text_is_json_whose_numbers_keep_every_digit():
    text = exact(case_document(FULL))
    assert json.loads(text)["plan"]["thesis"] == FULL.draft.thesis
    value = loads(text, max_digits=40)
    assert value["market"]["atr"] == FULL.market.atr
    assert value["plan"]["decided_at"] == iso(ago(1.25)) == "2024-03-05T11:59:58.750000Z"


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_policy_comes_back_with_the_same_hash(name):
    policy = preset(name)
    again = parse_policy(loads(exact(policy_document(policy))), where="the test")
    assert again == policy
    assert again.policy_hash == policy.policy_hash


def test_the_schema_knows_every_key_that_is_written():
    schema = case_schema()
    document = case_document(FULL)
    assert set(document) <= set(schema["properties"])
    assert set(document["policy"]) == set(schema["properties"]["policy"]["properties"])


@pytest.mark.parametrize("path", [
    "plan.decided_at", "plan.decision_price", "plan.policy_hash", "market.now", "market.book.at",
    "market.funding.known_at", "market.funding.next_at", "account.free",
    "account.day_start_equity", "account.peak_equity",
])  # fmt: skip
def test_what_has_a_default_but_cannot_be_missing_is_no_null(path):
    """A null says "missing"; here it would say "as if it were left out", which is another case."""
    document = case_document(FULL)
    *parents, name = path.split(".")
    section = document
    for parent in parents:
        section = section[parent]
    section[name] = None
    denied = read_case(exact(document))
    assert denied.codes == ("SCHEMA_INVALID",)
    assert denied.findings[0].measured == path
    assert "null; leave it out for the default" in denied.findings[0].sentence


def test_lists_of_a_policy_are_lists_as_json_has_them():
    assert policy_document(Policy())["sides"] == ["long", "short"]
