"""A plan's life as a tree, in 100 columns: text that can be piped, nothing to click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.cli.list_view import duration, moment, money, price_words
from app.cli.output import out
from app.listing import LEGS

if TYPE_CHECKING:
    from rich.tree import Tree

Record = dict[str, Any]


def show_plan(document: Record) -> None:
    """Print a plan from its first draft to its closed trade."""
    plan, money_name = document["plan"], document["currency"]
    tree = _tree(
        f"plan {plan['plan_id']}  {plan['symbol']} {plan['side']}  {plan['status']}", "bold"
    )
    decided = _add(
        tree, f"decided {moment(plan['approved_at'])} UTC by {plan['model']}, run {plan['run_id']}"
    )
    approved = {version["version"]: version for version in document["approved_versions"]}
    for version in document["versions"]:
        _add_version(decided, version, approved.get(version["version"]))
    _add_entry(tree, document["entry"])
    _add_bracket(tree, plan, money_name)
    _add_sending(tree, document["at_send"])
    orders = _add(tree, "orders")
    for order in sorted(document["orders"], key=lambda o: LEGS.index(o["leg"])):
        _add_order(orders, order)
    _add_funding(tree, document["funding"], money_name)
    if document["trade"] is not None:
        _add_trade(tree, document["trade"], money_name)
    out().print(tree)
    out().print(
        f"everything that was said: plangate traces show {plan['run_id']} "
        f"--session {document['session']}",
        style="dim",
        markup=False,
        soft_wrap=True,
    )


def show_order(document: Record) -> None:
    """Print one order with its steps and fills."""
    order = document["order"]
    tree = _tree(f"order {order['client_order_id']}  {order['symbol']}", "bold")
    _add_order(tree, order)
    expires = f", expires {moment(order['expires_at'])} UTC" if order["expires_at"] else ""
    reducing = ", may only reduce" if order["reduce_only"] else ""
    _add(tree, f"made {moment(order['created_at'])} UTC{expires}{reducing}")
    _add(tree, f"plan {order['plan_id']}, run {order['run_id'] or 'none (the venue made it)'}")
    out().print(tree)


def show_trade(document: Record) -> None:
    """Print one closed trade with its fills and funding."""
    trade = document["trade"]
    tree = _tree(f"trade {trade['plan_id']}  {trade['symbol']} {trade['side']}", "bold")
    _add_entry(tree, document["entry"])
    _add_trade(tree, trade, document["currency"])
    fills = _add(tree, f"{len(document['fills'])} fills")
    for fill in document["fills"]:
        _add(fills, f"{fill['leg']:<9} {_fill_words(fill)}")
    _add_funding(tree, document["funding"], document["currency"])
    out().print(tree)
    words = f"its plan: plangate plans show {trade['plan_id']} --session {document['session']}"
    out().print(words, style="dim", markup=False, soft_wrap=True)


def _tree(words: str, style: str = "") -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    return Tree(Text(words, style=style))


def _add(tree: Tree, words: str, style: str = "") -> Tree:
    from rich.text import Text

    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in words)
    return tree.add(Text(shown, style=style))


def _add_version(tree: Tree, version: Record, approved: Record | None) -> None:
    draft = version["draft"]
    verdict = "approved" if version["approved"] else "denied " + ", ".join(version["codes"])
    does = "" if approved is None else _ACTS[approved["act"]]
    words = f"v{version['version']}  {does}{_draft_words(draft)}: {verdict}"
    node = _add(tree, words, "green" if version["approved"] else "red")
    if approved is not None and does:
        told = f"{moment(approved['approved_at'])} UTC by run {approved['run_id']}: stop "
        _add(node, f"{told}{approved['stop_price']}, at risk {money(approved['risk_amount'])}")
    if version["changed"]:
        _add(node, f"after {', '.join(version['because_of']) or 'an approval'} it changed:")
    for change in version["changed"]:
        _add(node, _change_words(change))
    if not version["changed"] and draft.get("thesis"):
        _add(node, f"because: {draft['thesis']}")
    if version["opinions"]:
        _add(node, f"second opinions: {version['opinions']}")
    for sentence in version["why"]:
        _add(node, f"✗ {sentence}")
    if version["nearest"]:
        _add(node, version["nearest"])


_ACTS = {
    "open": "",
    "replace": "another entry: ",
    "adjust": "new levels: ",
    "scale_in": "adds: ",
}


def _draft_words(draft: Record) -> str:
    targets = " / ".join(str(target["price"]) for target in draft.get("targets", []))
    entry = draft.get("entry") or "market"
    return f"{draft.get('side')} {entry} → {targets}, wrong at {draft.get('invalidation')}"


def _change_words(change: Record) -> str:
    before, after = change["from"], change["to"]
    if change["field"] == "thesis":
        return f"thesis: {str(after).removeprefix(str(before)).strip()}"
    return f"{change['field']}: {_value(before)} → {_value(after)}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return " / ".join(str(item.get("price", item)) for item in value)
    return "market" if value is None else str(value)


def _add_entry(tree: Tree, entry: Record | None) -> None:
    """What was known at the decision; plans older than 0.3 kept none of it."""
    if entry is None:
        return
    spread, funding = entry["spread_bps"], (entry["funding"] or {}).get("rate_fraction")
    evidence = ", ".join(entry["evidence"]) or "none named"
    node = _add(
        tree,
        f"known    last {entry['last']}, spread {_value_or(spread, '{} bps')}, "
        f"funding {funding or 'none'}, confidence {entry['confidence']}, "
        f"evidence {evidence}",
    )
    _add(node, f"regime {_known(entry['regime'], _REGIME)}")
    _add(node, _known(entry["features"], _FEATURES))
    _add(node, f"prompt {entry['prompt_hash']}, policy {entry['policy_hash']}")


_REGIME = ("trend", "volatility", "liquidity", "adx_14")
_FEATURES = ("timeframe", "close", "ema_20", "ema_50", "rsi_14", "macd_histogram", "atr_14")


def _known(values: Record | None, names: Sequence[str]) -> str:
    return ", ".join(f"{name} {_short((values or {}).get(name))}" for name in names)


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(_value_or(value, "{}"))


def _value_or(value: Any, form: str) -> str:
    return "unknown" if value is None else form.format(value)


def _add_bracket(tree: Tree, plan: Record, currency: str) -> None:
    targets = ", ".join(f"{t['quantity']} at {t['price']}" for t in plan["targets"])
    node = _add(
        tree,
        f"bracket  {plan['side']} {plan['quantity']} {plan['entry_kind']} at "
        f"{plan['entry_price']}, stop {plan['stop_price']}, targets {targets}",
    )
    _add(
        node,
        f"risk {money(plan['risk_amount'])} {currency}, net reward/risk {plan['reward_risk']}, "
        f"closed at the latest {moment(plan['close_at'])} UTC",
    )


def _add_sending(tree: Tree, at_send: Record | None) -> None:
    if at_send is None:
        _add(tree, "at send  not asked yet")
    elif at_send["approved"]:
        _add(tree, "at send  approved again, on fresh data", "green")
    else:
        node = _add(tree, f"at send  denied {', '.join(at_send['codes'])}", "red")
        for sentence in at_send["why"]:
            _add(node, f"✗ {sentence}")


def _add_order(tree: Tree, order: Record) -> None:
    node = _add(
        tree,
        f"{order['leg']:<9} {order['side']} {order['quantity']} {order['kind']} "
        f"{'' if order['price'] is None else 'at ' + price_words(order)}".rstrip()
        + f"  {order['status']}  {order['client_order_id']}",
    )
    if order["leg"] == "close":
        _add(node, f"because: {order['reason']}")
    if order["steps"]:
        _add(node, " → ".join(_step_words(step, order) for step in order["steps"]))
    for fill in order["fills"]:
        _add(node, f"fill {_fill_words(fill)}")


def _step_words(step: Record, order: Record) -> str:
    """A step; the order's own reason is not repeated with each."""
    known = step["reason"] in {None, order["reason"]}
    return str(step["status"]) if known else f"{step['status']} ({step['reason']})"


