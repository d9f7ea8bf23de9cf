"""What a plan's numbers may come from, and how a value is found there by name.

The sources are what the model was shown: the snapshot, the plan and position that stand, the gate's
last word, and the results of its tools, read back exactly as they were told. What a model gave
itself is no source: not the answer of `what_if`, and of no tool a number that the call was asked
with, since a stranger's tool may say whatever it is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agent.critique import denial_id
from agent.parse import call_requests
from agent.situation_account import StandingPlan
from agent.situation_market import shown_digits
from agent.source import NoSuchValue, Source, result_source, rounded
from domain.equation import Known, Place
from domain.numbers import BPS, to_decimal
from domain.orders import Position
from domain.plan import PlanDraft
from domain.snapshot import Features, Snapshot
from domain.strict_json import JsonRefused, canonical, loads
from domain.verdict import Bracket, Denied, Verdict
from policies.evidence import CODES

NO_SOURCE = frozenset({"what_if"})
"""Tools that answer with what they were asked with."""


ECHO_BPS = 1
"""As near to a number of the call's arguments, what it answers is that number said back."""
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"(?<=[0-9])[,_' ](?=[0-9]{3})")


class Told(NamedTuple):
    """One result of a tool."""

    text: str
    """As the model read it."""
    asked_with: frozenset[Decimal] = frozenset()
    """Every number in the arguments of the call, without its sign."""


@dataclass(frozen=True)
class Sources:
    """Everything that a plan may name."""

    snapshot: Snapshot
    plan: StandingPlan | None
    position: Position | None
    judged: Sequence[tuple[PlanDraft, Verdict]]
    """The run's earlier drafts, each with the gate's word."""
    results: Mapping[str, Told]
    """Per id of a tool result, what it told."""

    def look(self, place: Place) -> Known:
        """The value that a place names.

        Raises:
            NoSuchValue: there is none.
        """
        name = place.source
        if name in self.results:
            return _of_result(self.results[name], place)
        if name in self._shown:
            return self._shown[name].find(place)
        known = ", ".join([*self._shown, *self.results])
        raise NoSuchValue(f"there is no {name!r}; there are {known}")

    @cached_property
    def _shown(self) -> dict[str, Source]:
        shown = {"now": Source(_now(self.snapshot))}
        shown |= {of.timeframe.value: _candles(self.snapshot, of) for of in self.snapshot.features}
        if self.plan is not None:
            shown["plan"] = Source(_standing(self.plan))
        if self.position is not None:
            held = self.position
            shown["position"] = Source({"entry": held.entry_price, "quantity": abs(held.quantity)})
        shown |= {
            denial_id(n): Source(_gate(verdict, draft))
            for n, (draft, verdict) in enumerate(self.judged, 1)
            if isinstance(verdict, Denied)
        }
        return shown


def results_of(messages: Sequence[BaseMessage]) -> dict[str, Told]:
    """The tools' results among the messages, by id; a reply to an answer is none."""
    found: dict[str, Told] = {}
    arguments: dict[str, str] = {}
    for message in messages:
        if isinstance(message, AIMessage):
            arguments = {call.call_id: call.arguments_text for call in call_requests(message)}
        if not isinstance(message, ToolMessage) or message.name in NO_SOURCE:
            continue
        begins = re.match(r'\{"id":"([A-Za-z0-9_-]{1,64}#[0-9]{1,4})",', message.text)
        if begins and begins[1].partition("#")[0] == message.name:
            asked = arguments.get(message.tool_call_id, "")
            found[begins[1]] = Told(message.text, _numbers_in(asked))
    return found


def _numbers_in(arguments: str) -> frozenset[Decimal]:
    """Wherever they stand, also in words: `43,000` as well as `43000`."""
    try:
        text = canonical(loads(arguments))  # "\u0034" is a 4
    except JsonRefused:
        text = arguments
    plain_text = _GROUPED.sub("", text)
    return frozenset(Decimal(one) for one in _DIGITS.findall(f"{text} {plain_text}"))


