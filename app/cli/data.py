"""`plangate data`: the market store, filled, looked at, checked, written out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.parameters import AsJson, MarketUrl

EXIT_FINDINGS = 3

app = typer.Typer(
    help=(
        "Keep market data in the database: fetched once, read by all, replayed offline.\n\n"
        "A live session reads through the store by itself. To fill it before: plangate data sync. "
        "To run on what it holds, without a network: plangate run BTC/USDT --market store:NAME"
    ),
    no_args_is_help=True,
)

Name = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Only this name, as in store:NAME.")
]
Symbols = Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Only these.")]


SyncSymbols = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SYMBOL]...", help="Such as BTC/USDT; of a folder, default: all."),
]
SyncMarket = Annotated[str, typer.Option(help="ccxt:EXCHANGE or files:PATH.")]
Timeframes = Annotated[
    str | None,
    typer.Option(help="Such as 1h,4h. [default: 1h; of a folder: all]", show_default=False),
]
SyncFrom = Annotated[
    str | None,
    typer.Option("--from", help="As 2023-01-01 (UTC). [default: where the store begins]"),
]
SyncTo = Annotated[str | None, typer.Option("--to", help="[default: the newest settled candle]")]
KeepAs = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Keep it under this name. [default: EXCHANGE]"),
]
Refill = Annotated[bool, typer.Option("--refill", help="Also ask again where no candle was.")]
Again = Annotated[
    bool, typer.Option("--again", help="Ask for all of it again, to find what was changed.")
]


@app.command()
def sync(
    symbols: SyncSymbols = None,
    market: SyncMarket = "ccxt:binanceusdm",
    timeframe: Timeframes = None,
    start: SyncFrom = None,
    end: SyncTo = None,
    keep_as: KeepAs = None,
    refill: Refill = False,
    again: Again = False,
    market_url: MarketUrl = None,
    as_json: AsJson = False,
) -> None:
    """Fetch what the store lacks: candles, and of perpetuals the funding and open interest.

    Each page is committed with what it covers: interrupt or kill it whenever you like, the same
    command goes on. Waits as long as the exchange asks (at most 15 minutes at a time). A candle
    that comes back different replaces the old one, and both are kept as a revision.

    Such as: plangate data sync BTC/USDT ETH/USDT --timeframe 1h,4h --from 2023-01-01,
    then daily: plangate data sync BTC/USDT ETH/USDT --timeframe 1h,4h;
    a folder: plangate data sync --market files:candles --as mine
    """
    import asyncio

    from app.cli.data_view import SyncProgress, show_sync
    from app.cli.output import print_json
    from app.data_options import read_sync_options
    from app.data_sync import sync as run
    from app.keeping import market_store

    options = read_sync_options(
        symbols=symbols,
        market=market,
        market_url=market_url,
        timeframe=timeframe,
        start=start,
        end=end,
        keep_as=keep_as,
        refill=refill,
        again=again,
    )
    with market_store() as store, SyncProgress(quiet=as_json) as view:
        try:
            document = asyncio.run(run(options, store, view))
        except KeyboardInterrupt:
            typer.echo("interrupted; the same command goes on where it stopped", err=True)
            raise typer.Exit(130) from None
    if as_json:
        print_json(document)
    else:
        show_sync(document)


@app.command()
def status(symbols: Symbols = None, name: Name = None, as_json: AsJson = False) -> None:
    """Show what is kept: per symbol and timeframe the range, rows, gaps, revisions, last answer.

    A gap is where the source was asked and has no candle; what was never asked for is listed apart.
    """
    from app.cli.data_view import show_status
    from app.cli.output import print_json
    from app.data_status import chosen_keys
    from app.data_status import status as look
    from app.keeping import market_store

    with market_store() as store:
        series = look(store, chosen_keys(store, name, symbols))
    if as_json:
        print_json({"schema": "plangate.data_status/1", "series": series})
    else:
        show_status(series)


@app.command()
def verify(
    symbols: Symbols = None,
    name: Name = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also compare a sample with the source.")
    ] = False,
    market: Annotated[
        str | None, typer.Option(help="The source to ask. [default: ccxt:NAME]")
    ] = None,
    market_url: MarketUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check every invariant: grid, prices, what was asked against what is there, instruments.

    Exits with 3 where something is wrong. Gaps are listed, not counted: the source has no candle
    there. With --online the first, middle and newest page are fetched and compared; what differs
    was changed since: plangate data sync --again brings it in.
    """
    import asyncio

    from app.cli.data_view import show_verify
    from app.cli.output import print_json
    from app.data_status import chosen_keys
    from app.data_verify import verify as run
    from app.keeping import market_store
    from domain.errors import ConfigError

    if online and market is None:
        if name is None:
            raise ConfigError("--online needs a source: --as NAME or --market ccxt:EXCHANGE")
        market = f"ccxt:{name.partition('@')[0]}"
    with market_store() as store:
        keys = chosen_keys(store, name, symbols)
        document = asyncio.run(run(store, keys, market if online else None, market_url))
    if as_json:
        print_json(document)
    else:
        show_verify(document)
    if not document["ok"]:
        raise typer.Exit(EXIT_FINDINGS)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made where it lacks.")],
    name: Name = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="Only this symbol; may be given again.")
    ] = None,
    features: Annotated[
        bool, typer.Option("--features", help="Beside each candle all its indicators.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write what is kept as CSV files that --market files:FOLDER reads, digit for digit.

    With --features each candle has its indicators in further columns, those that a decision at its
    close sees; an empty cell is one that is still warming up. What they are: docs/features.md.

    Such as: plangate data export candles --as binanceusdm --symbol BTC/USDT --features
    """
    from app.cli.data_view import show_export
    from app.cli.output import print_json
    from app.data_export import export as run
    from app.data_status import chosen_keys
    from app.keeping import market_store

    with market_store() as store:
        files = run(store, chosen_keys(store, name, symbol), folder, with_features=features)
    if as_json:
        print_json({"schema": "plangate.data_export/1", "files": files})
    else:
        show_export(files)
