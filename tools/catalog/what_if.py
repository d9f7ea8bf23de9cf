"""What the gate would say: asked about a plan that is not proposed, granting nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from langchain_core.tools import tool
from pydantic import Field, ValidationError, WithJsonSchema

from domain.plan import PlanDraft
from domain.verdict import Approved, Bracket
from tools.catalog.answering import PRICE_DIGITS, Request, answer, rounded
from tools.protocol import ToolComplaint

MAX_SENTENCES = 5
Level = Annotated[float, Field(gt=0, lt=1e12), WithJsonSchema({"type": "number"})]


@tool(parse_docstring=True)
async def what_if(
    request: Request,
    side: Literal["long", "short"] = "long",
    target: Level | None = None,
    invalidation: Level | None = None,
    entry: Level | None = None,
    horizon_bars: Annotated[int, Field(ge=1, le=500)] = 24,
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.5,
) -> dict[str, Any]:
    """What the gate would say of a plan: size and stop, or why not. Proposes and grants nothing.

    Args:
        request: Injected by the desk.
        side: Of the plan.
        target: Needed.
        invalidation: Needed.
        entry: Left out, at the market.
        horizon_bars: Candles.
        confidence: 0 to 1.
    """
    if request.review is None:
        raise ToolComplaint("NOT_OFFERED", "there is no account here that the gate could judge by")
    if target is None or invalidation is None:
        raise ToolComplaint("BAD_ARGUMENTS", "what_if: 'target' and 'invalidation' are required")
    try:
        draft = PlanDraft.model_validate(
            {
                "side": side,
                "entry": None if entry is None else str(entry),
                "targets": [{"price": str(target)}],
                "invalidation": str(invalidation),
                "horizon_bars": horizon_bars,
                "thesis": "what if",
                "confidence": str(confidence),
            }
        )
    except ValidationError as error:
        raise ToolComplaint("BAD_ARGUMENTS", f"what_if: {error.errors()[0]['msg']}") from error
    verdict = await request.review(draft)
    failed = [] if isinstance(verdict, Approved) else list(verdict.failed)
    return answer(
        request,
        request.as_of,
        symbol=request.symbol,
        would_pass=verdict.approved,
        codes=list(verdict.codes),
        why=[finding.sentence for finding in failed[:MAX_SENTENCES]],
        more_count=max(0, len(failed) - MAX_SENTENCES),
        nearest=verdict.nearest.sentence if verdict.nearest else None,
        plan=_plan(verdict.bracket) if isinstance(verdict, Approved) else None,
    )


def _plan(bracket: Bracket) -> dict[str, Any]:
    """Size and levels as they would be now; at the time of a proposal they may be others."""
    return {
        "quantity": rounded(bracket.quantity),
        "entry": rounded(bracket.entry_price, PRICE_DIGITS),
        "stop": rounded(bracket.stop_price, PRICE_DIGITS),
        "risk": rounded(bracket.risk_amount),
        "net_reward_risk": rounded(bracket.reward_risk),
    }
