"""What an operator reads: what is on, what will be taken back, what is kept, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.cli.output import WIDTH, out

if TYPE_CHECKING:
    from app.operating import Standing
    from domain.orders import Order, Position

Record = dict[str, Any]


def show_kill(seen: list[Standing], document: Record) -> None:
    """Say what a kill does to each session."""
    if document["all"]:
        _say("kill switch on for every session, those to come too: nothing is opened")
    for one in seen:
        if document["all"] and not (one.orders or one.positions or one.is_running):
            continue
        _say("")
        _say(f"{one.session}: kill switch on, nothing is opened", "bold")
        _rows("taken back", [_order(o) for o in one.entries] or ["no entry waits"])
        if document["flatten"]:
            _rows("closed", [_position(p) for p in one.positions] or ["nothing is held"])
            _rows("kept", [_order(o) for o in one.exits] or ["no stop or target works"])
            if one.exits:
                _rows("", ["until the position is closed"])
        else:
            _rows("kept", [_order(o) for o in one.exits] or ["no stop or target works"])
            _rows("held on", [_position(p) for p in one.positions] or ["nothing is held"])
        _rows("when", [_when(one)])
    quiet = [one for one in seen if not (one.orders or one.positions or one.is_running)]
    if document["all"] and quiet:
        _say(f"\nothers, with nothing to take back or close: {len(quiet)}")
    which = "--all" if document["all"] else f"--session {seen[0].session}"
    _say(f"\nto open again: plangate resume {which}", "dim")


def show_flatten(one: Standing) -> None:
    """Say what a flatten does."""
    _say(f"{one.session}: everything held is closed at the market", "bold")
    _rows("closed", [_position(p) for p in one.positions] or ["nothing is held"])
    _rows("when", [_when(one)])
    _say(f"\nit may open again; to stop that: plangate kill --session {one.session}", "dim")


def show_resume(seen: list[Standing], document: Record) -> None:
    """Say what is on and how to end it, or that it is ended."""
    concerned = [one for one in seen if not document["all"] or one.killed_by is not None]
    if document["resumed"]:
        for one in concerned:
            _ended(one, halts=not document["all"])
        _say("resumed: the next plan that the gate approves may be opened", "green")
        return
    for one in concerned:
        _say(one.session, "bold")
        _standing(one)
        _say("")
    if document["code"] is None:
        _say("nothing to resume: no kill word is on and nothing is halted")
    else:
        which = "--all" if document["all"] else f"--session {seen[0].session}"
        _say(
            f"to resume: plangate resume {which} --reason TEXT --confirm {document['code']}", "bold"
        )
    if seen and seen[0].file_lies is not False:
        _say(f"before that, remove the kill-switch file {str(seen[0].file)!r}", "yellow")


def _ended(one: Standing, *, halts: bool) -> None:
    """What a resume has just ended."""
    _say(one.session, "bold")
    if one.killed_by is not None:
        _rows("ended", [f"the kill: {one.killed_by.reason}"])
    if halts and one.state.value == "halted" and one.entry is not None:
        _rows("ended", [f"the halt: {one.entry.reason}"])


def show_reconciled(document: Record) -> None:
    """Say whether the two agree."""
    name, waiting = document["session"], document["orders_to_send_count"]
    if document["booked_count"]:
        _say(f"{document['booked_count']} fills or payments were booked late")
    for words in document["mismatches"]:
        _say(f"✗ {words}", "red")
    if document["mismatches"]:
        _say(f"{name} is halted: nothing is opened until this is settled and resumed", "bold")
    else:
        _say(
            f"{name}: venue and journal agree on {_count(document['positions_count'], 'position')} "
            f"and {_count(document['orders_count'], 'working order')}",
            "green",
        )
    if waiting:
        verb = "is" if waiting == 1 else "are"
        _say(f"{_count(waiting, 'order')} {verb} sent at the session's next start")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _standing(one: Standing) -> None:
    word, entry = one.killed_by, one.entry
    _rows("kill word", [f"on since {word.at:%Y-%m-%d %H:%M} UTC: {word.reason}" if word else "off"])
    files = {True: f"LIES at {str(one.file)!r}", False: "none", None: "cannot be asked"}
    _rows("kill file", [files[one.file_lies]])
    if entry is None or one.state.value == "active":
        _rows("state", [one.state.value])
    else:
        until = f" until {entry.until:%Y-%m-%d %H:%M} UTC, by itself" if entry.until else ""
        _rows("state", [f"{one.state.value}{until}: {entry.reason}"])
    _rows("held", [_position(p) for p in one.positions] or ["nothing"])
    _rows("orders", [_order(o) for o in one.orders] or ["none"])
    _rows("process", ["runs" if one.is_running else "does not run"])
    if one.state.value == "halted" and one.entry is not None and one.entry.is_about_money:
        _rows("after it", ["the drawdown is measured anew, from the newest value of the account"])


def _when(one: Standing) -> str:
    if one.is_running:
        return "the session runs: it obeys within about ten seconds, a replay after its decision"
    return "the session does not run: it obeys at its next start, before anything else"


def _order(order: Order) -> str:
    price = "market" if order.price is None else f"at {order.price}"
    return (
        f"{order.leg} {order.side} {order.quantity} {order.symbol} {price} "
        f"({order.status.value}, {order.client_order_id[:10]})"
    )


def _position(position: Position) -> str:
    return (
        f"{position.side} {abs(position.quantity)} {position.symbol} from "
        f"{position.entry_price:.8g} (plan {position.plan_id[:10]})"
    )


def _rows(name: str, rows: list[str]) -> None:
    from textwrap import wrap

    lines = [line for words in rows for line in wrap(words, WIDTH - 13, break_on_hyphens=False)]
    for index, line in enumerate(lines):
        _say(f"  {name if index == 0 else '':<11}{line}")


def _say(words: str, style: str = "") -> None:
    shown = "".join(c if c == "\n" or c.isprintable() else repr(c)[1:-1] for c in words)
    out().print(shown, style=style, markup=False)
