"""Before its first decision a session's model is probed: better no session than an unfit planner.

A session that has decided before is not stopped by its model: what it holds is looked after, and a
model that cannot be asked ends its decisions without a trade. A model that passed is believed for a
day, so that sessions that are started often do not pay each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from agent.model_spec import LOCAL
from agent.models import NamedModel
from agent.prompt import system_message
from app.clock import SystemClock
from app.model_probe import Probed, probed
from app.wire import Wired
from domain.clock import iso, parse_moment
from domain.errors import ConfigError, Unreachable
from domain.spending import PROBE
from domain.strict_json import content_hash
from policies.explain import rules_text

PROBED = "probed.json"
"""In the state folder: which models passed, by a hash of what was asked of whom, and when."""

BELIEVED = timedelta(days=1)


async def require_fit_model(wired: Wired, home: Path, notice: Callable[[str], None]) -> None:
    """Make sure that the session's first model, or one that stands in its place, can plan.

    The first that passes is enough; those before it are told of, those behind it are not asked.

    Raises:
        ConfigError: none is fit; a setting must change.
        Unreachable: none answers, or the providers refuse.
        OverBudget: the session's caps leave no room for two short calls.
    """
    context = wired.context
    models = [one for one in context.planner.models if one.spec is not None]
    if not models or context.journal.decisions_count():
        return
    rules = system_message(
        rules_text(context.policy, context.source.instrument(context.symbols[0]))
    )
    run, longest = f"{PROBE}-{context.journal.session}", context.caps.max_tokens_count
    allowance = context.spending.allowance(run, context.symbols[0], PROBE, longest)
    failed: list[Probed] = []
    for named in models:
        key = _key(named, context.planner.tools_text)
        if _believed(home, key):
            return
        notice(f"asking model {named.name!r} whether it is fit to plan (--no-probe: do not)")
        found = await probed(named, context.desk.schemas, rules, allowance=allowance)
        if not found.broken:
            _remember(home, key)
            return
        failed.append(found)
        notice(f"model {named.name!r} is not fit to plan: {_words(found)}")
    raise _unfit(failed)


def _unfit(failed: list[Probed]) -> ConfigError | Unreachable:
    words = "; ".join(f"{one.model}: {_words(one)}" for one in failed)
    kind = Unreachable if failed[0].broken[0].exit_code == 4 else ConfigError
    return kind(
        f"no model is fit to plan ({words}); look closer with: "
        f"plangate model probe {failed[0].model}, or go on without this test with --no-probe"
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
    """Two that write at once may forget one of the two, which costs a probe."""
    fresh = {one: at for one, at in _passed(home).items() if _believed(home, one)}
    partial = home / f"{PROBED}.partial"
    text = json.dumps({**fresh, key: iso(SystemClock().now())}, indent=1)
    partial.write_text(text, encoding="utf-8")
    partial.replace(home / PROBED)
