"""How much of each tool a model may have: the policy of the desk, as its file says it.

Limits hold for one decision (calls, cost units) or for one tool (calls a minute, time, size). What
keeps them is in `rates`, `breaker`, `flights` and `desk`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

When = Literal["always", "first_turn", "before_proposal"]
"""At which point of a decision a tool may be asked: always, only in the first turn in which data is
asked for, or only until a plan is proposed."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,23}$")]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class _Limits(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ToolLimit(_Limits):
    """Limits of one tool."""

    allowed: bool = True
    """False hides the tool from the model and refuses calls to it."""
    per_minute_count: Annotated[int, Field(ge=1, le=10_000)] = 120
    """Calls that reach the tool: a bucket of so many tokens, refilled in a minute."""
    max_latency_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Wall time after which a call is cancelled."""
    max_bytes: Annotated[int, Field(ge=256, le=262_144)] = 20_000
    """Largest answer the model is shown, in bytes of UTF-8."""
    cache_s: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """How long an answer is given again, on the session's clock; 0 never."""
    cost_units: Annotated[int, Field(ge=0, le=10_000)] = 1
    """What a call that reaches the tool takes from the decision's cost budget."""
    when: When = "always"
    """At which point of a decision the tool may be asked."""
    max_failures_count: Annotated[int, Field(ge=1, le=100)] = 3
    """Failures in a row after which the tool rests."""
    rest_s: Annotated[float, Field(gt=0, le=86_400)] = 30.0
    """How long it rests, on the session's clock, until one call may try it again."""


class _External(_Limits):
    """What is not ours: whose answers nobody vouches for."""

    timeless: bool = False
    """True where an answer does not depend on when it is asked, as of a calculator: only then may a
    replay of the past ask it, since it would be told the present."""


class McpServer(_External):
    """A server of the Model Context Protocol; its tools are named `SERVER_TOOL`."""

    command: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    """Program to start, spoken to over its standard input and output."""
    args: tuple[str, ...] = ()
    """Its arguments."""
    url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=400)] | None = None
    """Address of a server that runs already (streamable HTTP), in place of a command."""
    tools: Annotated[tuple[str, ...], Field(min_length=1, max_length=32)]
    """Which of its tools may be asked; no other is shown."""
    env: tuple[Variable, ...] = ()
    """Names of environment variables that the program is given beside PATH and HOME."""
    bearer_env: Variable | None = None
    """Name of the environment variable with the token for the address."""
    start_s: Annotated[float, Field(gt=0, le=120)] = 20.0
    """Wall time within which it must have said what tools it has."""

    @model_validator(mode="after")
    def _one_way_to_it(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("expected either command or url")
        if self.url is not None and (self.args or self.env):
            raise ValueError("args and env are for a command; a url takes bearer_env")
        if self.command is not None and self.bearer_env is not None:
            raise ValueError("bearer_env is for a url; a command takes env")
        return self


class PythonTool(_External):
    """Any LangChain tool that can be imported; it is named as its table is."""

    object: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", max_length=200)]
    """Where it is: `package.module:name`."""


class ToolLimits(_Limits):
    """Limits of the desk."""

    calls_per_decision_count: Annotated[int, Field(ge=0, le=100)] = 12
    """Calls of one decision over all turns; refused ones count too, or they would be free."""
    cost_per_decision_units: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    """Cost units of one decision over all turns."""
    default: ToolLimit = ToolLimit()
    """Holds for every tool, as far as its own entry does not say otherwise."""
    tools: dict[str, ToolLimit] = Field(default_factory=dict)
    """Entries by tool name: what stands in one goes before the default."""
    mcp: dict[Name, McpServer] = Field(default_factory=dict)
    """Servers of the Model Context Protocol whose tools are admitted."""
    langchain: dict[Name, PythonTool] = Field(default_factory=dict)
    """LangChain tools that are admitted."""

    def of(self, name: str) -> ToolLimit:
        """The limits of one tool."""
        own = self.tools.get(name)
        if own is None:
            return self.default
        said = {key: getattr(own, key) for key in own.model_fields_set}
        return self.default.model_copy(update=said)