def _of_result(told: Told, place: Place) -> Known:
    known = result_source(told.text).find(place)
    near = abs(known.value) * ECHO_BPS / BPS
    if any(abs(abs(known.value) - asked) <= near for asked in told.asked_with):
        raise NoSuchValue(f"{place} is a number that the call was asked with")
    return known


def _now(snapshot: Snapshot) -> dict[str, Any]:
    book, funding = snapshot.book, snapshot.funding
    return {
        "price": snapshot.last,
        **({"bid": book.bid, "ask": book.ask, "mid": book.mid} if book else {}),
        **({"spread_bps": book.spread_bps} if book else {}),
        **({"funding": funding.rate_fraction} if funding else {}),
        "open_interest": snapshot.open_interest,
    }


def _candles(snapshot: Snapshot, features: Features) -> Source:
    """Indicators of a timeframe at its newest candle, and the candles that were shown."""
    said = features.model_dump(exclude={"timeframe", "known_at", "bars"})
    values = {name: _told(name, value) for name, value in said.items()}
    recent = next((r for r in snapshot.recent if r.timeframe == features.timeframe), None)
    series: dict[str, Sequence[Any]] = {}
    if recent is not None:
        paths = recent.model_dump(exclude={"timeframe"})
        series |= {name: [_told(name, v) for v in values] for name, values in paths.items()}
    if features.timeframe == snapshot.timeframe:
        names = ("open", "high", "low", "close", "volume")  # prices are shown whole
        series |= {n: [to_decimal(getattr(bar, n)) for bar in snapshot.bars] for n in names}
    return Source(values, series)


def _told(name: str, value: float | None) -> Known | None:
    """An indicator, and how far off the situation shows it."""
    return None if value is None else rounded(value, shown_digits(name))


def _standing(stands: StandingPlan) -> dict[str, Any]:
    draft = stands.plan.draft
    stop = stands.bracket.stop_price if stands.stop_price is None else stands.stop_price
    targets = stands.bracket.targets
    return {
        "entry": draft.entry,
        "invalidation": draft.invalidation,
        "stop": stop,
        **{f"target_{n}": leg.price for n, leg in enumerate(targets, 1)},
    }


def _gate(denied: Denied, judged: PlanDraft) -> dict[str, Any]:
    """The bracket that was judged, the limits that it broke, and what would have passed.

    Of a plan whose numbers were not sound only what the gate itself brought in: else a made-up
    number would come back as the gate's.
    """
    said: dict[str, Any] = {
        "limits": {f.code: limit for f in denied.failed if (limit := _limit(f.limit)) is not None}
    }
    nearest = denied.nearest.draft if denied.nearest else None
    if nearest is not None:
        said["nearest"] = _levels(nearest)
    if not CODES & set(denied.codes):
        return said if denied.bracket is None else {**said, **_judged(denied.bracket)}
    own = set(_levels(judged).values())
    said["nearest"] = {k: v for k, v in said.get("nearest", {}).items() if v not in own}
    return said


def _levels(draft: PlanDraft) -> dict[str, Decimal | None]:
    return {
        "entry": draft.entry,
        "invalidation": draft.invalidation,
        **{f"target_{n}": target.price for n, target in enumerate(draft.targets, 1)},
    }


def _judged(bracket: Bracket) -> dict[str, Any]:
    return {
        "entry": bracket.entry_price,
        "stop": bracket.stop_price,
        **{f"target_{n}": leg.price for n, leg in enumerate(bracket.targets, 1)},
        "risk_per_unit": bracket.risk_per_unit,
        "reward_risk": bracket.reward_risk,
    }


def _limit(text: str) -> Decimal | None:
    found = re.fullmatch(r"[<>]=? (-?[0-9]+(?:\.[0-9]+)?)", text)
    return Decimal(found[1]) if found else None
