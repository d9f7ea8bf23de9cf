"""`plangate feeds`: what a file of feeds has, tried by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.parameters import AsJson

app = typer.Typer(
    help="News, sentiment and other markets: list the feeds of a file, or look at one.\n\n"
    "The file is TOML: [[news]] of kind rss, coindesk or recorded, [[sentiment]] of kind "
    "fear_greed or recorded, [[macro]] of kind daily, daily_url, coingecko or recorded; `record` "
    "names a folder in which live feeds keep what they saw, for a replay. Keys of an API stand in "
    "the environment: key_env names the variable. See docs/feeds.md and examples/feeds.",
    no_args_is_help=True,
)
File = Annotated[Path, typer.Option("--feeds", help="The file of feeds (TOML).")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Only what was known then, such as 2019-04-01; default: now."),
]


@app.command(name="list")
def list_feeds(feeds: File, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Ask every feed of the file and say what each has.

    With --as-of a replay is asked: live feeds are then absent, as they are in one.
    """
    import asyncio

    from app.cli.output import out, print_json
    from app.feed_listing import look_at_all

    document = asyncio.run(look_at_all(feeds, as_of))
    if as_json:
        print_json(document)
        return
    for row in document["feeds"]:
        mark = "[green]✓[/]" if row["error"] is None else "[red]✗[/]"
        out().print(f"{mark} {row['name']:<16} {row['role']:<10} {row['origin']:<9}", end=" ")
        out().print(
            row["error"] or f"{row['count']} known, {row['description']}",
            markup=False,
            soft_wrap=True,
        )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a feed in the file.")],
    feeds: File,
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Newest to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the newest that one feed has, cleaned as a model would see it."""
    import asyncio

    from app.cli.output import out, print_json
    from app.feed_listing import look_at

    document = asyncio.run(look_at(feeds, name, as_of, limit))
    if as_json:
        print_json(document)
        return
    for row in document["known"]:
        out().print(
            "  ".join(f"{key} {value}" for key, value in row.items()), markup=False, soft_wrap=True
        )
    if not document["known"]:
        out().print(f"{name} knows nothing as of {document['as_of']}", markup=False, soft_wrap=True)
