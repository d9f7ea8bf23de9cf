"""What a file of models may say, and what it may not."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

import pytest

from agent.model_spec import ModelSpec, chain_of, read_models, spec_of
from agent.prices import Price
from domain.errors import ConfigError

WHOLE = """
[models.fast]
kind = "openrouter"
model = "vendor/fast"
key_env = "MY_KEY"
timeout_s = 30
requests_per_minute = 60
tokens_per_minute = 100_000
context_tokens = 128_000
max_output_tokens = 2000
price = { input = 0.25, cached = 0.025, output = 2, reasoning = 3 }
fallback = ["slow", "ollama:qwen3"]

[models.slow]
model = "gpt-5"
"""


def read(text: str) -> dict[str, ModelSpec]:
    return read_models(tomllib.loads(text, parse_float=Decimal), "models 'm.toml'")


def test_a_whole_file_is_read_and_prices_are_exact() -> None:
    fast, slow = read(WHOLE).values()
    expected = Price(Decimal("0.25"), Decimal("0.025"), Decimal(2), Decimal(3))
    assert fast.list_price == expected
    assert fast.address == "https://openrouter.ai/api/v1"
    assert (fast.key_name, fast.needs_key) == ("MY_KEY", True)
    assert slow.list_price == Price(Decimal("1.25"), Decimal("0.125"), Decimal("10.00"))


def test_cached_input_costs_as_other_input_where_nothing_is_said() -> None:
    (spec,) = read('[models.m]\nmodel = "x"\nprice = { input = 1.5, output = 2 }').values()
    assert spec.list_price == Price(Decimal("1.5"), Decimal("1.5"), Decimal(2), None)


def test_a_server_of_ones_own_needs_no_key_unless_one_is_named() -> None:
    at = "http://127.0.0.1:9/v1"
    assert not ModelSpec(model="x", base_url=at).needs_key
    assert ModelSpec(model="x", base_url=at, key_env="MY_KEY").needs_key
    assert not ModelSpec(kind="vllm", model="x").needs_key
    assert ModelSpec(kind="gemini", model="x").needs_key


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[models.m]\nmodle = "x"',
            "models.m.model: Field required; unknown key",
        ),
        ('[models.m]\nmodle = "x"', "did you mean 'model'"),
        ('[modles.m]\nmodel = "x"', "unknown key 'modles', did you mean 'models'"),
        ('[models.m]\nmodel = "x"\nprice = { inptu = 1, output = 1 }', "did you mean 'input'"),
        ('[models.m]\nmodel = "x"\nkey_env = "sk-secret"', "models.m.key_env"),
        ('[models.m]\nmodel = "x"\nbase_url = "ftp://x"', "was expected to begin with https://"),
        ('[models.m]\nmodel = "x"\nbase_url = "http://u:p@h/v1"', "holds a user or password"),
        ('[models.m]\nmodel = "x"\nfallback = ["gone"]', "fallback of models.m: unknown model"),
        ('[models.m]\nmodel = "x"\nfallback = ["rules"]', "no language model"),
        ('[models.m]\nmodel = "x"\ntool_calling = "maybe"', "'native' or 'steps'"),
        (
            '[models.m]\nkind = "langchain"\nmodel = "a:x"\ntool_calling = "steps"',
            "needs an OpenAI-compatible endpoint",
        ),
        ('[models.rules]\nmodel = "x"', "the name 'rules' is plangate's own"),
        ('[models.local]\nmodel = "x"', "the name 'local' is plangate's own"),
        ('[models.m]\nkind = "langchain"\nmodel = "x"', "expected as PROVIDER:NAME"),
        ('[models.m]\nmodel = "x"\nprice = { input = -1, output = 1 }', "greater than or equal"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read(text)
    assert "models 'm.toml'" in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_a_name_of_the_file_that_is_nearly_right_is_offered() -> None:
    with pytest.raises(ConfigError, match="did you mean 'fast'"):
        spec_of("fasst", read(WHOLE))


@pytest.mark.parametrize(
    ("fallbacks", "order"),
    [
        ({"a": ["b", "c"], "b": ["d"], "c": [], "d": []}, ["a", "b", "d", "c"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b"]),
        ({"a": ["a"]}, ["a"]),
    ],
)
def test_those_in_its_place_are_asked_in_order_each_once(
    fallbacks: dict[str, Any], order: list[str]
) -> None:
    models = {n: ModelSpec(model=n, fallback=tuple(f)) for n, f in fallbacks.items()}
    assert list(chain_of("a", models)) == order
