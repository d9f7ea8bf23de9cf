"""`plangate run --faults`: a session survives a bad venue, and says what it bore."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from broker.fault_spec import WORDS
from tests.e2e.command import Ran, plangate
from tests.properties.order_flow_rows import LIVE, Picture, held, left, look

RUN = (
    "run", "BTC/USDT", "ETH/USDT", "--market", "synthetic", "--every", "4",
    "--from", "2024-02-04", "--to", "2024-02-09", "--session", "bad",
)  # fmt: skip


def run(home: Path, faults: str | None, *more: str) -> Ran:
    home.mkdir(exist_ok=True)
    words = () if faults is None else ("--faults", faults)
    return plangate(home, *RUN, *words, *more, "--json")


def assert_nothing_is_lost_or_doubled(now: Picture) -> None:
    """The venue's own log against the journal, by plain SQL and sums."""
    ours, theirs = [f["trade_id"] for f in now.fills], [f["trade_id"] for f in now.venue_fills]
    assert sorted(ours) == sorted(theirs)
    assert len(set(ours)) == len(ours)
    by_trade = {f["trade_id"]: f for f in now.venue_fills}
    for fill in now.fills:
        for name in ("client_order_id", "symbol", "side"):
            assert fill[name] == by_trade[fill["trade_id"]][name]
        for name in ("quantity", "price", "fee"):
            assert Fraction(fill[name]) == Fraction(by_trade[fill["trade_id"]][name])
    assert [Fraction(p["amount"]) for p in now.venue_funding] == [
        Fraction(p["amount"]) for p in sorted(now.funding, key=lambda p: int(p["at"]))
    ]
    for name, order in now.orders.items():
        assert order["status"] not in {"pending", "sending", "cancelling", "lost"}
        told = now.venue_orders.get(name)
        if told is None:  # refused on its way, or never sent
            assert order["status"] in {"rejected", "denied", "expired", "cancelled"}
            continue
        assert Fraction(order["filled"]) == Fraction(told["order"]["filled"])
        assert (order["status"] == "working") == (told["kept_as"] == "working")
    for name in set(now.venue_orders) - set(now.orders):
        raise AssertionError(f"order {name} at the venue is not ours")


def assert_all_that_is_held_is_guarded(now: Picture) -> None:
    """By a stop of its whole size, or it is being closed."""
    covered: dict[str, Fraction] = defaultdict(Fraction)
    for order in now.orders.values():
        if order["status"] in LIVE and order["leg"] in {"stop", "close"}:
            covered[order["symbol"]] += left(order)
    for symbol, quantity in held(now.fills).items():
        assert covered[symbol] == abs(quantity), f"{symbol}: {quantity} held, {covered[symbol]}"


def assert_money_is_its_replay(now: Picture, document: dict[str, Any]) -> None:
    account = document["account"]
    assert account["replayed_from_fills"]["equal"]
    cash = Fraction(now.capital) - sum(Fraction(p["amount"]) for p in now.venue_funding)
    for fill in now.venue_fills:
        worth = Fraction(fill["quantity"]) * Fraction(fill["price"])
        cash += (-worth if fill["side"] == "buy" else worth) - Fraction(fill["fee"])
    cost = sum(Fraction(p["cost"]) for p in account["positions"])  # perpetuals: paid when closed
    assert cash + cost == Fraction(account["cash"])


@pytest.mark.parametrize("seed", [3])
def test_a_session_under_faults_loses_nothing_and_doubles_nothing(
    tmp_path: Path, seed: int
) -> None:
    ran = run(tmp_path, f"rough,seed={seed}")
    assert ran.code == 0, ran.err
    now, document = look(tmp_path / "plangate.db"), ran.document
    assert len(now.venue_fills) >= 4
    assert_nothing_is_lost_or_doubled(now)
    assert_all_that_is_held_is_guarded(now)
    assert_money_is_its_replay(now, document)
    assert not any("disagree" in state["reason"] for state in now.states)
    injected = document["faults"]["injected"]
    assert {"lost-request", "lost-reply"} < set(injected)
    assert sum(injected.values()) == document["faults"]["injected_count"] > 10
    assert len(document["faults"]["list"]) == document["faults"]["injected_count"]
    _is_said(tmp_path, document)


def _is_said(home: Path, document: dict[str, Any]) -> None:
    """In the session's configuration, the report, its page and the traces."""
    assert document["session"]["faults"] == document["faults"]["spec"]
    report = plangate(home, "report", "--html", "page.html")
    assert "WITH FAULTS" in report.out.splitlines()[2]
    assert f"faults injected  {document['faults']['injected_count']}: " in report.out
    assert "injected on purpose" in (home / "page.html").read_text("utf-8")
    named = [row for row in document["faults"]["list"] if row["client_order_id"]]
    orders = {order["client_order_id"]: order["run_id"] for order in document["orders"]}
    run_id = orders[named[0]["client_order_id"]]
    assert "on purpose" in plangate(home, "traces", "show", run_id, "--full").out


def test_what_is_only_lost_on_its_way_changes_no_fill_not_even_over_a_restart(
    tmp_path: Path,
) -> None:
    faults = "lost-request=0.1,lost-reply=0.15,outage=0.03,duplicate=0.5"
    calm = run(tmp_path / "calm", None).document
    stopped = run(tmp_path / "bad", faults, "--decisions", "25")
    bad = run(tmp_path / "bad", faults)
    assert (stopped.code, bad.code) == (0, 0), bad.err
    assert calm["faults"] is None
    assert bad.document["faults"]["injected_count"] > 20
    for part in ("decisions", "orders", "fills", "funding", "trades", "account"):
        assert bad.document[part] == calm[part]
    other = run(tmp_path / "bad", "lost-reply=0.1")
    assert other.code == 6
    assert "faults was 'lost-request=0.1" in other.err
    assert plangate(tmp_path / "bad", "reconcile", "--session", "bad").code == 0


def test_a_wrong_specification_is_refused_and_a_file_is_read(tmp_path: Path) -> None:
    wrong = run(tmp_path, "lates=0.1")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--faults: 'lates' is no fault. Presets: rough, deaf, jumbled." in wrong.err
    assert "lost-reply (0 to 1)" in wrong.err
    (tmp_path / "bad.toml").write_text('preset = "jumbled"\nlate = 2\n', "utf-8")
    file = run(tmp_path, "bad.toml")
    assert file.code == 2
    assert "faults 'bad.toml': late is '2', was expected within 0 to 1" in file.err
    (tmp_path / "bad.json").write_text('["late"]', "utf-8")
    assert "one table" in run(tmp_path, "bad.json").err
    assert "cannot read faults 'none.toml'" in run(tmp_path, "none.toml").err
    told = " ".join(plangate(tmp_path, "run", "--help").out.split()).replace("- ", "-")
    for word in WORDS:
        assert word.name in told
