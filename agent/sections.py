"""Sections of a prompt, and how they are made to fit: whole rows go, never a part of one.

First each section is brought within its own budget. Then, while all together are too long, the
section of the least priority loses rows, then the next one. What a section has lost it says, in one
line, so that the model knows that there is more to ask for. Same sections, same budget, same text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.prompt_budget import PromptBudget, SectionName
from agent.tables import ABSENT

Count = Callable[[str], int]
"""Tokens of a text."""
_LINE_END = 1
"""Tokens of a line's end at the most."""
_NOTICE_TOKENS = 12
"""Of the line that says what is left out, at the most."""


class Section(NamedTuple):
    """One part of the situation."""

    name: SectionName
    rows: tuple[str, ...]
    """Lines that may go one by one."""
    head: str = ""
    """Stands before the rows, and goes with the last of them."""
    foot: str = ""
    """Stands after them, and goes with them."""
    oldest_first: bool = False
    """Rows go from the front, where the oldest are; else from the end, where the least are."""
    empty: str = ABSENT
    """What it says where there was never a row."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A section as it stands in the prompt."""

    section: Section
    text: str
    tokens: int
    left_out: int
    """Rows that did not fit."""


def fit(
    sections: Sequence[Section], budget: PromptBudget, most_tokens: int, count: Count
) -> list[Fitted]:
    """The sections, trimmed until each and all are within their budgets.

    Args:
        sections: Each name at most once.
        budget: Of each, and their order of giving way.
        most_tokens: Of all together.
        count: Tokens of a text, under the model's own tokenizer where it is known.
    """
    fitted = {s.name: _shortened(s, budget.sections[s.name].tokens, count) for s in sections}
    over = sum(one.tokens for one in fitted.values()) - most_tokens
    for name in sorted(fitted, key=lambda name: (-budget.sections[name].priority, name)):
        if over <= 0:
            break
        before = fitted[name]
        fitted[name] = _shortened(before.section, before.tokens - over, count)
        over -= before.tokens - fitted[name].tokens
    return [fitted[section.name] for section in sections]


def texts(fitted: Sequence[Fitted]) -> Mapping[str, str]:
    """What stands in for each section's name in the prompt."""
    return {one.section.name: one.text for one in fitted}


def _shortened(section: Section, most_tokens: int, count: Count) -> Fitted:
    """The section with as many rows as `most_tokens` hold."""
    whole = _fitted(section, 0, count)
    if whole.tokens <= most_tokens or not section.rows:
        return whole
    rows = section.rows[::-1] if section.oldest_first else section.rows
    around = count(section.head) + count(section.foot) + 2 * _LINE_END + _NOTICE_TOKENS
    kept, used = 0, around
    for row in rows:
        used += count(row) + _LINE_END
        if used > most_tokens:
            break
        kept += 1
    return _fitted(section, len(rows) - kept, count)


def _fitted(section: Section, left_out: int, count: Count) -> Fitted:
    text = _text(section, left_out)
    return Fitted(section, text, count(text) + _LINE_END, left_out)


def _text(section: Section, left_out: int) -> str:
    if not section.rows:
        return "\n".join(part for part in (section.empty, section.foot) if part)
    if left_out == len(section.rows):
        return f"({left_out} rows left out)"
    which = "oldest" if section.oldest_first else "last"
    notice = f"({left_out} of {len(section.rows)} rows left out, the {which})" if left_out else ""
    start, end = (left_out, None) if section.oldest_first else (0, len(section.rows) - left_out)
    kept = section.rows[start:end]
    parts = (section.head, notice, *kept) if section.oldest_first else (section.head, *kept, notice)
    return "\n".join(part for part in (*parts, section.foot) if part)
