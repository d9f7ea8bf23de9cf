"""Before its first decision a session's models are probed: better no session than an unfit planner.

Of the models that stand in each other's place one that passes is enough, and those behind it are
not asked; those before it are told of. A voter that cannot answer would be a silent no to every
plan, so each has to pass too. A session that has decided before is not stopped by its models: what
it holds is looked after. A model that passed is believed for a day, so that sessions that are
started often do not pay each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from langchain_core.tools import BaseTool

from agent.model_spec import LOCAL
from agent.models import NamedModel
from agent.planner import Planner
from agent.prompt import system_message
from app.clock import SystemClock
from app.model_probe import Probed, probed
from app.spending import RAISED_BY
from app.wire import Wired
from domain.clock import iso, parse_moment
from domain.errors import ConfigError, OverBudget, Unreachable
from domain.spending import PROBE
from domain.strict_json import content_hash
from graph.context import RunContext
from policies.explain import rules_text

PROBED = "probed.json"
"""In the state folder: which models passed, by a hash of what was asked of whom, and when."""

BELIEVED = timedelta(days=1)


async def require_fit_models(wired: Wired, home: Path, notice: Callable[[str], None]) -> None:
    """Make sure that the session's model can plan, and that each voter can answer.

    Raises:
        ConfigError: one is not fit; a setting must change.
        Unreachable: one does not answer, or its provider refuses.
        OverBudget: the session's caps leave no room for the short calls of each.
    """
    context = wired.context
    if context.journal.decisions_count():
        return
    probation = Probation(context, home, notice)
    if failed := await probation.failed(context.planner, context.desk.schemas):
        raise _unfit("no model is fit to plan", failed)
    for voter in context.opinions.voters:
        if failed := await probation.failed(voter.planner, ()):
            raise _unfit(f"second opinion {voter.name!r} cannot be had", failed)


class Probation:
    """Models of one session, each asked once at the most."""

    def __init__(self, context: RunContext, home: Path, notice: Callable[[str], None]) -> None:
        self._context, self._home, self._notice = context, home, notice
        self._found: dict[str, Probed | None] = {}
        """By the model's name; None: it passed."""

    async def failed(self, planner: Planner, tools: Sequence[BaseTool]) -> list[Probed]:
        """What is wrong with the planner's models; empty where one is fit, or rules plan.

        Args:
            planner: Whose models stand in each other's place.
            tools: Its data tools. A model that was found fit with more of them is fit with fewer.
        """
        failed: list[Probed] = []
        for named in (one for one in planner.models if one.spec is not None):
            if named.name not in self._found:
                key = _key(named, planner.tools_text())
                self._found[named.name] = await self._asked(named, tools, key)
            if (found := self._found[named.name]) is None:
                return []
            failed.append(found)
        return failed

    async def _asked(self, named: NamedModel, tools: Sequence[BaseTool], key: str) -> Probed | None:
        if _believed(self._home, key):
            return None
        self._notice(f"asking model {named.name!r} whether it is fit to plan (--no-probe: do not)")
        context, symbol = self._context, self._context.symbols[0]
        rules = system_message(rules_text(context.policy, context.source.instrument(symbol)))
        run, longest = f"{PROBE}-{context.journal.session}", context.caps.max_tokens_count
        allowance = context.spending.allowance(run, symbol, PROBE, longest)
        try:
            found = await probed(named, tools, rules, allowance=allowance)
        except OverBudget as error:
            raise OverBudget(f"{error}; {RAISED_BY}") from error
        if not found.broken:
            _remember(self._home, key)
            return None
        self._notice(f"model {named.name!r} is not fit to plan: {_words(found)}")
        return found


def _unfit(what: str, failed: list[Probed]) -> ConfigError | Unreachable:
    words = "; ".join(f"{one.model}: {_words(one)}" for one in failed)
    kind = Unreachable if failed[0].broken[0].exit_code == 4 else ConfigError
    return kind(
        f"{what} ({words}); look closer with: plangate model probe {failed[0].model}, or go on "
        "without this test with --no-probe"
    )


def _words(found: Probed) -> str:
    return ", ".join(f"{check.name}: {check.detail}" for check in found.broken)


def _key(named: NamedModel, tools_text: str) -> str:
    """Who is asked, where, and with which tools."""
    spec = named.spec
    if spec is None:
        return named.name
    # The local model has another port and another key each time, and is the same.
    left_out = {"fallback", "price"} | ({"base_url", "key_env"} if named.name == LOCAL else set())
    at = "" if named.name == LOCAL else spec.address or ""
    return content_hash("\n".join((spec.model_dump_json(exclude=left_out), at, tools_text)))


def _passed(home: Path) -> dict[str, str]:
    """What is remembered; a file that cannot be read is a reason to ask again, and no more."""
    try:
        found = json.loads((home / PROBED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(at) for key, at in found.items()} if isinstance(found, dict) else {}


def _believed(home: Path, key: str) -> bool:
    try:
        at = parse_moment(_passed(home)[key])
    except (KeyError, ValueError):
        return False
    return timedelta() <= SystemClock().now() - at < BELIEVED


def _remember(home: Path, key: str) -> None:
    """Two that write at once may forget one of the two; it costs a probe.

    So does a folder where nothing can be written.
    """
    fresh = {one: at for one, at in _passed(home).items() if _believed(home, one)}
    partial = home / f"{PROBED}.partial"
    text = json.dumps({**fresh, key: iso(SystemClock().now())}, indent=1)
    with suppress(OSError):
        partial.write_text(text, encoding="utf-8")
        partial.replace(home / PROBED)
