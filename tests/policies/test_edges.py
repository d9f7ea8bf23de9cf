"""Every rule fires just outside its edge and passes just inside; nothing passes unmeasured."""

from __future__ import annotations

import re

import pytest

from domain.finding import Measured
from policies.facts import Held
from policies.gate import review
from policies.rulebook import RULES, OnCase
from tests.policies.cases import D, make_case
from tests.policies.edges import INFINITY, NAN, ON_FACTS
from tests.policies.edges_of_orders import ON_ORDERS

EDGES = ON_FACTS + ON_ORDERS


@pytest.mark.parametrize(("code", "inside", "outside"), EDGES)
def test_a_code_passes_just_inside_its_edge_and_fires_just_outside(code, inside, outside):
    assert code not in review(make_case(**inside)).codes
    assert code in review(make_case(**outside)).codes


def test_every_code_that_a_rule_names_is_in_the_edge_table():
    named = {re.findall(r"`(\w+)`", rule.check.__doc__ or "")[0] for rule in RULES}
    assert named == {rule.code for rule in RULES}
    assert named == {row[0] for row in EDGES}


def test_every_single_rule_fires_in_the_edge_table():
    fired = set()
    for _, _, outside in EDGES:
        verdict = review(make_case(**outside))
        rules = [r for r in RULES if isinstance(r, OnCase) or verdict.bracket is not None]
        for rule, finding in zip(rules, verdict.findings, strict=False):
            assert finding.code in {rule.code, "CONTROL_ERROR"}
            if finding.code == rule.code and not finding.passed:
                fired.add(rule.check.__name__)
    assert {rule.check.__name__ for rule in RULES} - fired == set()


NUMBERS = [
    "decision_price",
    "quantity",
    "draft__invalidation",
    "draft__entry",
    "draft__confidence",
    "market__last",
    "market__last_close",
    "market__atr",
    "market__realised_volatility",
    "market__turnover_24h",
    "market__clock_skew_s",
    "market__clock_jump_s",
    "market__funding__rate_fraction",
    "account__equity",
    "account__free",
    "account__day_start_equity",
    "account__peak_equity",
    "account__leverage_ratio",
    "account__net_deposits_today",
    "instrument__price_tick",
    "instrument__quantity_step",
    "instrument__min_quantity",
    "instrument__min_notional",
    "instrument__taker_fee_fraction",
    "instrument__maintenance_margin_fraction",
]


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize("value", [NAN, D("sNaN"), INFINITY, -INFINITY])
def test_no_number_that_is_none_is_ever_approved(path, value):
    assert not review(make_case(**{path: value})).approved


ABSENT = [
    ("market__book", "BOOK_CROSSED"),
    ("market__last", "DECISION_SLIPPAGE"),
    ("market__last_at", "STALE_DATA"),
    ("market__candle_known_at", "STALE_DATA"),
    ("market__funding", "STALE_DATA"),
    ("market__atr", "VOL_UNAVAILABLE"),
    ("market__realised_volatility", "VOL_UNAVAILABLE"),
    ("market__last_close", "PRICE_COLLAR"),
    ("market__turnover_24h", "FAT_FINGER"),
    ("market__gap_bars", "DATA_GAP"),
    ("market__venue_status", "MARKET_CLOSED"),
    ("market__venue_status", "VENUE_MAINTENANCE"),
    ("market__clock_skew_s", "CLOCK_SKEW"),
    ("market__clock_jump_s", "CLOCK_SKEW"),
    ("head_version", "PLAN_SUPERSEDED"),
    ("account__trading_state", "TRADING_HALTED"),
    ("account__kill_switch", "KILL_SWITCH"),
    ("account__reconciled", "NOT_RECONCILED"),
]


@pytest.mark.parametrize(("path", "code"), ABSENT)
def test_what_is_absent_denies_by_its_own_name(path, code):
    assert code in review(make_case(**{path: None})).codes


BANDED = {"instrument__max_price_ratio": D(2), "account__recent_notionals": (D(9_000),) * 20}
HELD = {"account__positions": (Held("ETH/USDT", D(1), D(1), D(1)),)}
UNHELD = {"account__positions": (Held("ETH/USDT", D(1), D(1), None),)}
BLIND = [{path: None} for path, _ in ABSENT] + [
    {"account__equity": D(0), "account__day_start_equity": D(0), "account__peak_equity": D(0)},
    {"market__turnover_24h": D(0), "account__recent_notionals": (D(0),) * 20},
    UNHELD,
]


@pytest.mark.parametrize("blind", BLIND)
def test_what_could_not_be_measured_names_the_same_limit_as_what_could(blind):
    """The words too: a reader must not see another limit only because a number is missing."""
    sound, unsound = make_case(**BANDED, **HELD), make_case(**{**BANDED, **HELD, **blind})
    by_what = {f.what: f for f in review(sound).findings if isinstance(f, Measured)}
    missing = [f for f in review(unsound).findings if isinstance(f, Measured) and f.value is None]
    for finding in missing:
        known = by_what.get(finding.what)
        if known is not None:
            assert (finding.comparison, finding.unit) == (known.comparison, known.unit)


@pytest.mark.parametrize("value", [NAN, D("sNaN"), INFINITY, -INFINITY])
@pytest.mark.parametrize(
    ("path", "code"), [row for row in ABSENT if row[0] in NUMBERS and row[0] != "quantity"]
)
def test_a_number_that_is_none_counts_as_absent(path, code, value):
    assert code in review(make_case(**{path: value})).codes
