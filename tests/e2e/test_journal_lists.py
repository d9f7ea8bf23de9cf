"""Orders, positions, trades and plans, as a user lists and looks at them."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from app.lease import lease
from tests.e2e.command import COMMAND, ROOT, environment, plangate

WINDOW = ("--from", "2019-04-01", "--to", "2019-04-11", "--every", "2", "--session")
LISTS = ("orders", "positions", "trades", "plans")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole session, and after it one that was left with a position open."""
    folder = tmp_path_factory.mktemp("lists")
    for words in ((*WINDOW, "whole"), (*WINDOW, "held", "--decisions", "11")):
        ran = plangate(folder, "run", *words, "--json")
        assert ran.code == 0, ran.err
    return folder


@pytest.mark.parametrize("what", LISTS)
def test_a_list_fits_a_terminal_and_its_document_names_the_session(home: Path, what: str) -> None:
    shown = plangate(home, what)
    assert shown.code == 0, shown.err
    assert max((len(line) for line in shown.out.splitlines()), default=0) <= 100
    document = plangate(home, what, "--session", "whole", "--json").document
    assert document["schema"] == f"plangate.{what}/1"
    assert document["session"] == "whole"
    assert document["currency"] == "USD"


@pytest.mark.parametrize("what", LISTS)
def test_help_teaches_with_an_example(home: Path, what: str) -> None:
    assert f"plangate {what} " in " ".join(plangate(home, what, "--help").out.split())


def test_the_newest_session_is_the_default_as_for_the_report(home: Path) -> None:
    assert plangate(home, "orders", "--json").document["session"] == "held"


def test_a_position_has_its_guards_its_risk_and_only_a_price_that_is_known(home: Path) -> None:
    document = plangate(home, "positions", "--json").document
    (held,) = document["positions"]
    orders = plangate(home, "orders", "--open", "--json").document["orders"]
    assert [order["leg"] for order in orders] == ["stop", "target_1"]
    assert held["stop_price"] == orders[0]["price"]
    assert held["targets"] == [{"price": orders[1]["price"], "quantity": orders[1]["remaining"]}]
    assert (held["side"], held["closing"]) == ("long", False)
    (plan,) = plangate(home, "plans", "--open", "--json").document["plans"]
    assert held["plan_id"] == plan["plan_id"]
    assert held["risk_amount"] == plan["risk_amount"]
    gained = (Decimal(held["mark"]) - Decimal(held["entry_price"])) * Decimal(held["quantity"])
    assert abs(gained - Decimal(document["unrealised"])) < Decimal("0.01")
    assert document["unrealised_at"] == "2019-04-01T20:00:00Z"


def test_trades_agree_with_the_report_and_with_their_fills(home: Path) -> None:
    listed = plangate(home, "trades", "--session", "whole", "--json").document["trades"]
    report = plangate(home, "report", "--session", "whole", "--json").document
    assert [t["r_multiple"] for t in listed] == [t["r_multiple"] for t in report["trades"]]
    assert all(t["held_s"] > 0 for t in listed)
    one = plangate(home, "trades", "show", listed[0]["plan_id"][:8], "--session", "whole", "--json")
    fills = one.document["fills"]
    worth = sum(Decimal(f["quantity"]) * Decimal(f["price"]) for f in fills)
    cost = sum(
        Decimal(f["slippage_bps"]) * Decimal(f["quantity"]) * Decimal(f["price"]) for f in fills
    )
    assert abs(Decimal(listed[0]["slippage_bps"]) - cost / worth) < Decimal("0.01")


