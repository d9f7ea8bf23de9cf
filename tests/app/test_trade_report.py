from __future__ import annotations

from dataclasses import replace

from app.report_page import page
from app.trade_report import trades_lines, trades_summary
from journal.trade_facts import trade_facts
from tests.app.test_reports import document
from tests.journal.hand import D
from tests.journal.test_trade_facts import FILLS, PATH, TRADE

WALKED = trade_facts(TRADE, FILLS, PATH, D(1000), D(5))
OLDER = trade_facts(TRADE, FILLS, [], D(1000), None)


def lines(count: int) -> dict[str, str]:
    """What is said of so many trades and an older one of which less is known."""
    summary = trades_summary([TRADE] * (count + 1), [*[WALKED] * count, OLDER])
    return dict(trades_lines(summary, "USDT"))


def test_a_mean_says_of_how_many_trades_it_is_and_when_these_are_too_few() -> None:
    said = lines(2)
    assert said["MAE, MFE"] == "mean 1.00 R against, 1.20 R for (2 of 3 trades, too few)"
    assert said["margin"].startswith("mean 40.00 USDT at 5.00x, value 0.20 of equity (2 of 3")
    assert said["slippage"].endswith("entry 4.00, exit 4.50 (3 trades, too few)")
    assert said["held"] == "mean 5.0 h (3 trades, too few)"
    assert said["closed by"] == "stop 3 (mean +0.00 R)"
    assert lines(30)["MAE, MFE"].endswith("(30 of 31 trades)")


def test_without_a_trade_nothing_is_said_and_without_a_figure_that_it_is_undefined() -> None:
    assert trades_lines(trades_summary([], []), "USDT") == []
    (went, *_) = trades_lines(trades_summary([TRADE], [OLDER]), "USDT")
    assert went[1] == "mean undefined R against, undefined R for (0 of 1 trades, too few)"


def test_the_page_has_a_table_of_why_trades_were_closed() -> None:
    odd = replace(TRADE, risk_amount=D(0))
    shown = document()
    shown["purses"][0]["trades_summary"] = trades_summary([odd], [OLDER])
    text = page(shown)
    assert "<th>closed by</th>" in text
    assert "<td>stop</td><td class=n>1</td><td class=n>0 %</td><td class=n>?</td>" in text
