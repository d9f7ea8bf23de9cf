"""From a venue's word to a fill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from broker.executed import fill_of
from broker.protocol import Execution
from tests.broker.desk import NOW


def test_a_fill_is_stamped_as_it_is_kept_to_the_millisecond():
    execution = Execution(
        trade_id="t",
        client_order_id="c",
        symbol="BTC/USDT",
        side="buy",
        quantity=Decimal(1),
        price=Decimal(100),
        fee=Decimal(0),
        fee_currency="quote",
        at=NOW,
    )
    live = replace(execution, at=NOW + timedelta(microseconds=1_709))
    assert fill_of(live, None).at == NOW + timedelta(milliseconds=1)
