"""What a session was asked to be: checked once, stored with the session, compared on resume."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.model_spec import ModelSpec
from agent.prompt_budget import PromptBudget, load_budget
from app.capital import capital_words, read_capital
from app.fault_file import open_faults
from app.feed_file import FeedFile, read_feed_file
from app.model_file import deciding, read_model_file, sees
from app.moments import read_moment
from app.opinion_options import OpinionOptions, read_opinions, stored_opinions
from app.spending import read_caps
from broker.fault_spec import FaultSpec
from domain.candles import Timeframe
from domain.clock import iso
from domain.errors import ConfigError
from domain.strict_json import content_hash
from graph.attention import ALWAYS, Attention
from graph.caps import DEFAULT_CAPS, Caps
from tools.limits import ToolLimits
from tools.limits_file import load_limits


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """The options of `plangate run` and `plangate step`."""

    symbols: tuple[str, ...]
    """Empty means the source's own default."""
    market: str = "box"
    market_url: str | None = None
    model: str = "rules"
    base_url: str | None = None
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    """Of the file of models, by name."""
    models_hash: str | None = None
    """Of what decides in it; None: it names none of the session's models."""
    vision: bool = False
    """Whether one of the models that may be asked is sent charts."""
    probe: bool = True
    """See before the first decision whether the model is fit to plan."""
    timeframe: Timeframe = Timeframe.H1
    every: int = 1
    """Decide on every n-th closed candle."""
    start: datetime | None = None
    """`--from`: first decision at or after this moment; None begins once features are warm."""
    end: datetime | None = None
    """`--to`: nothing is seen or filled after this moment; None ends with the data."""
    capital: Mapping[str, Decimal] = field(default_factory=dict)
    """Starting money by currency (`app.capital`); empty means the usual amount of the only one."""
    policy: Path | None = None
    session: str | None = None
    """None makes a new name."""
    seed: int = 7
    """Of the synthetic market."""
    decisions: int | None = None
    """Stop after this many decisions; None goes on."""
    faults: FaultSpec | None = None
    """What the paper venue does wrong on purpose; None: nothing."""
    tools: ToolLimits | None = None
    """The desk's limits; None: the defaults, or none that are needed."""
    tools_hash: str | None = None
    """Of the file of limits that the session has."""
    attention: Attention = ALWAYS
    """How often the model is asked."""
    caps: Caps = DEFAULT_CAPS
    """How much one decision may take."""
    spending: Mapping[str, Decimal | None] = field(default_factory=dict)
    """Caps on money for models that are named (`app.spending`)."""
    opinions: OpinionOptions = field(default_factory=OpinionOptions)
    """Who else is asked."""
    prompt: PromptBudget | None = None
    """Budgets of the prompt's sections; None: those that ship with us."""
    feeds: FeedFile | None = None
    """News, sentiment and other markets; None: none, or not opened."""
    feeds_hash: str | None = None
    """Of the file of feeds that the session has."""

    def config(
        self, policy_hash: str, symbols: tuple[str, ...], purses: Mapping[str, Decimal]
    ) -> dict[str, Any]:
        """What must not change between two runs of one session, JSON-able."""
        return {
            "symbols": list(symbols),
            "market": self.market,
            "model": self.model,
            "models": self.models_hash,
            "vision": self.vision or None,
            "timeframe": self.timeframe.value,
            "every": self.every,
            "from": iso(self.start) if self.start else None,
            "to": iso(self.end) if self.end else None,
            "capital": capital_words(purses),
            "policy_hash": policy_hash,
            "seed": self.seed,
            "faults": self.faults.text if self.faults else None,
            "tools": self.tools_hash,
            "feeds": self.feeds_hash,
            "opinions": self.opinions.config(),
            "prompt": self.prompt.model_dump(mode="json") if self.prompt else None,
            "attention": self.attention.model_dump() if self.attention.sleeps else None,
            "caps": None if self.caps == DEFAULT_CAPS else self.caps.model_dump(mode="json"),
        }


