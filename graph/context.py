"""What the nodes of a session share: passed in, never global."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from agent.opinions import NO_OPINIONS, Opinions
from agent.planner import Planner
from agent.prompt_budget import PromptBudget, default_budget
from broker.outbox import PAPER_ACCOUNT
from domain.candles import Timeframe
from domain.clock import Clock
from domain.snapshot import Snapshot
from graph.attention import ALWAYS, Attention
from graph.caps import Caps
from graph.reads import Asking, Reads
from graph.state import RunState
from journal.books import Journal
from journal.spending import DecisionAllowance, SpendingLedger
from market.feeds.protocol import NO_FEEDS, Feeds
from market.observe import Observer
from market.protocol import MarketSource
from policies.settings import Policy
from tools.desk import Desk
from traces.recorder import Recorder


class Stopwatch:
    """Wall seconds since each run was first seen; a resumed run gets its time anew."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}

    def elapsed_s(self, run_id: str) -> float:
        """Seconds since the first call with this run id."""
        now = time.monotonic()
        return now - self._started.setdefault(run_id, now)

    def forget(self, run_id: str) -> None:
        """The run is over."""
        self._started.pop(run_id, None)


@dataclass(frozen=True)
class RunContext:
    """Everything a run needs from outside its state."""

    planner: Planner
    desk: Desk
    source: MarketSource
    observer: Observer
    journal: Journal
    recorder: Recorder
    policy: Policy
    caps: Caps
    clock: Clock
    replay: bool
    """True when time is the session's own: a decision's `now` is then its `as_of`."""
    symbols: tuple[str, ...]
    timeframe: Timeframe
    prompt_hash: str
    spending: SpendingLedger
    """What the models may cost, and do."""
    charts: bool = False
    """Whether a model sees, of those that may be asked."""
    prompt: PromptBudget = field(default_factory=default_budget)
    """How much of the situation the model is told."""
    feeds: Feeds = NO_FEEDS
    attention: Attention = ALWAYS
    opinions: Opinions = NO_OPINIONS
    """Who else is asked, and how much they have to agree."""
    reads: Reads = field(default_factory=Asking)
    """How the questions of the node at hand are answered; see `graph.world`."""
    account_name: str = PAPER_ACCOUNT
    """Enters the client order ids."""
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    def reading(self, reads: Reads) -> RunContext:
        """The same, whose ways out into the world are these."""
        return replace(self, reads=reads)

    def allowance(self, state: RunState, node: str) -> DecisionAllowance:
        """The money that a step of the run asks a model with.

        Where nobody named a model's longest answer, it is taken for the tokens that are left.
        """
        used = state["input_tokens"] + state["output_tokens"]
        left = max(1, self.caps.max_tokens_count - used)
        return self.spending.allowance(state["run_id"], state["symbol"], node, left)

    def snapshot(self, state: RunState) -> Snapshot:
        """The run's snapshot, read back by its hash."""
        return Snapshot.model_validate_json(self.recorder.read_blob(state["snapshot"]))
