"""From the name a user types to a market source."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.clock import Clock
from domain.errors import ConfigError
from market.protocol import MarketSource
from market.store.store import MarketStore

FORMS = (
    "box, synthetic[:SEED], files:PATH, store:NAME, ccxt:EXCHANGE[,EXCHANGE...][@COLLARbps] or "
    "ib:HOST:PORT"
)


def make_source(
    spec: str,
    *,
    clock: Clock,
    seed: int = 7,
    base_url: str | None = None,
    present: datetime | None = None,
    store: MarketStore | None = None,
    keep_as: str | None = None,
) -> MarketSource:
    """The source that `spec` names, not opened yet.

    Args:
        spec: `box`, `synthetic[:SEED]`, `files:PATH`, `store:NAME`, `ccxt:EXCHANGE` or a chain of
            exchanges, `ccxt:HOME,STANDBY...[@COLLARbps]`, `ib:HOST:PORT` of a TWS or IB Gateway.
        clock: what a live source calls now.
        seed: of a synthetic market whose name carries none.
        base_url: where an exchange is found instead of its own address; of a chain one per
            exchange, separated by commas.
        present: the machine's time: recorded candles that open later are refused.
        store: what a live source reads through, and `store:NAME` reads from.
        keep_as: the name under which a live source keeps what it got, in place of its own.

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

        return FilesSource(rest, present)
    if kind == "store" and rest and store is not None:
        from market.sources.stored import StoredSource

        return StoredSource(store, rest)
    if kind == "ccxt" and rest:
        return _exchanges(rest, clock, base_url, store, keep_as)
    if kind == "ib":
        return _stocks(rest, clock, store, keep_as)
    raise ConfigError(f"unknown market {spec!r}; expected {FORMS}")


def is_live(spec: str) -> bool:
    """Whether the source that `spec` names goes on in real time."""
    return spec.partition(":")[0] in {"ccxt", "ib"}


def _stocks(
    place: str, clock: Clock, store: MarketStore | None, keep_as: str | None
) -> MarketSource:
    """A gateway by `HOST:PORT`."""
    from market.sources.ib import IbSource

    host, _, port = place.rpartition(":")
    if host and port.isascii() and port.isdecimal() and 0 < int(port) < 65_536:
        return IbSource(host, int(port), clock, store, keep_as)
    raise ConfigError(f"market 'ib:{place}' was expected to look like ib:HOST:PORT")


def exchanges_of(names: str, base_url: str | None) -> list[tuple[str, str | None]]:
    """The exchanges of `ccxt:NAMES`, home first, each with its other address, if any.

    Raises:
        ConfigError: a name is empty, there twice or no exchange's, or addresses are not as many.
    """
    listed = names.partition("@")[0]
    chosen = [name.strip() for name in listed.split(",")]
    urls: list[str | None] = [*base_url.split(",")] if base_url else [None] * len(chosen)
    if not all(chosen) or len(set(chosen)) < len(chosen):
        raise ConfigError(f"exchanges {listed!r} were expected to be different names, as in a,b,c")
    for name in chosen:
        if ":" in name:
            raise ConfigError(
                f"{name!r} cannot be in a chain: those are exchanges that know the present, as in "
                "ccxt:binance,bybit; what is recorded is replayed alone: --market store:NAME"
            )
    if len(urls) != len(chosen):
        raise ConfigError(
            f"{len(urls)} addresses were given for {len(chosen)} exchanges; expected one each, "
            "separated by commas"
        )
    return list(zip(chosen, urls, strict=True))


def _exchanges(
    names: str,
    clock: Clock,
    base_url: str | None,
    store: MarketStore | None,
    keep_as: str | None,
) -> MarketSource:
    """One exchange, or a chain of them: `binanceusdm`, `binanceusdm,bybit,okx@50bps`."""
    from market.sources.exchange_streamed import StreamedExchange

    chosen, (_, at, collar) = exchanges_of(names, base_url), names.partition("@")
    if len(chosen) == 1 and not at:
        ((name, url),) = chosen
        return StreamedExchange(name, clock, url, store=store, keep_as=keep_as)
    from market.price_collar import COLLAR_BPS
    from market.sources.chain import CHAIN_RETRY_DELAYS_S, CHAIN_TIMEOUT_S, ChainSource

    sources = [
        StreamedExchange(
            name,
            clock,
            base_url=url,
            timeout_s=CHAIN_TIMEOUT_S,
            retry_delays_s=CHAIN_RETRY_DELAYS_S,
            store=store,
        )
        for name, url in chosen
    ]
    width = _collar_bps(collar) if at else COLLAR_BPS
    return ChainSource(sources, [f"ccxt:{name}" for name, _ in chosen], width)


def _collar_bps(text: str) -> Decimal:
    """`50bps` is 50.

    Raises:
        ConfigError: it is no such number.
    """
    try:
        width = Decimal(text.removesuffix("bps"))
    except ArithmeticError:
        width = Decimal(0)
    if not (text.endswith("bps") and width.is_finite() and 0 < width < 10_000):
        raise ConfigError(f"collar {text!r} was expected to look like @50bps, above 0")
    return width
