"""What a model is: read from `KIND:NAME` or from a table in a file, without any secret.

A key is never written in the file, only the name of the environment variable that holds it; an
unknown or misspelt entry refuses to start.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.endpoints import ENDPOINTS, Endpoint, EndpointKind
from agent.prices import RULES, Price, price_list
from domain.errors import ConfigError
from market.feeds.spec import Address, EnvironmentName

Kind: TypeAlias = Literal[EndpointKind, "langchain"]
"""`langchain`: any other provider, through `init_chat_model`; the name is then PROVIDER:NAME."""

LOCAL = "local"
"""The name of the model that `plangate model install local` installs."""

Dollars = Annotated[Decimal, Field(ge=0, le=10_000, allow_inf_nan=False)]
MAX_COMPLAINTS = 5


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class PriceSpec(_Part):
    """US dollars per million tokens."""

    input: Dollars
    output: Dollars
    cached: Dollars | None = None
    """For input tokens that the provider had cached; as `input` where it is not said."""
    reasoning: Dollars | None = None
    """For output tokens that the model thought with; as `output` where it is not said."""

    @property
    def price(self) -> Price:
        """As what a call is reckoned with."""
        cached = self.input if self.cached is None else self.cached
        return Price(self.input, cached, self.output, self.reasoning)


class ModelSpec(_Part):
    """One model."""

    kind: Kind = "openai"
    """Whose address and key it has where none are named here."""
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """The provider's own name of it."""
    base_url: Address | None = None
    key_env: EnvironmentName | None = None
    """Environment variable that holds the key."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """None leaves the provider's default; several models take no other."""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] | None = None
    """The longest that one try may take; None: as long as the decision has."""
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """As the provider allows; who comes too early waits, within the decision's time."""
    tokens_per_minute: Annotated[int, Field(ge=1000, le=1_000_000_000)] | None = None
    """Of prompts and of what the answers may take (`max_output_tokens`)."""
    context_tokens: Annotated[int, Field(ge=1000, le=100_000_000)] | None = None
    """How long prompt and answer together may be; `plangate model probe` holds ours against it."""
    max_output_tokens: Annotated[int, Field(ge=64, le=1_000_000)] | None = None
    price: PriceSpec | None = None
    tool_calling: Literal["native", "steps"] = "native"
    """`steps`: for models that call tools badly; one answer under a schema for each step."""
    vision: bool = False
    """Whether it takes pictures; it is then sent a chart with each situation."""
    image_tokens: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """What a chart takes; None: as OpenAI publishes it, for others a cautious figure."""
    fallback: Annotated[tuple[str, ...], Field(max_length=8)] = ()
    """Models to ask, in this order, where this one cannot be."""

    @model_validator(mode="after")
    def _sound(self) -> ModelSpec:
        if self.kind == "langchain" and ":" not in self.model:
            raise ValueError(f"model {self.model!r} was expected as PROVIDER:NAME for langchain")
        if self.kind == "langchain" and self.tool_calling == "steps":
            raise ValueError("tool_calling 'steps' needs an OpenAI-compatible endpoint")
        if self.image_tokens is not None and not self.vision:
            raise ValueError("image_tokens says what a chart takes; it goes with vision = true")
        if RULES in self.fallback:
            raise ValueError("fallback 'rules' is no language model; leave it out")
        return self

    @property
    def endpoint(self) -> Endpoint | None:
        """What is known of its kind; None for `langchain`."""
        return None if self.kind == "langchain" else ENDPOINTS[self.kind]

    @property
    def address(self) -> str | None:
        """Where it is asked; None: its library knows."""
        return self.base_url or (self.endpoint.base_url if self.endpoint else None)

    @property
    def key_name(self) -> str | None:
        """The variable that holds its key."""
        return self.key_env or (self.endpoint.key_env if self.endpoint else None)

    @property
    def needs_key(self) -> bool:
        """Whether it cannot be asked without; a server at an address of one's own may want none."""
        return bool(self.key_env) or (self.base_url is None and self.key_name is not None)

    @property
    def list_price(self) -> Price | None:
        """What it costs: as the file says, or as the list that ships with us; None: unknown."""
        if self.price is not None:
            return self.price.price
        return price_list().get(self.model) if self.kind == "openai" else None


LOCAL_MODEL = ModelSpec(
    kind="vllm",  # asked as that kind is, and without a key until it is served
    model="qwen2.5-coder-1.5b-instruct-q4_k_m",
    base_url="http://127.0.0.1:9/v1",  # nobody; who serves it puts the address here
    temperature=0.0,
    context_tokens=16_384,
    max_output_tokens=600,
    price=PriceSpec(input=Decimal(0), output=Decimal(0)),
    tool_calling="steps",
)
"""How the local model (`agent.local`) is asked."""


class ModelsSpec(_Part):
    """A whole file."""

    models: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")], ModelSpec] = {}
    """By the name that `--model` and `fallback` call them."""


def read_models(table: dict[str, Any], where: str) -> dict[str, ModelSpec]:
    """The models of a file.

    Args:
        table: Parsed TOML, numbers with a point as `Decimal`.
        where: What the file is called in complaints.

    Raises:
        ConfigError: naming every entry that is wrong, up to five.
    """
    try:
        models = ModelsSpec.model_validate(table).models
    except ValidationError as error:
        told = [_wrong(one) for one in error.errors(include_url=False)]
        raise ConfigError(f"{where}: {'; '.join(told[:MAX_COMPLAINTS])}") from None
    if taken := {RULES, LOCAL} & set(models):
        raise ConfigError(f"{where}: the name {taken.pop()!r} is plangate's own; use another")
    for name, spec in models.items():
        for other in spec.fallback:
            try:
                spec_of(other, models)
            except ConfigError as error:
                raise ConfigError(f"{where}: fallback of models.{name}: {error}") from None
    return models


def spec_of(name: str, models: Mapping[str, ModelSpec]) -> ModelSpec:
    """The model of that name: one of `models`, or `KIND:NAME`.

    Raises:
        ConfigError: there is none.
    """
    if name in models:
        return models[name]
    if name == LOCAL:
        return LOCAL_MODEL
    kind, _, rest = name.partition(":")
    try:
        return ModelSpec.model_validate({"kind": kind, "model": rest})
    except ValidationError:
        named = ", ".join(models) or "none was given"
        near = get_close_matches(name, models, n=1, cutoff=0.6)
        raise ConfigError(
            f"unknown model {name!r}; "
            + (f"did you mean {near[0]!r}? " if near else "")
            + "expected 'rules', 'local', KIND:NAME such as 'openai:NAME' "
            f"(KIND: {', '.join(ENDPOINTS)}, langchain:PROVIDER) "
            f"or a name of the file of models ({named})"
        ) from None


def chain_of(name: str, models: Mapping[str, ModelSpec]) -> dict[str, ModelSpec]:
    """The model and those that are asked in its place, in order, each once.

    Raises:
        ConfigError: an unknown name.
    """
    chain: dict[str, ModelSpec] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop(0)
        if one not in chain:
            chain[one] = spec_of(one, models)
            waiting = [*chain[one].fallback, *waiting]
    return chain


def _wrong(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        path = error["loc"][:-1]
        fields = PriceSpec if "price" in path else ModelSpec if path else ModelsSpec
        near = get_close_matches(str(error["loc"][-1]), fields.model_fields, n=1, cutoff=0.5)
        return f"unknown key {place!r}" + (f", did you mean {near[0]!r}?" if near else "")
    said = error["msg"].removeprefix("Value error, ")
    return f"{place}: {said}"
