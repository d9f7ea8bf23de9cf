"""The report's figures as label and sentence, with their uncertainty; for terminal and page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agent.model_spec import LOCAL
from app.cost_words import total_words
from app.trade_report import FEW_TRADES, trades_lines

BOOK_WORDS = {
    "modelled": "modelled from candles: spread, depth and slippage are assumptions",
    "offered": "the market's own",
}


def model_words(name: str) -> str:
    """What the model is, honestly."""
    said = {
        "rules": "rules (deterministic, not an LLM)",
        LOCAL: "local (a small language model on this machine: weak, not one to trade with)",
    }
    return said.get(name, name)


def report_lines(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The figures of a report as label and sentence; what is undefined says so.

    Of several currencies each has its own lines, which say so.
    """
    chosen = document["selectivity"]
    session, purses = document["session"], document["purses"]
    candle, several = session["timeframe"], len(purses) > 1
    money = [
        (f"{purse['currency']} {label}" if several else label, words)
        for purse in purses
        for label, words in _purse_lines(purse)
    ]
    return [
        *_faults(document.get("faults")),
        ("data", f"{session['origin']}: {session['description']}"),
        ("decided on", f"{', '.join(session['symbols'])}, every {session['every']} x {candle}"),
        ("order book", BOOK_WORDS[session["order_book"]]),
        ("model", model_words(session["model"])),
        *money,
        ("ledger", _ledger(document["account"])),
        (
            "decisions",
            _counts(chosen["outcomes"]) + f"; hold share {_percent(chosen['hold_share'])}",
        ),
        ("selectivity", selectivity_words(chosen)),
        *([("second opinions", _opinions(chosen["opinions"]))] if chosen["opinions"] else []),
        *([("asked or not", _counts(chosen["woken_by"]))] if chosen["woken_by"] else []),
        ("denied by", _counts(chosen["denials_by_code"])),
        ("trading state", _states(document["trading_states"])),
        ("denied at send", _counts(chosen["denials_at_send_by_code"])),
        ("model cost", _cost(document["cost"])),
    ]


def _cost(cost: dict[str, Any]) -> str:
    """As the money ledger has it: also what failed or was cut off."""
    total = cost["total"]
    if not total["calls_count"]:
        return "no call of a model is in the money ledger"
    return f"{total_words(cost)}; {total['input_tokens']} tokens in, {total['output_tokens']} out"


def selectivity_words(chosen: dict[str, Any]) -> str:
    """How often it traded, how sure it was of its plans, how much it said."""
    rate, sure = chosen["trades_per_hour"], chosen["mean_confidence"]
    length = chosen["mean_justification_characters"]
    said = "" if length is None else f"; {length:.0f} characters a reason"
    if sure is None:
        return f"no plan was proposed{said}"
    bands = ", ".join(
        f"{row['from']:g}–{row['to']:g}: {row['approved']} of {row['plans']}"
        + (f" ({row['voted_down']} voted down)" if row["voted_down"] else "")
        for row in chosen["confidence_bands"]
    )
    return (
        ("" if rate is None else f"{rate:.3f} trades an hour; ")
        + f"{chosen['denials_per_plan']:.2f} denials a plan; mean confidence {sure:.2f}, approved "
        f"by band {bands}{said}"
    )


def _opinions(asked: dict[str, Any]) -> str:
    """What others made of the plans, and how often the model did not keep to its own."""
    flips = asked["flip_fraction"]
    told = "" if flips is None else f"; asked again, {_percent(flips)} turned out otherwise"
    return f"asked about {asked['asked']} plans: {_counts(asked['by_code'])}{told}"


def _faults(faults: dict[str, Any] | None) -> list[tuple[str, str]]:
    """First of all, where the venue was made worse on purpose."""
    if faults is None:
        return []
    return [
        ("WITH FAULTS", f"injected on purpose: {faults['spec'].replace(',', ', ')}"),
        ("faults injected", f"{faults['injected_count']}: {_counts(faults['injected'])}"),
    ]


def _purse_lines(purse: dict[str, Any]) -> list[tuple[str, str]]:
    figures, account, money = purse["performance"], purse["account"], purse["currency"]
    return [
        (
            "equity",
            f"{_money(account['equity'])} {money} from {_money(account['capital'])} {money}"
            + _deposited(account["net_deposits"], money),
        ),
        ("return", _percent(figures["total_return_fraction"])),
        ("max drawdown", _percent(figures["max_drawdown_fraction"])),
        ("Sharpe", _ratio(figures["sharpe_ratio"], figures["sharpe_standard_error"])),
        ("Sortino", _ratio(figures["sortino_ratio"], None)),
        ("trades", _trades(figures)),
        *trades_lines(purse["trades_summary"], money),
        ("profit factor", _number(figures["profit_factor_ratio"])),
        ("costs", f"fees {_money(account['fees'])}, funding {_money(account['funding'])} {money}"),
    ]


def _deposited(text: str, money: str) -> str:
    net = Decimal(text)
    if not net:
        return ""
    return (
        f" and {_money(text)} {money} paid in"
        if net > 0
        else (f", less {_money(str(-net))} {money} taken out")
    )


def _states(entries: list[dict[str, Any]]) -> str:
    if not entries:
        return "active throughout"
    newest = entries[-1]
    before = len(entries) - 1
    earlier = f" ({before} earlier change{'s' * (before > 1)})" if before else ""
    return f"{newest['state']} at {newest['at']}: {newest['reason']}{earlier}"


def _trades(figures: dict[str, Any]) -> str:
    count = figures["trades_count"]
    if not count:
        return "none closed"
    return (
        f"{count}, won {_percent(figures['win_fraction'])}, mean R {_number(figures['mean_r'])}, "
        f"best {_number(figures['best_r'])} R, worst {_number(figures['worst_r'])} R"
        + ("; too few to conclude anything" if count < FEW_TRADES else "")
    )


def _ledger(account: dict[str, Any]) -> str:
    replayed = account["replayed_from_fills"]
    entries = f"{replayed['entries_count']} fills, funding payments and deposits"
    if replayed["equal"] is None:
        return f"rebuilt from its {entries}"
    return f"{'equals' if replayed['equal'] else 'DIFFERS from'} its {entries} replayed from zero"


def _money(text: str) -> str:
    return f"{Decimal(text):,.2f}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"


def _percent(fraction: float | None) -> str:
    return "undefined" if fraction is None else f"{100 * fraction:.2f} %"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _ratio(value: float | None, error: float | None) -> str:
    if value is None:
        return "undefined"
    return f"{value:.2f}" + (f" ± {error:.2f} (standard error)" if error is not None else "")
