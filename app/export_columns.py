"""The columns of every export, with type, unit and meaning, published as JSON schemas.

`docs/schemas/NAME.json` is `json_schema(NAME)`; a test holds them together.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Kind = Literal["text", "words", "decimal", "number", "integer", "flag", "moment", "list", "object"]
"""`words` are a model's or a stranger's; `decimal` is exact and written as text; a `moment` is ISO
8601 in UTC; a `list` of codes and an `object` stand in JSON Lines alone."""


class Column(NamedTuple):
    """One column."""

    name: str
    kind: Kind
    words: str
    is_nullable: bool = True


def _column(line: str) -> Column:
    name, kind, words = (part.strip() for part in line.split("|"))
    is_nullable = not kind.endswith("!")
    return Column(name, kind.rstrip("!"), words, is_nullable)  # type: ignore[arg-type]  # of the texts below


def _columns(text: str) -> tuple[Column, ...]:
    """`name | kind | meaning` a line; `!` after the kind: it is never absent or null."""
    return tuple(_column(line) for line in text.strip().splitlines())


SIGNALS = _columns("""
    session | text! | Name of the session.
    as_of | moment! | Moment of the decision: nothing later was known.
    symbol | text! | Instrument.
    run_id | text! | The decision's id, as `plangate traces show` takes it.
    plan_id | text! | Of this version; a hash of its content.
    version | integer! | 1 for the first draft, counted up with each revision and replan.
    side | text | long or short.
    entry | decimal | Limit price, in quote; null: at the market.
    invalidation | decimal | Price at which the idea is wrong, in quote.
    targets | text! | Prices in quote, nearest first, with blanks between.
    horizon_bars | integer | Candles until it is closed in any case.
    confidence | decimal | The model's own, 0 to 1.
    decision_price | decimal! | Last price known at the decision, in quote.
    approved | flag! | Whether the gate let it through at review.
    codes | text! | Why not, with blanks between.
    send_codes | text | Why the gate denied it again on fresh data; empty: it did not.
    status | text | Where the plan stands; null: never committed.
    wanted_quantity | decimal | The executor's, in base; null where denied: a model says none.
    wanted_price | decimal | Entry that the gate reckoned with, in quote.
    stop_price | decimal | In quote.
    reward_risk | decimal | Net of all costs.
    risk_amount | decimal | Planned loss at the stop, in quote.
    filled_quantity | decimal | Of the entry, in base.
    filled_price | decimal | Average, in quote.
    expected_price | decimal | Average of what was wanted when orders went out, in quote.
    slippage_bps | decimal | Signed cost against that; positive is worse.
    fee | decimal | Of the entry, in quote.
    filled_at | moment | Last fill of the entry, on the session's clock.
    fill_s | number | Seconds from approval to that.
    net | decimal | Of the closed trade after all costs, in quote.
    r_multiple | decimal | The same in planned risk.
    thesis | words | The model's words.
""")

BARS = _columns("""
    session | text! | Name of the session.
    symbol | text! | Instrument.
    timeframe | text! | Of the candles, such as 1h.
    open_time | moment! | Open of the candle.
    open | number! | In quote.
    high | number! | In quote.
    low | number! | In quote.
    close | number! | In quote.
    volume | number! | In base.
    decided | flag! | Whether this was the newest candle of a decision.
    run_id | text | The decision's id.
    as_of | moment | Its moment.
    outcome | text | How it ended, such as approved or no_trade.
    codes | text | Codes it ended with, with blanks between.
    side | text | Of the plan proposed last, long or short.
    confidence | decimal | Of that plan, 0 to 1.
    approved | flag | Whether the gate let that plan through.
    plan_id | text | Of that plan.
    wanted_price | decimal | Entry that the gate reckoned with, in quote.
    stop_price | decimal | In quote.
    reason | words | Why it ended so, often in a model's words.
