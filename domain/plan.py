"""What a model may answer: a plan, a change of it, an exit, no trade. Never a quantity.

These types are the doors that model output comes in by, and the schema text that the model reads is
the docstring under each field. No quantity, no leverage, no order: those are the executor's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from domain.candles import Timeframe
from domain.condition import LONGEST, PATTERN, read_condition
from domain.equation import LONGEST as LONGEST_EQUATION
from domain.equation import read_equation
from domain.strict_json import canonical, content_hash

Side = Literal["long", "short"]

MAX_CONDITIONS_COUNT = 4
MAX_NUMBERS_COUNT = 12
MAX_EVIDENCE_COUNT = 16

_NUMBER = WithJsonSchema({"type": "number"})
_SHARE = WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})

Price = Annotated[Decimal, Field(gt=0, lt=Decimal("1e12"), allow_inf_nan=False), _NUMBER]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Target(_Answer):
    """A take-profit level."""

    price: Price
    """In quote."""
    weight: Annotated[Decimal, Field(gt=0, le=100), _NUMBER] = Decimal(1)
    """Part of the position relative to the other targets: 1 and 1 are halves."""


_SMALLEST_SHARE = Decimal("0.0001")


def _as_shares(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The same targets with weights that sum to 1 exactly; what rounding leaves is the last's.

    Whoever says nothing means equal parts, and many a model counts parts (1, 1, 1) or percent.
    """
    total = sum((t.weight for t in targets), Decimal(0))
    if total == 1 and min(t.weight for t in targets) >= _SMALLEST_SHARE:
        return targets
    shares = [(t.weight / total).quantize(_SMALLEST_SHARE) for t in targets[:-1]]
    shares.append(1 - sum(shares, Decimal(0)))
    if min(shares) <= 0:
        weights = [str(t.weight) for t in targets]
        raise ValueError(f"a target of weights {weights} takes less than {_SMALLEST_SHARE} of all")
    return tuple(
        t.model_copy(update={"weight": share}) for t, share in zip(targets, shares, strict=True)
    )


Targets = Annotated[
    tuple[Target, ...], Field(min_length=1, max_length=3), AfterValidator(_as_shares)
]


def _canonical(text: str) -> str:
    return str(read_condition(text))


ConditionText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST),
    Field(json_schema_extra={"pattern": PATTERN}),
    AfterValidator(_canonical),
]
Conditions = Annotated[tuple[ConditionText, ...], Field(max_length=MAX_CONDITIONS_COUNT)]


def _equation(text: str) -> str:
    return read_equation(text).text


EquationText = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_EQUATION), AfterValidator(_equation)
]
Equations = Annotated[tuple[EquationText, ...], Field(max_length=MAX_NUMBERS_COUNT)]
HorizonBars = Annotated[int, Field(ge=1, le=500)]
EvidenceIds = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=64)], ...],
    Field(max_length=MAX_EVIDENCE_COUNT),
]
Confidence = Annotated[Decimal, Field(ge=0, le=1), _SHARE]


class _Levels(_Answer):
    """What a plan and a change of one have alike."""

    entry: Price | None = None
    """Limit price in quote; left out, at the market."""
    targets: Targets
    """One to three take-profit levels beyond the entry, nearest first."""
    invalidation: Price
    """Price at which the thesis is wrong; the executor's stop is never closer than this."""
    invalid_if: Conditions = ()
    """What else would prove it wrong, watched by code at each close; any one closes the position:
    `4h close below 41200`, `1h rsi_14 above 70`, `1h close below ema_50`, `funding above 0.05 %`;
    also `price`, `spread` in bps, `open interest`."""
    horizon_bars: HorizonBars
    """Candles after which the position is closed in any case."""
    thesis: Text
    """Why, in plain words, from the data you were given."""
    evidence: EvidenceIds = ()
    """Ids of the tool results it rests on."""
    numbers: Equations = ()
    """Where each price comes from, as the rules say: `41213.5 = ohlcv#1 low_20`,
    `41180 = 1h ema_50 - 1.5 * 1h atr_14`."""
    confidence: Confidence
    """How sure you are."""


