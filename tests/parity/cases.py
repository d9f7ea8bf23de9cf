"""Every question that both engines were asked, by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.parity.task import Case, Row, Signal, shipped

CALM: Row = (100, 101, 99, 100, 1e6)
LONG = Signal(1, 94.995, 110.005)
SHORT = Signal(-1, 105.005, 89.995)
AFTER = (CALM, CALM)


def small(*rows: Row, signal: Signal = LONG, on_close: bool = False) -> Case:
    """A signal at the close of the second of a few bars."""
    return Case((CALM, CALM, *rows, *AFTER), {1: signal}, on_close)


CASES: dict[str, Callable[[], Case]] = {
    "shipped candles": lambda: shipped(12),
    "stop in the bar of entry": lambda: small((100, 101, 90, 92, 1e6)),
    "target in the bar of entry": lambda: small((100, 111, 99, 110, 1e6)),
    "stop and target in one bar": lambda: small(CALM, (100, 111, 90, 100, 1e6)),
    "stop and target in one bar, short": lambda: small(
        CALM, (100, 111, 88, 100, 1e6), signal=SHORT
    ),
    "gap over the stop": lambda: small(CALM, (90, 92, 88, 91, 1e6)),
    "gap over the stop, short": lambda: small(CALM, (108, 109, 107, 108, 1e6), signal=SHORT),
    "gap over the stop before the entry": lambda: small((90, 92, 88, 91, 1e6)),
    "gap over the target": lambda: small(CALM, (112, 113, 111, 112, 1e6)),
    "gap over the target, and the stop in the same bar": lambda: small(
        CALM, (112, 113, 90, 91, 1e6)
    ),
    "entry on the same close": lambda: small(
        (102, 103, 101, 102, 1e6), CALM, (111, 112, 99, 100, 1e6)
    ),
    "entry on the same close, allowed": lambda: small(
        (102, 103, 101, 102, 1e6), CALM, (111, 112, 99, 100, 1e6), on_close=True
    ),
    "more than the bar's volume": lambda: small(
        (100, 101, 99, 100, 2), (102, 103, 101, 102, 2), (111, 112, 105, 106, 1e6),
        signal=LONG._replace(size=4),
    ),
    "a bar without volume": lambda: small(
        (100, 101, 99, 100, 0), (101, 102, 100, 101, 1e6), (111, 112, 110, 111, 1e6)
    ),
    "limit entry and stop in one bar": lambda: small(
        (100, 101, 90, 92, 1e6), (92, 93, 91, 92, 1e6), signal=LONG._replace(limit=98.0)
    ),
    "limit entry and target in one bar": lambda: small(
        (100, 111, 97, 100, 1e6), CALM, (111, 112, 109, 111, 1e6), signal=LONG._replace(limit=98.0)
    ),
}  # fmt: skip
