"""Whether any decision of a session saw what came after it: the session is lived again, twice.

Once in a world that ends at each moment that is asked about, once in one whose rest is garbage
(`market.sources.tampered`). Nobody is asked anything: the model's recorded answers are given again
to the same prompts. Everything that reached a decision, which is its snapshot, its prompts, what
its tools answered and what the gate saw, has to come out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

from langchain_core.messages import AIMessage

from agent.messages import load_message
from agent.recorded_model import Prompt, PromptChanged, RecordedModel
from app.home import database_place
from app.lookahead_seen import Difference, Item, edits_count, first_difference, seen_of
from app.options import SessionOptions, limits_and_feeds, stored_options
from app.reopening import kept_policy
from app.report import open_journal
from app.run_command import drive, made_session
from app.settings import load_settings
from app.wire import Replaced, Wired, wire_session
from domain.clock import EPOCH, FixedClock
from domain.errors import ConfigError, StateError
from graph.run import Runner
from journal.books import Journal
from journal.operator import acts_since
from market.feeds.tampered import tampered_feeds
from market.sources.open import make_source
from market.sources.recorded import RecordedSource
from market.sources.tampered import TamperedSource, Tampering
from market.store.store import MarketStore
from policies.settings import Policy
from traces.events import Certified, ModelAnswered, PromptSent
from traces.opinion_events import VoteCast
from traces.store import TraceStore

WORLDS: tuple[Tampering, ...] = ("ended", "corrupted")
Progress = Callable[[Tampering, int, int], None]
"""Told the world, how many decisions were made anew in it, and how many there are."""


@dataclass(frozen=True)
class Past:
    """A session's record, as far as it is compared."""

    name: str
    options: SessionOptions
    policy: Policy | None
    runs: Mapping[str, tuple[Item, ...]]
    """What reached each decision, in the order of deciding."""
    answers: Mapping[Prompt, AIMessage | None]
    votes: Mapping[str, Mapping[Prompt, AIMessage | None]]
    """What each voter answered, by its name."""
    certified: tuple[Certified, ...]
    hands_count: int
    """Words of an operator and edits by hand: they are not said again."""


class World(NamedTuple):
    """What came of living it again in one of the two."""

    tampering: Tampering
    compared_count: int
    """Decisions that came out the same."""
    difference: Difference | None


def look(
    name: str | None,
    progress: Progress,
    *,
    tools: Path | None = None,
    feeds: Path | None = None,
    source: RecordedSource | None = None,
) -> dict[str, Any]:
    """The whole check of one session, as a JSON-able document.

    Args:
        name: The session; None is the newest.
        progress: Told how far it has come.
        tools: The file of the desk's limits, where the session was given one.
        feeds: The file of its feeds, likewise.
        source: In place of the session's own, for those who try a source of theirs.

    Raises:
        ConfigError: the session's market is live, so that it cannot be lived again, or it had
            another file of tools or feeds.
        StateError: no such session, or it lacks traces.
    """
    import asyncio

    database, journal = open_journal(database_place(), name)
    try:
        past, store = _read(journal, tools, feeds), TraceStore(database, journal.session)
        kept = MarketStore(database)
        worlds = []
        for tampering in WORLDS:
            world = _tampered(past, source, kept, tampering)
            again = _live_again(past, world, store, progress)
            worlds.append(asyncio.run(again))
        return _document(past, worlds)
    finally:
        database.close()


def _read(journal: Journal, tools: Path | None, feeds: Path | None) -> Past:
    store, config = TraceStore(journal.database, journal.session), journal.config()
    runs: dict[str, tuple[Item, ...]] = {}
    answers: dict[Prompt, AIMessage | None] = {}
    votes: dict[str, dict[Prompt, AIMessage | None]] = {}
    certified: list[Certified] = []
    hands_count = len(acts_since(journal.database, journal.session, 0))
    for decision in journal.decisions():
        recorded = store.events(decision["run_id"])
        if not recorded:
            raise StateError(
                f"decision {decision['run_id']!r} has no trace any more (pruned?), so what it saw "
                "cannot be compared; expected a session with all of its traces"
            )
        runs[decision["run_id"]] = seen_of(recorded)
        hands_count += edits_count(recorded)
        asked: Prompt = ()
        for item in recorded:
            if isinstance(item.event, PromptSent):
                asked = tuple(item.event.messages)
                answers.setdefault(asked, None)
            elif isinstance(item.event, ModelAnswered):
                answers[asked] = _answer(store, item.event.message)
            elif isinstance(item.event, VoteCast):
                said = votes.setdefault(item.event.voter, {})
                said[tuple(item.event.messages)] = _answer(store, item.event.message)
            elif isinstance(item.event, Certified):
                certified.append(item.event)
    options = replace(
        stored_options(journal.session, config, None, None),
        decisions=max(1, len(runs)),
        **_files(config, tools, feeds),
    )
    policy = kept_policy(journal.session, config)
    return Past(
        journal.session, options, policy, runs, answers, votes, tuple(certified), hands_count
    )