class PlanDraft(_Levels):
    """Propose to open a position. Size, leverage and the final stop are set by the executor."""

    side: Side
    """`long` profits from a rise, `short` from a fall."""


class ReplanDraft(_Levels):
    """Change the plan that stands: new levels for it, never more risk than it was approved with.

    Of a working entry all, of an open position targets, a closer stop and the horizon, from now.
    `plan target_1` in `numbers` keeps a level.
    """

    add: bool = False
    """True adds to an open position, within its first risk."""

    def draft(self, side: Side) -> PlanDraft:
        """The plan that this makes of one on `side`."""
        return PlanDraft(side=side, **self.model_dump(exclude={"add"}))


class ExitDraft(_Answer):
    """Close the open position at the market, or a part of it; take back an unfilled entry."""

    thesis: Text
    """Why the position should be closed now."""
    fraction: Annotated[Decimal, Field(gt=0, le=1), _SHARE] = Decimal(1)
    """Share of the position to close; 1 closes it whole."""


class NoTrade(_Answer):
    """Decide to do nothing; an open position stays as it is."""

    reason: Text
    """Why not, in plain words."""
    wake_if: Conditions = ()
    """What would make you look again, written as `invalid_if`; you may not be asked each candle."""


Answer = PlanDraft | ReplanDraft | ExitDraft | NoTrade


class Evidence(_Answer):
    """What one tool call of the run came to, as far as the gate needs to know."""

    result_id: str
    """`ohlcv#1`: the name a draft's `evidence` refers to."""
    tool: str
    ok: bool
    """False when the call was refused or failed."""
    as_of: datetime
    """The moment the question was asked as of."""


PlanAct = Literal["open", "replace", "adjust", "scale_in"]
"""What a version of a plan does: opens one, replaces its unfilled entry, gives a position new
levels, or adds to it."""


class TradePlan(_Answer):
    """A draft in its place: which run, which moment, which model, which policy. Immutable."""

    plan_id: str
    """Content hash, so that a replay repeats it; a replan keeps that of the plan it changes."""
    version: int
    """1 for the first draft, counted up with each revision and each replan."""
    run_id: str
    symbol: str
    as_of: datetime
    timeframe: Timeframe
    decision_price: Price
    """Price the model saw when it decided, in quote; slippage is measured against it."""
    draft: PlanDraft
    model: str
    prompt_hash: str
    policy_hash: str
    revises: str | None = None
    """plan_id of the version before."""
    evidence: tuple[Evidence, ...] = ()
    """What the run's tools had answered by then."""
    act: PlanAct = "open"
    """What it does to what stood before it."""


def make_plan(
    draft: PlanDraft,
    *,
    version: int,
    run_id: str,
    symbol: str,
    as_of: datetime,
    timeframe: Timeframe,
    decision_price: Decimal,
    model: str,
    prompt_hash: str,
    policy_hash: str,
    revises: str | None = None,
    evidence: tuple[Evidence, ...] = (),
    act: PlanAct = "open",
    changes: str | None = None,
) -> TradePlan:
    """Wrap a draft into a plan whose id is the hash of its content and context.

    `changes` is the id of the plan that this is a new version of: it keeps that id.
    """
    body = {
        "draft": draft.model_dump(mode="json"),
        "version": version,
        "run_id": run_id,
        "symbol": symbol,
        "as_of": as_of.isoformat(),
        "policy_hash": policy_hash,
        "revises": revises,
    }
    return TradePlan(
        plan_id=changes or content_hash(canonical(body))[:26],
        version=version,
        run_id=run_id,
        symbol=symbol,
        as_of=as_of,
        timeframe=timeframe,
        decision_price=decision_price,
        draft=draft,
        model=model,
        prompt_hash=prompt_hash,
        policy_hash=policy_hash,
        revises=revises,
        evidence=evidence,
        act=act,
    )
