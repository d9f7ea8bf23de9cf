from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.errors import IllegalTransition, StateError
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import CloseReason, Order, Position
from journal.batch import Batch
from journal.books import Journal
from journal.reading import JournalReader, session_names
from journal.tables import ORDERS
from journal.trades import close_trade
from tests.broker.venue import (
    SYMBOL,
    D,
    H,
    T,
    approved,
    close_of,
    commit,
    exits_of,
    open_journal,
    work,
)
from tests.journal.hand import fill, payment
from tests.traces.handmade import opened, record_run, recorder

pytestmark = pytest.mark.usefixtures("each_database")


def closing(hours: int, run: str = "run", reason: CloseReason = "exit") -> Order:
    plan, _ = approved()
    held = Position(SYMBOL, D(1), D(100), T, plan.plan_id)
    made = close_of(held, T + hours * H, reason=reason, run=run)
    return replace(made, client_order_id=f"{made.client_order_id}-{hours}")


def everything(book: JournalReader) -> object:
    return (
        book.orders(),
        book.entries(),
        book.trades(),
        book.equity_points("USDT"),
        book.decisions(),
        book.replayed(),
    )


def test_committing_a_plan_again_changes_nothing(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    order = work(book, plan, verdict)
    before = everything(book)
    again = commit(book, plan, verdict)
    assert again.client_order_id == order.client_order_id
    assert everything(book) == before
    assert book.stored_plan(plan.plan_id).status == PlanStatus.WORKING


def test_a_plan_is_read_as_it_was_committed(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved(targets=[("105", "0.4"), ("110", "0.6")])
    order = commit(book, plan, verdict)
    stored = book.stored_plan(plan.plan_id)
    assert (stored.plan, stored.bracket) == (plan, verdict.bracket)
    assert stored.status == PlanStatus.APPROVED
    assert (stored.approved_at, stored.close_at) == (T, T + 50 * H)
    assert book.orders() == book.orders(OrderStatus.PENDING) == [order]
    assert book.orders(OrderStatus.WORKING) == []


def test_a_run_that_went_another_way_withdraws_the_intents_it_had(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    first, verdict = approved()
    other, other_verdict = approved(stop="94", side="long", entry="99")
    old, new = commit(book, first, verdict), commit(book, other, other_verdict)
    assert old != new
    assert book.orders() == [new]
    assert book.stored_plan(other.plan_id).status == PlanStatus.APPROVED
    assert commit(book, first, verdict) == old
    assert book.orders() == [old]
    assert book.stored_plan(first.plan_id).status == PlanStatus.APPROVED


def test_a_run_that_ends_without_orders_withdraws_its_intents(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    order = commit(book, plan, verdict)
    book.record_decision("run", T, SYMBOL, "approved", {"orders": [order.client_order_id]})
    assert book.orders()[0].status == OrderStatus.PENDING
    book.record_decision("run", T, SYMBOL, "no_trade", {"orders": []})
    assert book.orders() == []
    assert book.decisions() == [{"orders": []}]


def test_only_unsent_intents_of_the_same_run_are_withdrawn(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    sent, theirs = approved(), approved(run="another")
    work(book, *sent)
    commit(book, *theirs)
    book.record_decision("run", T, SYMBOL, "no_trade", {"orders": []})
    assert sorted(o.status for o in book.orders()) == [OrderStatus.PENDING, OrderStatus.WORKING]


def test_an_exit_replaces_the_entry_that_its_run_had_meant(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    commit(book, plan, verdict)
    book.commit_exit(closing(1))
    book.commit_exit(closing(1))
    assert [(o.leg, o.status.value) for o in book.orders()] == [("close", "pending")]


def test_an_unsent_scale_out_is_withdrawn_with_its_run(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved(run="earlier")
    work(book, plan, verdict)
    book.commit_exit(replace(closing(1), leg="reduce"))
    book.commit_exit(closing(2))
    assert sorted(o.leg for o in book.orders()) == ["close", "entry"]
    book.commit_exit(replace(closing(3), leg="reduce"))
    book.record_decision("run", T + H, SYMBOL, "no_trade", {"orders": []})
    assert [o.leg for o in book.orders()] == ["entry"]


def test_what_guards_or_ends_a_position_is_never_withdrawn_with_its_run(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    work(book, plan, verdict)
    unsent = [replace(o, status=OrderStatus.PENDING) for o in exits_of(plan, verdict)]
    book.apply(Batch([*unsent, closing(1, reason="time")]))
    kept = ["close", "entry", "stop", "target_1"]
    book.commit_exit(closing(2, reason="manual"))
    assert sorted(o.leg for o in book.orders()) == [*kept[:1], *kept]
    book.commit_exit(closing(3))
    assert sorted(o.leg for o in book.orders()) == [*kept[:1] * 2, *kept]
    book.record_decision("run", T, SYMBOL, "no_trade", {"orders": []})
    assert sorted(o.leg for o in book.orders()) == [*kept[:1], *kept]
    assert {o.reason for o in book.orders() if o.leg == "close"} == {"time", "manual"}


def test_a_deadlines_close_leaves_an_entry_of_its_run_alone(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    commit(book, *approved())
    book.commit_exit(closing(1, reason="time"))
    assert sorted(o.leg for o in book.orders()) == ["close", "entry"]


def test_a_withdrawn_exit_takes_no_plan_with_it(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved(run="earlier")
    work(book, plan, verdict)
    book.commit_exit(closing(1))
    book.record_decision("run", T + H, SYMBOL, "hold", {"orders": []})
    assert [o.status.value for o in book.orders()] == ["working"]
    assert book.stored_plan(plan.plan_id).status == PlanStatus.WORKING


def test_the_last_word_on_a_run_is_kept_in_the_order_of_time(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    for run, at, number in (("late", T + H, 2), ("early", T, 0), ("early", T, 1)):
        book.record_decision(run, at, SYMBOL, "no_trade", {"n": number, "orders": []})
    assert [d["n"] for d in book.decisions()] == [1, 2]
    assert book.decided("early")
    assert not book.decided("never")


def test_another_configuration_under_the_same_name_is_refused_by_key(tmp_path: Path) -> None:
    open_journal(tmp_path, model="rules", every="4h", seed=1)
    with pytest.raises(StateError) as refused:
        open_journal(tmp_path, model="zoo", every="4h", fresh=True)
    text = str(refused.value)
    assert "model was 'rules', now 'zoo'" in text
    assert "seed was 1, now None" in text
    assert "fresh was None, now True" in text
    assert "every" not in text
    assert "--session" in text


@pytest.mark.parametrize("recorded", ["s", "s~forks"])
def test_a_new_session_takes_no_name_of_decisions_that_it_did_not_make(
    tmp_path: Path, recorded: str
) -> None:
    database = opened(tmp_path)
    record_run(recorder(database, session=recorded))
    config = {"market": "box"}
    with pytest.raises(StateError, match="use another --session"):
        Journal(database, "s").open_session(config, {}, {})
    assert session_names(database) == []
    Journal(database, "t").open_session(config, {}, {})
    record_run(recorder(database, session="t"))
    Journal(database, "t").open_session(config, {}, {})


def test_a_session_may_be_continued_to_a_later_end(tmp_path: Path) -> None:
    open_journal(tmp_path, to="2024-02-01")
    again = open_journal(tmp_path, to="2024-03-01")
    assert again.config()["to"] == "2024-03-01"


def test_sessions_are_listed_in_the_order_of_creation_and_kept_apart(tmp_path: Path) -> None:
    late, early = open_journal(tmp_path, name="z"), open_journal(tmp_path, name="a")
    commit(late, *approved())
    assert session_names(late.database) == ["z", "a"]
    assert early.orders() == []
    assert len(late.orders()) == 1


def test_an_illegal_step_raises_and_nothing_of_its_batch_is_applied(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    order = commit(book, plan, verdict)
    before, account = everything(book), book.ledger()
    batch = Batch(
        orders=[*exits_of(plan, verdict), replace(order, status=OrderStatus.FILLED)],
        entries=[fill("buy", "1", "100")],
        trades=[close_trade([fill("buy", "1", "100"), fill("sell", "1", "99")], [], D(1))],
    )
    with pytest.raises(IllegalTransition, match="'pending' to 'filled'"):
        book.apply(batch)
    assert everything(book) == before
    assert book.ledger() == account == book.replayed()
    assert everything(open_journal(tmp_path)) == before


def test_an_order_is_not_moved_when_its_plan_cannot_follow(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    order = commit(book, *approved())
    with pytest.raises(IllegalTransition, match="a plan cannot go"):
        book.step(order, OrderStatus.SENDING, PlanStatus.CLOSED)
    assert book.orders()[0].status == OrderStatus.PENDING


def test_fills_and_funding_are_applied_once_however_often_they_arrive(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    entries = [fill("buy", "2", "100", fee="0.2"), payment("0.5", hour=8)]
    book.apply(Batch(entries=entries))
    once = book.ledger()
    book.apply(Batch(entries=[*reversed(entries), fill("sell", "1", "110", hour=9), *entries]))
    assert book.ledger() == once.apply_fill(fill("sell", "1", "110", hour=9), "perpetual")
    assert book.ledger() == book.replayed()
    assert len(book.entries()) == 3


def test_a_session_opened_again_has_the_same_account_and_goes_on_counting(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.apply(Batch(entries=[fill("buy", "3", "33.33", fee="0.1"), payment("0.5", hour=8)]))
    again = open_journal(tmp_path)
    assert again.ledger() == book.ledger()
    assert again.position(SYMBOL) == book.position(SYMBOL)
    more = fill("sell", "1", "34", hour=9)
    again.apply(Batch(entries=[more]))
    assert again.entries() == [*book.entries()[:2], more]
    assert again.ledger() == again.replayed() == open_journal(tmp_path).ledger()


def test_the_account_can_be_asked_for_without_opening_the_session_anew(tmp_path: Path) -> None:
    from journal.books import Journal

    book = open_journal(tmp_path)
    book.apply(Batch(entries=[fill("buy", "1", "100")]))
    assert Journal(book.database, "s").ledger() == book.ledger()


def test_fills_and_funding_are_told_apart(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    mine, theirs = fill("buy", "1", "100"), replace(fill("buy", "1", "9", hour=1), plan_id="q")
    book.apply(Batch(entries=[mine, payment("1", hour=8), theirs]))
    assert book.fills() == [mine, theirs]
    assert book.plan_fills("q") == [theirs]
    assert book.funding_payments() == [payment("1", hour=8)]


def test_a_batch_that_is_applied_again_changes_nothing(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    order = commit(book, plan, verdict)
    book.step(order, OrderStatus.SENDING)
    filled = replace(order.placed(D(1), None), status=OrderStatus.FILLED, filled=D(1))
    bought, sold = fill("buy", "1", "100", fee="0.1"), fill("sell", "1", "110", hour=9)
    batch = Batch(
        orders=[filled, *exits_of(plan, verdict)],
        plans=[(plan.plan_id, PlanStatus.WORKING), (plan.plan_id, PlanStatus.OPEN)],
        entries=[bought, payment("0.5", hour=8), sold],
        trades=[close_trade([bought, sold], [], D(1))],
    )
    book.apply(batch)
    before = everything(book)
    assert len(book.entries()) == 3
    last = Batch(batch.orders, batch.plans[-1:], batch.entries, batch.trades)
    book.apply(last)
    assert everything(book) == before
    assert book.ledger() == book.replayed()


def test_an_order_is_brought_to_where_it_stands_or_made(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    order = work(book, *approved())
    more = replace(order, quantity=D(2), filled=D("0.5"), status=OrderStatus.CANCELLING)
    stop = exits_of(*approved())[0]
    book.apply(Batch([more, stop]))
    assert book.order(order.client_order_id) == more
    assert book.order(stop.client_order_id) == stop
    assert book.plan_orders(order.plan_id) == book.orders()
    assert book.order("pg-unknown") is None


def test_a_fill_is_known_by_the_id_of_the_venue(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.apply(Batch(entries=[fill("buy", "1", "100", name="v7")]))
    assert book.has_fill("v7")
    assert not book.has_fill("v8")
    assert not open_journal(tmp_path, name="other").has_fill("v7")


def test_plans_are_listed_by_where_they_stand(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    late, early = approved(run="late", at=T + H), approved(run="early")
    commit(book, *late)
    work(book, *early)
    assert [p.plan.run_id for p in book.plans()] == ["early", "late"]
    assert [p.plan.run_id for p in book.plans(PlanStatus.APPROVED)] == ["late"]
    assert book.plans(PlanStatus.CLOSED) == []


def test_a_trade_is_kept_once(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    fills = [fill("buy", "3", "33.333"), fill("sell", "3", "34.1234567891", hour=1)]
    trade = close_trade(fills, [], D(1))
    book.apply(Batch(trades=[trade]))
    book.apply(Batch(trades=[trade]))
    assert book.trades() == [trade]


def test_the_value_recorded_last_for_a_moment_counts(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    book.record_equity(T + H, {"USDT": D(101)})
    book.record_equity(T, {"USDT": D(99)})
    book.record_equity(T, {"USDT": D(100)})
    assert book.equity_points("USDT") == [(T, D(100), 0), (T + H, D(101), 0)]
    assert book.equity_before("USDT", T + H) == (T + H, D(101), 0)
    assert book.equity_before("USDT", T + H / 2) == (T, D(100), 0)
    assert book.equity_before("USDT", T - H) is None


def test_a_plan_denied_at_send_keeps_its_codes(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    order = commit(book, plan, verdict)
    book.deny_at_send(order, ["DECISION_SLIPPAGE"])
    assert book.denied_at_send() == [["DECISION_SLIPPAGE"]]
    assert book.orders()[0].status == OrderStatus.DENIED
    assert book.stored_plan(plan.plan_id).status == PlanStatus.REJECTED


def test_a_plan_that_became_smaller_is_stored_with_its_order(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    order = commit(book, plan, verdict)
    smaller = replace(verdict.bracket, quantity=D("0.5"), risk_amount=D(3))
    book.resize(plan, smaller, replace(order, quantity=D("0.5"), slippage=D("0.3")))
    stored = book.stored_plan(plan.plan_id)
    assert (stored.bracket, stored.risk_amount) == (smaller, D(3))
    assert (book.orders()[0].quantity, book.orders()[0].slippage) == (D("0.5"), D("0.3"))


def test_money_is_stored_as_text(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    commit(book, *approved(targets=[("110", "0.123456789012345678")]))
    with book.database.read() as connection:
        stored = connection.exec_driver_sql('SELECT quantity FROM "order"').scalar_one()
        (typed,) = connection.execute(select(ORDERS.c.quantity)).scalars()
    assert stored == "0.123456789012345678"
    assert typed == D(stored)
