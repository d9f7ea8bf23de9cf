"""A session's models: what `--model`, `--models` and `--base-url` name together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from agent.local.recipe import QWEN
from agent.local.serving import serving
from agent.model_spec import LOCAL, LOCAL_MODEL, ModelSpec, chain_of, spec_of
from agent.models import NamedModel, close_model, make_models
from agent.prices import RULES
from app.home import local_folder
from app.model_file import keys_for
from app.options import SessionOptions
from app.settings import Settings
from domain.errors import ConfigError

LOCAL_KEY = "key of the local model's server"
"""Stands where others have the name of a variable; no variable is called so."""


@asynccontextmanager
async def opened_models(
    options: SessionOptions, settings: Settings, home: Path
) -> AsyncIterator[list[NamedModel]]:
    """The session's models, in the order in which they are asked, until the block ends.

    The local model is served for as long, where it is among them.

    Raises:
        ConfigError: no such model, no key for it, a package that is missing, or the local model
            is not installed.
        StateError: the local model's server did not start.
    """
    models = _known(options, settings)
    keys = keys_for(options.model, models)
    async with AsyncExitStack() as stack:
        if options.model != RULES and LOCAL in chain_of(options.model, models):
            beginning = serving(QWEN, local_folder(home), LOCAL_MODEL.context_tokens or 0)
            served = await stack.enter_async_context(beginning)
            at = {"base_url": served.base_url, "key_env": LOCAL_KEY}
            models[LOCAL] = LOCAL_MODEL.model_copy(update=at)
            keys[LOCAL_KEY] = served.key
        made = make_models(options.model, models, keys)
        for one in made:
            stack.push_async_callback(close_model, one.model)
        yield made


def model_secrets(models: Sequence[NamedModel]) -> dict[str, str]:
    """Their keys, which must never be written anywhere."""
    return {f"key of {one.name}": one.key.get_secret_value() for one in models if one.key}


def _known(options: SessionOptions, settings: Settings) -> dict[str, ModelSpec]:
    """The models of the file, and the one of the command line at the address named beside it."""
    models, name = dict(options.models), options.model
    if name == RULES:
        return models
    if options.base_url is not None and (name in models or name == LOCAL):
        raise ConfigError(
            f"--base-url {options.base_url!r} goes with KIND:NAME; model {name!r} has an address "
            "of its own"
        )
    spec = spec_of(name, models)
    address = options.base_url
    if address is None and name not in models and spec.kind == "openai":
        address = settings.openai_base_url
    if address is not None:
        models[name] = spec.model_copy(update={"base_url": address})
    return models
