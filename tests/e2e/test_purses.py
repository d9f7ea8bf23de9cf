"""One session with two quote currencies, money paid in and taken out, all through the command."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.e2e.command import plangate

MARKET = (
    "run",
    "BTC/USDT",
    "ETH/EUR",
    "--market",
    "synthetic",
    "--from",
    "2024-02-01",
    "--every",
    "4",
)
MONEY = ("--capital", "10000USDT", "--capital", "5000EUR")


def test_a_session_of_two_currencies_takes_deposits_and_goes_on(tmp_path: Path) -> None:
    refused = plangate(tmp_path, *MARKET, "--to", "2024-02-02")
    assert refused.code == 2
    assert "--capital 10000EUR --capital 10000USDT" in refused.err
    words = (*MARKET, *MONEY, "--session", "two", "--json")
    first = plangate(tmp_path, *words, "--to", "2024-02-01T08:00:00Z")
    account = first.document["account"]
    assert [p["currency"] for p in account["purses"]] == ["EUR", "USDT"]
    assert [p["capital"] for p in account["purses"]] == ["5000", "10000"]
    assert account["replayed_from_fills"]["equal"] is True

    assert "name a currency" in plangate(tmp_path, "deposit", "500", "--session", "two").err
    assert "was worth" in plangate(tmp_path, "withdraw", "6000EUR").err
    paid = plangate(tmp_path, "deposit", "500.25EUR", "--reason", "more", "--json").document
    assert (paid["amount"], paid["currency"], paid["running"]) == ("500.25", "EUR", False)
    assert plangate(tmp_path, "withdraw", "100USDT").code == 0

    ran = plangate(tmp_path, *words, "--to", "2024-02-01T16:00:00Z")
    assert "deposit of 500.25 EUR booked (more)" in ran.err
    euro, dollar = ran.document["account"]["purses"]
    assert (euro["net_deposits"], dollar["net_deposits"]) == ("500.25", "-100")
    assert Decimal(euro["cash"]) == 5000 + Decimal("500.25") + sum(
        Decimal(euro[name]) * sign
        for name, sign in (("realised", 1), ("fees", -1), ("funding", -1))
    )
    assert ran.document["account"]["replayed_from_fills"]["equal"] is True

    again = plangate(tmp_path, *words, "--to", "2024-02-01T16:00:00Z")
    assert again.document["account"]["purses"] == [euro, dollar]
    report = plangate(tmp_path, "report", "--html", str(tmp_path / "report.html"))
    assert "EUR equity" in report.out
    assert "500.25 EUR paid in" in report.out
    assert "100.00 USDT taken out" in report.out
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("<svg") == 2
