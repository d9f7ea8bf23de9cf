"""What a rule may see of the market and the account."""

from __future__ import annotations

from domain.book import Level
from domain.candles import Timeframe
from domain.plan import Evidence, Target, make_plan
from domain.snapshot import Features, Regime, Snapshot
from policies.case import case_of, draft_hash
from policies.facts import Held, WorkingEntry, known, market_facts
from tests.policies.cases import NOW, D, ago, book, draft, make_case


def snapshot(**features) -> Snapshot:
    full = Features(timeframe=Timeframe.H1, bars=400, known_at=NOW, close=7485.1, **features)
    return Snapshot(
        symbol="BTC/USD",
        kind="spot",
        as_of=NOW,
        timeframe=Timeframe.H1,
        last=D("7485.1"),
        last_at=ago(1),
        book=book(),
        bars=(),
        features=(full,),
        regime=Regime(
            volatility=None,
            volatility_percentile=None,
            trend=None,
            adx_14=None,
            vwap_slope_bps=None,
            liquidity=None,
        ),
        provenance={},
    )


def test_floats_become_the_shortest_decimals():
    facts = market_facts(snapshot(atr_14=60.1, realised_volatility=0.55), NOW, 0.25)
    assert (facts.atr, facts.realised_volatility) == (D("60.1"), D("0.55"))
    assert (facts.history_bars, facts.candle_known_at, facts.last_at) == (400, NOW, ago(1))
    assert (facts.last_close, facts.clock_jump_s) == (D("7485.1"), D("0.25"))


def test_what_the_venue_said_arrives_and_what_it_did_not_say_is_missing():
    said = snapshot().model_copy(
        update={
            "turnover_24h": 1.5e6,
            "gap_bars": 3,
            "correlations": {"ETH/USD": 0.83},
            "venue_status": "maintenance",
            "clock_skew_s": -0.5,
        }
    )
    facts = market_facts(said, NOW, 0.0)
    assert (facts.turnover_24h, facts.gap_bars, facts.venue_status) == (1_500_000, 3, "maintenance")
    assert (facts.correlations, facts.clock_skew_s) == ({"ETH/USD": D("0.83")}, D("-0.5"))
    bare = market_facts(snapshot(), NOW, 0.0)
    assert (bare.turnover_24h, bare.gap_bars, bare.venue_status) == (None, None, None)
    assert (bare.correlations, bare.clock_skew_s) == ({}, None)


def test_what_is_warming_up_is_missing_not_zero():
    facts = market_facts(snapshot(), NOW, 0.0)
    assert (facts.atr, facts.realised_volatility) == (None, None)
    bare = market_facts(snapshot().model_copy(update={"features": ()}), NOW, 0.0)
    assert (bare.atr, bare.candle_known_at, bare.history_bars) == (None, None, 0)


def test_working_entries_count_in_full_beside_positions():
    account = make_case(
        account__positions=(
            Held("BTC/USDT", D(-2), D(100), D(0)),
            Held("ETH/USDT", D(1), D(50), D(0)),
        ),
        account__working_entries=(WorkingEntry("BTC/USDT", "buy", D(30), D(0)),),
    ).account
    assert account.gross == 280
    assert account.gross_of("BTC/USDT") == 230
    assert account.gross_of("btc/usdt") == 0
    assert [p.value for p in account.positions] == [-200, 50]
    assert WorkingEntry("BTC/USDT", "sell", D(30), None).value == -30


def test_missing_nan_and_infinite_are_the_same_to_a_rule():
    assert [known(value) for value in (None, D("NaN"), D("Infinity"), D(0))] == [None] * 3 + [0]


def test_direction_side_and_origin_follow_from_draft_and_book():
    assert (make_case().direction, make_case("short").direction) == (1, -1)
    assert (make_case().entry_side, make_case("short").entry_side) == ("buy", "sell")
    assert make_case(market__book__origin="modelled").modelled
    assert not make_case(market__book=None).modelled
    assert make_case(market__book__bids=(Level(D(1), D(1)),)).direction == 1


def test_a_plan_is_judged_by_the_moment_and_price_it_was_made_at():
    case = make_case()
    plan = make_plan(
        case.draft,
        version=1,
        run_id="one",
        symbol=case.instrument.symbol,
        as_of=case.decided_at,
        timeframe=case.timeframe,
        decision_price=case.decision_price,
        model="rules",
        prompt_hash="p",
        policy_hash=case.policy.policy_hash,
    )
    facts = (case.market, case.account, case.policy)
    assert case_of(plan, case.instrument, case.allowed_symbols, *facts, 1) == case
    assert case_of(plan, case.instrument, case.allowed_symbols, *facts, None).head_version is None


def test_a_draft_is_known_by_what_it_would_do_and_not_by_its_words():
    first = draft_hash(draft())
    assert draft_hash(draft(thesis="other words", evidence=("ohlcv#1",), confidence=D(1))) == first
    others = [draft("short"), draft(entry=D(10_000)), draft(horizon_bars=13)]
    others += [draft(invalidation=D(9_799)), draft(targets=(Target(price=D(10_601)),))]
    assert len({first, *map(draft_hash, others)}) == 6


def test_what_a_plan_rests_on_comes_along():
    case = make_case(evidence=(Evidence(result_id="ohlcv#1", tool="ohlcv", ok=True, as_of=NOW),))
    plan = make_plan(
        case.draft,
        version=1,
        run_id="one",
        symbol=case.instrument.symbol,
        as_of=case.decided_at,
        timeframe=case.timeframe,
        decision_price=case.decision_price,
        model="rules",
        prompt_hash="p",
        policy_hash=case.policy.policy_hash,
        evidence=case.evidence,
    )
    facts = (case.market, case.account, case.policy)
    assert case_of(plan, case.instrument, case.allowed_symbols, *facts, 1) == case


def test_the_market_of_a_snapshot_is_handed_on_as_it_is():
    funding = make_case().market.funding
    facts = market_facts(snapshot().model_copy(update={"funding": funding}), NOW, 0.0)
    assert (facts.now, facts.last, facts.book, facts.funding) == (NOW, D("7485.1"), book(), funding)


def test_a_draft_is_known_by_the_same_name_tomorrow():
    assert draft_hash(draft()) == "a6bf7027a1b5d67bcf2fa69ee5cae21b"
