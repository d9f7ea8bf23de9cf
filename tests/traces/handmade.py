"""A decision made by hand: denied once, revised, approved, filled; every kind of event is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.clock import FixedClock
from tests.places import place_in
from traces import events as ev
from traces.database import Database
from traces.node_events import NodeDone
from traces.opinion_events import VoteCast, VotesCounted
from traces.order_events import FaultInjected, Filled, OrderChanged, PlanInvalidated
from traces.prompt_events import ChartDrawn, PromptSection, PromptWritten
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.step_events import BranchTaken, StateEdited
from traces.store import TraceStore
from traces.tables import METADATA

AS_OF = datetime(2019, 5, 12, 14, tzinfo=UTC)
RUN = "btc-usd-20190512t140000z-1f2e3d4c"
PLAN = "0123456789abcdef0123456789"
ORDER = "pg" + "abcdefghijklmnopqrstuvwxyz"


def opened(folder: Path, **options: Any) -> Database:
    """The one database in a folder of its own."""
    return Database.open(place_in(folder), METADATA, **options)


def recorder(
    database: Database, *, session: str = "made", known: Mapping[str, str] | None = None
) -> Recorder:
    """A recorder whose clock stands at the decision."""
    return Recorder(TraceStore(database, session), Redactor(known or {}), FixedClock(AS_OF))


def message(kind: str, content: str, **more: Any) -> str:
    """A message as it is stored."""
    return json.dumps({"type": kind, "content": content, **more})


def ended(outcome: str = "approved", **more: Any) -> ev.RunEnded:
    """The end of a run that asked the model twice."""
    values: dict[str, Any] = {
        "reason": "",
        "codes": [],
        "model_calls": 3,
        "tool_calls": 1,
        "input_tokens": 5200,
        "output_tokens": 410,
        "cost_usd": None,
        "duration_ms": 4321.0,
    }
    return ev.RunEnded(outcome=outcome, **(values | more))


def started(symbol: str = "BTC/USD", as_of: datetime = AS_OF) -> ev.RunStarted:
    """The beginning of a run."""
    return ev.RunStarted(
        symbol=symbol,
        as_of=as_of,
        model="rules",
        policy_hash="a1" * 16,
        prompt_hash="b2" * 16,
        market="box",
    )


def finding(code: str, measured: str, limit: str, unit: str, *, passed: bool = True) -> Any:
    """One finding as the verdict's document has it."""
    word = "within" if passed else "beyond"
    return {
        "code": code,
        "passed": passed,
        "measured": measured,
        "limit": limit,
        "unit": unit,
        "sentence": f"{code}: {measured} {unit} is {word} {limit}.",
        "modelled": code == "SPREAD_TOO_WIDE",
    }


def record_run(to: Recorder, run_id: str = RUN) -> None:
    """Record the whole decision."""
    note = _noter(to, run_id)
    system = to.blob(message("system", "You plan trades. Answer with a tool call."))
    market = to.blob(message("human", "BTC/USD as of 2019-05-12T14:00:00Z\nlast 7012.5"))
    tools = to.blob(json.dumps([{"name": "ohlcv"}, {"name": "propose_plan"}]))
    _observe(to, note)
    asks = to.blob(
        message("ai", "", tool_calls=[{"name": "ohlcv", "args": {"bars": 24}, "id": "c1"}])
    )
    _exchange(note, [system, market], tools, asks)
    note("plan", ev.AnswerParsed(answer="tool_calls", body=None, complaint=None))
    rows = [{"open_time": f"2019-05-11T{n:02}:00:00Z", "close": 7000 + n} for n in range(24)]
    content = json.dumps({"rows": rows})
    note(
        "call_tools",
        ev.ToolAnswered(
            result_id="ohlcv#1",
            name="ohlcv",
            arguments={"bars": 24},
            content=to.blob(content),
            refusal=None,
            latency_ms=1.25,
            cached=False,
            source="box",
            origin="recorded",
            known_at=AS_OF,
        ),
    )
    told = to.blob(message("tool", content, tool_call_id="c1"))
    plan = to.blob(
        message("ai", "A rise.", tool_calls=[{"name": "propose_plan", "args": {"side": "long"}}])
    )
    _exchange(note, [system, market, asks, told], tools, plan)
    _denied(note)
    critique = to.blob(message("human", "Denied: RR_BELOW_MIN measured 1.1, limit >= 1.5."))
    note("revise", ev.Revised(revision=1, message=critique, codes=["RR_BELOW_MIN"]))
    better = to.blob(message("ai", "A rise, further. [/bold] \x1b[31mred\x1b[0m \u202eevil"))
    _exchange(note, [system, market, asks, told, plan, critique], tools, better)
    _approved(note)
    _opinions(note, [system, market], tools, better)
    _executed(note)
    newest = ev.NewestKnown(known_at=AS_OF, as_of=AS_OF)
    note("record", ev.Certified(newest={"box": newest}))
    account = to.blob(json.dumps({"equity": "10000", "free": "8200"}))
    note("record", NodeDone(read={"account": [account], "elapsed": [[4.321]]}, update="c3" * 16))
    note("record", ended(cost_usd="0.0123"))


Note = Callable[[str, ev.Event], None]


def _noter(to: Recorder, run_id: str) -> Note:
    def note(node: str, event: ev.Event) -> None:
        to.record(run_id, node, event)

    return note


