"""The policy file: TOML in, one complaint per wrong key out; presets by name.

Nothing but the operator's file sets a limit: no environment variable does, so none can exceed a
ceiling.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError

from domain.errors import ConfigError
from domain.numbers import plain
from policies.presets import PRESETS
from policies.settings import DEFAULTS, WORDS, Policy
from policies.short_file import parse_toml, read_short

MAX_EXPONENT = 30

_EXPECTED_WORDS = {
    "symbols": 'a list of names such as ["BTC/USD"]',
    "sides": 'a list with "long", "short" or both',
    "blackouts": 'a list of windows such as ["2026-01-28T18:45:00Z/2026-01-28T20:00:00Z"]',
    "required_tools": 'a list of tool names such as ["ohlcv"]',
    "evidence": '"required" or "off"',
    "stop_mode": '"widen" or "strict"',
    "majors": 'a list of base assets such as ["BTC", "ETH"]',
}


def load_policy(name: Path | None) -> Policy:
    """The policy in a TOML file or of a preset's name; the defaults (`balanced`) without one.

    Raises:
        ConfigError: the file is missing, larger than 64 KB, not TOML, or holds a key or value that
            is not allowed.
    """
    if name is None:
        return DEFAULTS
    if str(name) in PRESETS:
        return preset(str(name))
    where = f"policy file {str(name)!r}"
    instead = f"; name a file, or one of the presets {', '.join(PRESETS)}"
    content = read_short(name, where, instead=instead)
    return parse_policy(parse_toml(content, where, number=_short), where=where)


def preset(name: str) -> Policy:
    """The policy of a preset: the defaults and what the preset changes.

    Raises:
        ConfigError: there is no preset of this name.
    """
    if name not in PRESETS:
        raise ConfigError(f"no preset {name!r}; the presets are {', '.join(PRESETS)}")
    return parse_policy(PRESETS[name], where=f"preset {name!r}")


def policy_text(policy: Policy, title: str) -> str:
    """The policy as the TOML file that `load_policy` reads, with meaning and range of each key."""
    lines = [
        f"# {title}",
        "# Every limit that the gate enforces. Check it: plangate policy check FILE",
        "# Paper trading only; no advice, no promise of profit.",
    ]
    for key, field in Policy.model_fields.items():
        meaning = " ".join((field.description or "").split())
        lines += [
            "",
            f"# {meaning}",
            f"# Allowed: {allowed(key)}.",
            f"{key} = {toml_value(policy, key)}",
        ]
    return "\n".join(lines) + "\n"


def limits_text(policy: Policy) -> str:
    """Every limit as TOML, without words: what a program keeps."""
    return "".join(f"{key} = {toml_value(policy, key)}\n" for key in Policy.model_fields)


def read_policy(text: str, where: str) -> Policy:
    """The policy in a TOML text; `where` names it in messages.

    Raises:
        ConfigError: it is not TOML, or holds a key or value that is not allowed.
    """
    return parse_policy(parse_toml(text.encode(), where, number=_short), where=where)


def toml_value(policy: Policy, key: str) -> str:
    """A key's value as it stands in the file."""
    value = getattr(policy, key)
    if isinstance(value, Decimal | int):
        return plain(Decimal(value))
    return json.dumps(value, ensure_ascii=False)  # TOML writes words and lists of them as JSON does


def _short(text: str) -> Decimal:
    """A number of the file; one that no limit could take becomes infinite or 0, and is refused.

    1e999999999 as an integer takes hours to write down.
    """
    try:
        number = Decimal(text)
    except ArithmeticError:  # an exponent that does not even fit
        return Decimal("Infinity")
    if not number.is_finite() or abs(number.adjusted()) <= MAX_EXPONENT:
        return number
    return Decimal("Infinity").copy_sign(number) if number.adjusted() > 0 else Decimal(0)


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
    if key in WORDS:
        return _EXPECTED_WORDS[key]
    kind = "a whole number" if Policy.model_fields[key].annotation is int else "a number"
    return f"{kind} {allowed(key)}"


def allowed(key: str) -> str:
    """The hard range of a key, in words; no file can go beyond it."""
    if key in WORDS:
        return _EXPECTED_WORDS[key]
    bounds = {
        name: getattr(bound, name)
        for bound in Policy.model_fields[key].metadata
        for name in ("gt", "ge", "lt", "le")
        if hasattr(bound, name)
    }
    low = f"above {bounds['gt']}" if "gt" in bounds else f"of at least {bounds['ge']}"
    high = f"below {bounds['lt']}" if "lt" in bounds else f"at most {bounds['le']}"
    return f"{low} and {high}"


def _shown(value: object) -> str:
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or of levels
        return "a value too large to show"
    return text if len(text) <= 80 else f"{text[:80]}… ({len(text)} characters)"
