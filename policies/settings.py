"""The policy: every limit the gate enforces, with its unit in its name and a hard ceiling in code.

One frozen object is loaded from the operator's file, hashed, and fixed for a run; it is never read
from state, memory or anything a model wrote. A key that is unknown, misspelt, NaN or outside its
hard range refuses to start. The rule text in the model's prompt is made from this same object.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from domain.errors import ConfigError
from domain.strict_json import canonical, content_hash

MAX_POLICY_BYTES = 65_536
"""A policy is a page of limits; what is larger is some other file."""

Fraction = Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)]


class Policy(BaseModel):
    """Limits on what may be opened. Exits are never limited."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    symbols: tuple[str, ...] = ()
    """Exact symbols that may be opened; empty allows those the session was started with."""
    sides: Annotated[tuple[Literal["long", "short"], ...], Field(min_length=1)] = ("long", "short")
    """Sides that may be opened; spot instruments are long only in any case."""

    risk_per_trade_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.02"))] = Decimal("0.01")
    """Share of equity that may be lost at the stop, all costs included (ceiling 0.02)."""
    volatility_target_fraction: Annotated[Decimal, Field(gt=0, le=2)] = Decimal("0.40")
    """Annualised volatility above which the risk budget shrinks in proportion."""
    min_reward_risk_ratio: Annotated[Decimal, Field(ge=1, le=10)] = Decimal("1.5")
    """Least net reward over net risk, after fees, slippage and funding (floor 1)."""
    min_confidence_fraction: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.6")
    """Least confidence of a plan; may only block, never enlarge."""

    min_stop_atr_ratio: Annotated[Decimal, Field(ge=Decimal("0.5"), le=4)] = Decimal("1.0")
    """The stop lies at least this many ATR14 from the entry."""
    max_stop_atr_ratio: Annotated[Decimal, Field(ge=Decimal("0.5"), le=10)] = Decimal("4.0")
    """A stop farther than this many ATR14 is denied."""
    max_stop_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.2"))] = Decimal("0.10")
    """A stop farther than this share of the entry price is denied."""
    min_stop_spread_ratio: Annotated[Decimal, Field(ge=1, le=20)] = Decimal("3")
    """The stop lies at least this many spreads from the entry."""

    max_symbol_notional_fraction: Annotated[Decimal, Field(gt=0, le=2)] = Decimal("0.25")
    """Position value in one symbol over equity."""
    max_gross_exposure_fraction: Annotated[Decimal, Field(gt=0, le=3)] = Decimal("1.5")
    """Sum of absolute position values and working entries over equity."""
    max_leverage_ratio: Annotated[Decimal, Field(ge=1, le=5)] = Decimal("2")
    """Gross notional over equity on perpetuals (ceiling 5); spot is always 1."""
    max_open_positions_count: Annotated[int, Field(ge=1, le=50)] = 5
    """Open positions, working entries included."""
    max_trades_day_count: Annotated[int, Field(ge=1, le=200)] = 10
    """Entries approved per UTC day, all symbols."""
    max_trades_day_symbol_count: Annotated[int, Field(ge=1, le=200)] = 3
    """Entries approved per UTC day and symbol."""
    max_daily_loss_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.2"))] = Decimal("0.03")
    """Loss of equity since UTC midnight at which no position is opened until the next day."""

    max_spread_bps: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("10")
    """Widest spread to enter on."""
    max_entry_slippage_bps: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("15")
    """Most that walking the book may cost against its mid."""
    max_depth_fraction: Fraction = Decimal("0.10")
    """Largest share of the depth within 20 bps that an entry may take."""
    max_decision_slippage_bps: Annotated[Decimal, Field(gt=0, le=200)] = Decimal("30")
    """Most that the price may move, either way, between decision and order."""
    max_decision_slippage_atr_ratio: Annotated[Decimal, Field(gt=0, le=2)] = Decimal("0.25")
    """The same in ATR14; the smaller of the two holds."""
    max_funding_rate_8h_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.02"))] = Decimal(
        "0.003"
    )
    """Absolute funding rate per 8 hours above which nothing is opened."""
    max_funding_cost_stop_fraction: Fraction = Decimal("0.25")
    """Expected funding over the horizon, as a share of the stop distance."""

    max_quote_age_s: Annotated[Decimal, Field(gt=0, le=300)] = Decimal("10")
    """Oldest quote or book to enter on."""
    max_candle_age_bars: Annotated[Decimal, Field(ge=1, le=5)] = Decimal("1.5")
    """Age of the newest closed candle since its close, in bars of its own timeframe."""
    max_funding_age_h: Annotated[Decimal, Field(gt=0, le=48)] = Decimal("9")
    """Oldest funding rate to open a perpetual on."""
    min_history_bars: Annotated[int, Field(ge=50, le=5000)] = 300
    """Closed candles needed before volatility is trusted."""
    min_stop_slippage_bps: Annotated[Decimal, Field(ge=0, le=100)] = Decimal("2")
    """Assumed slippage of a stop, at least."""
    stop_slippage_atr_ratio: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    """Assumed slippage of a stop in ATR14; the larger of the two holds."""

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_numbers(cls, value: object, info: ValidationInfo) -> object:
        if info.field_name not in {"symbols", "sides"} and isinstance(value, str | bool):
            raise ValueError("not a number")
        return value

    @model_validator(mode="after")
    def _stop_band_is_open(self) -> Policy:
        if self.max_stop_atr_ratio <= self.min_stop_atr_ratio:
            raise ValueError(
                f"max_stop_atr_ratio {self.max_stop_atr_ratio} was expected above "
                f"min_stop_atr_ratio {self.min_stop_atr_ratio}"
            )
        return self

    @property
    def policy_hash(self) -> str:
        """Content hash of every limit; travels with each plan."""
        return content_hash(canonical(self.model_dump(mode="json")))


