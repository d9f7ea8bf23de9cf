"""Who is asked for money before a model is asked for an answer.

The room that keeps the money lies elsewhere (`journal.spending`); whoever asks a model sees no more
of it than this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.spending import Claim, Cost, Usage


class Receipt(Protocol):
    """What was set aside for one call; it counts as spent until it is settled or released."""

    @property
    def claim(self) -> Claim:
        """What it was set aside for."""

    def settle(self, usage: Usage, cost: Cost | None) -> None:
        """The call was answered and took so much; None where nobody named a price."""

    def release(self) -> None:
        """The call was never made, and took nothing."""


class Allowance(Protocol):
    """The money of one decision, for one of its nodes."""

    @property
    def longest_answer_tokens(self) -> int:
        """How long an answer is taken to be of a model whose longest answer nobody named."""

    def reserve(self, claim: Claim) -> Receipt:
        """Set the call's worst case aside.

        Raises:
            OverBudget: the caps leave no room for it; nothing was set aside.
        """


class JointAllowance(Allowance, Protocol):
    """Also for calls that are made all together or not at all."""

    def reserve_all(self, calls: Sequence[Sequence[Claim]]) -> Sequence[Receipt]:
        """Set the worst case of each call aside, in their order.

        Args:
            calls: Of each, what it may cost with each model that can be asked, in that order; the
                first for which there is room is taken.

        Raises:
            OverBudget: the caps leave no room for all of them; nothing was set aside.
        """


class SetAside:
    """The allowance of one call whose money is there already; for more it asks the other one."""

    def __init__(self, allowance: Allowance, receipt: Receipt) -> None:
        """The receipt is handed out once, to the call that it was made for."""
        self._allowance = allowance
        self._kept: Receipt | None = receipt

    @property
    def longest_answer_tokens(self) -> int:
        """How long an answer is taken to be of a model whose longest answer nobody named."""
        return self._allowance.longest_answer_tokens

    def reserve(self, claim: Claim) -> Receipt:
        """The receipt that is there, or one of the other allowance.

        Raises:
            OverBudget: the caps leave no room for another call; nothing was set aside.
        """
        kept = self._kept
        if kept is None or kept.claim.model != claim.model:
            return self._allowance.reserve(claim)
        self._kept = None
        return kept

    def release(self) -> None:
        """Give back what no call was made with."""
        if self._kept is not None:
            self._kept.release()
            self._kept = None
