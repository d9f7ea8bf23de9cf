"""A session's models: what `--model`, `--models` and `--base-url` name together."""

from __future__ import annotations

from collections.abc import Sequence

from agent.model_spec import ModelSpec, spec_of
from agent.models import NamedModel, make_models
from agent.prices import RULES
from app.model_file import keys_for
from app.options import SessionOptions
from app.settings import Settings
from domain.errors import ConfigError


def named_models(options: SessionOptions, settings: Settings) -> list[NamedModel]:
    """The session's models, in the order in which they are asked.

    Raises:
        ConfigError: no such model, no key for it, or a package that is missing.
    """
    models = _known(options, settings)
    return make_models(options.model, models, keys_for(options.model, models))


def model_secrets(models: Sequence[NamedModel]) -> dict[str, str]:
    """Their keys, which must never be written anywhere."""
    return {f"key of {one.name}": one.key.get_secret_value() for one in models if one.key}


def _known(options: SessionOptions, settings: Settings) -> dict[str, ModelSpec]:
    """The models of the file, and the one of the command line at the address named beside it."""
    models, name = dict(options.models), options.model
    if name == RULES:
        return models
    if options.base_url is not None and name in models:
        raise ConfigError(
            f"--base-url {options.base_url!r} goes with KIND:NAME; model {name!r} of the file has "
            "base_url of its own"
        )
    spec = spec_of(name, models)
    address = options.base_url
    if address is None and name not in models and spec.kind == "openai":
        address = settings.openai_base_url
    return (
        models
        if address is None
        else models | {name: spec.model_copy(update={"base_url": address})}
    )
