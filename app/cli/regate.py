"""`plangate regate`: a session's recorded plans before another policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.bars import Bars
from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from rich.progress import TaskID

EXIT_DIFFERS = 10


OtherPolicy = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        help="The other policy: a TOML file, or conservative, balanced, aggressive. With --grid: "
        "what the limits of the grid are changed in. Default: the session's own.",
        show_default=False,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(help="A date, or how far back from the newest decision: 12h, 30d, 4w."),
]
Grid = Annotated[
    str | None, typer.Option(help="Many policies: 'min_reward_risk=1.2,1.5,2;max_stop_atr=3,4'.")
]
Walked = Annotated[
    bool,
    typer.Option("--walk/--no-walk", help="Also trade the record through on the session's market."),
]
Proven = Annotated[
    bool,
    typer.Option(
        "--prove", help="Also ask the graph, with the recorded answers: it must say the same."
    ),
]


def regate(
    policy: OtherPolicy = None,
    session: Annotated[str | None, typer.Option(help="Default: the newest session.")] = None,
    since: Since = None,
    grid: Grid = None,
    walk: Walked = True,
    prove: Proven = False,
    as_json: AsJson = False,
) -> None:
    """Hold recorded plans before another policy: which flip, why, and what would have come of it.

    The same gate judges each stored plan on the facts that it saw then; no model is called, nothing
    is written. On a recorded, synthetic or stored market the record is also traded through on
    paper, once under the session's policy and once under the other one: money, drawdown, exposure,
    with 95 % intervals. Such as: plangate regate --policy conservative
    """
    from app.cli.output import print_json
    from app.cli.regate_view import show, show_grid
    from app.regating import regate as one_policy
    from app.regating import regate_grid
    from domain.errors import ConfigError
    from policies.policy_file import load_policy

    if policy is None and grid is None:
        raise ConfigError(
            "there is no other policy: give one with --policy FILE (plangate policy init writes "
            "one), or limits with --grid"
        )
    if prove and (grid is not None or not walk):
        raise ConfigError(
            "--prove holds one walk against the graph: leave --grid and --no-walk out"
        )
    given = None if policy is None else load_policy(policy)
    with _PhaseBars(quiet=as_json) as bars:
        if grid is None and given is not None:
            document = one_policy(given, session, since, bars.told, walk=walk, prove=prove)
        else:
            document = regate_grid(grid or "", given, session, since, bars.told, walk=walk)
    if as_json:
        print_json(document)
    else:
        (show if grid is None else show_grid)(document)
    if (document.get("proof") or {}).get("difference"):
        raise typer.Exit(EXIT_DIFFERS)


class _PhaseBars(Bars):
    """A bar for each thing that is done."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._known: dict[str, TaskID | None] = {}

    def told(self, words: str, made: int, total: int) -> None:
        """Move a bar on."""
        if words not in self._known:
            self._known[words] = self.add(words, total)
        self.move(self._known[words], made, "")