def load_policy(path: Path | None) -> Policy:
    """The policy in a TOML file, or the defaults without one.

    Raises:
        ConfigError: the file is missing, larger than 64 KB, not TOML, or holds a key or value that
            is not allowed.
    """
    if path is None:
        return Policy()
    where = f"policy file {str(path)!r}"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_POLICY_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {where}: {error.strerror}") from error
    if len(content) > MAX_POLICY_BYTES:
        raise ConfigError(f"{where} is larger than {MAX_POLICY_BYTES} bytes, expected a short file")
    return parse_policy(_parsed(content, where), where=where)


def _short(text: str) -> Decimal:
    number = Decimal(text)
    if number.is_finite() and abs(number.adjusted()) > 30:  # 1e999999999 as an integer takes hours
        raise ValueError("too large or too small")
    return number


def _parsed(content: bytes, where: str) -> dict[str, Any]:
    try:
        # Some editors put a byte order mark first; it says nothing about the limits.
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=_short)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} is not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{where} is nested too deeply, expected lines of key = value") from error
    except (ValueError, ArithmeticError) as error:
        raise ConfigError(f"{where} holds a number too large or too small to read") from error


def parse_policy(raw: object, *, where: str) -> Policy:
    """A policy from parsed TOML or JSON; `where` names the source in the complaint.

    Raises:
        ConfigError: naming each key, the value it had and what was expected.
    """
    try:
        return Policy.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_complaint(error)}") from error


def _complaint(error: ValidationError) -> str:
    from difflib import get_close_matches

    lines = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"]) or "policy"
        if item["type"] == "extra_forbidden":
            near = get_close_matches(key, Policy.model_fields, n=1, cutoff=0.5)
            lines.append(f"unknown key {key!r}" + (f", did you mean {near[0]!r}?" if near else ""))
        elif item["loc"]:
            unquoted = ", without quotes" if item["type"] == "value_error" else ""
            expected = _expected(str(item["loc"][0])) + unquoted
            lines.append(f"{key} = {_shown(item['input'])}: expected {expected}")
        else:
            lines.append(f"{key} = {_shown(item['input'])}: {item['msg']}")
    return "; ".join(lines)


def _expected(key: str) -> str:
    if key == "symbols":
        return 'a list of names such as ["BTC/USD"]'
    if key == "sides":
        return 'a list with "long", "short" or both'
    field = Policy.model_fields[key]
    bounds = {
        name: getattr(bound, name)
        for bound in field.metadata
        for name in ("gt", "ge", "le")
        if hasattr(bound, name)
    }
    low = f"above {bounds['gt']}" if "gt" in bounds else f"of at least {bounds['ge']}"
    kind = "a whole number" if field.annotation is int else "a number"
    return f"{kind} {low} and at most {bounds['le']}"


def _shown(value: object) -> str:
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or of levels
        return "a value too large to show"
    return text if len(text) <= 80 else f"{text[:80]}… ({len(text)} characters)"
