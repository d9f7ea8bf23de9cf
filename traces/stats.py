"""What decisions took: time and money by node and tool, caches, denials, failures.

Events go by once, in the order of their runs, and are added up: memory holds one figure a call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection

from domain.errors import StateError
from domain.spending import usd_sum
from traces.bodies import body_text
from traces.chosen import EVERY, Chosen
from traces.database import Database
from traces.index import COLUMNS, RunRow, is_recorded

Told = Callable[[int], None]
"""Is told how many decisions have gone by."""

PROGRESS_RUNS = 500
_COUNTED = ("model_answered", "model_failed", "tool_answered", "answer_parsed", "vote_cast")
_EVENTS = """
    SELECT e.session, e.run_id, e.node, e.kind, e.at_ms,
        CASE WHEN e.kind IN ({kinds}) THEN e.body WHEN e.kind = 'reviewed' THEN {codes} END
    FROM {source}
    ORDER BY {order}.session, {order}.run_id, e.id
"""
_CODES = {
    "sqlite": "event_text(e.body) ->> 'codes'",
    "postgresql": "CAST(e.body AS json) ->> 'codes'",
}
"""Of a verdict the codes alone: its findings are a hundred times longer."""


class _Event(NamedTuple):
    session: str
    run_id: str
    node: str
    kind: str
    at_ms: int
    told: str | None
    """Its body, or of a verdict the codes; None: only its time counts."""


def stats(database: Database, chosen: Chosen, told: Told = lambda _: None) -> dict[str, Any]:
    """The figures of the chosen decisions, as one JSON-able document."""
    where, values = chosen.where()
    with database.read() as connection:
        runs = _rows(
            connection,
            f"SELECT {COLUMNS} FROM trace_run WHERE {where}",  # noqa: S608  # every value is bound
            values,
        )
        whole = _whole([_sound(run) for run in list(runs)])
        sums = _Sums()
        for event in _events(connection, chosen):
            sums.add(event)
            if sums.is_next_run and sums.runs_count % PROGRESS_RUNS == 0:
                told(sums.runs_count)
    return {"schema": "plangate.traces.stats/1", **whole, **sums.document()}


def _events(connection: Connection, chosen: Chosen) -> Iterator[_Event]:
    where, values = chosen.where()
    source = "trace_event AS e"
    if chosen != EVERY:
        # The values of the filters are bound; the names are ours.
        named = f"SELECT session, run_id FROM trace_run WHERE {where}"  # noqa: S608  # see above
        # SQLite walks a cross join as it is written: the few decisions, and of each its events.
        source = f"({named}) AS r CROSS JOIN trace_event AS e WHERE " + (
            "e.session = r.session AND e.run_id = r.run_id"
        )
    kinds = ", ".join(f"'{kind}'" for kind in _COUNTED)
    codes = _CODES[connection.dialect.name]
    query = _EVENTS.format(
        kinds=kinds, codes=codes, source=source, order="e" if chosen == EVERY else "r"
    )
    return (
        _Event._make([*columns, None if told is None else body_text(told)])
        for *columns, told in _rows(connection, query, values if chosen != EVERY else [])
    )


def _rows(connection: Connection, query: str, values: Sequence[str | int]) -> Iterator[Any]:
    """Rows as they come; nothing holds them all."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    streaming = connection.execution_options(stream_results=True, yield_per=1000)
    yield from streaming.exec_driver_sql(query.replace("?", mark), tuple(values))


def _sound(values: Sequence[Any]) -> RunRow:
    run = RunRow(*values)
    if run.damage:
        raise _damaged(run.run_id, run.damage)
    return run


def _damaged(run_id: str, what: str) -> StateError:
    return StateError(
        f"run {run_id!r} is not as it was recorded: {what}; see: plangate traces verify {run_id}"
    )


def _whole(runs: Sequence[RunRow]) -> dict[str, Any]:
    """Of the decisions themselves."""
    ended_with = Counter(code for run in runs for code in run.codes.split())
    return {
        "decisions_count": len(runs),
        "outcomes": dict(Counter(run.outcome for run in runs).most_common()),
        "duration_ms": spread([run.duration_ms for run in runs]),
        "input_tokens": sum(run.input_tokens for run in runs),
        "output_tokens": sum(run.output_tokens for run in runs),
        **_money(run.cost_usd for run in runs),
        "ended_with": dict(ended_with.most_common()),
    }


