"""From the name a user types to a market source."""

from __future__ import annotations

from domain.clock import Clock
from domain.errors import ConfigError
from market.protocol import MarketSource

FORMS = "box, synthetic[:SEED], files:PATH or ccxt:EXCHANGE"


def make_source(
    spec: str, *, clock: Clock, seed: int = 7, base_url: str | None = None
) -> MarketSource:
    """The source that `spec` names, not opened yet.

    Args:
        spec: `box`, `synthetic[:SEED]`, `files:PATH` or `ccxt:EXCHANGE`.
        clock: what a live source calls now.
        seed: of a synthetic market whose name carries none.
        base_url: where an exchange is found instead of its own address.

    Raises:
        ConfigError: no such form, or a negative seed.
    """
    kind, _, rest = spec.partition(":")
    if spec == "box":
        from market.sources.box import BoxSource

        return BoxSource()
    if spec == "synthetic" or (kind == "synthetic" and rest.isascii() and rest.isdecimal()):
        from market.sources.synthetic import SyntheticSource

        chosen = int(rest) if rest else seed
        if chosen < 0:
            raise ConfigError(f"seed {chosen!r} was expected at or above 0; choose another")
        return SyntheticSource(chosen)
    if kind == "files" and rest:
        from market.sources.files import FilesSource

        return FilesSource(rest)
    if kind == "ccxt" and rest:
        from market.sources.exchange import ExchangeSource

        return ExchangeSource(rest, clock, base_url=base_url)
    raise ConfigError(f"unknown market {spec!r}; expected {FORMS}")
