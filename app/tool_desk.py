"""The desk of a session: its own tools, those that its file admits, and where tokens are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from langchain_core.tools import BaseTool

from agent.answers import ANSWERS
from app.settings import secrets_named
from domain.clock import Clock, FixedClock
from domain.errors import ConfigError
from policies.settings import Policy
from tools.desk import Desk
from tools.limits import ToolLimits
from tools.python_tools import python_tool
from tools.rates import Rates
from tools.standard import FEED_TOOLS
from traces.database import Database


@asynccontextmanager
async def open_desk(
    own: Sequence[BaseTool], limits: ToolLimits, clock: Clock, database: Database | None
) -> AsyncIterator[Desk]:
    """Start or reach what the limits admit, and open the desk.

    In a replay what is not timeless is not asked, and not started: it would tell the present.

    Args:
        own: Tools of this house.
        limits: The desk's limits.
        clock: The session's.
        database: Where live processes share their tokens; None: they do not.

    Raises:
        ConfigError: naming what cannot be had.
        Unreachable: a server does not answer.
    """
    replay = isinstance(clock, FixedClock)
    require_other_names(limits)
    limits = without(limits, withheld(limits) if replay else ())
    limits = fitting(limits, own)
    async with AsyncExitStack() as stack:
        external = [python_tool(name, one) for name, one in limits.langchain.items()]
        if limits.mcp:
            from tools.mcp_client import open_servers

            external += await open_servers(stack, limits.mcp, tool_secrets(limits))
        desk = Desk([*own, *external], limits, clock, Rates(clock, None if replay else database))
        stack.callback(desk.close)
        yield desk


def tool_secrets(limits: ToolLimits) -> Mapping[str, str]:
    """What the environment has for the servers that the limits name, by variable.

    Raises:
        ConfigError: a variable is not set.
    """
    named = [name for server in limits.mcp.values() for name in (*server.env, server.bearer_env)]
    return secrets_named(dict.fromkeys(name for name in named if name is not None))


def require_other_names(limits: ToolLimits) -> None:
    """A stranger's tool must not be called like one by which a model answers.

    Raises:
        ConfigError: one is.
    """
    asked = [*limits.langchain]
    asked += [f"{name}_{tool}" for name, one in limits.mcp.items() for tool in one.tools]
    if clash := [name for name in asked if name in ANSWERS]:
        raise ConfigError(
            f"the tools file names a tool {clash[0]!r}, which is how a model answers; expected "
            "another name: give the server or the tool one"
        )


def withheld(limits: ToolLimits) -> tuple[str, ...]:
    """The external tools that a replay does not have."""
    servers = ((name, one) for name, one in limits.mcp.items() if not one.timeless)
    return (
        *(name for name, one in limits.langchain.items() if not one.timeless),
        *(f"{name}_{tool}" for name, one in servers for tool in one.tools),
    )


def without(limits: ToolLimits, names: Sequence[str]) -> ToolLimits:
    """The limits, as if these external tools were not in them."""
    if not names:
        return limits
    kept = {
        "tools": {name: one for name, one in limits.tools.items() if name not in names},
        "langchain": {name: one for name, one in limits.langchain.items() if name not in names},
        "mcp": {name: one for name, one in limits.mcp.items() if one.timeless},
    }
    return limits.model_copy(update=kept)


def fitting(limits: ToolLimits, own: Sequence[BaseTool]) -> ToolLimits:
    """The limits but for those of feed tools that this session lacks: a file serves both kinds."""
    lacking = {tool.name for tool in FEED_TOOLS} - {tool.name for tool in own}
    kept = {name: one for name, one in limits.tools.items() if name not in lacking}
    return limits.model_copy(update={"tools": kept})


def require_tools(policy: Policy, desk: Desk) -> None:
    """A tool that does not exist can never answer: nothing would ever be opened.

    Raises:
        ConfigError: the policy requires one that the desk lacks.
    """
    unknown = [name for name in policy.required_tools if name not in desk.names]
    if unknown:
        raise ConfigError(
            f"required_tools of the policy names {', '.join(map(repr, unknown))}; "
            f"the tools are {', '.join(desk.names)}"
        )
