"""A session's recorded plans under another policy: what flips, why, and what would have come of it.

No model is asked and nothing is written. Each plan is judged as it stood; where the session's
market is on record, its answers are walked through too, under its own policy and under the other
one, so that like is held against like.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.moments import read_moment_or_age
from app.recorded_session import RecordedSession, known_until, recorded_session
from app.regate_document import Regated, document, grid_document
from app.regate_proof import proven
from app.reopening import kept_policy
from app.walking import Ended, Record, Walker, walked_options
from backtest.grid import combinations, read_grid
from backtest.regate import Judged, judged, read_plans
from domain.errors import ConfigError, DataError, StateError
from journal.books import Journal
from policies.settings import DEFAULTS, Policy

Progress = Callable[[str, int, int], None]
"""Told what is being done, how far it has come, and how far it is."""


@dataclass(frozen=True)
class Past:
    """A session's record, read once."""

    journal: Journal
    record: Record
    own: Policy | None
    """The session's policy; None where an older release made it."""
    walker: Walker | None
    no_walk: str | None
    """Why it cannot be walked."""


def regate(
    policy: Policy,
    session: str | None,
    since: str | None,
    progress: Progress,
    *,
    walk: bool,
    prove: bool = False,
) -> dict[str, Any]:
    """One session under another policy, as a JSON-able document.

    Args:
        policy: The other one.
        session: None is the newest.
        since: A moment, or how far back from the newest decision, such as `30d`; None: everything.
        progress: Told how far it has come.
        walk: Also walk through the record on the session's market.
        prove: Also ask the graph, and hold what it says against the walk.

    Raises:
        StateError: no such session, or nothing in it to judge.
        ConfigError: a `since` that is neither; a session that cannot be proven.
    """
    with _past(session, since, progress, walk=walk) as past:
        if prove:
            _require_provable(past.journal)
        was, past = _walked(past, past.own, "its own policy", progress)
        now, past = _walked(past, policy, "the other policy", progress)
        found = Regated(_judged(past.record, policy, progress), now)
        told = document(past.journal, past.record, policy, found, was, past.no_walk)
        if not prove:
            return {**told, "proof": None}
        if past.walker is None or now is None:
            raise ConfigError(
                f"--prove holds the walk against the graph, and there is none: {past.no_walk}; "
                "leave --prove out"
            )
        asked = proven(past.walker, policy, now, progress)
        return {**told, "proof": asyncio.run(asked)._asdict()}


def _require_provable(journal: Journal) -> None:
    """Refuse what the graph could not be asked again as it was.

    Raises:
        ConfigError: the session had voters, or files of tools or feeds, which it does not keep.
    """
    config = journal.config()
    had = [name for name in ("opinions", "tools", "feeds") if config.get(name)]
    if had:
        raise ConfigError(
            f"--prove asks the graph with the session's own answers alone, and session "
            f"{journal.session!r} had {' and '.join(had)} besides; leave --prove out"
        )


def regate_grid(
    grid: str,
    base: Policy | None,
    session: str | None,
    since: str | None,
    progress: Progress,
    *,
    walk: bool,
) -> dict[str, Any]:
    """One session under many policies, as a JSON-able document; otherwise as `regate`.

    Args:
        grid: Limits and their values, as `backtest.grid` reads them.
        base: What they are changed in; None is the session's own policy.
        session: As in `regate`; the rest likewise.
        since: See there.
        progress: See there.
        walk: See there.

    Raises:
        ConfigError: a grid that cannot be read.
    """
    wanted = read_grid(grid)
    with _past(session, since, progress, walk=walk) as past:
        trials = combinations(base or past.own or DEFAULTS, wanted)
        was, past = _walked(past, past.own, "its own policy", progress)
        found = []
        for number, (values, policy) in enumerate(trials, 1):
            words = f"trial {number} of {len(trials)}"
            now, past = _walked(past, policy, words, progress)
            found.append((values, Regated(_judged(past.record, policy, _silent), now)))
            if past.walker is None:
                progress("trials", number, len(trials))
        return grid_document(past.journal, past.record, found, was, past.no_walk)


def _walked(
    past: Past, policy: Policy | None, words: str, progress: Progress
) -> tuple[Ended | None, Past]:
    """A walk under a policy; where the market lacks what it takes, none from here on."""
    if past.walker is None or policy is None:
        return None, past
    walking = past.walker.walk(policy, partial(progress, words))
    try:
        return asyncio.run(walking), past
    except (DataError, ConfigError) as error:
        return None, replace(past, walker=None, no_walk=str(error))


def _judged(record: Record, policy: Policy, progress: Progress) -> list[Judged]:
    found = []
    for number, (decision, plans) in enumerate(record, 1):
        found.append(judged(decision, plans, policy))
        if number % 100 == 0 or number == len(record):
            progress("each as it stood", number, len(record))
    return found


@contextmanager
def _past(
    session: str | None, since: str | None, progress: Progress, *, walk: bool
) -> Iterator[Past]:
    with recorded_session(session) as past:
        decisions = past.decisions
        first = read_moment_or_age("--since", since, decisions[-1].as_of)
        chosen = [one for one in decisions if first is None or one.as_of >= first]
        if not any(one.plans for one in chosen):
            raise StateError(
                f"no plan was judged in session {past.journal.session!r}"
                f"{f' since {since}' if since else ''}: there is nothing to judge again"
            )
        record = []
        for number, pair in enumerate(read_plans(chosen, past.store.blobs.get), 1):
            record.append(pair)
            if number % 100 == 0:
                progress("reading", number, len(chosen))
        yield _opened(past, record, walk=walk)


def _opened(past: RecordedSession, record: Record, *, walk: bool) -> Past:
    journal, newest = past.journal, record[-1][0].as_of
    own = kept_policy(journal.session, journal.config())
    if not walk:
        return Past(journal, record, own, None, "it was not asked for")
    if own is None:
        return Past(
            journal, record, own, None, "the session does not keep its policy (plangate 0.1)"
        )
    try:
        source, options = asyncio.run(past.market())
        end = min(max(journal.valued_at() or newest, newest), known_until(source))
        walker = Walker(walked_options(options, record, end), record, past.store, source, end)
    except (ConfigError, DataError) as error:
        return Past(journal, record, own, None, str(error))
    return Past(journal, record, own, walker, None)


def _silent(_words: str, _made: int, _total: int) -> None:
    pass
