"""What a trace says of a decision: the last attempt counts, and what became of its last plan."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.record import StoredDecision, StoredPlan, read_decisions
from backtest.shadow import followed, held, untraded
from domain.clock import FixedClock
from market.sources.synthetic import SyntheticSource
from tests.places import place_in
from traces import events as ev
from traces.database import Database
from traces.opinion_events import VotesCounted
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.step_events import BranchTaken
from traces.store import TraceStore
from traces.tables import METADATA

AT = datetime(2024, 2, 1, tzinfo=UTC)
STARTED = ev.RunStarted(
    symbol="BTC/USDT", as_of=AT, model="m", policy_hash="p", prompt_hash="q", market="synthetic"
)
PLANNED = ev.AnswerParsed(answer="plan", body={"side": "long"}, complaint=None)
LIMIT = {"entry_kind": "limit"}


def reviewed(stage: Any, *codes: str) -> ev.Reviewed:
    return ev.Reviewed(
        plan_id="x",
        version=1,
        approved=not codes,
        codes=list(codes),
        findings=[],
        bracket=None,
        stage=stage,
    )


def ended(outcome: str) -> ev.RunEnded:
    return ev.RunEnded(
        outcome=outcome, reason="", codes=[], model_calls=1, tool_calls=0, input_tokens=0,
        output_tokens=0, cost_usd=None, duration_ms=0,
    )  # fmt: skip


def counted(code: Any) -> VotesCounted:
    return VotesCounted(
        code=code, sentence="s", agreed_count=1, asked_count=3, flips_count=0, repeats_count=0,
        dispersion_atr_ratio=None, body={"side": "short"},
    )  # fmt: skip


def read(folder: Path, *happened: ev.Event) -> list[StoredDecision]:
    database = Database.open(place_in(folder), METADATA)
    store = TraceStore(database, "s")
    recorder = Recorder(store, Redactor({}), FixedClock(AT))
    for event in happened:
        recorder.record("run", "node", event)
    recorder.flush()
    found = read_decisions(store)
    database.close()
    return found


def test_of_a_decision_that_was_begun_anew_the_last_attempt_counts(
    in_memory: Path, each_database: str
) -> None:
    del each_database
    first = (STARTED, PLANNED, reviewed("review", "RR_BELOW_MIN"))
    (found,) = read(in_memory, *first, STARTED, PLANNED, reviewed("review"), ended("approved"))
    assert [plan.approved for plan in found.plans] == [True]
    assert (found.approved, found.outcome) == (0, "approved")


def taken(how: Any, branch: str, before: str) -> BranchTaken:
    return BranchTaken(branch=branch, how=how, before=before)


def test_of_a_decision_that_a_person_stepped_through_the_way_that_ended_last_counts(
    in_memory: Path,
) -> None:
    replanned = ev.AnswerParsed(answer="replan", body={"add": True}, complaint=None)
    (found,) = read(
        in_memory,
        *(STARTED, PLANNED, reviewed("review", "A"), replanned, reviewed("review", "B")),
        *(taken("back", "main", "review"), taken("back", "main", "plan")),
        *(taken("fork", "2", "revise"), PLANNED, reviewed("review"), ended("approved")),
        *(taken("switch", "main", "revise"), replanned, reviewed("review", "C")),
    )
    assert [(plan.codes, plan.replan) for plan in found.plans] == [(("A",), False), ((), False)]
    assert (found.approved, found.outcome) == (1, "approved")


def test_what_was_undone_and_made_otherwise_is_not_there(in_memory: Path) -> None:
    (found,) = read(
        in_memory,
        *(STARTED, PLANNED, reviewed("review"), counted("NO_QUORUM"), ended("no_trade")),
        *(taken("back", "main", "record"), taken("back", "main", "consult")),
        *(taken("back", "main", "review"), reviewed("review", "A"), ended("denied")),
    )
    assert [plan.codes for plan in found.plans] == [("A",)]
    assert (found.outvoted, found.outcome) == (None, "denied")


def test_a_draft_that_others_changed_is_judged_as_they_left_it(in_memory: Path) -> None:
    (found,) = read(
        in_memory, STARTED, PLANNED, reviewed("review"), counted(None), reviewed("review", "A")
    )
    assert [plan.body["side"] for plan in found.plans] == ["long", "short"]
    assert found.outcome == "unfinished"


def test_what_was_voted_down_is_no_approval(in_memory: Path) -> None:
    (found,) = read(
        in_memory, STARTED, PLANNED, reviewed("review"), counted("NO_QUORUM"), ended("no_trade")
    )
    assert found.approved is None
    (shadow,) = untraded([found])
    assert (shadow.why, shadow.codes) == ("outvoted", ("NO_QUORUM",))


def decision(*plans: StoredPlan, **facts: Any) -> StoredDecision:
    return StoredDecision("run", "BTC/USDT", AT, "m", plans=list(plans), **facts)


def plan(*codes: str, bracket: dict[str, Any] | None = None, replan: bool = False) -> StoredPlan:
    return StoredPlan("x", 1, not codes, codes, "hash", {}, replan, bracket, ())


@pytest.mark.parametrize(
    ("one", "why", "codes"),
    [
        (decision(plan("A"), plan("A", "B")), "denied", ("A", "B")),
        (decision(plan(), denied_at_send=("C",), outcome="approved"), "denied at send", ("C",)),
        (decision(plan(bracket=LIMIT), outcome="approved"), "expired", ("entry never filled",)),
        (
            decision(plan(), outcome="no_trade", ended_with=("DISARMED",)),
            "not committed",
            ("DISARMED",),
        ),
    ],
    ids=["denied", "send", "expired", "disarmed"],
)
def test_a_plan_that_was_not_traded_says_why(
    one: StoredDecision, why: str, codes: tuple[str, ...]
) -> None:
    (shadow,) = untraded([one])
    assert (shadow.why, shadow.codes) == (why, codes)


def test_what_was_traded_or_never_planned_is_not_followed() -> None:
    traded = decision(plan("A"), plan(bracket=LIMIT), outcome="approved", filled=True)
    nothing = decision(outcome="no_trade")
    assert list(untraded([traded, nothing])) == []
    assert held([traded, nothing]) == {"no_trade": 1}


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (plan("A"), "no bracket could be made of it"),
        (plan("A", replan=True), "it changes a plan that stands"),
    ],
)
def test_what_cannot_be_followed_says_why(one: StoredPlan, told: str) -> None:
    (shadow,) = untraded([decision(one)])
    found = asyncio.run(followed(shadow, str, SyntheticSource(7), AT))
    assert found.followed is None
    assert found.not_followed == told
    assert found.r is None
