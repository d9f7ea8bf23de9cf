"""A session's models: what `--model`, `--models` and `--base-url` name together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
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
    models = _known(options.model, options.base_url, options.models, settings)
    async with _opened(options.model, models, home, settings.local_threads) as made:
        yield made


@asynccontextmanager
async def opened_voter(
    name: str, options: SessionOptions, settings: Settings, home: Path
) -> AsyncIterator[NamedModel]:
    """Another model of that name, without those that would be asked in its place.

    Raises:
        ConfigError: as `opened_models`.
        StateError: likewise.
    """
    models = _known(name, None, options.models, settings)
    if name != RULES:
        models[name] = spec_of(name, models).model_copy(update={"fallback": ()})
    async with _opened(name, models, home, settings.local_threads) as made:
        yield made[0]


@asynccontextmanager
async def _opened(
    name: str, models: dict[str, ModelSpec], home: Path, threads: int | None
) -> AsyncIterator[list[NamedModel]]:
    keys = keys_for(name, models)
    async with AsyncExitStack() as stack:
        if name != RULES and LOCAL in chain_of(name, models):
            context_tokens = LOCAL_MODEL.context_tokens or 0
            beginning = serving(QWEN, local_folder(home), context_tokens, threads)
            served = await stack.enter_async_context(beginning)
            at = {"base_url": served.base_url, "key_env": LOCAL_KEY}
            models[LOCAL] = LOCAL_MODEL.model_copy(update=at)
            keys[LOCAL_KEY] = served.key
        made = make_models(name, models, keys)
        for one in made:
            stack.push_async_callback(close_model, one.model)
        yield made


def model_secrets(models: Sequence[NamedModel]) -> dict[str, str]:
    """Their keys, which must never be written anywhere."""
    return {f"key of {one.name}": one.key.get_secret_value() for one in models if one.key}


def _known(
    name: str, base_url: str | None, of_file: Mapping[str, ModelSpec], settings: Settings
) -> dict[str, ModelSpec]:
    """The models of the file, and the named one at the address named beside it."""
    models = dict(of_file)
    if name == RULES:
        return models
    if base_url is not None and (name in models or name == LOCAL):
        raise ConfigError(
            f"--base-url {base_url!r} goes with KIND:NAME; model {name!r} has an address of its own"
        )
    spec = spec_of(name, models)
    if base_url is None and name not in models and spec.kind == "openai":
        base_url = settings.openai_base_url
    if base_url is not None:
        models[name] = spec.model_copy(update={"base_url": base_url})
    return models
