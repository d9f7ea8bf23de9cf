"""The options that choose decisions, the same for every command that looks at several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from traces.chosen import Chosen

Session = Annotated[str | None, typer.Option("--session", help="Only this session.")]
Symbol = Annotated[str | None, typer.Option(help="Only this symbol, such as BTC/USD.")]
Outcome = Annotated[
    str | None, typer.Option(help="Such as approved, denied, no_trade, quiet, failed.")
]
Code = Annotated[
    str | None, typer.Option(help="Only decisions that ended with it, such as RR_BELOW_MIN.")
]
ModelName = Annotated[str | None, typer.Option("--model", help="Only this model, as rules.")]
Since = Annotated[
    str | None,
    typer.Option(
        help="Decided at this moment (of the market) or later, as 2023-02-01T12:00 (UTC), or as "
        "an age: 36h, 30d."
    ),
]
Until = Annotated[str | None, typer.Option(help="Decided before this moment, or this age.")]
Text = Annotated[
    str | None,
    typer.Option(
        metavar="WORDS",
        help="All of these words were said in it; -word was not, break* is how a word begins. "
        "The sentences: plangate traces search.",
    ),
]
MinCost = Annotated[
    str | None, typer.Option(metavar="USD", help="Cost at least this; unknown cost is left out.")
]
MaxCost = Annotated[
    str | None, typer.Option(metavar="USD", help="Cost at most this; unknown cost is left out.")
]
_NAMES = (
    *("session", "symbol", "outcome", "code", "model", "since", "until"),
    *("min_cost", "max_cost", "text"),
)


def chosen_by(asked: Mapping[str, Any]) -> Chosen:
    """What a command's options choose, given all that it was asked by name.

    Raises:
        ConfigError: naming the option, its value and what was expected.
    """
    from app.trace_choice import read_choice

    return read_choice(**{name: asked[name] for name in _NAMES if name in asked})
