"""One probe a rule: what is moved, from where it passes to where it fires."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from domain.finding import Finding
from domain.lifecycle import TradingState
from policies import probes
from policies.case import Case, draft_hash
from policies.conditions import Reading
from policies.facts import Held
from policies.probes import Probe, Slide, Switch
from policies.rules import account as accounts
from policies.rules import (
    clock,
    collar,
    exposure,
    freshness,
    funding,
    integrity,
    invalidation,
    levels,
    liquidation,
    liquidity,
    pace,
    quote,
    replan,
    reward,
    risk,
    send,
    size,
    standing,
    venue,
    volatility,
)
from policies.specimen import (
    EQUITY,
    NOW,
    SYMBOL,
    account,
    book,
    draft,
    governed,
    instrument,
    market,
)

D = Decimal
CENT = D("0.01")
MICRO = D("0.000001")
MS = D("0.001")


def _slide(
    moved: str, vary: Callable[[Case, Decimal], Case], good: str, bad: str, step: Decimal = CENT
) -> Slide:
    return Slide(moved, vary, D(good), D(bad), step)


def _switch(moved: str, bad: Callable[[Case], Case]) -> Switch:
    return Switch(moved, bad)


def _other_side(case: Case) -> Case:
    other = "short" if case.draft.side == "long" else "long"
    return governed(case, sides=(other,))


_QUANTITY = ("size", probes.sized, "0.000001", "3000000", MICRO)

PROBES: Mapping[Callable[..., Finding], Probe] = {
    integrity.numbers_are_valid: _switch(
        "decision price NaN", lambda c: replace(c, decision_price=D("NaN"))
    ),
    integrity.symbol_is_known: _switch(
        "a Cyrillic B", lambda c: instrument(c, symbol="\N{CYRILLIC CAPITAL LETTER VE}TC/USDT")
    ),
    integrity.symbol_is_tradable: _switch("delisted", lambda c: instrument(c, active=False)),
    integrity.side_is_allowed: _switch("the other side only", _other_side),
    integrity.symbol_is_free: _switch(
        "a position in it",
        lambda c: account(c, positions=(Held(SYMBOL, D(1), D(1), D(0)),)),
    ),
    integrity.draft_is_new: _switch(
        "approved a bar ago", lambda c: account(c, recent_drafts=(draft_hash(c.draft),))
    ),
    standing.plan_is_current: _slide("age, s", probes.decided, "0", "7200", MS),
    standing.plan_is_the_head: _switch("a newer version", lambda c: replace(c, head_version=2)),
    standing.policy_is_the_same: _switch(
        "another policy", lambda c: replace(c, plan_policy_hash="another")
    ),
    replan.replans_are_few: _slide("replans with this one", probes.replanned, "0", "21", D(1)),
    replan.scale_ins_are_few: _slide("additions with this one", probes.added, "0", "6", D(1)),
    replan.replan_keeps_the_risk: _slide("first risk", probes.first_risk, str(EQUITY), "0"),
    replan.replan_keeps_the_stop: _slide(
        "distance of the working stop", probes.working_stop, "9000", "0.01"
    ),
    standing.evidence_stands: _switch("cites ohlcv#99", lambda c: draft(c, evidence=("ohlcv#99",))),
    standing.required_tools_answered: _switch(
        "regime not asked",
        lambda c: replace(governed(c, required_tools=("regime",)), evidence=()),
    ),
    invalidation.no_condition_holds: _switch(
        "a condition holds already",
        lambda c: replace(
            draft(c, invalid_if=("price above 1",)),
            readings=(Reading("price above 1", c.market.last, holds=True),),
        ),
    ),
    clock.nothing_is_from_the_future: _slide(
        "quote from the future, s",
        lambda c, ahead: market(c, last_at=probes.before(-ahead)),
        "0",
        "20",
        MS,
    ),
    clock.clock_agrees_with_the_venue: _slide(
        "skew, s", probes.into(market, "clock_skew_s"), "0", "20", MS
    ),
    clock.clock_has_not_jumped: _slide(
        "jump, s", probes.into(market, "clock_jump_s"), "0", "20", MS
    ),
    freshness.quote_is_fresh: _slide("quote age, s", probes.aged("last_at"), "0", "600", MS),
    freshness.book_is_fresh: _slide("book age, s", probes.book_aged, "0", "600", MS),
    freshness.candle_is_fresh: _slide(
        "candle age, s", probes.aged("candle_known_at"), "0", "36000", MS
    ),
    freshness.funding_is_fresh: _slide("funding age, s", probes.funding_aged, "0", "200000", MS),
    volatility.volatility_is_known: _slide(
        "closed candles", probes.counted(market, "history_bars"), "100000", "0", D(1)
    ),
    volatility.history_has_no_gap: _slide(
        "missing candles", probes.counted(market, "gap_bars"), "0", "200", D(1)
    ),
    quote.book_is_not_crossed: _switch("bid = ask", lambda c: market(c, book=book(D(0)))),
    quote.spread_is_narrow: _slide("half spread", probes.half_spread, "0.000001", "60", MICRO),
    quote.price_has_not_moved: _slide(
        "last price over the decision's",
        lambda c, moved: market(c, last=c.decision_price + moved),
        "0",
        "300",
        MICRO,
    ),
    collar.price_is_within_the_collar: _slide("limit off the mid", probes.limit, "0", "600"),
    collar.price_is_within_the_venues_band: _slide(
        "the venue's lowest price / reference",
        probes.into(instrument, "min_price_ratio"),
        "0.5",
        "1.5",
        MICRO,
    ),
    levels.stop_is_on_its_side: _slide("invalidation off the mid", probes.stop, "400", "-10"),
    levels.targets_are_on_their_side: _slide("target off the mid", probes.target, "100", "-10"),
    levels.stop_is_beyond_noise: _slide(
        "invalidation off the mid, strict", probes.strict_stop, "500", "0.01"
    ),
    levels.stop_is_within_atr: _slide("invalidation off the mid", probes.stop, "1", "1200"),
    levels.stop_is_within_price: _slide("invalidation off the mid", probes.stop, "1", "2200"),
    reward.reward_is_worth_the_risk: _slide("target off the mid", probes.target, "9000", "0.01"),
    risk.risk_is_within_budget: _slide(*_QUANTITY),
    risk.open_risk_is_bearable: _slide(*_QUANTITY),
    funding.funding_rate_is_bearable: _slide("rate per 8 h", probes.rate, "0", "0.03", MICRO),
    funding.funding_cost_is_bearable: _slide(
        "rate per hour, 500 hours", probes.paying, "0", "0.02", D("1e-9")
    ),
    liquidation.liquidation_is_far: _slide(
        "leverage", probes.into(account, "leverage_ratio"), "1", "100", MS
    ),
    liquidity.depth_is_sufficient: _slide(*_QUANTITY),
    liquidity.slippage_is_bearable: _slide(
        "half spread", probes.half_spread, "0.000001", "150", MICRO
    ),
    liquidity.share_of_turnover_is_small: _slide(
        "turnover of 24 h", probes.into(market, "turnover_24h"), "100000000000", "1"
    ),
    liquidity.size_is_usual: _slide("usual value", probes.usual, "1000000", "1"),
    size.numbers_are_on_the_grid: _switch(
        "a tenth of a step more", lambda c: probes.sized(c, D("0.0100001"))
    ),
    size.quantity_is_above_minimum: _slide(
        "least quantity", probes.into(instrument, "min_quantity"), "0.000001", "1", MICRO
    ),
    size.notional_is_above_minimum: _slide(
        "least value", probes.into(instrument, "min_notional"), "0.01", "1000"
    ),
    size.quantity_is_below_maximum: _slide(
        "largest order", probes.into(instrument, "max_quantity"), "1", "0.000001", MICRO
    ),
    exposure.symbol_notional_is_within_limit: _slide(*_QUANTITY),
    exposure.gross_exposure_is_within_limit: _slide(*_QUANTITY),
    exposure.net_exposure_is_within_limit: _slide(*_QUANTITY),
    exposure.correlated_exposure_is_within_limit: _slide(*_QUANTITY),
    exposure.leverage_is_within_limit: _slide(*_QUANTITY),
    exposure.position_leverage_is_within_limit: _slide(
        "leverage", probes.into(account, "leverage_ratio"), "1", "10", MS
    ),
    exposure.free_margin_is_left: _slide(*_QUANTITY),
    accounts.positions_are_few: _slide("positions", probes.holding, "0", "100", D(1)),
    accounts.orders_are_few: _slide(
        "open orders", probes.counted(account, "open_orders"), "0", "400", D(1)
    ),
    pace.trades_of_the_day_are_few: _slide(
        "entries today", probes.counted(account, "trades_today"), "0", "400", D(1)
    ),
    pace.trades_of_the_symbol_are_few: _slide(
        "entries today in it", probes.counted(account, "trades_today_symbol"), "0", "400", D(1)
    ),
    pace.orders_of_the_minute_are_few: _slide(
        "orders in 60 s", probes.counted(account, "orders_last_minute"), "0", "200", D(1)
    ),
    pace.symbol_has_cooled_down: _slide("since its stop, s", probes.stopped, "720000", "0", MS),
    pace.stops_are_no_streak: _slide(
        "since the last stop of a streak, s", probes.streak, "3600000", "0", MS
    ),
    accounts.daily_loss_is_bearable: _slide(
        "equity", probes.into(account, "equity"), str(EQUITY), "700000"
    ),
    accounts.drawdown_is_bearable: _slide(
        "equity", probes.into(account, "equity"), str(EQUITY), "400000"
    ),
    standing.confidence_is_sufficient: _slide(
        "confidence", probes.into(draft, "confidence"), "1", "0", MS
    ),
    venue.market_is_open: _switch("closed", lambda c: market(c, venue_status="closed")),
    venue.venue_is_up: _switch("maintenance", lambda c: market(c, venue_status="maintenance")),
    venue.no_blackout: _switch(
        "a blackout around now",
        lambda c: governed(c, blackouts=(f"{NOW:%Y-%m-%dT%H:%MZ}/{NOW:%Y-%m-%d}T23:00Z",)),
    ),
    send.kill_switch_is_off: _switch("tripped", lambda c: account(c, kill_switch=True)),
    send.trading_is_active: _switch(
        "halted", lambda c: account(c, trading_state=TradingState.HALTED)
    ),
    send.orders_are_reconciled: _switch("open questions", lambda c: account(c, reconciled=False)),
}
"""By rule."""
