"""A case: one plan before the gate, with everything a rule may see, all of it as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.book import OrderSide
from domain.candles import Timeframe
from domain.instrument import Instrument
from domain.numbers import ONE
from domain.plan import Evidence, PlanDraft, TradePlan
from domain.strict_json import content_hash
from policies.conditions import Reading
from policies.facts import AccountFacts, MarketFacts, Standing
from policies.settings import Policy


@dataclass(frozen=True, slots=True)
class Case:
    """One plan before the gate."""

    draft: PlanDraft
    decided_at: datetime
    decision_price: Decimal
    """Price the plan was made at, in quote."""
    timeframe: Timeframe
    instrument: Instrument
    allowed_symbols: tuple[str, ...]
    """The session's symbols; the policy can only narrow them."""
    market: MarketFacts
    account: AccountFacts
    policy: Policy
    version: int
    head_version: int | None
    """Newest version of this run's plan; None when it cannot be read."""
    plan_policy_hash: str
    """Hash of the policy that the plan was made under."""
    evidence: tuple[Evidence, ...] = ()
    """What the run's tools had answered when the plan was made."""
    standing: Standing | None = None
    """The plan that this one is a new version of; None for a plan of its own."""
    readings: tuple[Reading, ...] = ()
    """The plan's own conditions, as they stand on this market."""
    quantity: Decimal | None = None
    """A size that was fixed elsewhere, in base: it is judged as it stands. None: the executor
    sizes. A model can say neither."""

    @property
    def direction(self) -> Decimal:
        """1 for a long plan, -1 for a short one: turns a price difference into profit."""
        return ONE if self.draft.side == "long" else -ONE

    @property
    def entry_side(self) -> OrderSide:
        """`buy` opens a long, `sell` a short."""
        return "buy" if self.draft.side == "long" else "sell"

    @property
    def modelled(self) -> bool:
        """True when the book is derived from candles instead of a venue's."""
        return self.market.book is not None and self.market.book.origin == "modelled"

    @property
    def spot(self) -> bool:
        """True when the instrument is spot: no leverage, no funding, no short."""
        return self.instrument.kind == "spot"


def case_of(
    plan: TradePlan,
    instrument: Instrument,
    symbols: tuple[str, ...],
    market: MarketFacts,
    account: AccountFacts,
    policy: Policy,
    head_version: int | None,
    standing: Standing | None = None,
    readings: tuple[Reading, ...] = (),
) -> Case:
    """A plan as the gate sees it, with the market and the account of this moment."""
    return Case(
        draft=plan.draft,
        decided_at=plan.as_of,
        decision_price=plan.decision_price,
        timeframe=plan.timeframe,
        instrument=instrument,
        allowed_symbols=symbols,
        market=market,
        account=account,
        policy=policy,
        version=plan.version,
        head_version=head_version,
        plan_policy_hash=plan.policy_hash,
        evidence=plan.evidence,
        standing=standing,
        readings=readings,
    )


def draft_hash(draft: PlanDraft) -> str:
    """Content hash of what a draft would do; words, confidence and conditions do not count."""
    return content_hash(
        draft.model_dump(exclude={"thesis", "evidence", "numbers", "confidence", "invalid_if"})
    )
