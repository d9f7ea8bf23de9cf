"""Does the plan promise enough for what it risks, at a price that can be had?"""

from __future__ import annotations

from domain.finding import Finding, shown
from domain.numbers import plain
from domain.verdict import Bracket
from policies.case import Case
from policies.costs import costs_of
from policies.findings import compare


def reward_is_worth_the_risk(case: Case, bracket: Bracket) -> Finding:
    """`RR_BELOW_MIN`: net reward / net risk >= min_reward_risk_ratio, ratio, default 1.5.

    (Σ w·|t - e| - f·e - f·Σ w·t - F) / (d + f·e + f·s + g + F), see `policies.costs`. The entry e
    is the executable one and the targets are the plan's, so that the ratio can fail. When it does,
    the sentence names the nearest target that would pass. The slippage g at the stop follows
    min_stop_slippage_bps and stop_slippage_atr_ratio.

    Source: a gate that infers the entry as stop + 0.2 x (target - stop) always measures 4.0 and
    never fires (NoFxAiOS/nofx, kernel/engine_position.go); one that only advises stops nothing.
    Reason: a plan that has to be right most of the time has no room for costs.
    """
    modelled = bracket.book_origin == "modelled" and bracket.entry_kind == "market"
    least, ratio = case.policy.min_reward_risk_ratio, bracket.reward_risk
    found = compare(
        "RR_BELOW_MIN", "net reward/risk", ratio, ">=", least, "ratio", modelled=modelled
    )
    return found if found.passed else found._replace(hint=_hint(case, bracket))


def _hint(case: Case, bracket: Bracket) -> str:
    entry, stop = bracket.entry_price, bracket.stop_price
    needed = costs_of(case, stop).nearest_target(
        entry, case.policy.min_reward_risk_ratio, case.instrument.price_tick
    )
    risk = (
        f"risk is {shown(bracket.risk_per_unit)} per {case.instrument.base} from the entry "
        f"{shown(entry, 10)} to the stop {plain(stop)}, costs included"
    )
    if needed is None:
        return f"{risk}, and no target above 0 would do"
    subject = "the target" if len(case.draft.targets) == 1 else "one target for the whole"
    bound = "least" if case.draft.side == "long" else "most"
    return f"{risk}, so {subject} would have to be at {bound} {plain(needed)}"
