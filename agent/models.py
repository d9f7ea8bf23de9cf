"""From the word after `--model` to a chat model, and its end.

Models are LangChain's `BaseChatModel` in every case; the rules planner is one of them and is called
rules, never a language model. Client libraries are loaded only for the model that needs them.
"""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from agent.prices import RULES
from domain.errors import ConfigError

OPENAI_URL = "https://api.openai.com/v1"
"""Endpoint where none is given; named here so that no library looks into the environment."""

NO_KEY = "none"
"""Sent to an endpoint of the user's own when there is no key; local servers ignore it."""

CONNECT_TIMEOUT_S = 10.0
"""An endpoint that does not even take the connection is given up then; answers may take longer."""


def make_model(
    spec: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    temperature: float | None = None,
) -> BaseChatModel:
    """The model that a spec names: `rules`, or `openai:NAME` at OpenAI or any compatible endpoint.

    Args:
        spec: As the user typed it.
        base_url: Endpoint; None is OpenAI's own.
        api_key: May be missing only where `base_url` is given.
        temperature: None leaves the provider's default; several models take no other.

    Raises:
        ConfigError: unknown spec, or no key.
    """
    if spec == RULES:
        from agent.rules_model import RulesModel

        return RulesModel()
    kind, _, name = spec.partition(":")
    if kind != "openai" or not name:
        raise ConfigError(f"unknown model {spec!r}; expected 'rules' or 'openai:NAME'")
    if not api_key and not base_url:
        raise ConfigError("no API key: set OPENAI_API_KEY, or use --model rules")
    return _openai_model(name, base_url or OPENAI_URL, api_key or NO_KEY, temperature)


async def close_model(model: BaseChatModel) -> None:
    """Let go of the model's connections; may be called twice, and on any model."""
    for client in (getattr(model, "root_client", None), getattr(model, "root_async_client", None)):
        if client is not None:
            closing = client.close()
            if closing is not None:
                await closing


def _openai_model(
    name: str, base_url: str, api_key: str, temperature: float | None
) -> BaseChatModel:
    import openai
    from pydantic import SecretStr

    from agent.openai_model import TracedChatOpenAI

    # Clients of its own: LangChain shares one among all models, which then cannot be closed.
    return TracedChatOpenAI(
        model=name,
        base_url=base_url,
        api_key=SecretStr(api_key),
        temperature=temperature,
        max_retries=0,
        timeout=openai.Timeout(None, connect=CONNECT_TIMEOUT_S),
        use_responses_api=False,
        http_client=openai.DefaultHttpxClient(),
        http_async_client=openai.DefaultAsyncHttpxClient(),
    )
