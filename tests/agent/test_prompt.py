"""The prompt says what was reviewed: stable part first, absent things as absent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from agent.prompt import prompt_hash, system_message, write_situation
from agent.prompt_budget import PromptBudget, read_budget
from agent.sections import Section
from agent.situation import Situation, situation_sections
from agent.situation_account import account_section, denial_section
from agent.situation_memory import memory_section
from agent.tokens import count_text
from domain.orders import Position
from domain.snapshot import Snapshot
from domain.trade import ClosedTrade
from journal.last_denial import LastDenial
from journal.memory import TradingMemory
from journal.metrics import EquityPoint, performance
from policies.settings import Policy
from tests.agent.samples import ACCOUNT, AS_OF, snapshot

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
POSITION = Position("BTC/USDT", Decimal("-0.02"), Decimal("-1290"), AS_OF, "plan")


ROOMY = read_budget({"total_tokens": 100_000, "sections": {"recent": {"tokens": 1000}}}, "test")
"""Room for everything."""


def count(text: str) -> int:
    return count_text(text, "gpt-4o")


def written(
    of: Snapshot, position: Position | None = POSITION, budget: PromptBudget = ROOMY
) -> str:
    return write_situation(Situation(of, ACCOUNT, position), count, budget).message.text


def said(section: Section) -> list[str]:
    return [*section.head.splitlines(), *section.rows]


def test_the_system_prompt_is_the_one_that_was_reviewed() -> None:
    expected = (SNAPSHOTS / "system_prompt.txt").read_text(encoding="utf-8")
    assert system_message("- RULES STAND HERE $5").content == expected


def test_the_situation_is_written_as_reviewed() -> None:
    expected = (SNAPSHOTS / "situation_prompt.txt").read_text(encoding="utf-8")
    assert written(snapshot()) == expected


def test_a_bare_snapshot_shows_what_is_absent_and_no_zero() -> None:
    bare = snapshot().model_copy(
        update={"book": None, "funding": None, "bars": (), "features": (), "missing": ()}
    )
    sections = {one.name: one for one in situation_sections(Situation(bare, ACCOUNT))}
    for name in ("book", "candles", "features"):
        assert sections[name].rows == ()
    assert sections["funding"].rows == ("funding -, open interest - (base)",)
    text = written(bare, None)
    assert "Open position: none" in text
    assert "## Missing\n\nnothing\n" in text
    assert "closed, newest last (opens, UTC)\n\n-\n" in text


def test_synthetic_data_and_a_modelled_book_are_called_so() -> None:
    book = snapshot().book
    assert book is not None
    modelled = snapshot().model_copy(
        update={"book": book.model_copy(update={"origin": "modelled"})}
    )
    text = written(modelled, None)
    assert "Order book (modelled)" in text
    assert "synthetic (synthetic), known at 2024-03-05T12:00:00Z: book, candles.1h" in text


def test_the_hash_names_the_prompt_and_does_not_change_by_itself() -> None:
    assert prompt_hash() == prompt_hash()
    assert len(prompt_hash()) == 32
    assert prompt_hash(ROOMY) != prompt_hash()


def test_the_whole_keeps_within_its_budget_and_says_what_it_left_out() -> None:
    whole = written(snapshot())
    for least in (1, 250, 350, 450, 550):
        budget = read_budget({"total_tokens": 0, "least_situation_tokens": least}, "test")
        told = write_situation(Situation(snapshot(), ACCOUNT, POSITION), count, budget, 3000)
        text = told.message.text
        everything_went = all(one.left_out == len(one.section.rows) for one in told.sections)
        assert count(text) <= least or everything_went
        assert "left out" in text
        assert "Last price: 64052.1" in text
        kept = [line for line in text.splitlines() if line and "left out" not in line]
        assert set(kept) <= set(whole.splitlines())
    assert "left out" not in whole


def test_what_stands_before_it_takes_from_what_it_may_take() -> None:
    budget = read_budget({"total_tokens": 4000, "least_situation_tokens": 700}, "test")
    assert budget.for_situation(3000) == 1000
    assert budget.for_situation(3900) == 700


def test_the_portfolio_is_told_over_all_symbols_the_largest_first() -> None:
    assert said(account_section(ACCOUNT)) == [
        "equity 10000.5, free 7000, at midnight 10100",
        "symbol|quantity|mark|value|share of equity|risk to stop",
        "BTC/USDT|-0.02|64052.1|-1281.042|-0.128|12.5",
        "ETH/USDT|buy entry|-|500|0.05|5",
    ]
    flat = replace(ACCOUNT, positions=(), working_entries=(), positions_elsewhere=2)
    assert account_section(flat).empty.splitlines() == [
        "equity 10000.5, free 7000, at midnight 10100",
        "positions and entries in other currencies: 2",
        "no position, no working entry",
    ]


def test_the_last_denial_is_told_in_the_gates_words() -> None:
    denial = LastDenial(AS_OF, "long", ("RR_BELOW_MIN",), ("It is 0.5.",), "A target of 110.")
    assert said(denial_section(denial)) == [
        "long of 2024-03-05T12:00:00Z, denied by RR_BELOW_MIN",
        "It is 0.5.",
        "A target of 110.",
    ]
    late = replace(denial, sentences=(), nearest=None)
    assert said(denial_section(late)) == [
        "long of 2024-03-05T12:00:00Z, denied by RR_BELOW_MIN, as it was to be sent"
    ]
    assert denial_section(None).empty == "none"


def test_the_session_so_far_is_told_with_its_limits_and_its_error() -> None:
    won = ClosedTrade(
        "p", "BTC/USDT", "long", Decimal(1), Decimal(100), Decimal(110), AS_OF, AS_OF, Decimal(10),
        Decimal(1), Decimal(0), Decimal(6), "target",
    )  # fmt: skip
    lost = replace(won, side="short", gross=Decimal(-5), close_reason="stop")
    values = [(0, 10_000), (1, 10_010), (2, 10_004)]
    points = [EquityPoint(AS_OF + timedelta(days=n), Decimal(value)) for n, value in values]
    memory = TradingMemory(AS_OF, 48, performance(points, [won, lost], 365.0), (won, lost))
    at = AS_OF.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert said(memory_section(memory, ACCOUNT, Policy())) == [
        f"Since {at}: 48 decisions; entries today 2 of 10, in this instrument 1 of 3",
        "Closed trades 2: won 0.5, mean 0.25 R, best 1.5 R, worst -1 R; Sharpe of 2 daily returns "
        "3.38 ± 13.6",
        "closed at|symbol|side|R|by",
        f"{at}|BTC/USDT|short|-1|stop",
        f"{at}|BTC/USDT|long|1.5|target",
    ]


def test_a_session_that_begins_has_nothing_behind_it() -> None:
    memory = TradingMemory(None, 0, performance([], [], 365.0), ())
    told = said(memory_section(memory, ACCOUNT, Policy()))
    assert told[0].startswith("Since now: 0 decisions")
    assert "won -, mean - R" in told[1]
