"""What the closed trades of a session have in common: means with their number, and why they closed.

Each mean is of the trades for which the figure is known, and says how many these are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from domain.trade import ClosedTrade
from journal.metrics import by_reason, mean
from journal.trade_facts import TradeFacts

FEW_TRADES = 30
"""Fewer than this many conclude nothing."""


def trades_summary(trades: Sequence[ClosedTrade], facts: Sequence[TradeFacts]) -> dict[str, Any]:
    """Means over closed trades, each as `{value, count}`; a value of none is null."""
    went = [fact.excursions for fact in facts]
    means = {
        "mae_r": mean(e and e.mae_r for e in went),
        "mfe_r": mean(e and e.mfe_r for e in went),
        "return_on_equity_fraction": mean(fact.return_on_equity_fraction for fact in facts),
        "margin_used": mean(fact.margin_used for fact in facts),
        "leverage_ratio": mean(fact.leverage_ratio for fact in facts),
        "exposure_ratio": mean(fact.exposure_ratio for fact in facts),
        "slippage_bps": mean(fact.slippage_bps for fact in facts),
        "entry_slippage_bps": mean(fact.entry_slippage_bps for fact in facts),
        "exit_slippage_bps": mean(fact.exit_slippage_bps for fact in facts),
        "held_s": mean(fact.held_s for fact in facts),
    }
    return {
        "trades_count": len(trades),
        "too_few": len(trades) < FEW_TRADES,
        "means": {name: asdict(of) for name, of in means.items()},
        "by_close_reason": [asdict(reason) for reason in by_reason(trades)],
    }


def trades_lines(summary: dict[str, Any], currency: str) -> list[tuple[str, str]]:
    """The summary as label and sentence; nothing where no trade was closed."""
    if not summary["trades_count"]:
        return []
    means = summary["means"]
    held = means["held_s"]["value"]
    return [
        (
            "MAE, MFE",
            f"mean {_of(means['mae_r'])} R against, {_of(means['mfe_r'])} R for"
            + _count(means["mae_r"], summary),
        ),
        (
            "on equity",
            f"mean {_of(means['return_on_equity_fraction'], 100)} % a trade"
            + _count(means["return_on_equity_fraction"], summary),
        ),
        (
            "margin",
            f"mean {_of(means['margin_used'])} {currency} at {_of(means['leverage_ratio'])}x, "
            f"value {_of(means['exposure_ratio'])} of equity"
            + _count(means["margin_used"], summary),
        ),
        (
            "slippage",
            f"mean {_of(means['slippage_bps'])} bps against what was expected: entry "
            f"{_of(means['entry_slippage_bps'])}, exit {_of(means['exit_slippage_bps'])}"
            + _count(means["slippage_bps"], summary),
        ),
        ("held", f"mean {held / 3600:.1f} h" + _count(means["held_s"], summary)),
        ("closed by", ", ".join(_reason(row) for row in summary["by_close_reason"])),
    ]


def _of(figure: dict[str, Any], scale: float = 1) -> str:
    value = figure["value"]
    return "undefined" if value is None else f"{scale * value:,.2f}"


def _count(figure: dict[str, Any], summary: dict[str, Any]) -> str:
    """How many trades a mean is of."""
    if figure["count"] == summary["trades_count"]:
        words = f" ({figure['count']} trades"
    else:
        words = f" ({figure['count']} of {summary['trades_count']} trades"
    return words + (", too few)" if figure["count"] < FEW_TRADES else ")")


def _reason(row: dict[str, Any]) -> str:
    mean_r = "" if row["mean_r"] is None else f" (mean {row['mean_r']:+.2f} R)"
    return f"{row['reason']} {row['trades_count']}{mean_r}"
