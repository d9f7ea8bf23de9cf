"""`plangate policy`: write a policy, check one, and see what each of its limits does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from policies.limits import Enforced, Limit
    from traces.index import Fired

app = typer.Typer(
    help="Write a policy, check one, and see what each of its limits does.", no_args_is_help=True
)

Named = Annotated[
    Path | None,
    typer.Argument(
        help="TOML file, or a preset: conservative, balanced, aggressive. Default: balanced.",
        show_default=False,
    ),
]


@app.callback()
def _group() -> None:
    pass


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="File to write; - prints it.")] = Path("policy.toml"),
    preset: Annotated[str, typer.Option(help="conservative, balanced or aggressive.")] = "balanced",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a policy file with every limit, its meaning and its allowed range.

    Edit it, then: plangate policy check policy.toml, plangate run --policy policy.toml
    """
    from domain.errors import ConfigError
    from policies.policy_file import policy_text
    from policies.policy_file import preset as preset_named

    text = policy_text(preset_named(preset), f"plangate policy, from the preset {preset}.")
    if str(path) == "-":
        typer.echo(text, nl=False)
        return
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(
            f"{str(path)!r} exists already; name another file, or overwrite it with --force"
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot write {str(path)!r}: {error.strerror}") from error
    typer.echo(f"wrote {path}; use it with: plangate run --policy {path}")


@app.command()
def check(policy: Named = None, as_json: AsJson = False) -> None:
    """Say whether a policy can be used, and what it changes from the defaults.

    Exits with 2 and names each wrong key with its allowed range.
    """
    from app.cli.output import print_json
    from policies.policy_file import load_policy, toml_value
    from policies.settings import DEFAULTS

    loaded = load_policy(policy)
    changed = {
        key: (toml_value(DEFAULTS, key), toml_value(loaded, key))
        for key in type(loaded).model_fields
        if getattr(loaded, key) != getattr(DEFAULTS, key)
    }
    if as_json:
        print_json(
            {
                "schema": "plangate.policy/1",
                "policy_hash": loaded.policy_hash,
                "policy": {key: toml_value(loaded, key) for key in type(loaded).model_fields},
                "changed": list(changed),
            }
        )
        return
    typer.echo(f"policy {loaded.policy_hash}: every key known, every value within its range")
    for key, (default, value) in changed.items():
        typer.echo(f"  {key} = {value}  (default {default})")
    if not changed:
        typer.echo("  as the defaults")


@app.command()
def explain(
    policy: Named = None,
    key: Annotated[
        str | None, typer.Option(help="Only keys that contain this, such as drawdown.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Each limit: value, formula, where it is enforced, its test, when it last fired and on what.

    The last denial is looked up in the recorded decisions of the state folder.
    """
    from app.cli.output import print_json
    from app.home import database_place
    from policies.limits import explained, without_limit
    from policies.policy_file import load_policy
    from traces.index import last_fired

    limits = [found for found in explained(load_policy(policy)) if key is None or key in found.key]
    unlimited = [] if key is not None else list(without_limit())
    fired = last_fired(database_place())
    if as_json:
        print_json(
            {
                "schema": "plangate.explain/1",
                "limits": [_limit_document(found, fired) for found in limits],
                "without_limit": [_rule_document(rule, fired) for rule in unlimited],
            }
        )
        return
    for found in limits:
        _show_limit(found, fired)
    if unlimited:
        _heading("Rules that no number of the policy moves")
    for rule in unlimited:
        _show_rule(rule, fired)


def _show_limit(found: Limit, fired: dict[str, Fired]) -> None:
    _heading(f"{found.key} = {found.value}")
    typer.echo(f"  {found.meaning}")
    typer.echo(f"  allowed   {found.allowed}")
    for rule in found.rules:
        _show_rule(rule, fired)


def _show_rule(rule: Enforced, fired: dict[str, Fired]) -> None:
    typer.echo(f"  {rule.code}  {rule.formula}")
    typer.echo(f"  enforced  {rule.where}")
    typer.echo(f"  tested    {rule.test}")
    typer.echo(f"  fired     {_fired(rule.code, fired)}")


def _heading(words: str) -> None:
    typer.echo()
    typer.secho(words, bold=True)


def _fired(code: str, fired: dict[str, Fired]) -> str:
    from domain.clock import from_ms

    last = fired.get(code)
    if last is None:
        return f"{code} has not fired in this state folder"
    times = "once" if last.denials == 1 else f"{last.denials} times"
    when = f"{from_ms(last.at_ms):%Y-%m-%d %H:%M} UTC"
    return f"{code} {times}, last {when} on {last.run_id}: {last.sentence}"


def _limit_document(found: Limit, fired: dict[str, Fired]) -> dict[str, Any]:
    return {
        **found._asdict(),
        "rules": [_rule_document(rule, fired) for rule in found.rules],
    }


def _rule_document(rule: Enforced, fired: dict[str, Fired]) -> dict[str, Any]:
    last = fired.get(rule.code)
    return {**rule._asdict(), "last_fired": None if last is None else last._asdict()}
