"""The account, what stands for the instrument, and what was denied, as the model reads them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import NamedTuple

from agent.sections import Section
from agent.tables import ABSENT, cells, lines, number
from domain.clock import iso
from domain.numbers import plain
from domain.orders import Position
from domain.outside_text import one_line
from domain.plan import TradePlan
from domain.verdict import Bracket
from journal.last_denial import LastDenial
from policies.facts import AccountFacts

SHOWN_THESIS_CHARACTERS = 300
"""Of the standing plan's thesis."""
_COLUMNS = ("symbol", "quantity", "mark", "value", "share of equity", "risk to stop")


class StandingPlan(NamedTuple):
    """The plan of the instrument that an answer could change."""

    plan: TradePlan
    bracket: Bracket
    status: str
    stop_price: Decimal | None
    """Where its stop works; None before a fill."""


def account_section(account: AccountFacts) -> Section:
    """Its money, then the positions and working entries of all symbols, the largest first."""
    held = [
        (
            abs(h.value),
            (h.symbol, plain(h.quantity), plain(h.mark), *_shares(h.value, h.open_risk, account)),
        )
        for h in account.positions
    ]
    working = [
        (w.notional, (w.symbol, f"{w.side} entry", ABSENT, *_shares(w.value, w.open_risk, account)))
        for w in account.working_entries
    ]
    rows = [row for _, row in sorted([*held, *working], key=lambda each: (-each[0], each[1]))]
    count = account.positions_elsewhere
    elsewhere = f"\npositions and entries in other currencies: {count}" if count else ""
    money = (
        f"equity {_short(account.equity)}, free {_short(account.free)}, at midnight "
        f"{_short(account.day_start_equity)}{elsewhere}"
    )
    if not rows:
        return Section("account", (), empty=f"{money}\nno position, no working entry")
    return Section("account", lines(rows), f"{money}\n{cells(_COLUMNS)}")


def denial_section(denial: LastDenial | None) -> Section:
    """Why the newest plan for this instrument was denied."""
    if denial is None:
        return Section("denial", (), empty="none")
    codes = ", ".join(denial.codes)
    when = "" if denial.sentences else ", as it was to be sent"
    head = f"{denial.side} of {iso(denial.at)}, denied by {codes}{when}"
    nearest = (denial.nearest,) if denial.nearest else ()
    return Section("denial", (head, *denial.sentences, *nearest))


def position_words(position: Position | None, last: Decimal) -> str:
    """What is held of the instrument."""
    if position is None:
        return "none"
    return (
        f"{position.side} {plain(abs(position.quantity))} since {iso(position.opened_at)}, "
        f"entered at {_short(position.entry_price)}, profit now "
        f"{_short(position.unrealised(last))} before costs"
    )


def plan_words(stands: StandingPlan | None) -> str:
    """The plan that stands for it."""
    if stands is None:
        return "none"
    draft, bracket = stands.plan.draft, stands.bracket
    entry = "at the market" if draft.entry is None else f"limit {plain(draft.entry)}"
    stop = bracket.stop_price if stands.stop_price is None else stands.stop_price
    targets = ", ".join(f"{plain(t.price)} ({plain(t.quantity)})" for t in bracket.targets)
    thesis = one_line(draft.thesis, SHOWN_THESIS_CHARACTERS)
    return (
        f"version {stands.plan.version}, {stands.status}: {bracket.side}, entry {entry}, stop "
        f"{plain(stop)}, targets {targets}, closed at {iso(bracket.close_at)} at the latest; its "
        f"thesis was {json.dumps(thesis, ensure_ascii=False)}"
    )


def _shares(value: Decimal, risk: Decimal | None, account: AccountFacts) -> tuple[str, str, str]:
    share = value / account.equity if account.equity > 0 else None
    return _short(value), _short(share, 3), _short(risk, 4)


def _short(value: Decimal | None, digits: int = 8) -> str:
    return ABSENT if value is None else number(float(value), digits)
