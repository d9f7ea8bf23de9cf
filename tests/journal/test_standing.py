from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from domain.candles import Timeframe
from domain.instrument import Instrument
from domain.lifecycle import LIVE, OrderStatus, PlanStatus, TradingState
from domain.orders import CloseReason
from domain.plan import TradePlan
from domain.trade import ClosedTrade
from domain.verdict import Approved
from journal.batch import Batch
from journal.books import Journal
from journal.kill_switch import KILL_SWITCH
from journal.standing import AccountReader, exposed_symbols, state_change, working_entries
from policies.case import draft_hash
from policies.facts import AccountFacts, Exit
from policies.settings import Policy
from policies.trading_state import DISAGREEMENT, StateEntry
from tests.broker.venue import (
    OTHER,
    SYMBOL,
    D,
    H,
    T,
    VenueSource,
    approved,
    commit,
    draft,
    exits_of,
    open_journal,
    work,
)
from tests.journal.hand import fill
from tests.places import place_in
from traces.database import Database
from traces.tables import METADATA

pytestmark = pytest.mark.usefixtures("each_database")

NOW = T + 10 * H
MARKS = {SYMBOL: D(110), OTHER: D(50)}
POLICY = Policy(max_leverage_ratio=D(4), max_position_leverage_ratio=D(5))
SECOND = timedelta(seconds=1)


def facts(
    book: Journal,
    now: datetime = NOW,
    marks: dict[str, Decimal] = MARKS,
    step: str = "0",
    **more: Any,
) -> AccountFacts:
    return reader(book, step).facts(SYMBOL, marks, now, **more)


def reader(book: Journal, step: str = "0") -> AccountReader:
    """On instruments of this step, which take a fee of 0.001."""

    def instrument(symbol: str) -> Instrument:
        return replace(VenueSource({}).instrument(symbol), quantity_step=D(step))

    return AccountReader(book, POLICY, Timeframe.H1, instrument)


def hold(book: Journal, plan: TradePlan, verdict: Approved, price: str = "100") -> None:
    """The plan's entry filled at `price`, its stop and targets working."""
    entry, bracket = work(book, plan, verdict), verdict.bracket
    bought = fill(bracket.entry_side, bracket.quantity, price, symbol=plan.symbol, name=plan.run_id)
    done = replace(entry, status=OrderStatus.FILLED, filled=entry.quantity)
    book.apply(
        Batch(
            orders=[done, *exits_of(plan, verdict)],
            plans=[(plan.plan_id, PlanStatus.OPEN)],
            entries=[replace(bought, plan_id=plan.plan_id)],
        )
    )


def closed(
    number: int, at: datetime, reason: CloseReason = "target", *, price: int = 100
) -> ClosedTrade:
    return ClosedTrade(
        plan_id=f"p{number:04}",
        symbol=SYMBOL,
        side="long",
        quantity=D(2),
        entry_price=D(price),
        exit_price=D(101),
        opened_at=at - H,
        closed_at=at,
        gross=D(2),
        fees=D(0),
        funding=D(0),
        risk_amount=D(1),
        close_reason=reason,
    )


def test_an_untouched_account_is_free_active_and_began_with_its_capital(tmp_path: Path) -> None:
    seen = facts(open_journal(tmp_path))
    assert seen.equity == seen.free == seen.day_start_equity == seen.peak_equity == D(10_000)
    assert seen.net_deposits_today == 0
    assert (seen.positions, seen.working_entries, seen.trades_today) == ((), (), 0)
    assert (seen.open_orders, seen.orders_last_minute) == (0, 0)
    assert (seen.recent_exits, seen.recent_notionals, seen.recent_drafts) == ((), (), ())
    assert seen.trading_state == TradingState.ACTIVE
    assert (seen.kill_switch, seen.reconciled) == (False, True)


