"""Cases by the thousand: thin books of many levels, small legs, full accounts, any policy in range.

A case is thrown with dice from one number, which Hypothesis draws: a hundred times faster than to
draw every field, and the number alone brings a case back. Most fields come from a usual range and a
few from an odd one, so that a fair share is approved: a property of approvals that only ever sees
denials holds of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from domain.book import Level, OrderBook
from domain.plan import Evidence, PlanDraft, Target
from domain.verdict import Bracket
from policies.bracket import build_bracket
from policies.case import Case
from policies.facts import Exit, Held, WorkingEntry
from policies.policy_file import parse_policy
from policies.settings import Policy
from policies.tightening import NUMBERS, TIGHTER
from tests.policies.cases import NOW, D, draft, edit, make_case
from tests.policies.limits import hard_range

T = TypeVar("T")

MID = D(10_000)
WEIGHTS = {
    1: (("1",),),
    2: (("0.35", "0.65"), ("0.9", "0.1"), ("0.5", "0.5")),
    3: (("0.5", "0.3", "0.2"), ("0.6", "0.1", "0.3"), ("0.1", "0.1", "0.8")),
}
WHOLE = {name for name in NUMBERS if Policy.model_fields[name].annotation is int}
OTHERS = ("ETH/USDT", "XRP/USDT", "SOL/USDT")


class Dice:
    """Throws the fields of a case."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def number(self, low: str, high: str, places: int = 2) -> Decimal:
        scale = 10**places
        return D(self.random.randint(int(D(low) * scale), int(D(high) * scale))) / scale

    def often(self, usual: tuple[str, str], odd: tuple[str, str], places: int = 1) -> Decimal:
        """Eleven times in twelve from the usual range."""
        return self.number(*(odd if self.random.randrange(12) == 0 else usual), places)

    def rarely(self, value: T, other: T) -> T:
        return other if self.random.randrange(16) == 0 else value

    def pick(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def many(self, most: int, throw: Callable[[], T]) -> list[T]:
        return [throw() for _ in range(self.random.randint(0, most))]


def thrown_book(dice: Dice) -> OrderBook:
    """One to five levels a side, some of them with next to nothing."""

    def side(direction: int) -> tuple[Level, ...]:
        price, levels = MID, []
        for depth in range(dice.random.randint(1, 5)):
            near = ("0.1", "4.5") if depth == 0 else ("0.1", "9")
            price += direction * dice.often(near, ("1", "20"))
            levels.append(Level(price, dice.often(("0.5", "60"), ("0.001", "1"), 3)))
        return tuple(levels)

    origin = dice.pick(("venue", "venue", "modelled"))
    return OrderBook(at=NOW, origin=origin, bids=side(-1), asks=side(1))


def thrown_draft(dice: Dice, side: str) -> PlanDraft:
    sign = 1 if side == "long" else -1
    count = dice.random.randint(1, 3)
    reach = sorted(dice.often(("350", "1500"), ("-50", "600")) for _ in range(count))
    weights = dice.pick(WEIGHTS[count])
    entry = dice.pick((None, None, MID + sign * dice.number("-60", "20", 1)))
    return draft(
        side,
        entry=entry,
        targets=tuple(
            Target(price=MID + sign * r, weight=D(w)) for r, w in zip(reach, weights, strict=True)
        ),
        invalidation=MID - sign * dice.often(("100", "300"), ("-50", "600"), 2),
        horizon_bars=dice.random.randint(1, 40),
        confidence=dice.often(("0.6", "1"), ("0.4", "1"), 2),
    )


def thrown_holdings(dice: Dice) -> dict[str, Any]:
    """What is held, wanted and done already."""
    names = dice.random.sample(OTHERS, dice.pick((0, 0, 1, 2)))
    held = tuple(
        Held(
            name,
            D(dice.pick((1, -1))),
            dice.number("100", "20000", 0),
            dice.rarely(dice.number("0", "300", 0), None),
        )
        for name in names
    )
    working = dice.many(
        1,
        lambda: WorkingEntry(
            "SOL/USDT", dice.pick(("buy", "sell")), dice.number("0", "9000", 0), D(9)
        ),
    )
    exits = dice.many(
        5,
        lambda: Exit(
            dice.rarely("ETH/USDT", "BTC/USDT"),
            NOW - timedelta(minutes=dice.random.randint(0, 2400)),
            dice.pick((True, False)),
        ),
    )
    return {
        "account__positions": held,
        "account__working_entries": tuple(working),
        "account__recent_exits": tuple(exits),
        "account__recent_notionals": (dice.number("2000", "40000", 0),) * dice.pick((0, 19, 20)),
        "account__trades_today": dice.rarely(3, 10),
        "account__trades_today_symbol": dice.rarely(1, 3),
        "account__open_orders": dice.rarely(7, 20),
        "account__orders_last_minute": dice.rarely(2, 10),
        "market__correlations": {name: dice.number("-1", "1", 1) for name in OTHERS[:2]},
    }


def thrown_policy(dice: Dice) -> Policy:
    """The defaults with up to three limits anywhere in their hard range."""
    changes: dict[str, Any] = {"stop_mode": dice.pick(("widen", "strict"))}
    if dice.pick((True, True, False)):
        changes["max_symbol_notional_fraction"] = dice.number("0.1", "2")
        changes["max_correlated_exposure_fraction"] = D(3)
    for name in dice.random.sample(NUMBERS, dice.random.randint(0, 3)):
        low, high = hard_range(name)
        value = low + (high - low) * dice.random.randint(0, 100) / 100
        changes[name] = int(value) if name in WHOLE else value
    least = changes.get("min_stop_atr_ratio", D(1))
    if changes.get("max_stop_atr_ratio", D(4)) <= least:
        changes["max_stop_atr_ratio"] = least + 1
    return parse_policy(changes, where="a thrown policy")


def thrown_band(dice: Dice) -> dict[str, Any]:
    """The venue's own price band: mostly none."""
    name = dice.pick(("min_price_ratio", "max_price_ratio"))
    return dice.rarely({}, {f"instrument__{name}": dice.number("0.9985", "1.0015", 5)})


def thrown(seed: int, side: str | None = None, *, plain: bool = False) -> Case:
    """The case of a number; with `plain`, an account that holds nothing, under the defaults."""
    dice = Dice(seed)
    side = side or dice.pick(("long", "short"))
    equity = dice.often(("8000", "300000"), ("-100", "3000"), 0)
    changes: dict[str, Any] = {
        "draft": thrown_draft(dice, side),
        "market__book": thrown_book(dice),
        "market__atr": dice.often(("100", "200"), ("1", "300")),
        "market__realised_volatility": dice.number("0.05", "1.2"),
        "market__funding__rate_fraction": dice.often(("-0.0005", "0.0005"), ("-0.004", "0.004"), 5),
        "market__last": MID + dice.often(("-20", "20"), ("-40", "40")),
        "market__turnover_24h": dice.rarely(D(1_000_000_000), D(1_000_000)),
        "account__equity": equity,
        "account__day_start_equity": equity * dice.often(("1", "1.01"), ("1", "1.05"), 3),
        "account__peak_equity": equity * dice.often(("1", "1.08"), ("1", "1.2"), 3),
        "account__free": equity * dice.often(("0.5", "1"), ("0", "0.4"), 2),
        "account__leverage_ratio": dice.pick((D(1), D(2), D(3), D("2.5"))),
        "instrument__taker_fee_fraction": dice.number("0", "0.001", 4),
        "instrument__min_quantity": dice.pick((D("0.001"), D("0.001"), D("0.1"), D("0.4"))),
        "instrument__min_notional": dice.pick((D(5), D(5), D(900), D(4000))),
        "instrument__max_quantity": dice.pick((None, None, D(1), D("0.75"))),
    }
    if not plain:
        changes |= thrown_holdings(dice) | thrown_band(dice)
        changes["policy"] = thrown_policy(dice)
    return make_case(side, **changes)


def tense(seed: int) -> Case:
    """A case in which price, reward or smallest leg lies close to its own limit."""
    dice = Dice(~seed)
    loose = {
        "max_symbol_notional_fraction": D(2),
        "max_correlated_exposure_fraction": D(3),
        "max_entry_slippage_bps": D(dice.pick((100, 15, 8))),
        "max_depth_fraction": dice.pick((D("0.1"), D(1))),
        "max_spread_bps": D(20),
    }
    case = governed(thrown(seed, plain=True), **loose)
    bracket = build_bracket(case)
    if not isinstance(bracket, Bracket) or not bracket.quantity:
        return case
    ratio = round(bracket.reward_risk * dice.number("0.97", "1.03", 3), 3)
    if 1 <= ratio <= 10:
        case = governed(case, min_reward_risk_ratio=ratio)
    if dice.pick((True, False)):
        leg = round(bracket.quantity * dice.number("0.05", "0.4"), 3)
        case = edit(case, instrument__min_quantity=leg)
    if dice.pick((True, False, False)):
        band = "max_price_ratio" if case.direction > 0 else "min_price_ratio"
        paid = round(bracket.entry_price / MID * dice.number("0.9998", "1.0002", 6), 6)
        case = edit(case, **{f"instrument__{band}": paid})
    return case


SEEDS = st.integers(0, 2**40)
CASES = SEEDS.map(thrown)
TENSE = SEEDS.map(tense)


def governed(case: Case, **changes: Any) -> Case:
    """The case, made and judged under the policy with other limits."""
    policy = case.policy.model_copy(update=changes)
    return replace(case, policy=policy, plan_policy_hash=policy.policy_hash)


def tightened(case: Case, name: str, share: int) -> Case:
    """One limit moved `share` hundredths of the way to the tight end of its hard range."""
    now, ends = getattr(case.policy, name), hard_range(name)
    tight = ends[1] if TIGHTER[name] > 0 else ends[0]
    value = now + (tight - now) * share / 100
    if name == "max_stop_atr_ratio":
        value = max(value, case.policy.min_stop_atr_ratio + D("0.01"))
    if name == "min_stop_atr_ratio":
        value = min(value, case.policy.max_stop_atr_ratio - D("0.01"))
    return governed(case, **{name: round(value) if name in WHOLE else value})


def cited(case: Case, *, answered: bool) -> Case:
    """The case resting on one tool result, which was answered or not."""
    result = Evidence(result_id="ohlcv#1", tool="ohlcv", ok=answered, as_of=NOW)
    return edit(case, draft__evidence=("ohlcv#1",), evidence=(result,))
