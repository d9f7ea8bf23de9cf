"""From one model's draft and the answers of others to one draft, or none: the rule, and only that.

Pure: the same answers give the same ruling, in whatever order the others stand. Whoever gave no
answer, or one that could not be read, stands against the draft; so does whoever would do anything
else. The draft that comes out is nobody's average: each of its parts is the most careful one that
somebody who agreed has said, so it risks no more, hopes for no more and holds no longer than any.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from agent.evidence import levels
from domain.equation import read_equation
from domain.numbers import ZERO, plain
from domain.plan import (
    MAX_CONDITIONS_COUNT,
    MAX_EVIDENCE_COUNT,
    MAX_NUMBERS_COUNT,
    Answer,
    PlanDraft,
    ReplanDraft,
    Side,
)
from domain.strict_json import canonical

Draft = PlanDraft | ReplanDraft
RulingCode = Literal["NO_QUORUM", "DISPERSED", "UNSTABLE"]


class Terms(BaseModel):
    """How much agreement a draft needs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    min_quorum_fraction: Annotated[Decimal, Field(gt=Decimal("0.5"), le=1)] = Decimal("0.66")
    """Least share, of all who were asked and the one who drafted, that would do the same."""
    max_dispersion_atr_ratio: Annotated[Decimal, Field(gt=0, le=10)] = Decimal(2)
    """Farthest that their entries, targets and invalidations may lie apart, in ATR14."""
    max_flip_fraction: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.25")
    """Most that may turn out otherwise when the one who drafted is asked again."""


class Ruling(NamedTuple):
    """What the others' answers make of a draft."""

    draft: Draft | None
    """What all who agreed can stand by; None: no trade."""
    code: RulingCode | None
    sentence: str
    agreed_count: int
    """The one who drafted included."""
    asked_count: int
    flips_count: int
    repeats_count: int
    dispersion_atr_ratio: Decimal | None
    """The farthest of the three distances; None where there is nothing to measure, or no ATR."""

    @property
    def flip_fraction(self) -> Decimal | None:
        """Share of the repeats that turned out otherwise; None where nothing was asked again."""
        return Decimal(self.flips_count) / self.repeats_count if self.repeats_count else None


def agrees(draft: Draft, answer: Answer | None) -> bool:
    """Whether an answer would do the same: open on the same side, or change the plan alike."""
    if isinstance(draft, ReplanDraft):
        return isinstance(answer, ReplanDraft) and answer.add == draft.add
    return isinstance(answer, PlanDraft) and answer.side == draft.side


def ruling(
    draft: Draft,
    side: Side,
    votes: Sequence[Answer | None],
    repeats: Sequence[Answer | None],
    last: Decimal,
    atr: Decimal | None,
    terms: Terms,
) -> Ruling:
    """Judge a draft by what others answered.

    Args:
        draft: The one that the session's model made.
        side: Its own, or that of the plan which it changes.
        votes: One for each other voter; None where there is none that counts.
        repeats: What the same model answered when it was asked again.
        last: Newest price, in quote: where an entry at the market is taken to be.
        atr: ATR14 of the decision timeframe, in quote.
        terms: What is enough.
    """
    agreed = [vote for vote in votes if isinstance(vote, Draft) and agrees(draft, vote)]
    same: list[Draft] = [draft, *agreed]
    flips = sum(not agrees(draft, again) for again in repeats)
    apart = _apart(same, last, atr) if agreed else None
    counted = (len(same), len(votes) + 1, flips, len(repeats), apart)
    if len(same) < terms.min_quorum_fraction * (len(votes) + 1):
        return Ruling(None, "NO_QUORUM", _quorum_words(len(same), len(votes) + 1, terms), *counted)
    if flips > terms.max_flip_fraction * len(repeats):
        return Ruling(None, "UNSTABLE", _flip_words(flips, len(repeats), terms), *counted)
    if agreed and (apart is None or apart > terms.max_dispersion_atr_ratio):
        return Ruling(None, "DISPERSED", _dispersion_words(apart, terms), *counted)
    merged = _merged(draft, same, side == "long") if agreed else draft
    if agreed and not _in_order(merged, last, side == "long"):
        return Ruling(None, "DISPERSED", _CROSSED, *counted)
    return Ruling(merged, None, _agreed_words(*counted[:4]), *counted)


