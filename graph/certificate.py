"""What a decision could know: per source the newest datum it was shown, and as of when it asked.

Observer and desk refuse what was known later than the moment asked about; the certificate is the
record of that, in each decision's trace, for those who would rather look than believe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain.clock import iso, parse_moment
from domain.snapshot import Snapshot
from graph.state import RunState
from tools.protocol import ToolAnswer
from traces.events import Certified, NewestKnown

Known = dict[str, list[str]]
"""As `graph.state.RunState.known`."""


def known_of_snapshot(known: Mapping[str, list[str]], snapshot: Snapshot) -> Known:
    """With what a snapshot shows."""
    return _with(
        known, ((p.source, p.known_at) for p in snapshot.provenance.values()), snapshot.as_of
    )


def known_of_answers(
    known: Mapping[str, list[str]], answers: Iterable[ToolAnswer], as_of: datetime
) -> Known:
    """With what tools answered; an answer that says no time, such as a refusal, shows nothing."""
    return _with(known, ((a.source, a.known_at) for a in answers if a.known_at), as_of)


def certificate(state: RunState) -> Certified:
    """The run's, for its trace."""
    return Certified(
        newest={
            source: NewestKnown(known_at=parse_moment(known_at), as_of=parse_moment(as_of))
            for source, (known_at, as_of) in sorted(state.get("known", {}).items())
        }
    )


def _with(
    known: Mapping[str, list[str]], seen: Iterable[tuple[str, datetime]], as_of: datetime
) -> Known:
    newest = dict(known)
    for source, known_at in seen:
        before = newest.get(source)
        if before is None or parse_moment(before[0]) < known_at:
            newest[source] = [iso(known_at), iso(as_of)]
    return newest
