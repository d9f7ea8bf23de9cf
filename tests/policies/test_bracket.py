"""The bracket is priced at what can be had, never at what the plan suggests."""

from __future__ import annotations

from datetime import timedelta

from domain.book import Level, OrderBook
from domain.finding import Measured
from domain.plan import Target
from domain.verdict import Bracket, SizeStep
from policies.bracket import build_bracket
from policies.gate import review
from tests.policies.cases import NOW, D, draft, make_case


def deep(*asks):
    return OrderBook(
        at=NOW,
        origin="venue",
        bids=(Level(D(9999), D(200)),),
        asks=tuple(Level(D(price), D(quantity)) for price, quantity in asks),
    )


def built(case) -> Bracket:
    bracket = build_bracket(case)
    assert isinstance(bracket, Bracket)
    return bracket


def test_a_market_entry_pays_what_walking_the_book_costs():
    bracket = built(make_case(market__book=deep((10_001, 1), (10_005, 200))))
    # 25 000 buy 1 at 10 001 and 1.4991 at 10 005
    assert bracket.quantity == D("2.499")
    assert bracket.entry_price == (D(10_001) + D("1.499") * 10_005) / D("2.499")
    assert bracket.entry_slippage_bps > D(3)


def test_a_resting_limit_is_priced_at_its_limit_and_pays_no_slippage():
    bracket = built(make_case(draft__entry=D("9990.57")))
    assert (bracket.entry_kind, bracket.entry_price) == ("limit", D("9990.5"))
    assert bracket.entry_slippage_bps == 0
    short = built(make_case(draft=draft("short", entry=D("10010.51"))))
    assert short.entry_price == D("10010.6")


def test_a_limit_that_takes_is_priced_by_walking_but_never_beyond_itself():
    book = deep((10_001, 1), (10_015, 200))
    assert built(make_case(market__book=book, draft__entry=D(10_100))).entry_price < D(10_015)
    # 1 is taken at 10 001, the rest waits at the limit
    partly = built(make_case(market__book=book, draft__entry=D(10_002)))
    assert partly.entry_price == (D(10_001) + D("1.499") * 10_002) / D("2.499")
    assert partly.entry_slippage_bps > 1
    assert built(make_case(draft__entry=D(10_001))).entry_slippage_bps == 1


def test_nothing_to_size_is_priced_at_the_best_price():
    bracket = built(make_case(account__free=D(0)))
    assert (bracket.quantity, bracket.entry_price) == (0, D(10_001))


def test_the_entry_expires_after_a_bar_and_the_position_after_the_horizon():
    bracket = built(make_case())
    assert bracket.expires_at == NOW + timedelta(hours=1)
    assert bracket.close_at == NOW + timedelta(hours=12)


def test_risk_amount_and_sides_follow_from_the_bracket():
    bracket = built(make_case("short"))
    assert bracket.risk_amount == bracket.risk_per_unit * bracket.quantity
    assert (bracket.entry_side, bracket.exit_side) == ("sell", "buy")
    assert built(make_case()).notional == D(10_001) * D("2.499")


def test_without_book_or_volatility_there_is_a_reason_instead():
    for changes, code in (
        ({"market__book": None}, "DEPTH_INSUFFICIENT"),
        ({"market__book__bids": ()}, "DEPTH_INSUFFICIENT"),
        ({"market__atr": None}, "VOL_UNAVAILABLE"),
        ({"market__realised_volatility": None}, "VOL_UNAVAILABLE"),
    ):
        reason = build_bracket(make_case(**changes))
        assert isinstance(reason, Measured)
        assert (reason.code, reason.passed) == (code, False)


def test_a_thin_book_makes_the_order_smaller_instead_of_denying_it():
    thin = deep((10_001, "0.4"), ("10019.9", 200))
    verdict = review(make_case(market__book=thin))
    assert verdict.approved
    bracket = built(make_case(market__book=thin))
    assert min(bracket.sizing, key=lambda step: step.quantity).name == "price"
    # 15 bps over the mid are 10 015: 0.4 x 14 below it pay for 1.142 x 4.9 above
    assert bracket.quantity == D("1.542")
    assert D("14.99") < bracket.entry_slippage_bps <= 15


def test_a_size_that_was_fixed_is_judged_as_it_stands():
    thin = deep((10_001, "0.4"), ("10019.9", 200))
    verdict = review(make_case(market__book=thin, quantity=D("1.6")))
    assert verdict.codes == ("SLIPPAGE_LIMIT",)
    assert verdict.bracket is not None
    assert verdict.bracket.quantity == D("1.6")
    assert verdict.bracket.sizing[-1] == SizeStep("given", D("1.6"))


def test_what_is_too_small_to_send_is_judged_at_the_least_that_could_be_sent():
    bracket = built(make_case(account__free=D(0), instrument__min_notional=D(600)))
    assert (bracket.quantity, bracket.judged_quantity) == (0, D("0.060"))
    assert bracket.judged_notional == D("0.060") * 10_001


def test_the_nearest_target_of_the_sentence_passes_when_fed_back():
    for side, poor, away in (("long", 10_100, 1), ("short", 9_900, -1)):
        denied = review(make_case(side, draft__targets=(Target(price=D(poor)),)))
        sentence = next(f.sentence for f in denied.findings if f.code == "RR_BELOW_MIN")
        needed = D(sentence.rstrip(".").rsplit(" ", 1)[1])
        assert review(make_case(side, draft__targets=(Target(price=needed),))).approved
        short_of_it = needed - away * D("0.1")
        assert not review(make_case(side, draft__targets=(Target(price=short_of_it),))).approved


def test_the_sentence_offers_one_target_for_a_plan_with_several_and_none_where_none_would_do():
    two = (Target(price=D(10_100), weight=D("0.5")), Target(price=D(10_200), weight=D("0.5")))
    assert "one target for the whole would have to be at least" in _rr(
        make_case(draft__targets=two)
    )
    hopeless = make_case("short", market__atr=D(8_000), draft__targets=(Target(price=D(1)),))
    assert "no target above 0 would do" in _rr(hopeless)


def _rr(case) -> str:
    return next(f.sentence for f in review(case).findings if f.code == "RR_BELOW_MIN")
