from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.charts import Point, svg_chart, terminal_chart
from app.document import cost_document
from app.report_page import page
from app.selectivity import selectivity_document
from app.trade_report import trades_summary

AT = datetime(2024, 1, 1, tzinfo=UTC)
POINTS = [Point(AT + timedelta(hours=i), 100.0 + (i % 7) - i / 20) for i in range(200)]


def test_the_terminal_chart_fits_and_says_what_it_shows() -> None:
    chart = terminal_chart(POINTS, "EUR")
    assert "equity, EUR, 2024-01-01 to 2024-01-09" in chart
    assert "drawdown, %" in chart
    assert max(len(line) for line in chart.splitlines()) <= 100
    assert "\x1b" not in chart


def test_the_svg_is_one_element_without_script() -> None:
    svg = svg_chart(POINTS, "EUR")
    assert svg.startswith("<svg")
    assert "<script" not in svg
    assert "equity, EUR" in svg or "<g id=" in svg


def test_an_unknown_price_makes_the_whole_cost_unknown_never_zero() -> None:
    known = {"model_calls": 1, "tool_calls": 0, "input_tokens": 5, "output_tokens": 1}
    assert cost_document([{**known, "cost_usd": "0.25"}])["usd"] == "0.25"
    unknown = [{**known, "cost_usd": "0.25"}, {**known, "cost_usd": None}]
    assert cost_document(unknown)["usd"] is None
    assert cost_document(unknown)["input_tokens"] == 10


COST = {
    "total": {
        "calls_count": 1, "unsettled_count": 0, "input_tokens": 7, "output_tokens": 3, "usd": None,
        "known_usd": "0", "unknown_count": 1,
    },
    "decisions_count": 0, "accepted_plans_count": 0,
    "usd_per_decision": None, "usd_per_accepted_plan": None,
}  # fmt: skip


def document(**session: Any) -> dict[str, Any]:
    performance = dict.fromkeys(
        ("total_return_fraction", "max_drawdown_fraction", "sharpe_ratio", "sharpe_standard_error",
         "sortino_ratio", "win_fraction", "profit_factor_ratio", "mean_r", "best_r", "worst_r")
    )  # fmt: skip
    account = {
        "currency": "USD", "equity": "100", "capital": "100", "fees": "0", "funding": "0",
        "net_deposits": "0",
        "replayed_from_fills": {"equal": False, "entries_count": 3},
    }  # fmt: skip
    chosen = selectivity_document([], [], 0)
    purse = {
        "currency": "USD", "account": account, "equity": [],
        "performance": {**performance, "trades_count": 0}, "trades_summary": trades_summary([], []),
    }  # fmt: skip
    return {
        "session": {"name": "s", "origin": "recorded", "description": "d", "symbols": ["A/B"],
                    "every": 1, "timeframe": "1h", "model": "rules", "order_book": "modelled",
                    **session},
        "disclaimer": "promise nothing", "account": account, "purses": [purse],
        "selectivity": chosen, "trades": [], "trading_states": [],
        "cost": COST,
    }  # fmt: skip


def test_the_page_escapes_what_came_from_outside_and_says_what_is_undefined() -> None:
    text = page(document(description="<script>alert(1)</script>"))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "undefined" in text
    assert "DIFFERS" in text
    assert "unknown (1 calls without a price, 0 beside) USD for 1 calls of models" in text
    assert "7 tokens in, 3 out" in text
    assert "promise nothing" in text