def read_options(
    *,
    symbols: Sequence[str] | None,
    market: str,
    model: str,
    base_url: str | None,
    timeframe: str,
    every: int,
    start: str | None,
    end: str | None,
    capital: Sequence[str] | None,
    policy: Path | None,
    session: str | None,
    market_url: str | None,
    seed: int,
    decisions: int | None = None,
    faults: str | None = None,
    tools: Path | None = None,
    feeds: Path | None = None,
    heartbeat: int = 1,
    wake_atr: float = 1.0,
    seconds_per_decision: float = DEFAULT_CAPS.max_seconds_s,
    models: Path | None = None,
    probe: bool = True,
    usd_per_decision: str | None = None,
    usd_per_day: str | None = None,
    usd_per_session: str | None = None,
    prompt: Path | None = None,
    **opinions: Any,
) -> SessionOptions:
    """The command line's words as values; those of `opinions` are `read_opinions`'s.

    Raises:
        ConfigError: naming the option, its value and what was expected.
    """
    named = read_model_file(models)
    asked = read_opinions(named, **opinions)
    return SessionOptions(
        symbols=tuple(symbols or ()),
        market=market,
        market_url=market_url,
        model=model,
        base_url=base_url,
        **_models(model, named, asked),
        probe=probe,
        timeframe=_timeframe(timeframe),
        every=every,
        start=read_moment("--from", start),
        end=read_moment("--to", end),
        capital=read_capital(capital or ()),
        policy=policy,
        session=_session(session),
        seed=seed,
        decisions=decisions,
        attention=Attention(heartbeat_count=heartbeat, move_atr_ratio=wake_atr),
        caps=_caps(asked, seconds_per_decision),
        opinions=asked,
        spending=read_caps(usd_per_decision, usd_per_day, usd_per_session),
        **_files(tools, feeds, prompt, faults),
    )


def _caps(asked: OpinionOptions, seconds: float) -> Caps:
    """Second opinions leave a decision the calls that it has without them."""
    calls = DEFAULT_CAPS.max_model_calls_count + asked.calls_count
    return Caps(max_model_calls_count=calls, max_seconds_s=seconds)


def stored_options(
    name: str, config: Mapping[str, Any], policy: Path | None, market_url: str | None
) -> SessionOptions:
    """The options that a session was started with.

    Args:
        name: The session's.
        config: As it is stored with the session.
        policy: A policy file in place of the one kept; another one than at the start is refused.
        market_url: Other address of the exchange; None is the one that is kept.
    """
    stored = config["capital"]
    options = read_options(
        symbols=config["symbols"],
        market=config["market"],
        model=config["model"],
        base_url=None,
        timeframe=config["timeframe"],
        every=config["every"],
        start=config["from"],
        end=config["to"],
        capital=[stored] if isinstance(stored, str) else stored,
        policy=policy,
        session=name,
        decisions=None,
        market_url=market_url or config.get("market_url"),
        seed=config["seed"],
        faults=config.get("faults"),
    )
    # No tool and no feed is asked, so none needs a key.
    return replace(
        options,
        models_hash=config.get("models"),
        vision=bool(config.get("vision")),
        tools_hash=config.get("tools"),
        feeds_hash=config.get("feeds"),
        attention=Attention(**config.get("attention") or {}),
        caps=Caps(**config.get("caps") or {}),
        opinions=stored_opinions(config.get("opinions")),
        prompt=PromptBudget.model_validate(kept) if (kept := config.get("prompt")) else None,
    )


def _models(model: str, named: Mapping[str, ModelSpec], asked: OpinionOptions) -> dict[str, Any]:
    """The models of the file, what of them decides, and whether any that may be asked sees."""
    vision = sees([model, *asked.models], named)
    return {"models": named, "models_hash": deciding(model, named), "vision": vision}


def _files(
    tools: Path | None, feeds: Path | None, prompt: Path | None, faults: str | None
) -> dict[str, Any]:
    """What the files that are named hold."""
    found = limits_and_feeds(tools, feeds)
    if faults is not None:
        found["faults"] = open_faults(faults)
    if prompt is not None:
        found["prompt"] = load_budget(prompt)
    return found


def limits_and_feeds(tools: Path | None, feeds: Path | None) -> dict[str, Any]:
    """The desk's limits and the feeds of the files that are named, each with its hash."""
    found: dict[str, Any] = {}
    if tools is not None:
        limits = load_limits(tools)
        found |= {"tools": limits, "tools_hash": content_hash(limits.model_dump(mode="json"))}
    if feeds is not None:
        file = read_feed_file(feeds)
        found |= {"feeds": file, "feeds_hash": file.content_hash}
    return found


def _timeframe(text: str) -> Timeframe:
    try:
        return Timeframe(text)
    except ValueError as error:
        known = ", ".join(t.value for t in Timeframe)
        raise ConfigError(f"--timeframe {text!r} was expected to be one of {known}") from error


def _session(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ConfigError(
            f"--session {name!r} was expected to be 1 to 64 letters, digits, '.', '_' or '-'"
        )
    return name
