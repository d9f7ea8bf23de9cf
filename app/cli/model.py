"""`plangate model`: which models can be named."""

from __future__ import annotations

import typer

from app.cli.parameters import AsJson, ModelsFile

app = typer.Typer(
    help="Models: which can be named, and whether one is fit to plan.\n\n"
    "Without a file any model of a known provider or local server is named KIND:NAME. A file "
    "(TOML, --models) names models with their address, key variable, limits, price and the "
    "models to ask in their place; see docs/models.md.",
    no_args_is_help=True,
)


@app.command(name="list")
def list_models(models: ModelsFile = None, as_json: AsJson = False) -> None:
    """The kinds that are known, and the models of a file; keys are looked for, never shown."""
    from app.cli.output import out, print_json
    from app.model_listing import listing

    document = listing(models)
    if as_json:
        print_json(document)
        return
    for row in (*document["kinds"], *document["models"]):
        mark = "[green]✓[/]" if row["key_found"] else "[yellow]·[/]"
        key = row["key_env"] or "no key needed"
        out().print(f"{mark} {row['name']:<20}", end=" ")
        told = f"{row['address']}  {key}" + (f"  {row['told']}" if row.get("told") else "")
        out().print(told, markup=False, soft_wrap=True)