def _answer(store: TraceStore, message_hash: str | None) -> AIMessage | None:
    message = load_message(store.blobs.get(message_hash)) if message_hash else None
    return message if isinstance(message, AIMessage) else None


def _files(config: Mapping[str, Any], tools: Path | None, feeds: Path | None) -> dict[str, Any]:
    """The two files of options that a session is known to have had, but that it does not keep."""
    given = limits_and_feeds(tools, feeds)
    for key in ("tools", "feeds"):
        kept = config.get(key)
        if given.get(f"{key}_hash") != kept:
            raise ConfigError(
                f"the session ran with {'another' if kept else 'no'} file of {key}; expected "
                f"{f'--{key} FILE with what it had then' if kept else f'no --{key}'}"
            )
    return given


def _tampered(
    past: Past, given: RecordedSource | None, kept: MarketStore, how: Tampering
) -> TamperedSource:
    market, seed = past.options.market, past.options.seed
    source = given or make_source(market, clock=FixedClock(EPOCH), seed=seed, store=kept)
    if not isinstance(source, RecordedSource):
        raise ConfigError(
            f"session {past.name!r} ran over {market!r}, which was live and cannot be lived again; "
            "each decision's certificate is in its trace: plangate traces show RUN"
        )
    return TamperedSource(source, how)


async def _live_again(
    past: Past, source: TamperedSource, store: TraceStore, progress: Progress
) -> World:
    """The session in a folder of its own, up to the first prompt that was never sent."""
    view = _View(progress, source.tampering, len(past.runs))
    replaced = Replaced(
        model=RecordedModel(past.answers),
        voters=lambda name: RecordedModel(past.votes.get(name, {})),
        source=source,
        feeds=lambda feeds: tampered_feeds(feeds, source.tampering),
    )
    settings = load_settings().model_copy(update={"database_url": None})
    with TemporaryDirectory() as folder:
        home = Path(folder)
        async with wire_session(
            past.options, settings, home, policy=past.policy, replaced=replaced
        ) as wired:
            session = made_session(wired, Runner(wired.context, None), past.options, view)
            with suppress(PromptChanged):
                await drive(session, wired, past.options, view)
            return _compared(past, source.tampering, store, wired)


def _compared(past: Past, tampering: Tampering, store: TraceStore, wired: Wired) -> World:
    recorder = wired.context.recorder
    recorder.flush()
    for number, (run_id, before) in enumerate(past.runs.items()):
        after = seen_of(recorder.store.events(run_id))
        found = first_difference(run_id, before, after, store.blobs.get, recorder.store.blobs.get)
        if found is not None:
            return World(tampering, number, found)
    return World(tampering, len(past.runs), None)


class _View:
    """Passes on how far it has come, and nothing else."""

    def __init__(self, progress: Progress, tampering: Tampering, total: int) -> None:
        self._progress, self._tampering, self._total = progress, tampering, total
        self._made = 0

    def begin(self, wired: Wired, slots: int | None) -> None:  # noqa: ARG002  # the view's signature
        self._progress(self._tampering, 0, self._total)

    def decided(self, slot: datetime, final: dict[str, Any]) -> None:  # noqa: ARG002  # likewise
        self._made += 1
        self._progress(self._tampering, self._made, self._total)

    def trouble(self, words: str) -> None:
        """Said when the session was run."""

    def notice(self, words: str) -> None:
        """Likewise."""


Verdict = Literal["clean", "differs", "undecided"]


def _document(past: Past, worlds: list[World]) -> dict[str, Any]:
    differs = any(world.difference for world in worlds)
    broken = sum(not one.holds for one in past.certified)
    verdict: Verdict = "differs" if differs or broken else "clean"
    if verdict == "differs" and not broken and past.hands_count:
        verdict = "undecided"
    return {
        "schema": "plangate.lookahead/1",
        "session": past.name,
        "market": past.options.market,
        "verdict": verdict,
        "decisions_count": len(past.runs),
        "texts_count": sum(len(item.texts) for items in past.runs.values() for item in items),
        "by_hand_count": past.hands_count,
        "certificates": {
            "count": len(past.certified),
            "broken_count": broken,
            "least_lag_s": _least_lags(past.certified),
        },
        "worlds": [
            {
                "world": world.tampering,
                "equal_count": world.compared_count,
                "difference": world.difference._asdict() if world.difference else None,
            }
            for world in worlds
        ],
    }


def _least_lags(certified: tuple[Certified, ...]) -> dict[str, float]:
    """Per source, seconds between its newest datum and the moment asked about, at the least."""
    lags: dict[str, float] = {}
    for one in certified:
        for source, newest in one.newest.items():
            lag = (newest.as_of - newest.known_at).total_seconds()
            lags[source] = min(lag, lags.get(source, lag))
    return lags