def _fill_words(fill: Record) -> str:
    bps = f"{float(fill['slippage_bps']):.2f}"
    return (
        f"{fill['quantity']} at {fill['price']}, expected {fill['expected_price']} ({bps} bps), "
        f"fee {money(fill['fee'])}, {moment(fill['at'])}"
    )


def _add_funding(tree: Tree, payments: list[Record], currency: str) -> None:
    if payments:
        from decimal import Decimal

        total = sum((Decimal(p["amount"]) for p in payments), Decimal(0))
        _add(tree, f"funding  {len(payments)} payments, {total:.4f} {currency} paid in all")


def _add_trade(tree: Tree, trade: Record, currency: str) -> None:
    won = not trade["net"].startswith("-")
    node = _add(
        tree,
        f"trade    {float(trade['r_multiple']):+.2f} R, net {money(trade['net'])} {currency}, "
        f"closed by {trade['close_reason']} after {duration(trade['held_s'])}",
        "green" if won else "red",
    )
    _add(
        node,
        f"{trade['quantity']} from {trade['entry_price']} to {trade['exit_price']}: gross "
        f"{money(trade['gross'])}, fees {money(trade['fees'])}, funding {money(trade['funding'])}",
    )
    _add(
        node,
        f"slippage {trade['slippage_bps']} bps against what was expected: entry "
        f"{trade['entry_slippage_bps']}, exit {trade['exit_slippage_bps']}",
    )
    _add(node, _excursion_words(trade))
    _add(node, _use_words(trade, currency))


def _excursion_words(trade: Record) -> str:
    if trade["mae"] is None:
        return "how the price went while it was open is not known to the end"
    in_r = ("", "")
    if trade["mae_r"] is not None:
        in_r = f" ({float(trade['mae_r']):.2f} R)", f" ({float(trade['mfe_r']):.2f} R)"
    return f"price went {trade['mae']}{in_r[0]} against it, {trade['mfe']}{in_r[1]} for it"


def _use_words(trade: Record, currency: str) -> str:
    returned = trade["return_on_equity_fraction"]
    words = f"return on equity {_value_or(returned and f'{100 * float(returned):.2f}', '{} %')}"
    if trade["margin_used"] is not None:
        words += f", margin {money(trade['margin_used'])} {currency} at {trade['leverage_ratio']}x"
    return words + f", value {_value_or(trade['exposure_ratio'], '{}')} of equity"