def test_a_trade_says_how_far_the_price_went_and_what_was_known_at_its_entry(home: Path) -> None:
    trades = plangate(home, "trades", "--session", "whole", "--json").document["trades"]
    for trade in trades:
        assert Decimal(trade["mae_r"]) >= 0
        went = Decimal(trade["exit_price"]) - Decimal(trade["entry_price"])
        assert -Decimal(trade["mae"]) <= went <= Decimal(trade["mfe"])
        assert trade["margin_used"] == trade["notional"]  # spot
    means = plangate(home, "report", "--session", "whole", "--json").document["trades_summary"]
    assert means["means"]["mae_r"]["count"] == len(trades)
    one = trades[0]["plan_id"]
    for what in ("plans", "trades"):
        shown = plangate(home, what, "show", one, "--session", "whole", "--json").document
        assert shown["entry"]["features"]["timeframe"] == "1h"
        assert "known    last " in plangate(home, what, "show", one, "--session", "whole").out


def test_filters_choose_and_what_is_left_out_is_counted(home: Path) -> None:
    def orders(*words: str) -> list[dict[str, str]]:
        found = plangate(home, "orders", "--session", "whole", *words, "--json").document
        return list(found["orders"])

    every = orders()
    assert [o["created_at"] for o in every] == sorted(o["created_at"] for o in every)
    assert orders("--symbol", "btc/usd") == every
    assert orders("--symbol", "ETH/USD") == []
    filled = orders("--status", "filled")
    assert filled == [o for o in every if o["status"] == "filled"]
    late = orders("--since", "2019-04-06")
    assert late == [o for o in every if o["created_at"] >= "2019-04-06"]
    assert 0 < len(late) < len(every)
    limited = plangate(home, "orders", "--session", "whole", "--limit", "2", "--json").document
    assert limited["orders"] == every[-2:]
    assert limited["earlier_count"] == len(every) - 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("orders", "--status", "gone"), 2, "one of pending, sending"),
        (("plans", "--since", "soon"), 2, "--since 'soon' is no date"),
        (("trades", "--session", "nobody"), 6, "no session 'nobody'"),
        (("plans", "show", "zzz"), 6, "no plan of session 'held' begins with 'zzz'"),
        (("orders", "show", "pg"), 6, "orders of session 'held' begin with 'pg'"),
        (("orders", "show", ""), 6, "no order of session 'held'"),
    ],
)
def test_what_cannot_be_found_is_named(
    home: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = plangate(home, *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_mistyped_id_offers_near_ones(home: Path) -> None:
    (plan, *_) = plangate(home, "plans", "--json").document["plans"]
    mistyped = plan["plan_id"][:7] + "z"
    ran = plangate(home, "plans", "show", mistyped)
    assert ran.code == 6
    assert f"did you mean {plan['plan_id']}?" in ran.err


def test_a_plan_shows_its_life_from_the_first_draft_to_the_trade(home: Path) -> None:
    plans = plangate(home, "plans", "--session", "whole", "--json").document["plans"]
    revised = next(p for p in plans if p["version"] == 2)
    document = plangate(
        home, "plans", "show", revised["plan_id"], "--session", "whole", "--json"
    ).document
    first, second = document["versions"]
    assert (first["approved"], second["approved"]) == (False, True)
    assert second["because_of"] == first["codes"] == ["RR_BELOW_MIN"]
    assert [c["field"] for c in second["changed"]] == ["targets", "thesis"]
    assert second["plan_id"] == revised["plan_id"]
    assert revised["revises"] == first["plan_id"]
    assert document["at_send"]["approved"]
    by_leg = {order["leg"]: order for order in document["orders"]}
    assert [s["status"] for s in by_leg["entry"]["steps"]] == ["working", "filled"]
    assert by_leg["stop"]["steps"][-1]["status"] == "cancelled"
    assert document["trade"]["plan_id"] == revised["plan_id"]
    shown = plangate(home, "plans", "show", revised["plan_id"][:8], "--session", "whole")
    assert shown.code == 0, shown.err
    for words in ("after RR_BELOW_MIN it changed:", "targets: ", "bracket", "fill ", "trade "):
        assert words in shown.out
    assert max(len(line) for line in shown.out.splitlines()[:-1]) <= 100


def test_show_takes_the_session_that_was_named_before_it(home: Path) -> None:
    (plan, *_) = plangate(home, "plans", "--session", "whole", "--json").document["plans"]
    ran = plangate(home, "plans", "--session", "whole", "show", plan["plan_id"], "--json")
    assert ran.document["session"] == "whole"


def test_an_order_shows_its_steps_and_fills(home: Path) -> None:
    filled = plangate(home, "orders", "--session", "whole", "--status", "filled", "--json")
    name = filled.document["orders"][0]["client_order_id"]
    shown = plangate(home, "orders", "show", name[:9], "--session", "whole")
    assert shown.code == 0, shown.err
    assert "working → filled" in shown.out
    order = plangate(home, "orders", "show", name, "--session", "whole", "--json").document["order"]
    assert sum(Decimal(f["quantity"]) for f in order["fills"]) == Decimal(order["filled"])


def test_without_a_session_a_list_says_how_to_start(tmp_path: Path) -> None:
    ran = plangate(tmp_path, "orders")
    assert ran.code == 6
    assert "plangate run" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("policy", "explain"),
        ("plans", "--json"),
        ("--help",),
        ("paper", "simulate", str(ROOT / "examples" / "paper" / "time-exit.json")),
    ],
)
def test_a_reader_that_goes_away_is_no_fault(home: Path, words: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [*COMMAND, *words],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(timeout=60) == 0
    assert said == ""


def test_a_changed_byte_of_a_trace_is_told_by_command_and_when_the_session_goes_on(
    home: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(home, tmp_path / "home"))
    verified = plangate(folder, "traces", "verify", "--all")
    assert (verified.code, verified.err) == (0, "")
    assert "nothing changed since they were recorded" in verified.out
    with closing(sqlite3.connect(folder / "plangate.db")) as connection:
        (run_id,) = connection.execute(
            "SELECT run_id FROM trace_run WHERE session = 'held' ORDER BY as_of_ms DESC"
        ).fetchone()
        connection.execute(
            "UPDATE trace_event SET body = replace(body, '\"outcome\":', '\"outcome\": ') "
            "WHERE run_id = ? AND session = 'held' AND kind = 'run_ended'",
            [run_id],
        )
        connection.commit()
    verified = plangate(folder, "traces", "verify", run_id, "--session", "held", "--json")
    assert verified.code == 9
    assert [b["kind"] for b in verified.document["broken"]] == ["run_ended"]
    words = (*WINDOW, "held", "--decisions", "1")
    gone_on = plangate(folder, "run", *words)
    assert gone_on.code == 0
    assert "traces were changed: session 'held'" in " ".join(gone_on.err.split())


def test_old_traces_are_pruned_when_told_twice_and_nobody_records(
    home: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(home, tmp_path / "home"))
    orders = plangate(folder, "orders", "--session", "whole", "--json").document
    with closing(sqlite3.connect(folder / "plangate.db")) as connection:
        connection.execute("UPDATE trace_event SET at_ms = 1 WHERE session = 'whole'")
        connection.commit()
    command = ("traces", "prune", "--older-than", "90d")
    assert plangate(folder, "traces", "prune", "--older-than", "90").code == 2
    told = plangate(folder, *command)
    assert told.out.startswith("would prune: ")
    with lease(folder, "held"):
        refused = plangate(folder, *command, "--yes")
    assert refused.code == 6
    assert "is run by another process" in " ".join(refused.err.split())
    done = plangate(folder, *command, "--yes", "--json").document
    assert done["runs_count"] > 0
    assert f" {done['runs_count']} decisions before" in told.out
    assert plangate(folder, *command, "--json").document["runs_count"] == 0
    assert " MB now" in plangate(folder, "traces", "vacuum").out
    verified = plangate(folder, "traces", "verify", "--all", "--json")
    assert (verified.code, verified.document["pruned_runs_count"]) == (0, done["runs_count"])
    assert verified.document["events_count"] > 0
    assert plangate(folder, "orders", "--session", "whole", "--json").document == orders
    assert plangate(folder, "report", "--session", "whole").code == 0
    refused = plangate(folder, "lookahead", "whole")
    assert (refused.code, "has no trace any more" in refused.err) == (6, True)
