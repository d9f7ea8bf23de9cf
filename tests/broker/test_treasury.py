"""Deposits and withdrawals: from an operator's word to venue and journal, once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from broker.paper.venue import PaperBroker
from broker.treasury import carried_out
from domain.candles import Timeframe
from domain.orders import Deposit
from journal.batch import Batch
from journal.books import Journal
from journal.operator import killed, record_act
from journal.standing import AccountReader, state_change
from policies.settings import Policy
from tests.broker.house import House
from tests.broker.venue import OTHER, SYMBOL, D, H, T, VenueSource, bars, open_journal
from tests.journal.hand import fill

pytestmark = pytest.mark.usefixtures("each_database")
CALM = [(100, 101, 99, 100, 500)] * 6


def say(book: Journal, amount: str, currency: str = "USDT") -> None:
    money = currency, D(amount)
    record_act(book.database, book.session, "deposit", "by hand", T, money=money)


def house_in(folder: Path) -> House:
    return House(folder, VenueSource({SYMBOL: bars(CALM), OTHER: bars(CALM)}))


def treasury(house: House) -> PaperBroker:
    assert isinstance(house.venue, PaperBroker)
    return house.venue


def purse(book: Journal) -> tuple[Decimal, Decimal]:
    """Cash and net deposits."""
    told = book.ledger().purses["USDT"]
    return told.cash, told.net_deposits


async def test_a_word_is_booked_once_at_the_venue_and_in_the_journal(tmp_path: Path) -> None:
    house = house_in(tmp_path)
    say(house.book, "500")
    say(house.book, "-200.5")
    for hours in (1, 2):
        await house.advance(hours)
    assert purse(house.book) == (D("10299.5"), D("299.5"))
    assert await treasury(house).deposits() == house.book.deposits()
    again = open_journal(tmp_path)
    assert again.ledger() == again.replayed() == house.book.ledger()
    assert again.acts() == []
    assert killed(again.database, "s") is False


async def test_a_process_that_died_after_the_venue_heard_it_books_it_once(tmp_path: Path) -> None:
    house = house_in(tmp_path)
    say(house.book, "500")
    (act,) = house.book.acts()
    deposit, _ = await carried_out(treasury(house), act)
    house = house_in(tmp_path)
    await house.advance(1)
    assert [deposit] == await treasury(house).deposits() == house.book.deposits()
    assert purse(house.book) == (D(10_500), D(500))


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [("-10000.01", "USDT", "10000 USDT are free"), ("5", "EUR", "the account has no EUR")],
)
async def test_what_cannot_be_moved_is_refused_and_said(
    amount: str, currency: str, words: str, tmp_path: Path
) -> None:
    house = house_in(tmp_path)
    say(house.book, amount, currency)
    await house.advance(1)
    assert words in " ".join(house.executor.notices())
    assert (purse(house.book), house.book.deposits()) == ((D(10_000), 0), [])
    assert house.book.acts() == []


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss(tmp_path: Path) -> None:
    book, policy, marks = open_journal(tmp_path, kind="spot"), Policy(), {SYMBOL: D(100)}
    book.record_equity(T, {"USDT": D(12_000)})
    for number, amount in enumerate(("5000", "-9000"), 1):
        say(book, amount)
        book.obey(number, deposit=Deposit(f"d{number}", "USDT", T, D(amount)))
        worth = book.ledger().equity("USDT", marks) + 2_000
        assert state_change(book, {"USDT": worth}, policy, T + H) is None
        assert book.peak_equity("USDT") == worth
        book.record_equity(T + number * H, {"USDT": worth})
    assert open_journal(tmp_path, kind="spot").peak_equity("USDT") == D(8_000)
    seen = AccountReader(book, policy, Timeframe.H1, VenueSource({}).instrument).facts(
        SYMBOL, marks, T + 5 * H
    )
    assert (seen.net_deposits_today, seen.day_start_equity) == (D(-4_000), D(12_000))
    assert [p.earned for p in book.equity_points("USDT")] == [D(12_000)] * 3
    change = state_change(book, {"USDT": D(6_700)}, policy, T + 30 * H)
    assert change is not None
    assert change.state.value == "halted"


def test_a_purse_from_which_all_was_taken_has_nothing_to_lose(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    say(book, "-10000")
    book.obey(1, deposit=Deposit("d", "USDT", T, D(-10_000)))
    for hours in (1, 49):
        assert state_change(book, {"USDT": D(0)}, Policy(), T + hours * H) is None
        book.record_equity(T + hours * H, {"USDT": D(0)})


def test_deposits_stand_between_fills_in_the_order_they_came(tmp_path: Path) -> None:
    book = open_journal(tmp_path, kind="spot")
    say(book, "7")
    book.apply(Batch(entries=[fill("buy", "1", "100")]))
    book.obey(1, deposit=Deposit("d", "USDT", T, D(7)))
    book.obey(1, deposit=Deposit("d", "USDT", T, D(7)))
    book.apply(Batch(entries=[fill("sell", "1", "101", hour=1)]))
    assert [type(entry).__name__ for entry in book.entries()] == ["Fill", "Deposit", "Fill"]
    assert book.ledger() == book.replayed() == open_journal(tmp_path, kind="spot").ledger()
    assert purse(book) == (D(10_008), D(7))
