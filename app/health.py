"""What `plangate doctor` looks at."""

from __future__ import annotations

import importlib.util
import platform
import sys
import tempfile
from pathlib import Path

from agent.endpoints import KEY_NAMES
from app.clock import SystemClock
from app.health_check import Check
from app.home import database_place, state_home
from app.settings import load_settings, model_keys
from domain.errors import AccessRefused, ConfigError, PlangateError, Unreachable


async def check_all(
    market: str | None, market_url: str | None, feeds: Path | None = None
) -> list[Check]:
    """Every check in order; never raises for what it finds broken."""
    checks = [_python(), _packages(), _home(), _database(), await _box(), _model_key()]
    if market:
        from app.market_health import market_checks

        checks += await market_checks(market, market_url)
    if feeds:
        checks += await _feeds(feeds)
    return checks


def _python() -> Check:
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Check("python", "ok" if fits else "broken", f"{version} (3.11 to 3.13 are supported)", 2)


def _packages() -> Check:
    needed = ("langgraph", "langchain_openai", "ccxt", "pandas", "talib", "sqlmodel", "tiktoken")
    absent = [name for name in needed if importlib.util.find_spec(name) is None]
    if absent:
        return Check("packages", "broken", f"missing: {', '.join(absent)}; run: make run", 2)
    return Check("packages", "ok", f"{', '.join(needed)} found")


def _home() -> Check:
    home = state_home()
    try:
        nearest = next(p for p in (home, *home.parents) if p.exists())
        # Tried, not asked: access() tells root that /proc and read-only mounts can be written.
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        detail = f"{home} cannot be made or written ({error.strerror}); set PLANGATE_HOME"
        return Check("state folder", "broken", detail, 6)
    return Check("state folder", "ok", f"{home}" + ("" if nearest == home else " (will be made)"))


def _database() -> Check:
    from traces.database import Database
    from traces.tables import METADATA

    try:
        place = database_place()
        if isinstance(place, Path) and not place.exists():
            return Check("database", "note", "none yet; the first run makes it")
        Database.open(place, METADATA).close()
        size = f" ({place.stat().st_size // 1024} KB)" if isinstance(place, Path) else ""
    except (PlangateError, OSError) as error:
        return Check("database", "broken", str(error), 6)
    return Check("database", "ok", f"{place}{size}")


async def _box() -> Check:
    from market.sources.open import make_source

    source = make_source("box", clock=SystemClock())
    try:
        await source.open(["BTC/USD"])
        return Check("box data", "ok", source.info.description)
    except PlangateError as error:
        return Check("box data", "broken", str(error), 3)
    finally:
        await source.close()


def _model_key() -> Check:
    try:
        load_settings()
    except PlangateError as error:
        return Check("settings", "broken", str(error), 2)
    if found := model_keys():
        return Check("model key", "ok", f"set: {', '.join(found)}")
    return Check(
        "model key",
        "note",
        f"none of {', '.join(KEY_NAMES)}: --model rules works, and servers of your own",
    )


async def _feeds(path: Path) -> list[Check]:
    from app.feed_listing import failures

    try:
        found = await failures(path)
    except ConfigError as error:
        return [Check("feeds", "broken", str(error), 2)]
    except PlangateError as error:
        return [Check("feeds", "broken", str(error), 3)]
    return [
        Check("feed", "ok", f"{name}: answers")
        if error is None
        else Check("feed", "broken", f"{name}: {error}", _feed_exit_code(error))
        for name, error in found
    ]


def _feed_exit_code(error: PlangateError) -> int:
    return 4 if isinstance(error, Unreachable | AccessRefused) else 3
