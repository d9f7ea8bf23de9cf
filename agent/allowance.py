"""Who is asked for money before a model is asked for an answer.

The room that keeps the money lies elsewhere (`journal.spending`); whoever asks a model sees no more
of it than this.
"""

from __future__ import annotations

from typing import Protocol

from domain.spending import Claim, Cost, Usage


class Receipt(Protocol):
    """What was set aside for one call; it counts as spent until it is settled."""

    def settle(self, usage: Usage, cost: Cost | None) -> None:
        """The call was answered and took so much; None where nobody named a price."""


class Allowance(Protocol):
    """The money of one decision, for one step of it."""

    @property
    def longest_answer_tokens(self) -> int:
        """How long an answer is taken to be of a model whose longest answer nobody named."""

    def reserve(self, claim: Claim) -> Receipt:
        """Set the call's worst case aside.

        Raises:
            OverBudget: the caps leave no room for it; nothing was set aside.
        """
