"""From what a model is to a chat model, and its end.

Models are LangChain's `BaseChatModel` in every case; the rules planner is one of them and is called
rules, never a language model. Client libraries are loaded only for the model that needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from agent.model_spec import ModelSpec, chain_of
from agent.pace import Pace
from agent.prices import NOTHING, RULES, Price, price_list
from domain.errors import ConfigError

NO_KEY = "none"
"""Sent to an endpoint of the user's own when there is no key; local servers ignore it."""

CONNECT_TIMEOUT_S = 10.0
"""An endpoint that does not even take the connection is given up then; answers may take longer."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model, ready to be asked: one client, for as long as the process needs it."""

    name: str
    """As the user calls it: `rules`, `openai:gpt-4o`, a name of the file of models."""
    model: BaseChatModel
    spec: ModelSpec | None = None
    """None: rules, or a model that somebody made by hand."""
    key: SecretStr | None = None
    """Never to be written."""
    pace: Pace = field(init=False, compare=False)
    """Of all who ask it: what a provider allows, it allows once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pace", Pace(self.spec))

    @property
    def provider_name(self) -> str:
        """What the provider calls it."""
        return self.spec.model if self.spec else self.name.removeprefix("openai:")

    @property
    def price(self) -> Price | None:
        """What it costs; None: unknown."""
        if self.name == RULES:
            return NOTHING
        return self.spec.list_price if self.spec else price_list().get(self.provider_name)


def make_models(
    name: str, models: Mapping[str, ModelSpec], keys: Mapping[str, str]
) -> list[NamedModel]:
    """The model of that name and those that are asked in its place, in order.

    Args:
        name: `rules`, `KIND:NAME` or a name of `models`.
        models: From a file; empty without one.
        keys: By the names of their variables.

    Raises:
        ConfigError: an unknown name, no key, or a package that is missing.
    """
    if name == RULES:
        from agent.rules_model import RulesModel

        return [NamedModel(name, RulesModel())]
    chain = chain_of(name, models)
    for spec in chain.values():
        if spec.needs_key and not keys.get(spec.key_name or ""):
            raise ConfigError(f"no API key: set {spec.key_name}, or use --model rules")
    return [_named(one, spec, keys.get(spec.key_name or "")) for one, spec in chain.items()]


def _named(name: str, spec: ModelSpec, key: str | None) -> NamedModel:
    make = _langchain_model if spec.kind == "langchain" else _openai_model
    return NamedModel(name, make(spec, key), spec, SecretStr(key) if key else None)


async def close_model(model: BaseChatModel) -> None:
    """Let go of the model's connections; may be called twice, and on any model."""
    for client in (getattr(model, "root_client", None), getattr(model, "root_async_client", None)):
        if client is not None:
            closing = client.close()
            if closing is not None:
                await closing


def _openai_model(spec: ModelSpec, key: str | None) -> BaseChatModel:
    import openai

    from agent.openai_model import TracedChatOpenAI
    from agent.steps_model import StepsChatOpenAI

    made = StepsChatOpenAI if spec.tool_calling == "steps" else TracedChatOpenAI
    # Clients of its own: LangChain shares one among all models, which then cannot be closed.
    return made(
        model=spec.model,
        base_url=spec.address,
        api_key=SecretStr(key or NO_KEY),
        temperature=spec.temperature,
        max_completion_tokens=spec.max_output_tokens,
        newest_words=spec.kind == "openai",
        max_retries=0,
        timeout=openai.Timeout(None, connect=CONNECT_TIMEOUT_S),
        use_responses_api=False,
        http_socket_options=(),
        **_http_clients(spec),
    )


def _http_clients(spec: ModelSpec) -> dict[str, Any]:
    """LangChain wants both; only the second is ever used.

    Its answers come as they are, and it follows no address that a server names: the prompt goes
    where the user said, and nowhere else.
    """
    import openai

    from agent.short_answers import UNPACKED, refuse_long

    try:
        return {
            "http_client": openai.DefaultHttpxClient(),
            "http_async_client": openai.DefaultAioHttpClient(
                headers=UNPACKED,
                event_hooks={"response": [refuse_long]},
                follow_redirects=False,
            ),
        }
    except (ImportError, ValueError, OSError) as error:
        raise ConfigError(
            f"no connection to model {spec.model!r} can be made as the environment says ({error}); "
            "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY were expected to name a proxy by http://, and "
            "SSL_CERT_FILE a file that is there: mend or unset them"
        ) from error


def _langchain_model(spec: ModelSpec, key: str | None) -> BaseChatModel:
    """Through LangChain's own table of providers; retries are ours."""
    options: dict[str, Any] = {
        "api_key": key,
        "base_url": spec.base_url,
        "temperature": spec.temperature,
        "max_tokens": spec.max_output_tokens,
    }
    given = {name: value for name, value in options.items() if value is not None}
    try:
        from langchain.chat_models import init_chat_model

        made: BaseChatModel = init_chat_model(spec.model, max_retries=0, **given)
    except ImportError as error:
        provider = spec.model.partition(":")[0]
        raise ConfigError(
            f"model {spec.model!r} needs packages that are not here ({error}); "
            f"run: pip install langchain langchain-{provider.replace('_', '-')}"
        ) from error
    except (ValueError, TypeError) as error:
        raise ConfigError(f"LangChain cannot make model {spec.model!r}: {error}") from error
    return made
