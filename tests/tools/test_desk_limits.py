"""What keeps the limits: tokens, rest after failures, one flight, time that is really up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from langchain_core.tools import BaseTool, InjectedToolArg, StructuredTool, tool

from domain.clock import FixedClock
from domain.errors import DataError, Unreachable
from tests.places import place_in
from tests.tools.shop import AS_OF, Shop, asked, request_to
from tools.desk import Desk
from tools.flights import MAX_STRAYS_COUNT
from tools.limits import ToolLimit, ToolLimits
from tools.protocol import Spent, ToolAnswer, ToolCall, ToolRequest
from tools.rates import Rates
from traces.database import Database
from traces.tables import METADATA

Work = Callable[[], Awaitable[Any]]


def ours(work: Work, name: str = "look") -> BaseTool:
    """A tool of this house that does `work` and says what it says."""

    async def look(
        request: Annotated[ToolRequest, InjectedToolArg], about: str = ""
    ) -> dict[str, Any]:
        said = await work()
        stamp = request.as_of.isoformat()
        return {"source": "shop", "origin": "synthetic", "known_at": stamp, "said": said + about}

    return StructuredTool.from_function(coroutine=look, name=name, description=name)


def desk_of(*tools: BaseTool, clock: FixedClock | None = None, **limits: Any) -> Desk:
    return Desk(tools, ToolLimits(**limits), clock or FixedClock(AS_OF))


class Source:
    """Answers `said` unless something else is due first."""

    def __init__(self, *due: Exception) -> None:
        self.due = list(due)
        self.asked_count = 0

    async def __call__(self) -> str:
        self.asked_count += 1
        await asyncio.sleep(0)
        if self.due:
            raise self.due.pop(0)
        return "said"


def seen(told: ToolAnswer) -> tuple[str | None, str]:
    return told.refusal, told.content


async def test_what_is_kept_takes_no_token_and_costs_nothing():
    source = Source()
    desk = desk_of(ours(source), default=ToolLimit(per_minute_count=1, cost_units=5))
    request = await request_to(Shop())
    told = [await asked(desk, request, "look") for _ in range(3)]
    assert [(one.refusal, one.cached, one.cost_units) for one in told] == [
        (None, False, 5),
        (None, True, 0),
        (None, True, 0),
    ]
    assert (await asked(desk, request, "look", about="!")).refusal == "RATE_LIMITED"


@pytest.mark.usefixtures("each_database")
def test_processes_of_one_database_draw_on_the_same_tokens(tmp_path: Path):
    clock = FixedClock(AS_OF)
    one, other = (Database.open(place_in(tmp_path), METADATA) for _ in range(2))
    first, second = Rates(clock, one), Rates(clock, other)
    assert [first.take("t", 3), second.take("t", 3), first.take("t", 3)] == [None] * 3
    assert second.take("t", 3) == pytest.approx(20.0)
    assert second.take("other", 3) is None
    clock.advance_to(AS_OF + timedelta(seconds=20))
    assert second.take("t", 3) is None
    assert first.take("t", 3) is not None
    one.close()
    other.close()


def test_a_clock_that_was_set_back_does_not_lock_a_tool_for_hours(tmp_path: Path):
    database = Database.open(place_in(tmp_path), METADATA)
    ahead = Rates(FixedClock(AS_OF + timedelta(hours=5)), database)
    assert ahead.take("t", 1) is None
    assert Rates(FixedClock(AS_OF), database).take("t", 1) is None
    database.close()


async def test_a_tool_that_keeps_failing_rests_and_is_tried_by_one_call():
    clock, source = FixedClock(AS_OF), Source(*[Unreachable("nobody there")] * 4)
    limit = ToolLimit(max_failures_count=3, rest_s=30, cache_s=0)
    desk, request = desk_of(ours(source), clock=clock, default=limit), await request_to(Shop())

    async def three() -> list[str | None]:
        calls = [ToolCall(str(n), "look", {"about": str(n)}) for n in range(3)]
        return [one.refusal for one in await desk.answer(calls, request, Spent())]

    assert await three() == ["FAILED"] * 3
    assert await three() == ["UNAVAILABLE"] * 3
    told = await asked(desk, request, "look")
    assert "has failed and is tried again in 30 s" in told.content
    assert source.asked_count == 3
    clock.advance_to(AS_OF + timedelta(seconds=30))
    assert await three() == ["FAILED", "UNAVAILABLE", "UNAVAILABLE"], "one call tries"
    assert source.asked_count == 4
    clock.advance_to(AS_OF + timedelta(seconds=60))
    assert (await asked(desk, request, "look")).refusal is None
    assert await three() == [None] * 3


async def test_a_datum_that_is_missing_is_no_failure_of_the_tool():
    source = Source(*[DataError("no such day")] * 9)
    desk, request = desk_of(ours(source), default=ToolLimit(cache_s=0)), await request_to(Shop())
    assert {(await asked(desk, request, "look")).refusal for _ in range(9)} == {"FAILED"}
    assert (await asked(desk, request, "look")).refusal is None


async def test_a_wait_that_the_decision_has_time_for_is_waited():
    source = Source(Unreachable("busy", retry_after_s=0.05))
    desk, request = desk_of(ours(source)), await request_to(Shop())
    call = ToolCall("c", "look", {})
    (told,) = await desk.answer([call], request, Spent(remaining_s=10))
    assert (told.refusal, source.asked_count) == (None, 2)
    assert told.latency_ms >= 50


async def test_a_wait_that_is_too_long_is_told_and_kept_to():
    clock, source = FixedClock(AS_OF), Source(Unreachable("busy", retry_after_s=3600))
    desk, request = desk_of(ours(source), clock=clock), await request_to(Shop())
    call = ToolCall("c", "look", {})
    (told,) = await desk.answer([call], request, Spent(remaining_s=170))
    assert told.refusal == "UNAVAILABLE"
    assert "asks to be left alone for 3600 s" in told.content
    assert told.latency_ms < 1000
    clock.advance_to(AS_OF + timedelta(hours=2))
    (told,) = await desk.answer([call], request, Spent())
    assert told.refusal == "UNAVAILABLE", "a replay's clock is not the server's"
    assert source.asked_count == 1


async def test_equal_calls_of_two_decisions_at_once_fetch_once():
    source = Source()
    desk, request = desk_of(ours(source), default=ToolLimit(cost_units=3)), await request_to(Shop())
    told = await asyncio.gather(*(asked(desk, request, "look") for _ in range(3)))
    assert source.asked_count == 1
    assert sorted((one.cached, one.cost_units) for one in told) == [
        (False, 3),
        (True, 0),
        (True, 0),
    ]


async def test_one_decision_that_is_cancelled_does_not_take_the_answer_from_another():
    release = asyncio.Event()

    async def work() -> str:
        await release.wait()
        return "said"

    desk, request = desk_of(ours(work)), await request_to(Shop())
    first, second = (asyncio.create_task(asked(desk, request, "look")) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait([first])
    release.set()
    assert (await second).refusal is None


async def test_a_tool_that_swallows_its_cancellation_is_left_behind():
    over = asyncio.Event()

    async def work() -> str:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue
        return "too late"

    limit = ToolLimit(max_latency_s=0.02, max_failures_count=100, cache_s=0)
    desk, request = desk_of(ours(work), default=limit), await request_to(Shop())
    started = time.perf_counter()
    calls = [ToolCall(str(n), "look", {"about": str(n)}) for n in range(MAX_STRAYS_COUNT)]
    told = await desk.answer(calls, request, Spent())
    assert {one.refusal for one in told} == {"TIMED_OUT"}
    assert time.perf_counter() - started < 2
    told = await desk.answer(calls[:1], request, Spent())
    assert "4 earlier calls of look do not end" in told[0].content
    over.set()
    await asyncio.sleep(0.01)
    assert (await asked(desk, request, "look", about="now")).refusal is None


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_foreign_tool_that_blocks_its_thread_does_not_block_the_session(asynchronous: bool):
    release, beats = threading.Event(), 0

    def block(wait: bool) -> str:
        """Blocks."""
        if wait:
            release.wait(20)
        return "free"

    async def block_loop(wait: bool) -> str:
        """Blocks, and says that it is asynchronous."""
        return block(wait)

    foreign = tool("block")(block_loop if asynchronous else block)
    desk = desk_of(foreign, default=ToolLimit(max_latency_s=0.2, max_failures_count=100))
    request = await request_to(Shop())

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.01)

    beating = asyncio.create_task(beat())
    told = await asked(desk, request, "block", wait=True)
    beating.cancel()
    assert told.refusal == "TIMED_OUT"
    assert beats > 5
    told = await asked(desk, request, "block", wait=False)
    assert told.refusal is None, told.content
    release.set()
    desk.close()


async def test_a_tool_that_cancels_itself_or_wants_to_end_the_process_has_failed():
    async def cancels() -> str:
        raise asyncio.CancelledError

    async def exits() -> str:
        """Exits."""
        raise SystemExit(3)

    def leaves() -> str:
        """Exits."""
        raise SystemExit(3)

    desk = desk_of(ours(cancels), tool("exits")(exits), tool("leaves")(leaves))
    request = await request_to(Shop())
    for name in ("look", "exits", "leaves"):
        assert (await asked(desk, request, name)).refusal == "FAILED"
    desk.close()


async def test_a_call_never_takes_longer_than_the_decision_has():
    async def work() -> str:
        await asyncio.sleep(30)
        return ""

    desk, request = desk_of(ours(work)), await request_to(Shop())
    call = ToolCall("c", "look", {})
    (told,) = await desk.answer([call], request, Spent(remaining_s=0.05))
    assert seen(told)[0] == "TIMED_OUT"
    assert told.latency_ms < 2000
    (told,) = await desk.answer([call], request, Spent(remaining_s=-1))
    assert (told.refusal, "no time left" in told.content) == ("TIMED_OUT", True)


async def test_a_decision_has_so_many_cost_units():
    desk = desk_of(
        ours(Source()),
        cost_per_decision_units=10,
        tools={"look": ToolLimit(cost_units=4)},
    )
    request = await request_to(Shop())
    calls = [ToolCall(str(n), "look", {"about": str(n)}) for n in range(3)]
    told = await desk.answer(calls, request, Spent())
    assert [(one.refusal, one.cost_units) for one in told] == [
        (None, 4),
        (None, 4),
        ("BUDGET_SPENT", 0),
    ]
    assert "costs 4 units and 2 of 10 are left" in told[2].content
    (told_later,) = await desk.answer(calls[2:], request, Spent(cost_units=8))
    assert told_later.refusal == "BUDGET_SPENT"


@pytest.mark.parametrize(
    ("when", "spent", "refusal"),
    [
        ("first_turn", Spent(), None),
        ("first_turn", Spent(turns_count=1), "NOT_NOW"),
        ("before_proposal", Spent(turns_count=3), None),
        ("before_proposal", Spent(proposals_count=1), "NOT_NOW"),
        ("always", Spent(turns_count=3, proposals_count=2), None),
    ],
)
async def test_a_tool_may_be_for_a_part_of_a_decision(when: str, spent: Spent, refusal: str | None):
    limit = ToolLimit.model_validate({"when": when})
    desk, request = desk_of(ours(Source()), default=limit), await request_to(Shop())
    (told,) = await desk.answer([ToolCall("c", "look", {})], request, spent)
    assert told.refusal == refusal
