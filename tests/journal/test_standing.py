from __future__ import annotations

from pathlib import Path

from domain.lifecycle import OrderStatus
from journal.batch import Batch
from journal.standing import account_facts, exposed_symbols, working_entries
from tests.broker.venue import OTHER, SYMBOL, D, H, T, approved, commit, open_journal, work
from tests.journal.hand import fill

NOW = T + 10 * H
MARKS = {SYMBOL: D(110), OTHER: D(50)}


def test_an_untouched_account_is_free_and_began_the_day_with_its_capital(tmp_path: Path) -> None:
    facts = account_facts(open_journal(tmp_path), {}, NOW, SYMBOL)
    assert facts.equity == facts.free == facts.day_start_equity == D(10_000)
    assert (facts.positions, facts.working_entries, facts.trades_today) == ((), (), 0)


def test_the_day_begins_with_the_last_value_known_at_its_midnight(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    for hours, equity in [(-30, 9_000), (-2, 9_500), (1, 9_900)]:
        book.record_equity(T + hours * H, D(equity), D(0))
    assert account_facts(book, {}, NOW, SYMBOL).day_start_equity == D(9_500)
    assert account_facts(book, {}, NOW + 24 * H, SYMBOL).day_start_equity == D(9_900)
    book.record_equity(T, D(9_600), D(0))
    assert account_facts(book, {}, NOW, SYMBOL).day_start_equity == D(9_600)


def test_spot_ties_up_all_of_its_value(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    book.apply(Batch(entries=[fill("buy", "10", "100", fee="1")]))
    facts = account_facts(book, MARKS, NOW, SYMBOL, leverage=D(4))
    assert facts.equity == D(10_099)
    assert facts.free == facts.equity - D(1_100)
    assert facts.positions[0].notional == D(1_100)


def test_a_perpetual_ties_up_its_value_over_the_leverage(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.apply(Batch(entries=[fill("sell", "10", "100", fee="1")]))
    facts = account_facts(book, MARKS, NOW, SYMBOL, leverage=D(4))
    assert facts.equity == D(9_899)
    assert facts.free == facts.equity - D(275)


def test_a_working_entry_ties_up_its_limit_or_the_market_price(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    work(book, *approved(entry="98", targets=[("110", "2")]))
    commit(book, *approved(symbol=OTHER, run="other"))
    facts = account_facts(book, MARKS, NOW, SYMBOL)
    assert [w.notional for w in facts.working_entries] in ([D(196), D(50)], [D(50), D(196)])
    assert facts.free == D(10_000) - D(246)
    assert exposed_symbols(book) == {SYMBOL, OTHER}


def test_a_plan_under_decision_does_not_count_against_itself(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    plan, verdict = approved(entry="98")
    commit(book, plan, verdict)
    mine = account_facts(book, MARKS, NOW, SYMBOL, exclude_run=plan.run_id)
    assert (mine.free, mine.working_entries, mine.trades_today) == (D(10_000), (), 0)
    theirs = account_facts(book, MARKS, NOW, SYMBOL)
    assert (theirs.free, theirs.trades_today, theirs.trades_today_symbol) == (D(9_902), 1, 1)


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
    facts = account_facts(book, MARKS, NOW, SYMBOL)
    assert (facts.trades_today, facts.trades_today_symbol) == (2, 1)


def test_only_entries_that_may_still_fill_are_working(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    order = work(book, *approved())
    assert working_entries(book) == book.orders()
    book.step(order, OrderStatus.FILLED)
    assert working_entries(book) == []
    assert exposed_symbols(book) == set()
