"""Money that comes into the account from outside, or leaves it, at an operator's word.

The venue is told first and keeps it under its name, the journal second: a process that dies in
between asks again under the same name and is answered as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from domain.numbers import ZERO, plain
from domain.orders import Deposit
from journal.operator import Act


class Treasury(Protocol):
    """A venue to which money can be sent; the paper venue's own side."""

    async def transfer(self, deposit_id: str, currency: str, amount: Decimal) -> Deposit | str:
        """Take money in, or with a negative amount out; why not, where it is refused.

        What was done under a name is answered as before, and not done again.
        """
        ...

    async def deposits(self) -> Sequence[Deposit]:
        """Everything that came in or went out, in order."""
        ...


class Transferred(NamedTuple):
    """What became of an operator's word."""

    deposit: Deposit | None
    """None where it was refused."""
    words: str


async def carried_out(treasury: Treasury | None, act: Act) -> Transferred:
    """Send or fetch the money that a word names."""
    currency, amount = act.currency or "", act.amount or ZERO
    what = f"{'withdrawal' if amount < ZERO else 'deposit'} of {plain(abs(amount))} {currency}"
    if treasury is None:
        return Transferred(None, f"{what} refused: nothing can be sent to this venue from here")
    answer = await treasury.transfer(f"operator-{act.sequence}", currency, amount)
    if isinstance(answer, str):
        return Transferred(None, f"{what} refused: {answer}")
    return Transferred(answer, f"{what} booked ({act.reason})")
