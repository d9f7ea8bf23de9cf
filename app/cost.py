"""What models cost: by day, symbol, model, node and tool, a decision and an accepted plan.

US dollars, exact. A call that nobody settled counts at its worst, and a sum in which a price is
unknown is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.clock import iso
from domain.numbers import plain
from domain.spending import PROBE, USD_DIGITS, usd_sum
from journal.spending_reading import ModelCall, accepted_count, model_calls
from traces.database import Database

KINDS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens")

_KEYS: dict[str, Callable[[ModelCall], str]] = {
    "day": lambda call: f"{call.at:%Y-%m-%d}",
    "symbol": lambda call: call.symbol,
    "model": lambda call: call.model,
    "node": lambda call: call.node,
}


def cost_report(
    database: Database,
    session: str | None = None,
    symbol: str | None = None,
    since: datetime | None = None,
) -> dict[str, Any]:
    """The calls of one session, or of all, as one JSON-able document."""
    calls = model_calls(database, session, symbol, since)
    runs = {(call.session, call.run_id) for call in calls if call.node != PROBE}
    accepted = accepted_count(database, runs)
    total = _group("total", calls)
    return {
        "schema": "plangate.cost/1",
        "session": session,
        "symbol": symbol,
        "since": iso(since) if since else None,
        "total": total,
        "decisions_count": len(runs),
        "accepted_plans_count": accepted,
        "usd_per_decision": _each(total["usd"], len(runs)),
        "usd_per_accepted_plan": _each(total["usd"], accepted),
        **{f"by_{name}": _groups(calls, key) for name, key in _KEYS.items()},
        "by_tool": _by_tool(calls),
    }


def _groups(calls: Sequence[ModelCall], key: Callable[[ModelCall], str]) -> list[dict[str, Any]]:
    found: dict[str, list[ModelCall]] = {}
    for call in calls:
        found.setdefault(key(call), []).append(call)
    return [_group(name, mine) for name, mine in sorted(found.items())]


def _group(name: str, calls: Sequence[ModelCall]) -> dict[str, Any]:
    return {
        "name": name,
        "calls_count": len(calls),
        "unsettled_count": sum(call.settled_at is None for call in calls),
        **{kind: sum(getattr(call, kind) or 0 for call in calls) for kind in KINDS},
        **usd_sum(call.usd for call in calls),
    }


def tool_shares(calls: Iterable[ModelCall]) -> dict[str, list[Decimal | None]]:
    """By tool, of each call whose prompt held its answers, their share of what the prompt cost."""
    found: dict[str, list[Decimal | None]] = {}
    for call in calls:
        for name, tokens in call.tool_tokens.items():
            found.setdefault(name, []).append(_share(call, tokens))
    return dict(sorted(found.items()))


def _by_tool(calls: Sequence[ModelCall]) -> list[dict[str, Any]]:
    """Of each call the cost of its prompt, shared out by the prompt's tokens; then the answers."""
    rows = [
        {
            "name": name,
            "tokens": sum(call.tool_tokens.get(name, 0) for call in calls),
            **usd_sum(shares),
        }
        for name, shares in tool_shares(calls).items()
    ]
    if calls:
        rest = [call.prompt_tokens - sum(call.tool_tokens.values()) for call in calls]
        shares = (_share(call, tokens) for call, tokens in zip(calls, rest, strict=True))
        rows.append({"name": "(the rest of the prompt)", "tokens": sum(rest), **usd_sum(shares)})
        answers = (_answer(call) for call in calls)
        said = sum(call.output_tokens or 0 for call in calls)
        rows.append({"name": "(answers)", "tokens": said, **usd_sum(answers)})
    return rows


def _share(call: ModelCall, tokens: int) -> Decimal | None:
    if call.prompt_usd is None:
        return None
    return call.prompt_usd * tokens / max(call.prompt_tokens, 1)


def _answer(call: ModelCall) -> Decimal | None:
    if call.usd is None or call.prompt_usd is None:
        return None
    return call.usd - call.prompt_usd


def _each(usd: str | None, count: int) -> str | None:
    return None if usd is None or not count else plain(Decimal(usd) / count, USD_DIGITS)
