"""Published failures of other gates, each tried on this one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.book import Level
from domain.errors import ConfigError
from domain.lifecycle import TradingState
from domain.plan import Target
from domain.verdict import Approved
from policies.bracket import build_bracket
from policies.document import read_case
from policies.facts import Exit, Held
from policies.gate import review
from policies.policy_file import load_policy
from policies.settings import Policy
from policies.sizing import risk_fraction
from policies.trading_state import StateEntry, next_state, state_at
from tests.policies.cases import NOW, D, draft, edit, make_case
from tests.properties.generators import thrown


def targets(*prices: int) -> tuple[Target, ...]:
    return tuple(Target(price=D(price), weight=D(1) / len(prices)) for price in prices)


@pytest.mark.parametrize(("target", "ratio"), [
    (10_050, "0.17"), (10_100, "0.40"), (10_330, "1.45"), (10_600, "2.69"), (12_000, "9.11"),
])  # fmt: skip
def test_the_entry_is_not_inferred_from_stop_and_target(target, ratio):
    """Entry = stop + 0.2 x (target - stop) makes every ratio 4.0, and "below 3.0" never fires."""
    case = make_case(draft__targets=targets(target))
    bracket = build_bracket(case)
    assert bracket.entry_price == 10_001
    assert abs(bracket.reward_risk - D(ratio)) < D("0.01")
    assert ("RR_BELOW_MIN" in review(case).codes) is (D(ratio) < D("1.5"))


@pytest.mark.parametrize("side", ["long", "short"])
def test_the_target_is_part_of_the_ratio(side):
    """A ratio over the stop alone, or one that only advises, stops nothing."""
    away = 1 if side == "long" else -1
    plans = [draft(side, targets=targets(10_000 + away * far)) for far in (150, 300, 450, 600)]
    ratios = [build_bracket(make_case(side, draft=plan)).reward_risk for plan in plans]
    assert ratios == sorted(ratios)
    assert len(set(ratios)) == 4
    assert review(make_case(side, draft=plans[0])).codes == ("RR_BELOW_MIN",)
    assert review(make_case(side, draft=plans[3])).approved


@pytest.mark.parametrize("missing", [
    "market__last", "market__last_close", "market__book", "market__atr", "market__turnover_24h",
    "market__realised_volatility", "market__book__asks",
])  # fmt: skip
@pytest.mark.parametrize("quantity", [None, D("0.001"), D(1000)])
def test_no_size_is_right_for_a_symbol_that_has_no_price(missing, quantity):
    """A size guard that skips its check when the price is missing passes any size."""
    absent = () if missing.endswith("asks") else None
    assert not review(make_case(**{missing: absent}, quantity=quantity)).approved


@pytest.mark.parametrize("money", [100, 1_000, 25_000])
def test_an_amount_of_money_given_as_a_quantity_is_caught(money):
    """1 000 USDT worth read as 1 000 BTC: the digits are sound, the unit is not."""
    verdict = review(make_case(quantity=D(money)))
    assert {"RISK_PER_TRADE", "SYMBOL_NOTIONAL_LIMIT", "LEVERAGE_LIMIT"} <= set(verdict.codes)
    assert {"DEPTH_INSUFFICIENT", "INSUFFICIENT_MARGIN"} <= set(verdict.codes)


def flattering(case):
    """A past that could not be better: wins, a day in profit, big trades, no stop in sight."""
    return edit(
        case,
        account__day_start_equity=case.account.equity / 2,
        account__peak_equity=D(1),
        account__recent_exits=tuple(
            Exit(name, NOW - timedelta(hours=50 + n), False)
            for n, name in enumerate(["ETH/USDT", "XRP/USDT", "BTC/USDT"])
        ),
        account__recent_notionals=(D(1_000_000_000),) * 20,
    )


@pytest.mark.parametrize("seed", range(150))
def test_a_flattering_history_never_turns_a_denial_into_an_approval(seed):
    """Limits that learn from wins or from big recent trades let the next one be bigger still."""
    case = thrown(seed, plain=True)
    before, after = review(case), review(flattering(case))
    losses = {"DAILY_LOSS_LIMIT", "MAX_DRAWDOWN"}  # what the account lost is a fact, not a floor
    if not set(before.codes) <= losses:
        assert not after.approved
    elif after.approved and before.approved:
        assert after.bracket.quantity <= before.bracket.quantity


def test_big_trades_of_before_buy_nothing_and_small_ones_shrink():
    sizes = []
    for usual in (1_000, 5_000, 1_000_000):
        case = make_case(account__recent_notionals=(D(usual),) * 20)
        sizes.append(build_bracket(case).quantity)
    assert sizes == [D("0.299"), D("1.499"), build_bracket(make_case()).quantity]


def test_a_profit_raises_the_peak_and_with_it_the_floor():
    """A guard that reckons from the start would give back all that was won."""
    lost = {"account__equity": D(107_000), "account__day_start_equity": D(107_000)}
    assert review(make_case(**lost, account__peak_equity=D(107_000))).approved
    codes = review(make_case(**lost, account__peak_equity=D(119_000))).codes
    assert codes == ("MAX_DRAWDOWN",)


def state_of(current: StateEntry | None, equity: int, peak: int) -> StateEntry | None:
    return next_state(
        current,
        equity=D(equity),
        day_start_equity=D(equity),
        net_deposits_today=D(0),
        peak_equity=D(peak),
        policy=Policy(),
        now=NOW,
    )


def test_a_drawdown_halt_does_not_re_arm_itself():
    """A guard that resets its peak when it fires lets the next ten per cent go, and the next."""
    halted = state_of(None, 90_000, 100_000)
    assert halted is not None
    assert halted.state is TradingState.HALTED
    assert halted.until is None
    for days, equity in ((0, 90_000), (1, 95_000), (30, 99_999), (400, 200_000)):
        assert state_of(halted, equity, 100_000) is None
        later = state_at(halted, NOW + timedelta(days=days))
        assert later is TradingState.HALTED
        case = make_case(account__trading_state=later, account__equity=D(equity))
        assert "TRADING_HALTED" in review(case).codes
    still = {"account__day_start_equity": D(90_000), "account__peak_equity": D(100_000)}
    assert "MAX_DRAWDOWN" in review(make_case(account__equity=D(90_000), **still)).codes


@pytest.mark.parametrize("leverage", ["3.01", "10", "125"])
def test_leverage_above_the_cap_is_denied_and_not_cut_down(leverage):
    """Silently clamping 125 to the cap trades another plan than the one that was asked for."""
    case = make_case(account__leverage_ratio=D(leverage))
    verdict = review(case)
    assert "LEVERAGE_LIMIT" in verdict.codes
    assert case.account.leverage_ratio == D(leverage)
    held = (Held("ETH/USDT", D(1), D(195_000), D(0)),)
    full = make_case(account__positions=held, quantity=D(1))
    assert "LEVERAGE_LIMIT" in review(full).codes
    assert review(full).bracket.quantity == 1


def test_no_model_can_say_a_leverage_or_a_size():
    plan = '"side": "long", "targets": [{"price": 11}], "invalidation": 9, "confidence": 1'
    market = '"market": {"last": 10, "atr": 1}'
    for words in ('"leverage": 3', '"quantity": 5', '"risk_per_trade_fraction": 0.5'):
        assert read_case(f'{{"plan": {{{plan}, {words}}}, {market}}}').codes == ("UNKNOWN_FIELD",)


@pytest.mark.parametrize("key", [
    "max_leverage", "risk_per_trade", "max_daily_loss", "MAX_DRAWDOWN_FRACTION", "maxOpenPositions",
    "max_drawdown_fraction ", "stop_loss",
])  # fmt: skip
def test_a_limit_that_is_not_known_refuses_to_start(tmp_path, key):
    """A key that is dropped in silence leaves its owner believing in a limit that is not there."""
    path = tmp_path / "policy.toml"
    path.write_text(f'"{key}" = 0.001\n')
    with pytest.raises(ConfigError, match="unknown key"):
        load_policy(path)
    nested = tmp_path / "nested.toml"
    nested.write_text("[risk]\nmax_drawdown_fraction = 0.05\n")
    with pytest.raises(ConfigError, match="unknown key 'risk'"):
        load_policy(nested)


def test_no_fallback_stands_in_for_a_volatility_that_is_not_known():
    """2 % of the price for an ATR that is missing sizes a position on an invented number."""
    verdict = review(make_case(market__atr=None))
    assert "VOL_UNAVAILABLE" in verdict.codes
    assert verdict.bracket is None
    assert risk_fraction(make_case(market__realised_volatility=None)) is None


def test_a_long_is_not_bought_below_its_own_invalidation_however_large_it_is():
    """The first unit would be bought beyond the price that says the thesis is wrong."""
    walking = (Level(D(10_001), D("0.4")), Level(D(10_005), D(200)))
    case = make_case(draft__invalidation=D("10001.5"), market__book__asks=walking)
    small = replace(case, quantity=D("0.4"))
    assert "STOP_WRONG_SIDE" in review(small).codes
    assert not isinstance(review(case), Approved)