def _observe(to: Recorder, note: Note) -> None:
    note("observe", started())
    note(
        "observe",
        ev.SnapshotTaken(
            snapshot=to.blob(json.dumps({"symbol": "BTC/USD", "last": "7012.5"})),
            last="7012.5",
            missing=["1d features: warming up, 120 of 300 bars"],
            sit_out=[],
            provenance={
                "candles.1h": {
                    "source": "box",
                    "origin": "recorded",
                    "known_at": "2019-05-12T14:00:00Z",
                }
            },
        ),
    )
    kept = PromptSection(name="account", tokens=24, rows=0, left_out=0)
    cut = PromptSection(name="candles", tokens=210, rows=24, left_out=15)
    note(
        "observe",
        PromptWritten(
            before_tokens=2900,
            situation_tokens=920,
            most_tokens=1000,
            tokens_from="tiktoken",
            sections=[kept, cut],
        ),
    )
    note(
        "observe",
        ChartDrawn(
            picture=to.picture("aGFuZG1hZGU="),
            width_px=768,
            height_px=448,
            size_bytes=24_875,
            candles_count=96,
            levels=["entered", "stop", "target 1"],
        ),
    )


def _exchange(note: Note, messages: list[str], tools: str, answer: str) -> None:
    note(
        "observe",
        ev.Attended(asked=True, code="REGIME", sentence="trend was range, is up"),
    )
    note(
        "plan",
        ev.PromptSent(
            messages=messages, tools=tools, tokens=100 * len(messages), tokens_from="tiktoken"
        ),
    )
    note(
        "plan",
        ev.ModelAnswered(
            message=answer,
            latency_ms=800.4,
            input_tokens=100 * len(messages),
            output_tokens=40,
            cached_tokens=0,
            tokens_from="provider",
            cost_usd=None,
            finish_reason="stop",
        ),
    )


def _denied(note: Note) -> None:
    body = {"side": "long", "entry": None, "invalidation": "6900", "confidence": "0.7"}
    note("plan", ev.AnswerParsed(answer="plan", body=body, complaint=None))
    note(
        "review",
        ev.Reviewed(
            plan_id="f" * 26,
            version=1,
            approved=False,
            codes=["RR_BELOW_MIN"],
            findings=[
                finding("SPREAD_TOO_WIDE", "2.1", "<= 10", "bps"),
                finding("RR_BELOW_MIN", "1.1", ">= 1.5", "ratio", passed=False),
            ],
            bracket=None,
            stage="review",
        ),
    )


def _approved(note: Note) -> None:
    body = {"side": "long", "entry": None, "invalidation": "6900", "confidence": "0.72"}
    note("plan", ev.AnswerParsed(answer="plan", body=body, complaint=None))
    bracket = {
        "side": "long",
        "quantity": "0.25",
        "entry_kind": "market",
        "entry_price": "7013.2",
        "stop_price": "6890",
        "targets": [{"price": "7300", "quantity": "0.25"}],
        "risk_amount": "33.1",
        "reward_risk": "2.0412345",
    }
    note(
        "review",
        ev.Reviewed(
            plan_id=PLAN,
            version=2,
            approved=True,
            codes=[],
            findings=[finding("RR_BELOW_MIN", "2.04", ">= 1.5", "ratio")],
            bracket=bracket,
            stage="review",
        ),
    )


def _opinions(note: Note, question: list[str], tools: str, answer: str) -> None:
    took = {"latency_ms": 812.0, "input_tokens": 2100, "output_tokens": 90, "cached_tokens": 0}
    asked = {"messages": question, "tools": tools, "tokens_from": "provider", **took}
    body = {"side": "long", "entry": None, "invalidation": "6900", "confidence": "0.7"}
    note(
        "consult",
        VoteCast(
            voter="contrarian", repeat=None, message=answer, model="gpt-x", answer="plan",
            body=body, complaint=None, agrees=True, cost_usd="0.0021", **asked,
        ),
    )  # fmt: skip
    note(
        "consult",
        VoteCast(
            voter="itself", repeat="order", message=None, model=None, answer="none", body=None,
            complaint="Unreachable: no answer", agrees=False, cost_usd=None, **asked,
        ),
    )  # fmt: skip
    note(
        "consult",
        VotesCounted(
            code=None, sentence="2 of 2 would do this; asked again, 1 of 1 turned out otherwise",
            agreed_count=2, asked_count=2, flips_count=1, repeats_count=1,
            dispersion_atr_ratio="0.5", body=body,
        ),
    )  # fmt: skip


def _executed(note: Note) -> None:
    note("debug", StateEdited(field="draft.confidence", before="0.72", after="0.74"))
    note("debug", BranchTaken(branch="2", how="fork", before="review"))
    note("submit", ev.PlanCommitted(plan_id=PLAN, orders=[ORDER]))
    note(
        "dispatch",
        OrderChanged(client_order_id=ORDER, leg="entry", status="working", reason=None),
    )
    note(
        "guard",
        PlanInvalidated(plan_id=PLAN, condition="4h close below 6900", measured="6890", at=AS_OF),
    )
    note(
        "venue",
        FaultInjected(fault="late", call="news", client_order_id=ORDER, at=AS_OF),
    )
    for minute, (quantity, price, bps) in enumerate(
        [("0.1", "7014", "2.14"), ("0.15", "7015", "3.5")]
    ):
        note(
            "dispatch",
            Filled(
                client_order_id=ORDER,
                leg="entry",
                side="buy",
                quantity=quantity,
                price=price,
                fee=str(Decimal(quantity) * Decimal(price) / 1000),
                expected_price="7012.5",
                slippage_bps=bps,
                at=AS_OF + timedelta(minutes=minute),
            ),
        )
