"""What backtesting.py answers: from the package, or as it was written down from it.

The package is AGPL-3.0. plangate does not depend on it, also not for its tests: what it answered
is kept beside this file. Where it is installed the answers are asked for again. To write them anew:

    pip install backtesting==0.6.6
    python -m tests.parity.theirs
"""

from __future__ import annotations

import json
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from tests.parity.cases import CASES
from tests.parity.task import FEE, Case, Trade

STORED = Path(__file__).parent / "backtesting.json"
VERSION = "0.6.6"
WHY_SKIPPED = (
    "backtesting.py (AGPL-3.0) is not a dependency of plangate; its stored answers were compared. "
    f"To ask it again: pip install backtesting=={VERSION}"
)


def stored(name: str) -> list[Trade]:
    """What it answered, oldest entry first."""
    return [Trade.of(row) for row in _stored()["cases"][name]]


@cache
def _stored() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(STORED.read_text())
    return document


def asked(case: Case) -> list[list[float]]:
    """What it answers now; positions that are still open are left out."""
    import pandas as pd
    from backtesting import Backtest, Strategy

    class Task(Strategy):  # type: ignore[misc]  # untyped
        def init(self) -> None:
            """Nothing is reckoned ahead."""

        def next(self) -> None:
            signal = case.signals.get(len(self.data) - 1)
            if signal is not None and not self.position:
                order = self.buy if signal.side > 0 else self.sell
                order(size=signal.size, limit=signal.limit, sl=signal.stop, tp=signal.target)

    columns = ["Open", "High", "Low", "Close", "Volume"]
    stamps = pd.date_range("2018-06-01", periods=len(case.rows), freq="h")
    frame = pd.DataFrame(list(case.rows), columns=columns, index=stamps, dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a position that is left open, and of the rest
        engine = Backtest(
            frame, Task, cash=1e9, commission=float(FEE), trade_on_close=case.on_close
        )
        trades = engine.run()["_trades"].sort_values("EntryBar")
    return [
        [
            int(t.EntryBar),
            int(t.ExitBar),
            1 if t.Size > 0 else -1,
            float(t.EntryPrice),
            float(t.ExitPrice),
            float(t.Commission),
        ]
        for t in trades.itertuples()
    ]


def write() -> None:
    """Ask it everything, and write the answers down."""
    import backtesting

    cases = {name: asked(make()) for name, make in CASES.items()}
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in cases.items())
    text = f'{{"version": "{backtesting.__version__}", "cases": {{\n{rows}\n}}}}\n'
    STORED.write_text(text)
    sys.stdout.write(f"{STORED}: {sum(map(len, cases.values()))} trades\n")


if __name__ == "__main__":
    write()
