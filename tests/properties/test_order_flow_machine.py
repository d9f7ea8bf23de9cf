"""Orders and money under everything at once: bars, faults, an operator, death and another start.

After every step the laws of `order_flow_laws` hold, and once the faults stop, venue and journal
agree exactly. `MACHINE_EXAMPLES` and `MACHINE_STEPS` set how much is tried.
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from broker.fault_rates import Faults
from domain.lifecycle import TradingState
from tests.broker.venue import OTHER, SYMBOL, Row
from tests.properties.order_flow_twin import judge_twin
from tests.properties.order_flow_wish import Wish
from tests.properties.order_flow_world import Setting, World

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "12"))
STEPS = int(os.environ.get("MACHINE_STEPS", "12"))
HOUR = timedelta(hours=1)
TWINS = 5
"""One session in so many is lived a second time."""

FAULTS = (
    Faults(),
    Faults(lost_reply_fraction=0.15, lost_request_fraction=0.1),
    Faults(late_news_fraction=0.3, repeated_news_fraction=0.3, disordered_news_fraction=0.3),
    Faults(rejected_entry_fraction=0.2, rejected_exit_fraction=0.15, refused_amend_fraction=0.3),
    Faults(raced_cancel_fraction=0.5, cut_short_fraction=0.4, lost_reply_fraction=0.05),
    Faults(hidden_answers_count=2, settles_within=HOUR, lost_reply_fraction=0.15),
    Faults(outage_fraction=0.05, outage_calls_count=8, late_news_fraction=0.1),
    Faults(
        lost_request_fraction=0.05,
        lost_reply_fraction=0.05,
        outage_fraction=0.02,
        late_news_fraction=0.1,
        repeated_news_fraction=0.1,
        disordered_news_fraction=0.1,
        rejected_entry_fraction=0.05,
        rejected_exit_fraction=0.05,
        refused_amend_fraction=0.1,
        raced_cancel_fraction=0.2,
        cut_short_fraction=0.1,
        hidden_answers_count=1,
        settles_within=HOUR,
    ),
)

SHAPES = {
    "calm": (0, 8, -8, 0, 40.0),
    "up": (0, 35, -5, 30, 30.0),
    "down": (0, 5, -35, -30, 30.0),
    "gap up": (40, 55, 30, 45, 25.0),
    "gap down": (-40, -30, -55, -45, 25.0),
    "wide": (0, 70, -70, 5, 20.0),
    "thin": (0, 30, -30, 10, 3.0),
    "thinner": (-5, 30, -60, -50, 0.4),
    "nothing traded": (0, 40, -40, 0, 0.0),
}
"""Open, high, low, close in ticks from the last close, and the volume."""
SHAPE = st.sampled_from(sorted(SHAPES))

WISHES = st.builds(
    Wish,
    symbol=st.sampled_from([SYMBOL, OTHER]),
    long=st.booleans(),
    entry_ticks=st.none() | st.integers(-30, 30),
    stop_ticks=st.integers(1, 60),
    target_ticks=st.lists(st.integers(5, 90), min_size=3, max_size=3, unique=True).map(sorted),
    quantities=st.lists(st.sampled_from([1, 7, 300, 1000, 2500]), min_size=1, max_size=3),
    expiry_bars=st.integers(1, 4),
    horizon_bars=st.integers(1, 8),
    slippage_ticks=st.integers(0, 6),
)


OFF = [timedelta(minutes=m) for m in (-185, -61, -1, 1, 61, 300)]


class OrderFlow(RuleBasedStateMachine):
    world: World | None = None

    @initialize(
        faults=st.sampled_from(FAULTS),
        seed=st.integers(0, 999),
        base_fees=st.booleans(),
        live=st.booleans(),
    )
    def begin(self, faults: Faults, seed: int, base_fees: bool, live: bool) -> None:
        self.world = World(Setting(faults, seed, base_fees, live))

    @property
    def here(self) -> World:
        assert self.world is not None
        return self.world

    def _rows(self, first: str, second: str) -> dict[str, Row]:
        return {SYMBOL: self._row(SYMBOL, first), OTHER: self._row(OTHER, second)}

    def _row(self, symbol: str, shape: str) -> Row:
        *ticks, volume = SHAPES[shape]
        last = self.here.closes[symbol]
        o, h, low, c = (float(max(last + Decimal(t) / 10, Decimal(1))) for t in ticks)
        return (o, h, low, c, volume)

    @rule(first=SHAPE, second=SHAPE)
    def bar(self, first: str, second: str) -> None:
        self.here.do("advance", self._rows(first, second))

    @rule(first=SHAPE, second=SHAPE)
    def another_bar(self, first: str, second: str) -> None:
        self.bar(first, second)

    @rule(shape=SHAPE, rate=st.sampled_from(["0.001", "-0.0005", "0.00012345"]))
    def funding(self, shape: str, rate: str) -> None:
        self.here.do("advance", self._rows(shape, shape), Decimal(rate))

    @rule(wish=WISHES)
    def submit(self, wish: Wish) -> None:
        self.here.do("submit", wish)

    @rule(wish=WISHES)
    def submit_another(self, wish: Wish) -> None:
        self.submit(wish)

    @rule(wish=WISHES)
    def submit_what_the_gate_denies(self, wish: Wish) -> None:
        self.here.do("submit", wish, "real")

    @rule()
    def take_back(self) -> None:
        self.here.do("take_back")

    @rule(ticks=st.integers(1, 20))
    def raise_stops(self, ticks: int) -> None:
        self.here.do("raise_stops", ticks)

    @rule()
    def restart(self) -> None:
        self.here.do("restart")

    @rule(words=st.integers(0, 30), first=SHAPE, second=SHAPE)
    def die_within_a_bar(self, words: int, first: str, second: str) -> None:
        self.here.do("die_within", words, "advance", self._rows(first, second))

    @rule(words=st.integers(0, 8), wish=WISHES)
    def die_while_sending(self, words: int, wish: Wish) -> None:
        self.here.do("die_within", words, "submit", wish)

    @precondition(lambda self: self.world is not None and self.world.setting.live)
    @rule(off=st.sampled_from(OFF))
    def clock_jump(self, off: timedelta) -> None:
        self.here.do("set_clock", off)

    @precondition(lambda self: self.world is not None and self.world.clock.off)
    @rule()
    def clock_jumps_back(self) -> None:
        self.here.do("set_clock", timedelta(0))

    @rule(act=st.sampled_from(["kill", "flatten", "resume", "resume"]))
    def operator(self, act: str) -> None:
        self.here.do("say", act)

    @rule(amount=st.sampled_from(["1000", "0.000000000000000001", "-250.5", "-9000", "-1000000"]))
    def deposit(self, amount: str) -> None:
        self.here.do("move_money", amount)

    @rule(words=st.integers(0, 1))
    def die_while_money_moves(self, words: int) -> None:
        self.here.do("die_within", words, "move_money", "77")

    @rule(wish=WISHES, add=st.booleans())
    def replan(self, wish: Wish, add: bool) -> None:
        self.here.do("replan", wish, add)

    @rule(words=st.integers(0, 6), wish=WISHES, add=st.booleans())
    def die_while_replanning(self, words: int, wish: Wish, add: bool) -> None:
        self.here.do("die_within", words, "replan", wish, add)

    @rule(state=st.sampled_from([TradingState.HALTED, TradingState.ACTIVE, TradingState.ACTIVE]))
    def halt_or_resume(self, state: TradingState) -> None:
        self.here.do("halt", state)

    @rule()
    def poll(self) -> None:
        self.here.do("poll")

    @rule()
    def reconcile(self) -> None:
        self.here.do("reconcile")

    @precondition(lambda self: self.world is not None)
    @invariant()
    def laws(self) -> None:
        self.here.judge()

    def teardown(self) -> None:
        world = self.world
        if world is None:
            return
        try:
            if world.setting.seed % TWINS == 0:
                judge_twin(world)
            world.settle_down()
        finally:
            world.close()


SETTINGS = settings(
    max_examples=max(1, EXAMPLES // 2),
    stateful_step_count=STEPS,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES <= 25,
    print_blob=True,
)


class OtherOrderFlow(OrderFlow):
    """The other half, for the other core."""


OrderFlow.TestCase.settings = SETTINGS
OtherOrderFlow.TestCase.settings = SETTINGS
TestOrderFlow = OrderFlow.TestCase
TestOtherOrderFlow = OtherOrderFlow.TestCase
