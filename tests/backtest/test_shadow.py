"""What was not traded, followed on its own: as the session's own trades were; counted by rule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.home import DATABASE
from app.report import open_journal
from app.shadow import shadow_report
from backtest.follow import Followed, follow
from backtest.record import StoredDecision, read_decisions
from backtest.shadow import Shadow, by_code, rule_of, untraded
from domain.trade import ClosedTrade
from journal.books import Journal
from journal.reading import StoredPlan
from market.sources.synthetic import SyntheticSource
from tests.backtest.room import DECISIONS, SYMBOL
from traces.store import TraceStore

OWN_END = {"stop", "target", "time"}
"""Ways in which a plan ends by itself."""


async def again(plan: StoredPlan, source: SyntheticSource, bars: int | None = None) -> Followed:
    """Follow a plan to the end of the data, or over its first bars."""
    await source.open([SYMBOL])
    info = source.info
    assert info.ends_at is not None
    length = info.base_timeframe.delta
    until = info.ends_at if bars is None else plan.plan.as_of + bars * length
    return await follow(plan.plan, plan.bracket, source.instrument(SYMBOL), source, until)


def recorded(home: Path) -> tuple[list[StoredPlan], dict[str, ClosedTrade], list[StoredDecision]]:
    database, journal = open_journal(home / DATABASE, None)
    decisions = read_decisions(TraceStore(database, journal.session))
    found = _plans(journal)
    database.close()
    return *found, decisions


def _plans(journal: Journal) -> tuple[list[StoredPlan], dict[str, ClosedTrade]]:
    return journal.plans(), {trade.plan_id: trade for trade in journal.trades()}


def test_a_plan_followed_alone_comes_to_what_the_session_made_of_it(home: Path) -> None:
    plans, trades, _ = recorded(home)
    source = SyntheticSource(7)
    compared = 0
    for plan in plans:
        trade = trades.get(plan.plan.plan_id)
        if trade is not None and trade.close_reason in OWN_END:
            assert asyncio.run(again(plan, source)) == Followed("closed", trade)
            compared += 1
    assert compared >= 3


def test_where_the_data_ends_nothing_is_made_up(home: Path) -> None:
    plans, trades, _ = recorded(home)
    source = SyntheticSource(7)
    plan = next(p for p in plans if trades[p.plan.plan_id].close_reason in OWN_END)
    assert asyncio.run(again(plan, source, bars=0)) == Followed("still open")
    assert asyncio.run(again(plan, source, bars=1)) == Followed("still open")
    trade = trades[plan.plan.plan_id]
    enough = (trade.closed_at - plan.plan.as_of) // timedelta(minutes=5) + 1
    assert asyncio.run(again(plan, source, bars=enough)).trade == trade


def test_a_limit_that_the_market_never_came_to_is_never_filled(home: Path) -> None:
    plans, _, _ = recorded(home)
    stored = plans[0]
    away = stored.bracket.stop_price * (2 if stored.bracket.side == "short" else 1) / 2
    entry = away if stored.bracket.side == "long" else stored.bracket.stop_price * 2
    draft = stored.plan.draft.model_copy(update={"entry": entry})
    plan = stored._replace(
        plan=stored.plan.model_copy(update={"draft": draft}),
        bracket=replace(stored.bracket, entry_kind="limit", entry_price=entry),
    )
    assert asyncio.run(again(plan, SyntheticSource(7))) == Followed("never filled")


def test_the_report_follows_what_was_denied_and_counts_the_rest(home: Path) -> None:
    _, _, decisions = recorded(home)
    found = shadow_report(None, lambda _made, _total: None)
    denied = [one for one in untraded(decisions) if one.why == "denied"]
    assert denied
    assert found["decisions_count"] == DECISIONS
    assert len([row for row in found["plans"] if row["why"] == "denied"]) == len(denied)
    for rule in found["by_code"]:
        known = rule["closed_count"] + rule["never_filled_count"] + rule["not_known_count"]
        assert known == rule["cases_count"]
        of_code = [row["r"] for row in found["plans"] if rule["code"] in row["codes"]]
        assert rule["sum_r"] == pytest.approx(sum(r for r in of_code if r is not None))


def test_a_plan_that_two_rules_denied_counts_under_both(home: Path) -> None:
    _, trades, decisions = recorded(home)
    trade = next(iter(trades.values()))
    plan = next(one.plans[-1] for one in decisions if one.plans)
    both = Shadow(decisions[0], plan, "denied", ("A", "B"), Followed("closed", trade))
    alone = Shadow(decisions[0], plan, "denied", ("A",), Followed("never filled"))
    unknown = Shadow(decisions[0], plan, "denied", ("A",), not_followed="no bracket")
    first, second = by_code([both, alone, unknown])
    assert (first.code, first.cases_count, first.alone_count) == ("A", 3, 2)
    assert (first.closed_count, first.never_filled_count, first.not_known_count) == (1, 1, 1)
    assert (second.code, second.cases_count, second.alone_count) == ("B", 1, 0)
    assert first.sum_r == second.sum_r == pytest.approx(float(trade.r_multiple))
    assert first.mean_interval is None
    assert first.net == pytest.approx(float(trade.net))
    elsewhere = Followed("closed", replace(trade, symbol="BTC/EUR"))
    mixed = rule_of("A", [both, Shadow(decisions[0], plan, "denied", ("A",), elsewhere)])
    assert mixed.net is None, "of two currencies there is no sum"
    assert mixed.sum_r == pytest.approx(2 * float(trade.r_multiple))


def test_the_interval_comes_with_eight_cases(home: Path) -> None:
    _, trades, decisions = recorded(home)
    plan = next(one.plans[-1] for one in decisions if one.plans)
    cases: Sequence[Shadow] = [
        Shadow(decisions[0], plan, "denied", ("A",), Followed("closed", trade))
        for trade in list(trades.values()) * 8
    ]
    rule = rule_of("A", cases[:8])
    assert rule.mean_interval is not None
    assert rule.mean_r is not None
    assert rule.mean_interval.low <= rule.mean_r <= rule.mean_interval.high
    assert rule_of("A", cases[:7]).mean_interval is None