""")

SUMMARY = _columns("""
    session | text! | Name of the session.
    symbol | text! | Instrument.
    currency | text! | Quote currency: the unit of money below.
    first_as_of | moment! | First decision.
    last_as_of | moment! | Last decision.
    bars_count | integer! | Different candles that decisions were shown.
    decisions_count | integer! | Decisions.
    quiet_count | integer! | Of them without asking the model.
    no_trade_count | integer! | Of them that proposed nothing, or gave up.
    denied_count | integer! | Of them denied by the gate in the end.
    approved_count | integer! | Of them with a plan committed.
    other_count | integer! | Of them that ended otherwise.
    flawed_count | integer! | Decisions whose data had a flaw that was mended or flagged.
    proposed_count | integer! | Versions of plans proposed.
    filled_count | integer! | Plans whose entry was filled at least in part.
    trades_count | integer! | Closed trades.
    won_count | integer! | Of them with a profit after costs.
    net | decimal! | Of closed trades after all costs.
    model_calls | integer! | Calls of models.
    tool_calls | integer! | Calls of tools.
    input_tokens | integer! | Of prompts.
    output_tokens | integer! | Of answers.
    cost_usd | decimal | US dollars for models; null: a price is unknown.
    decided_s | number! | Wall time of its decisions, in seconds; 0 where their traces are pruned.
""")

TELEMETRY = _columns("""
    session | text! | Name of the session.
    run_id | text! | The decision's id, as `plangate traces show` takes it.
    symbol | text | Instrument.
    as_of | moment | Moment of the decision.
    model | text | Who planned.
    policy_hash | text | Of the limits in force.
    prompt_hash | text | Of the prompt's fixed part.
    market | text | The source's name.
    terms | text | Hash of the text of what else decides: limits, caps, who is asked.
    fork_of | object | The run that it was forked from, and where; null: it was not.
    snapshot | text | Hash of the text of all that was seen.
    last | decimal | Last price known, in quote.
    missing_count | integer | Data that the source does not have.
    sit_out | flag | Whether the regime advised to sit out.
    chart | text | Hash of the chart that models saw.
    answer | text | What the model's last answer was read as.
    side | text | Of the plan, long or short.
    entry | decimal | Limit price, in quote; null: at the market.
    invalidation | decimal | In quote.
    horizon_bars | integer | Candles until it is closed in any case.
    confidence | decimal | The model's own, 0 to 1.
    plan_id | text | Of the version judged last.
    version | integer | Of that.
    review_approved | flag | Whether the gate let it through at review.
    review_codes | list | Why not.
    send_approved | flag | The same on fresh data.
    send_codes | list | Why not.
    wanted_quantity | decimal | The executor's, in base.
    wanted_price | decimal | Entry that the gate reckoned with, in quote.
    outcome | text | How the decision ended.
    reason | words | Why.
    codes | list | Codes it ended with.
    model_calls | integer | Calls of models.
    tool_calls | integer | Calls of tools.
    input_tokens | integer | Of prompts.
    output_tokens | integer | Of answers.
    cost_usd | decimal | US dollars for models; null: a price is unknown.
    duration_ms | number | Wall time of the decision.
    expected_price | decimal | Average of what was wanted when orders went out, in quote.
    filled_price | decimal | Average over the entry, in quote.
    filled_quantity | decimal | Of the entry, in base.
    slippage_bps | decimal | Signed cost; positive is worse.
    fee | decimal | Of the entry, as the venue took it.
    filled_at | moment | Last fill of the entry, on the session's clock.
""")

TABLES: dict[str, tuple[Column, ...]] = {
    "signals": SIGNALS,
    "bars": BARS,
    "summary": SUMMARY,
    "telemetry": TELEMETRY,
}
"""By name; `telemetry` is written as decisions are made, the others by `plangate export`."""

_TYPES: dict[Kind, dict[str, Any]] = {
    "text": {"type": "string"},
    "words": {"type": "string"},
    "decimal": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "flag": {"type": "boolean"},
    "moment": {"type": "string", "format": "date-time", "pattern": "Z$"},
    "list": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object"},
}


def json_schema(name: str) -> dict[str, Any]:
    """The JSON schema (2020-12) of one line."""
    columns = TABLES[name]
    # A line of telemetry lacks what did not happen; a row of an export has every column.
    needed = [c.name for c in columns if name != "telemetry" or not c.is_nullable]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"plangate.{name}/1",
        "type": "object",
        "properties": {
            "schema": {"const": f"plangate.{name}/1"},
            **{column.name: _property(column) for column in columns},
        },
        "required": ["schema", *needed],
        "additionalProperties": False,
    }


def _property(column: Column) -> dict[str, Any]:
    told = dict(_TYPES[column.kind])
    if column.is_nullable:
        told["type"] = [told["type"], "null"]
    return told | {"description": column.words}
