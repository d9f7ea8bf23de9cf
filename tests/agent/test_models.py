"""The word after --model: what it makes, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agent.models import OPENAI_URL, close_model, make_model
from domain.errors import ConfigError


@pytest.mark.parametrize("spec", ["gpt-4o", "", "rules:x", "openai", "openai:", "anthropic:x"])
def test_an_unknown_spec_names_the_forms(spec: str) -> None:
    with pytest.raises(ConfigError, match="'rules' or 'openai:NAME'"):
        make_model(spec, api_key="sk-t")


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_the_way_out_is_named(key: str | None) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY, or use --model rules"):
        make_model("openai:gpt-4o", api_key=key)


async def test_the_environment_does_not_choose_the_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.invalid")
    monkeypatch.setenv("OPENAI_API_BASE", "http://elsewhere.invalid")
    model = make_model("openai:gpt-4o", api_key="sk-t")
    assert str(model.root_async_client.base_url) == f"{OPENAI_URL}/"
    await close_model(model)


async def test_a_closed_model_can_be_closed_again_and_rules_have_nothing_to_close() -> None:
    model = make_model("openai:gpt-4o", api_key="sk-t")
    await close_model(model)
    await close_model(model)
    await close_model(make_model("rules"))


async def test_a_key_is_not_in_what_a_model_shows() -> None:
    model = make_model("openai:gpt-4o", api_key="sk-verysecret")
    assert "verysecret" not in repr(model) + str(model)
    await close_model(model)


def test_the_rules_load_no_client_library() -> None:
    code = (
        "import sys; from agent.models import make_model; from agent.planner import Planner\n"
        "Planner(make_model('rules'), 'rules', [])\n"
        "print(sorted({'openai', 'langchain_openai', 'tiktoken', 'pandas'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
