"""Stops that follow the price: what is done at a moment may be done again by a successor."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from broker.guard import Guard
from domain.candles import Timeframe
from domain.plan import Side
from market.observe import Observer
from policies.settings import Policy
from tests.broker.house import SYMBOLS, played
from tests.broker.venue import CALM, D, H, Row, T

FEE, SLIPPAGE = D("0.001"), D("0.5")


@pytest.mark.parametrize(("side", "stop"), [("long", "100.8"), ("short", "99.3")])
async def test_a_stop_moved_twice_at_one_moment_breaks_even_where_it_did(
    side: Side, stop: str, tmp_path: Path
) -> None:
    sign = 1 if side == "long" else -1
    far: Row = (100 + 3 * sign, 104 + sign, 96 + sign, 100 + 3 * sign, 10)
    planned = {"side": side, "targets": [("120" if sign > 0 else "80", "1")]}
    planned["stop"] = "95" if sign > 0 else "105"
    house = await played(tmp_path, [CALM, far, far], **planned)
    source, policy = house.source, Policy(breakeven_after_r_ratio=D("0.5"))
    observer = Observer(source, Timeframe.H1, SYMBOLS)
    guard = Guard(house.book, source, observer, policy, Timeframe.H1)
    assert house.leg("stop").slippage == SLIPPAGE
    prices = []
    for _ in range(3):
        await guard.manage(T + 3 * H)
        prices.append(house.leg("stop").price)
    assert set(prices) == {D(stop)}
    assert gained(D(100), D(stop), sign) >= 0 > gained(D(100), D(stop) - sign * D("0.1"), sign)


def gained(entry: Decimal, stop: Decimal, sign: int) -> Decimal:
    """Per unit, after both fees and what the stop slips."""
    return (stop - entry) * sign - FEE * (entry + stop) - SLIPPAGE
