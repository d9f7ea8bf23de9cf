"""Starting money: what `--capital` says, and how it falls to the currencies of a session."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from domain.errors import ConfigError
from domain.numbers import plain

USUAL = Decimal(10_000)
UNNAMED = ""
"""The currency of an amount that names none: the session's only one."""
_MONEY = re.compile(
    r"([0-9]{1,13}(?:\.[0-9]{1,12})?(?:[eE][0-9]{1,2})?)([A-Za-z][A-Za-z0-9]{0,11})?", re.ASCII
)
_EXAMPLES = "such as 10000, 2500.50 or 10000USDT"


def read_money(option: str, text: str) -> tuple[Decimal, str]:
    """An amount and the currency it names; `UNNAMED` where it names none.

    Raises:
        ConfigError: it is no amount above 0.
    """
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ConfigError(f"{option} {text!r} is no amount of money, {_EXAMPLES}")
    amount = Decimal(found[1])
    if not Decimal(0) < amount < Decimal("1e12"):
        raise ConfigError(f"{option} {text!r} was expected above 0 and below 1e12")
    return amount, found[2] or UNNAMED


def read_capital(words: Sequence[str]) -> dict[str, Decimal]:
    """The values of `--capital`, by currency; empty where none was given.

    Raises:
        ConfigError: one is no amount, or two are of one currency.
    """
    capital: dict[str, Decimal] = {}
    for text in words:
        amount, currency = read_money("--capital", text)
        if currency in capital or (capital and UNNAMED in {currency, *capital}):
            raise ConfigError(
                f"--capital {text!r} is one amount too many: give one amount, or one for each "
                "currency, such as --capital 10000USDT --capital 5000EUR"
            )
        capital[currency] = amount
    return capital


def purses_of(capital: Mapping[str, Decimal], quotes: Collection[str]) -> dict[str, Decimal]:
    """Starting money of each currency that the session's symbols are quoted in.

    Raises:
        ConfigError: a currency has none, or money was given that no symbol is quoted in.
    """
    names = sorted(quotes)
    if len(names) == 1 and set(capital) <= {UNNAMED}:
        return {names[0]: capital.get(UNNAMED, USUAL)}
    lacking = [name for name in names if name not in capital]
    odd = [name for name in sorted(capital) if name not in quotes and name != UNNAMED]
    if lacking or odd:
        usual = plain(capital.get(UNNAMED, USUAL))
        words = " ".join(
            f"--capital {plain(capital[n]) if n in capital else usual}{n}" for n in names
        )
        lack = f"nothing was given in {', '.join(lacking)}" if lacking else ""
        more = f"nothing is quoted in {', '.join(odd)}" if odd else ""
        raise ConfigError(
            f"the symbols are quoted in {', '.join(names)}, each with money of its own, and "
            f"{' and '.join(w for w in (lack, more) if w)}: type {words}"
        )
    return {name: capital[name] for name in names}


def capital_words(purses: Mapping[str, Decimal]) -> str | list[str]:
    """What `--capital` would have to say for these, as it is kept with the session."""
    if len(purses) == 1:
        return plain(next(iter(purses.values())))
    return [f"{plain(amount)}{currency}" for currency, amount in sorted(purses.items())]
