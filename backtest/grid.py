"""Many policies out of one: every combination of values for some of its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

from domain.errors import ConfigError
from policies.policy_file import limits_text, read_policy
from policies.settings import Policy

MOST_TRIALS = 200
"""More would take hours, and the best of them would mean nothing."""
FORM = "min_reward_risk=1.2,1.5,2;max_stop_atr=3,4"


def read_grid(text: str) -> dict[str, tuple[str, ...]]:
    """The values of each limit in a text such as `min_reward_risk=1.2,1.5,2;max_stop_atr=3,4`.

    A limit may be named by the beginning of its name where no other begins so.

    Raises:
        ConfigError: no such form, no such limit, or more than 200 combinations.
    """
    found: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (each.strip() for each in text.split(";"))):
        name, _, listed = part.partition("=")
        values = tuple(dict.fromkeys(v.strip() for v in listed.split(",") if v.strip()))
        key = _key(name.strip())
        if not values or key in found:
            raise ConfigError(f"--grid {part!r} was expected to look like {FORM}, each limit once")
        found[key] = values
    if not found:
        raise ConfigError(f"--grid {text!r} names no limit; expected it to look like {FORM}")
    count = prod(map(len, found.values()))
    if count > MOST_TRIALS:
        raise ConfigError(f"--grid has {count} combinations; expected at most {MOST_TRIALS}")
    return found


def combinations(
    base: Policy, grid: Mapping[str, Sequence[str]]
) -> list[tuple[dict[str, str], Policy]]:
    """Each combination with its policy: `base`, but for the limits of the grid.

    Raises:
        ConfigError: a value that its limit does not allow.
    """
    kept = [line for line in limits_text(base).splitlines() if line.partition(" ")[0] not in grid]
    found = []
    for values in product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        lines = [*kept, *(f"{key} = {value}" for key, value in chosen.items())]
        words = ", ".join(f"{key}={value}" for key, value in chosen.items())
        found.append((chosen, read_policy("\n".join(lines), f"--grid {words}")))
    return found


def _key(name: str) -> str:
    known = list(Policy.model_fields)
    if name in known:
        return name
    beginning = [key for key in known if name and key.startswith(name)]
    if len(beginning) == 1:
        return beginning[0]
    told = f"; {', '.join(beginning)} begin so" if beginning else ""
    raise ConfigError(
        f"--grid: no limit of the policy is called {name!r}{told}; see: plangate policy explain"
    )
