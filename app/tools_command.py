"""What `plangate tools` does, without its screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.counter import open_counter, stored_config
from app.home import database_place
from app.options import SessionOptions, stored_options
from app.reopening import kept_policy
from domain.errors import ConfigError, StateError
from journal.reading import session_names
from policies.settings import Policy
from tools.arguments import offered
from tools.limits import ToolLimits
from tools.limits_file import load_limits, require_known
from tools.protocol import ToolAnswer
from tools.standard import FEED_TOOLS, standard_tools
from tools.statistics import statistics
from traces.database import Database
from traces.events import ToolAnswered
from traces.store import TraceStore
from traces.tables import METADATA

SERVED = "mcp"
"""What the calls of `plangate mcp` are recorded under, in place of a session."""


def tools_document(file: Path | None) -> dict[str, Any]:
    """What the file of limits comes to, tool by tool; nothing is started for it.

    Raises:
        ConfigError: the file is wrong.
    """
    limits = load_limits(file)
    own = {tool.name: offered(tool) for tool in (*standard_tools(), *FEED_TOOLS)}
    others = dict.fromkeys(limits.langchain, "langchain")
    others |= {f"{s}_{tool}": f"mcp {s}" for s, one in limits.mcp.items() for tool in one.tools}
    require_known(limits, [*own, *others])
    return {
        "schema": "plangate.tools/1",
        "calls_per_decision_count": limits.calls_per_decision_count,
        "cost_per_decision_units": limits.cost_per_decision_units,
        "tools": [
            *(_row(limits, name, "plangate", arguments) for name, arguments in own.items()),
            *(_row(limits, name, origin, None) for name, origin in others.items()),
        ],
    }


def _row(
    limits: ToolLimits, name: str, origin: str, arguments: Sequence[str] | None
) -> dict[str, Any]:
    limit = limits.of(name).model_dump(mode="json")
    return {"tool": name, "from": origin, "arguments": arguments, **limit}


def stats_document(session: str | None) -> dict[str, Any]:
    """Statistics over one session, or over all and what MCP clients asked.

    Raises:
        StateError: there is no such session.
    """
    database = Database.open(database_place(), METADATA)
    try:
        known = [*session_names(database), SERVED]
        if session is not None and session not in known:
            raise StateError(f"no session {session!r}; there is: {', '.join(known[-12:])}")
        names = known if session is None else [session]
        events = [
            recorded.event
            for name in names
            for recorded in TraceStore(database, name).of_kind("tool_answered")
            if isinstance(recorded.event, ToolAnswered)
        ]
    finally:
        database.close()
    found = [one.document() for one in statistics(events)]
    return {"schema": "plangate.tools_stats/1", "session": session, "tools": found}


def read_arguments(words: Sequence[str]) -> dict[str, Any]:
    """Arguments from the command line: one JSON object, or `name=value` words.

    A value that is JSON is taken as such, any other as text.

    Raises:
        ConfigError: neither.
    """
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        try:
            found = json.loads(words[0])
        except ValueError as error:
            raise ConfigError(f"arguments {words[0]!r} are no JSON object: {error}") from error
        return dict(found)
    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(
                f"argument {word!r} was expected to be name=value, or one JSON object"
            )
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    return given


def of_session(options: SessionOptions) -> tuple[SessionOptions, Policy | None]:
    """Options as those of the session that they name; limits stay those that are asked for."""
    if options.session is None:
        return options, None
    config = stored_config(options.session)
    stored = stored_options(options.session, config, None, options.market_url)
    return replace(stored, tools=options.tools), kept_policy(options.session, config)


async def call_tool(
    options: SessionOptions, as_of: datetime | None, name: str, arguments: dict[str, Any]
) -> ToolAnswer:
    """Ask one tool once.

    Raises:
        PlangateError: source, session or limits cannot be had; a refusal is an answer.
    """
    wanted, policy = of_session(options)
    async with open_counter(wanted, as_of, policy) as counter:
        return await counter.ask(name, arguments)


def answer_document(told: ToolAnswer) -> dict[str, Any]:
    """An answer for a program."""
    return {
        "schema": "plangate.tool_answer/1",
        "tool": told.call.name,
        "arguments": told.call.arguments,
        "refusal": told.refusal,
        "partial": told.partial,
        "latency_ms": round(told.latency_ms, 3),
        "cost_units": told.cost_units,
        "answer": json.loads(told.content),
    }