class _Sums:
    """What has gone by so far."""

    def __init__(self) -> None:
        self.runs_count = 0
        self.is_next_run = False
        """Whether the last event began another decision."""
        self._before: _Event | None = None
        self._over = False
        self._entered_ms = 0
        self._took: defaultdict[str, list[float]] = defaultdict(list)
        self._calls: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        """By node what each answer of a model took, without its words."""
        self._tools: defaultdict[str, list[tuple[float, bool, bool]]] = defaultdict(list)
        """By name: milliseconds, whether it was cached, whether a part was lacking."""
        self._denials: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._counted: dict[str, Callable[[_Event, Any], None]] = {
            "model_answered": self._answered,
            "vote_cast": self._answered,
            "model_failed": self._failed,
            "tool_answered": self._tool,
            "answer_parsed": self._parsed,
            "reviewed": self._denied,
        }

    def add(self, event: _Event) -> None:
        """Count one event; they come run by run."""
        before, self._before = self._before, event
        self.is_next_run = before is None or before[:2] != event[:2]
        if self.is_next_run:
            self.runs_count += 1
            self._over, self._entered_ms = False, event.at_ms
            self._took[event.node].append(0.0)
        elif not self._over and before is not None:
            # A node's time goes on while it records; another one's begins where that stopped.
            spent = event.at_ms - before.at_ms
            if before.node == event.node:
                self._took[event.node][-1] += spent
            else:
                self._took[event.node].append(spent)
        self._over = self._over or event.kind == "run_ended"
        if event.told is not None:
            self._counted[event.kind](event, from_json(event.told))

    def document(self) -> dict[str, Any]:
        """The sums."""
        calls = [call for mine in self._calls.values() for call in mine]
        tools = [call for mine in self._tools.values() for call in mine]
        return {
            "nodes": {node: self._node(node) for node in self._took},
            "models": spread([call["latency_ms"] for call in calls]) | _tokens(calls),
            "tools": {name: _tool(mine) for name, mine in sorted(self._tools.items())},
            "tool_cache_hit_fraction": _share(sum(cached for _, cached, _ in tools), len(tools)),
            "denials": dict(self._denials.most_common()),
            "failures": dict(self._failures.most_common()),
            "refusals": dict(self._refusals.most_common()),
        }

    def _node(self, node: str) -> dict[str, Any]:
        calls = self._calls[node]
        return {
            "visits_count": len(self._took[node]),
            "took_ms": spread(self._took[node]),
            "model_calls": len(calls),
            **_tokens(calls),
            **_money(call["cost_usd"] for call in calls),
        }

    def _failed(self, _: _Event, told: dict[str, Any]) -> None:
        self._failures[told["error"]] += 1

    def _denied(self, _: _Event, codes: list[str]) -> None:
        self._denials.update(codes)

    def _answered(self, event: _Event, told: dict[str, Any]) -> None:
        if told["message"] is not None:
            self._calls[event.node].append({name: told[name] for name in _KEPT})

    def _tool(self, _: _Event, told: dict[str, Any]) -> None:
        row = (told["latency_ms"], told["cached"], bool(told.get("partial")))
        self._tools[told["name"]].append(row)
        if told["refusal"]:
            self._refusals[f"{told['name']} {told['refusal']}"] += 1

    def _parsed(self, _: _Event, told: dict[str, Any]) -> None:
        if told["answer"] in {"invalid", "none"}:
            self._failures[f"answer {told['answer']}"] += 1


_KEPT = ("latency_ms", "input_tokens", "output_tokens", "cached_tokens", "cost_usd")


def spread(values: Sequence[float]) -> dict[str, float | int | None]:
    """Count, median, 95th percentile (nearest rank) and maximum; None of nothing."""
    ranked = sorted(values)
    count = len(ranked)
    if not count:
        return {"count": 0, "p50": None, "p95": None, "max": None}
    p50, p95 = (ranked[-(-count * percent // 100) - 1] for percent in (50, 95))
    return {"count": count, "p50": p50, "p95": p95, "max": ranked[-1]}


def _tokens(calls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(call[name] for call in calls) for name in _KEPT[1:4]}
    return sums | {"cache_hit_fraction": _share(sums["cached_tokens"], sums["input_tokens"])}


def _tool(calls: Sequence[tuple[float, bool, bool]]) -> dict[str, Any]:
    asked = [ms for ms, cached, _ in calls if not cached]
    return {
        "calls_count": len(calls),
        "cached_count": len(calls) - len(asked),
        "partial_count": sum(partial for *_, partial in calls),
        "latency_ms": spread(asked),
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _money(parts: Iterable[str | None]) -> dict[str, Any]:
    """A sum, as `usd_sum` makes it.

    Raises:
        StateError: a part is no amount.
    """
    return usd_sum(map(_usd, parts))


def _usd(told: str | None) -> Decimal | None:
    if not is_recorded("cost_usd", told):
        raise StateError(
            f"a cost of {told!r} is not as it was recorded; see: plangate traces verify --all"
        )
    return None if told is None else Decimal(told)