def _merged(draft: Draft, same: Sequence[Draft], long: bool) -> Draft:
    """The most careful of each part; what is said in words stays the first one's."""
    nearest, farthest = (min, max) if long else (max, min)
    limits = [each.entry for each in same if each.entry is not None]
    said = sorted({one for each in same for one in each.invalid_if} - set(draft.invalid_if))
    cited = sorted({one for each in same for one in each.evidence} - set(draft.evidence))
    bound = sorted({one for each in same for one in each.numbers} - set(draft.numbers))
    ladders = sorted(same, key=lambda each: canonical(each.model_dump(mode="json")["targets"]))
    merged = draft.model_copy(
        update={
            "entry": nearest(limits) if limits else None,
            "targets": nearest(ladders, key=mean_target).targets,
            "invalidation": farthest(each.invalidation for each in same),
            "invalid_if": (*draft.invalid_if, *said)[:MAX_CONDITIONS_COUNT],
            "evidence": (*draft.evidence, *cited)[:MAX_EVIDENCE_COUNT],
            "horizon_bars": min(each.horizon_bars for each in same),
            "confidence": min(each.confidence for each in same),
        }
    )
    return merged.model_copy(update={"numbers": _sources(draft, merged, bound)})


def _sources(draft: Draft, merged: Draft, others: Sequence[str]) -> tuple[str, ...]:
    """Where its levels come from: the first one's equations, and the others' for what is theirs.

    Without those of levels that gave way: beside a level an equation has no tick of its own.
    """
    wanted = {level for _, level in levels(merged)}
    gone = {level for _, level in levels(draft)} - wanted
    own = {text: read_equation(text).number for text in draft.numbers}
    kept = [text for text, number in own.items() if number not in gone]
    theirs = {read_equation(text).number: text for text in reversed(others)}
    found = [theirs[number] for number in sorted((wanted - set(own.values())) & set(theirs))]
    return (*kept[: MAX_NUMBERS_COUNT - len(found)], *found)


def mean_target(draft: Draft) -> Decimal:
    """Where the draft's targets lie on the whole: their weighted mean, in quote."""
    return sum((target.price * target.weight for target in draft.targets), ZERO)


def _apart(same: Sequence[Draft], last: Decimal, atr: Decimal | None) -> Decimal | None:
    """The widest spread of entries, targets and invalidations, in ATR; None where that is unknown.

    An entry at the market counts as one at the newest price.
    """
    columns = (
        [last if each.entry is None else each.entry for each in same],
        [mean_target(each) for each in same],
        [each.invalidation for each in same],
    )
    widest = max(max(column) - min(column) for column in columns)
    if atr is None or not atr > ZERO:
        return None if widest else ZERO
    return widest / atr


def _in_order(draft: Draft, last: Decimal, long: bool) -> bool:
    """Whether invalidation, entry and targets follow each other on the side's way."""
    entry = last if draft.entry is None else draft.entry
    prices = [draft.invalidation, entry, *(target.price for target in draft.targets)]
    least, *beyond = prices if long else [-price for price in prices]
    start, *goals = beyond
    return least < start < min(goals)


_CROSSED = "the most careful entry, target and invalidation do not stand in their order"


def _quorum_words(agreed: int, asked: int, terms: Terms) -> str:
    return (
        f"{agreed} of {asked} would do this, the one who drafted it included; a share of "
        f"{plain(terms.min_quorum_fraction)} is needed"
    )


def _flip_words(flips: int, repeats: int, terms: Terms) -> str:
    return (
        f"asked again, the model decided otherwise in {flips} of {repeats}; a share of at most "
        f"{plain(terms.max_flip_fraction)} is allowed"
    )


def _dispersion_words(apart: Decimal | None, terms: Terms) -> str:
    limit = plain(terms.max_dispersion_atr_ratio)
    if apart is None:
        return f"how far they lie apart is unknown without an ATR; at most {limit} ATR is allowed"
    return f"those who agree lie {apart:.2f} ATR apart; at most {limit} is allowed"


def _agreed_words(agreed: int, asked: int, flips: int, repeats: int) -> str:
    again = f"; asked again, {flips} of {repeats} turned out otherwise" if repeats else ""
    return f"{agreed} of {asked} would do this{again}"
