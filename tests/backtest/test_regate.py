"""A record before other policies: its own changes nothing, and the graph says as the walk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.home import DATABASE
from app.opinion_options import OpinionOptions
from app.regating import regate, regate_grid
from app.report import open_journal
from backtest.record import read_decisions
from domain.errors import ConfigError, StateError
from policies.policy_file import read_policy
from tests.backtest.room import (
    DECISIONS,
    LOOSE,
    ONE_SIDED,
    OPTIONS,
    OWN,
    START,
    STRICT,
    SYMBOL,
    lived,
    silent,
)
from traces.store import TraceStore

H = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("home")


def test_a_record_holds_every_plan_that_was_judged(home: Path) -> None:
    database, journal = open_journal(home / DATABASE, None)
    decisions = read_decisions(TraceStore(database, journal.session))
    database.close()
    assert len(decisions) == DECISIONS
    assert {one.symbol for one in decisions} == {SYMBOL}
    assert any(len(one.plans) == 2 and one.approved == 1 for one in decisions)
    assert any(one.exit for one in decisions)
    assert all(one.filled for one in decisions if one.outcome == "approved")


def test_the_sessions_own_policy_flips_nothing_and_earns_the_same(home: Path) -> None:
    found = regate(read_policy(OWN, "own"), None, None, silent, walk=True)
    assert found["flips"] == []
    assert found["judged_count"] == found["plans_count"] > DECISIONS
    assert all(row["was"] == row["now"] for row in found["codes"])
    walk = found["walk"]
    assert walk["was"] == walk["now"]
    assert [row["net"] for row in walk["difference"]] == [0]
    database, journal = open_journal(home / DATABASE, None)
    (purse,) = walk["now"]
    points, trades = journal.equity_points("USDT"), journal.trades()
    database.close()
    assert purse["net"] == pytest.approx(float(points[-1].equity - points[0].equity))
    assert purse["trades_count"] == len(trades) > 3


@pytest.mark.parametrize("limits", [STRICT, LOOSE, ONE_SIDED], ids=["strict", "loose", "sides"])
def test_the_graph_asked_again_under_another_policy_gives_the_same_verdicts(
    limits: str,
) -> None:
    found = regate(read_policy(limits, "other"), None, None, silent, walk=True, prove=True)
    assert found["flips"], "a policy that changes nothing shows nothing"
    proof = found["proof"]
    assert proof["difference"] is None
    assert proof["decisions_count"] == DECISIONS
    assert proof["plans_count"] > 0


def test_a_flip_says_why() -> None:
    strict = regate(read_policy(STRICT, "other"), None, None, silent, walk=False)
    denied = [row for row in strict["flips"] if row["flip"] == "approved to denied"]
    codes = {each["code"] for row in denied for each in row["because"]}
    assert {"RR_BELOW_MIN", "MAX_TRADES_DAY"} <= codes
    assert strict["walk"] is None
    assert strict["no_walk"] == "it was not asked for"
    loose = regate(read_policy(LOOSE, "other"), None, None, silent, walk=False)
    other = [row for row in loose["flips"] if row["flip"] == "another version"]
    assert other
    assert {code for row in other for code in row["no_longer"]} >= {"RR_BELOW_MIN"}


def test_what_came_before_since_is_left_out() -> None:
    late = regate(read_policy(OWN, "own"), "s", "12h", silent, walk=False)
    assert late["decisions_count"] == 4
    by_date = regate(read_policy(OWN, "own"), "s", late["from"], silent, walk=False)
    assert by_date["decisions_count"] == 4


@pytest.mark.parametrize("since", ["30x", "soon"])
def test_a_since_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(ConfigError, match=since):
        regate(read_policy(OWN, "own"), None, since, silent, walk=False)


def test_a_session_without_decisions_in_its_traces_says_so() -> None:
    with pytest.raises(StateError, match="no session 'other'"):
        regate(read_policy(OWN, "own"), "other", None, silent, walk=False)


def test_a_grid_ranks_its_trials_and_says_how_little_that_means() -> None:
    found = regate_grid("min_reward_risk=1.5,2.5", None, None, None, silent, walk=True)
    own, strict = found["trials"]
    assert own["values"] == {"min_reward_risk_ratio": "1.5"}
    assert own["flips"] == {}
    assert own["more_than_own"] == 0
    assert strict["flips"]["approved to denied"] > 0
    best = max(found["trials"], key=lambda row: row["more_than_own"])
    assert found["best"] == best["values"]
    assert 0 <= found["reality_check_p"] <= 1


def test_what_the_graph_cannot_be_asked_again_is_not_proven(
    monkeypatch: pytest.MonkeyPatch, in_memory: Path
) -> None:
    asked = OpinionOptions(personality="trend")
    lived(in_memory, options=replace(OPTIONS, opinions=asked, end=START + timedelta(hours=4)))
    monkeypatch.setenv("PLANGATE_HOME", str(in_memory))
    with pytest.raises(ConfigError, match="had opinions besides"):
        regate(read_policy(STRICT, "other"), None, None, silent, walk=True, prove=True)