def test_the_day_begins_with_the_last_value_known_at_its_midnight(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    for hours, equity in [(-30, 9_000), (-2, 9_500), (1, 9_900)]:
        book.record_equity(T + hours * H, {"USDT": D(equity)})
    assert facts(book).day_start_equity == D(9_500)
    assert facts(book, NOW + 24 * H).day_start_equity == D(9_900)
    book.record_equity(T, {"USDT": D(9_600)})
    assert facts(book).day_start_equity == D(9_600)


def test_the_peak_is_the_highest_value_ever_also_after_a_restart(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.record_equity(T, {"USDT": D(9_000)})
    assert facts(book).peak_equity == D(10_000)
    book.record_equity(T + H, {"USDT": D(12_000)})
    book.record_equity(T + 2 * H, {"USDT": D(8_000)})
    assert facts(book).peak_equity == D(12_000)
    assert facts(open_journal(tmp_path)).peak_equity == D(12_000)


def test_the_peak_is_never_below_what_the_account_is_worth_now(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    book.apply(Batch(entries=[fill("buy", "10", "100")]))
    seen = facts(book)
    assert seen.peak_equity == seen.equity == D(10_100)
    assert book.peak_equity("USDT") == D(10_000)


def test_spot_ties_up_all_of_its_value(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    book.apply(Batch(entries=[fill("buy", "10", "100", fee="1")]))
    seen = facts(book)
    assert seen.equity == D(10_099)
    assert seen.free == seen.equity - D(1_100)
    assert seen.positions[0].value == D(1_100)
    assert seen.leverage_ratio == 1


def test_a_perpetual_ties_up_its_value_over_the_leverage(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.apply(Batch(entries=[fill("sell", "10", "100", fee="1")]))
    seen = facts(book)
    assert seen.equity == D(9_899)
    assert seen.free == seen.equity - D(275)
    assert seen.leverage_ratio == POLICY.margin_leverage_ratio == 4


def test_a_working_entry_ties_up_its_limit_or_the_market_price(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    work(book, *approved(entry="98", targets=[("110", "2")]))
    commit(book, *approved(symbol=OTHER, run="other"))
    seen = facts(book)
    assert {w.notional for w in seen.working_entries} == {D(196), D(50)}
    assert {w.open_risk for w in seen.working_entries} == {D(12), D(6)}
    assert seen.free == D(10_000) - D(246)
    assert exposed_symbols(book) == {SYMBOL, OTHER}


@pytest.mark.parametrize(
    ("side", "mark", "risk"),
    [
        ("long", "110", "32"),  # 2 x (15 to the stop at 95, and 1 of costs)
        ("long", "96", "4"),
        ("long", "94", "2"),  # beyond the stop: only its costs are left to lose
        ("short", "90", "32"),
        ("short", "104", "4"),
        ("short", "106", "2"),
    ],
)
def test_open_risk_is_what_is_lost_from_the_mark_when_the_stop_fires(
    side: Any, mark: str, risk: str, tmp_path: Path
) -> None:
    book = open_journal(tmp_path)
    target = "110" if side == "long" else "90"
    hold(book, *approved(side=side, targets=[(target, "2")]))
    assert facts(book, marks={SYMBOL: D(mark)}).positions[0].open_risk == D(risk)


def test_a_stop_beyond_the_entry_still_risks_its_costs(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    hold(book, *approved())
    (stored,) = book.plans()
    (stop,) = [o for o in book.orders(OrderStatus.WORKING) if o.leg == "stop"]
    none_of_its_own = {"stop_price": D(104), "risk_per_unit": D(0), "risk_amount": D(0)}
    levels = replace(stored.bracket, **none_of_its_own)  # type: ignore[arg-type]
    plan = stored.plan.model_copy(update={"version": 2, "act": "adjust"})
    moved = replace(stop, price=D(104)).placed(stop.quantity, D(104))
    book.commit_levels(plan, Approved(levels, ()), [moved])
    (held,) = facts(book, marks={SYMBOL: D(104)}).positions
    assert held.open_risk == D("0.1") + D("0.104") + D("0.5")


def test_open_risk_without_a_working_stop_is_unknown(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    hold(book, *approved())
    (stop,) = [o for o in book.orders(OrderStatus.WORKING) if o.leg == "stop"]
    book.step(stop, OrderStatus.CANCELLED)
    assert facts(book).positions[0].open_risk is None


def test_open_risk_is_unknown_while_stops_cover_only_a_part(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    hold(book, *approved())
    book.apply(Batch(entries=[fill("buy", "1", "100", hour=2)]))
    assert facts(book).positions[0].open_risk is None


def test_a_position_with_two_stops_is_taken_to_end_at_the_farther_one(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    hold(book, *approved(run="first"))
    hold(book, *approved(run="second", stop="90"))
    (held,) = facts(book).positions
    assert held.quantity == 2
    # The wider stop leaves nothing of its 6 for costs: fees of 0.001 on 100 and 90, and slippage.
    assert held.open_risk == 2 * (D(20) + D("0.19") + D("0.5"))


def test_a_plan_under_decision_does_not_count_against_itself(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    plan, verdict = approved(entry="98", at=NOW)
    commit(book, plan, verdict)
    mine = facts(book, exclude_runs={plan.run_id})
    assert (mine.free, mine.working_entries, mine.trades_today) == (D(10_000), (), 0)
    assert (mine.open_orders, mine.orders_last_minute, mine.recent_drafts) == (0, 0, ())
    theirs = facts(book)
    assert (theirs.free, theirs.trades_today, theirs.trades_today_symbol) == (D(9_902), 1, 1)
    assert (theirs.open_orders, theirs.orders_last_minute) == (1, 1)
    assert theirs.recent_drafts == (draft_hash(plan.draft),)


def test_trades_of_the_day_count_approvals_since_midnight_that_were_not_taken_back(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    work(book, *approved(run="yesterday", at=T - H))
    work(book, *approved(run="today"))
    work(book, *approved(run="elsewhere", symbol=OTHER))
    book.deny_at_send(commit(book, *approved(run="denied")), ["X"])
    commit(book, *approved(run="withdrawn"))
    book.record_decision("withdrawn", T, SYMBOL, "no_trade", {"orders": []})
    seen = facts(book)
    assert (seen.trades_today, seen.trades_today_symbol) == (2, 1)


def test_orders_of_every_kind_are_counted_while_they_may_still_do_something(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    hold(book, *approved(targets=[("105", "1"), ("110", "1")]))
    assert facts(book).open_orders == 3
    work(book, *approved(run="another", symbol=OTHER))
    sending = commit(book, *approved(run="third", symbol=OTHER))
    book.step(sending, OrderStatus.SENDING)
    assert facts(book).open_orders == 5


@pytest.mark.parametrize(
    ("later", "count"), [(-SECOND, 0), (0 * H, 1), (59 * SECOND, 1), (60 * SECOND, 0)]
)
def test_orders_of_the_last_minute_are_those_made_in_it(
    later: timedelta, count: int, tmp_path: Path
) -> None:
    book = open_journal(tmp_path)
    work(book, *approved(at=NOW))
    assert facts(book, NOW + later).orders_last_minute == count


def test_closed_positions_are_told_as_far_back_as_the_policy_looks(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    bars = POLICY.loss_streak_window_bars + POLICY.loss_streak_pause_bars
    ages = [bars + 1, bars, 3]
    trades = [closed(i, NOW - age * H, "stop") for i, age in enumerate(ages)]
    book.apply(Batch(trades=[*trades, closed(9, NOW - H)]))
    assert facts(book).recent_exits == (
        Exit(SYMBOL, NOW - bars * H, True),
        Exit(SYMBOL, NOW - 3 * H, True),
        Exit(SYMBOL, NOW - H, False),
    )
    assert len(facts(book, NOW - H).recent_exits) == 4


def test_the_usual_size_is_that_of_the_newest_twenty_trades(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.apply(Batch(trades=[closed(i, T + i * H, price=100 + i) for i in range(25)]))
    assert facts(book).recent_notionals == tuple(D(2) * (100 + i) for i in range(24, 4, -1))


def test_drafts_of_the_last_bar_are_known_by_content_unless_they_came_to_nothing(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    work(book, *approved(run="now", at=NOW, entry="99"))
    work(book, *approved(run="old", at=NOW - H, entry="98"))
    work(book, *approved(run="elsewhere", at=NOW, symbol=OTHER, entry="97"))
    book.deny_at_send(commit(book, *approved(run="denied", at=NOW, entry="96")), ["X"])
    assert facts(book).recent_drafts == (draft_hash(draft("long", D(99))),)


def test_only_entries_that_may_still_fill_are_working(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    order = work(book, *approved())
    assert working_entries(book) == book.orders()
    book.step(order, OrderStatus.CANCELLING)
    assert working_entries(book) == book.orders(), "the venue has not said that it is cancelled"
    assert facts(book).free == D(10_000) - facts(book).working_entries[0].notional / 4
    book.step(order, OrderStatus.FILLED)
    assert working_entries(book) == []
    assert exposed_symbols(book) == set()


def test_dust_is_no_position_and_no_position_without_a_stop(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    for number in range(3):  # each leaves 0.0007 of a coin
        plan, verdict = approved(run=f"r{number}", entry=str(90 + number))
        hold(book, plan, verdict)
        leaves = fill("sell", "0.9993", "100", name=f"out{number}")
        live = [replace(o, status=OrderStatus.CANCELLED) for o in book.orders(*LIVE)]
        book.apply(
            Batch(
                live, [(plan.plan_id, PlanStatus.CLOSED)], [replace(leaves, plan_id=plan.plan_id)]
            )
        )
        assert facts(book, step="0.001").positions == ()
    assert book.ledger() == book.replayed()
    seen = facts(book, step="0.001")
    assert seen.equity - seen.free == D("0.0021") * MARKS[SYMBOL]
    assert book.ledger().positions[SYMBOL].quantity == D("0.0021")
    hold(book, *approved(run="new"))
    (held,) = facts(book, step="0.001").positions
    assert (held.quantity, held.open_risk is None) == (D("1.0021"), False)
    (unknown,) = facts(book).positions
    assert unknown.open_risk is None


def test_what_no_stop_covers_is_dust_only_where_plans_left_it(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    plan, verdict = approved()
    hold(book, plan, verdict)
    more = replace(fill("buy", "0.001", "100", name="more"), plan_id=plan.plan_id)
    book.apply(Batch(entries=[more]))
    (held,) = facts(book, step="0.001").positions
    assert held.open_risk is None


def test_dust_that_an_exit_of_another_plan_sold_is_there_no_more(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    for number, out in enumerate(["0.9993", "0.9993", "0.9993", "1.0014"]):
        plan, verdict = approved(run=f"r{number}", entry=str(90 + number))
        hold(book, plan, verdict)
        leaves = replace(fill("sell", out, "100", name=f"out{number}"), plan_id=plan.plan_id)
        live = [replace(o, status=OrderStatus.CANCELLED) for o in book.orders(*LIVE)]
        book.apply(Batch(live, [(plan.plan_id, PlanStatus.CLOSED)], [leaves]))
    plan, verdict = approved(run="new")
    hold(book, plan, verdict)
    (guarded,) = facts(book, step="0.001").positions
    assert (guarded.quantity, guarded.open_risk is None) == (D("1.0007"), False)
    more = replace(fill("buy", "0.0014", "100", name="more"), plan_id=plan.plan_id)
    book.apply(Batch(entries=[more]))
    (held,) = facts(book, step="0.001").positions
    assert held.open_risk is None, "0.0021 is covered by no stop, and 0.0014 of it is no dust"


def test_an_entry_that_is_being_taken_back_may_still_fill_and_counts(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    order = work(book, *approved(entry="99"))
    before = facts(book)
    book.step(order, OrderStatus.CANCELLING)
    after = facts(book)
    assert (after.open_orders, after.working_entries) == (1, before.working_entries)
    assert after.free == before.free < after.equity
    assert exposed_symbols(book) == {SYMBOL}
    book.step(order, OrderStatus.CANCELLED)
    assert (facts(book).open_orders, exposed_symbols(book)) == (0, set())


def test_an_order_half_sent_is_a_question_until_the_venue_has_answered(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    order = commit(book, *approved())
    assert facts(book).reconciled is True
    book.step(order, OrderStatus.SENDING)
    assert facts(book).reconciled is False
    assert facts(book, exclude_runs={"run"}).reconciled is False
    assert facts(book, answered={order.client_order_id}).reconciled is True


def test_the_kill_switch_lies_beside_the_database(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    (tmp_path / KILL_SWITCH).touch()
    assert facts(book).kill_switch is True
    (tmp_path / KILL_SWITCH).unlink()
    assert facts(book).kill_switch is False


def test_the_state_counts_until_it_ends(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.record_state(StateEntry(TradingState.REDUCING, T, T + 24 * H, "a loss"))
    assert facts(book).trading_state == TradingState.REDUCING
    assert facts(book, T + 24 * H).trading_state == TradingState.ACTIVE


def test_a_loss_before_any_point_of_the_day_counts_from_the_newest_one_before(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    book.record_equity(T - H, {"USDT": D(9_800)})
    policy = Policy(max_daily_loss_fraction=D("0.03"))
    assert state_change(book, {"USDT": D(9_600)}, policy, NOW) is None
    change = state_change(book, {"USDT": D(9_500)}, policy, NOW)
    assert change is not None
    assert (change.state, change.until) == (TradingState.REDUCING, T + 24 * H)


def test_a_halt_stands_however_often_equity_is_looked_at(tmp_path: Path) -> None:
    book, policy = open_journal(tmp_path), Policy(max_drawdown_fraction=D("0.10"))
    for hour, equity in enumerate([12_000, 10_900, 10_800, 10_000, 5_000, 12_000, 13_000]):
        at = T + hour * 24 * H
        book.record_equity(
            at, {"USDT": D(equity)}, state_change(book, {"USDT": D(equity)}, policy, at)
        )
    states = [(e.state.value, e.at) for e in book.trading_states()]
    assert states == [("reducing", T + 24 * H), ("halted", T + 48 * H)]
    assert open_journal(tmp_path).trading_state(NOW + 9_999 * H) == TradingState.HALTED


def test_a_long_history_does_not_make_the_account_slower_to_tell(tmp_path: Path) -> None:
    short, long = (open_journal(tmp_path / name) for name in ("short", "long"))
    began = T - 400 * H
    for number in range(300):
        commit(long, *approved(run=f"r{number}", at=began + number * H))
    trades = [closed(number, began + number * H) for number in range(300)]
    gone = [replace(o, status=OrderStatus.CANCELLED) for o in long.orders()]
    long.apply(Batch(gone, trades=trades))
    taken: dict[str, list[float]] = {"short": [], "long": []}
    for book in (short, long):
        hold(book, *approved(run="held", at=T))
    for hour in range(60):
        for name, book in (("short", short), ("long", long)):
            book.record_equity(T + hour * H, {"USDT": D(10_000)})
            start = time.perf_counter()
            facts(book)
            taken[name].append(time.perf_counter() - start)
    assert median(taken["long"]) < 3 * median(taken["short"])


EURO = "ETH/EUR"


def two_purses(folder: Path) -> Journal:
    """A session with symbols of two quote currencies."""
    book = Journal(Database.open(place_in(folder), METADATA), "two")
    book.open_session(
        {"to": None}, {SYMBOL: "spot", EURO: "spot"}, {"USDT": D(10_000), "EUR": D(500)}
    )
    return book


def seen_from(book: Journal, symbol: str) -> AccountFacts:
    marks = {SYMBOL: D(110), EURO: D(50)}
    return reader(book).facts(symbol, marks, NOW)


def test_an_entry_sees_the_money_that_pays_for_it_and_counts_the_rest(tmp_path: Path) -> None:
    book = two_purses(tmp_path)
    book.apply(Batch(entries=[fill("buy", "10", "100")], trades=[closed(1, NOW - H)]))
    commit(book, *approved(symbol=EURO, run="other"))
    dollar, euro = seen_from(book, SYMBOL), seen_from(book, EURO)
    assert (dollar.equity, dollar.free, dollar.peak_equity) == (10_100, 9_000, 10_100)
    assert (euro.equity, euro.day_start_equity, euro.peak_equity) == (500, 500, 500)
    assert [p.symbol for p in dollar.positions] == [SYMBOL]
    assert (euro.positions, [w.symbol for w in euro.working_entries]) == ((), [EURO])
    assert euro.free == 500 - euro.working_entries[0].notional
    assert (dollar.positions_elsewhere, euro.positions_elsewhere) == (1, 1)
    assert (dollar.open_orders, euro.open_orders, euro.trades_today) == (1, 1, 1)
    assert (dollar.recent_notionals, euro.recent_notionals) == ((200,), ())
    assert len(euro.recent_exits) == 1


@pytest.mark.parametrize(
    ("equity", "state", "words"),
    [
        ({"USDT": 10_000, "EUR": 484}, TradingState.REDUCING, "EUR: Since UTC midnight 16 of 500"),
        ({"USDT": 9_600, "EUR": 440}, TradingState.HALTED, "EUR: Equity of 440 is 12 % below"),
        ({"USDT": 8_900, "EUR": 480}, TradingState.HALTED, "USDT: Equity of 8900"),
    ],
)
def test_a_limit_met_in_one_purse_holds_for_the_session_and_names_it(
    equity: dict[str, int], state: TradingState, words: str, tmp_path: Path
) -> None:
    book, policy = two_purses(tmp_path), Policy()
    worth = {currency: D(value) for currency, value in equity.items()}
    change = state_change(book, worth, policy, NOW)
    assert change is not None
    assert change.state is state
    assert change.reason.startswith(words)
    book.record_equity(NOW, worth, change)
    assert seen_from(book, SYMBOL).trading_state is seen_from(book, EURO).trading_state is state
    assert [p.equity for p in book.equity_points("EUR")] == [worth["EUR"]]


@pytest.mark.parametrize(
    ("reason", "peak"), [(f"{DISAGREEMENT}: an order.", D(12_000)), ("Equity fell.", D(9_000))]
)
def test_only_a_halt_for_a_loss_is_measured_anew_when_it_is_resumed(
    reason: str, peak: Decimal, tmp_path: Path
) -> None:
    book = open_journal(tmp_path)
    for hour, equity in ((1, 12_000), (2, 9_000)):
        book.record_equity(T + hour * H, {"USDT": D(equity)})
    book.record_state(StateEntry(TradingState.HALTED, T + 2 * H, None, reason))
    book.record_state(StateEntry(TradingState.ACTIVE, T + 2 * H, None, "Resumed: a test"))
    assert book.peak_equity("USDT") == peak
