"""From a name and a spec to a model: what is made, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from agent.endpoints import ENDPOINTS
from agent.model_spec import ModelSpec
from agent.models import NamedModel, close_model, make_models
from domain.errors import ConfigError

KEYS = {"OPENAI_API_KEY": "sk-verysecret"}


@pytest.fixture
async def openai_model() -> AsyncIterator[NamedModel]:
    (named,) = make_models("openai:gpt-4o", {}, KEYS)
    yield named
    await close_model(named.model)


@pytest.mark.parametrize("name", ["gpt-4o", "", "rules:x", "openai", "openai:", "anthropic:x"])
def test_an_unknown_name_names_the_forms(name: str) -> None:
    with pytest.raises(
        ConfigError, match="expected 'rules', 'local', KIND:NAME such as 'openai:NAME'"
    ):
        make_models(name, {}, KEYS)


@pytest.mark.parametrize("keys", [{}, {"OPENAI_API_KEY": ""}])
def test_without_a_key_the_way_out_is_named(keys: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY, or use --model rules"):
        make_models("openai:gpt-4o", {}, keys)
    with pytest.raises(ConfigError, match="OPENROUTER_API_KEY"):
        make_models("openrouter:vendor/name", {}, KEYS)


async def test_every_known_kind_goes_to_its_own_address() -> None:
    for kind, endpoint in ENDPOINTS.items():
        keys = {endpoint.key_env: "sk-t"} if endpoint.key_env else {}
        (named,) = make_models(f"{kind}:vendor/name:8b", {}, keys)
        client = getattr(named.model, "root_async_client")  # noqa: B009  # of one provider's class
        assert str(client.base_url).rstrip("/") == endpoint.base_url
        assert named.provider_name == "vendor/name:8b"
        await close_model(named.model)


async def test_the_environment_does_not_choose_the_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.invalid")
    monkeypatch.setenv("OPENAI_API_BASE", "http://elsewhere.invalid")
    (named,) = make_models("openai:gpt-4o", {}, KEYS)
    client = getattr(named.model, "root_async_client")  # noqa: B009  # of one provider's class
    assert str(client.base_url).rstrip("/") == ENDPOINTS["openai"].base_url
    await close_model(named.model)


async def test_a_closed_model_can_be_closed_again_and_rules_have_nothing_to_close(
    openai_model: NamedModel,
) -> None:
    await close_model(openai_model.model)
    await close_model(openai_model.model)
    await close_model(make_models("rules", {}, {})[0].model)


async def test_a_key_is_not_in_what_a_model_shows(openai_model: NamedModel) -> None:
    assert "verysecret" not in repr(openai_model) + str(openai_model.model)


async def test_only_a_listed_or_a_named_price_is_known(openai_model: NamedModel) -> None:
    assert openai_model.price is not None
    (other,) = make_models("ollama:gpt-4o", {}, {})
    assert other.price is None
    await close_model(other.model)


def test_another_provider_needs_its_packages_and_says_which() -> None:
    named = {"claude": ModelSpec(kind="langchain", model="anthropic:claude-sonnet-4-5")}
    with pytest.raises(ConfigError, match="pip install langchain langchain-anthropic"):
        make_models("claude", named, {})


def test_the_rules_load_no_client_library() -> None:
    code = (
        "import sys; from agent.models import make_models; from agent.planner import Planner\n"
        "Planner(make_models('rules', {}, {}), [])\n"
        "print(sorted({'openai', 'langchain_openai', 'tiktoken', 'pandas'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
