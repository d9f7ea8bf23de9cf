"""A denial reaches the model with its numbers, in a history that a provider accepts."""

from __future__ import annotations

import json
from dataclasses import replace

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agent.answers import ANSWERS
from agent.critique import (
    answer_receipts,
    complaint_messages,
    critique_messages,
    critique_text,
)
from agent.parse import Invalid
from tests.agent.samples import denied, said

PROPOSAL = said(("propose_plan", "{}"))


def test_a_critique_answers_the_proposals_own_call() -> None:
    (message,) = critique_messages(PROPOSAL, denied("RR_BELOW_MIN"), 1, 1)
    assert isinstance(message, ToolMessage)
    assert message.tool_call_id == "c0"
    assert message.name == "propose_plan"


def test_a_critique_names_failed_findings_only_and_what_was_judged() -> None:
    text = critique_text(denied("RR_BELOW_MIN", "STOP_TOO_WIDE"), 1, 1)
    assert "RR_BELOW_MIN is 0.5, the limit is >= 1.5." in text
    assert "STOP_TOO_WIDE" in text
    assert "SPREAD" not in text
    assert "entry 100.12345679, stop 95, targets 103, risk per unit 5.4" in text


def test_the_last_line_of_a_critique_is_for_programs() -> None:
    facts = json.loads(critique_text(denied("RR_BELOW_MIN"), 1, 1).splitlines()[-1])
    assert facts == {
        "id": "gate#1",
        "denied": [{"code": "RR_BELOW_MIN", "limit": ">= 1.5", "measured": "0.5", "unit": "ratio"}],
        "bracket": {
            "side": "long",
            "entry": "100.12345679",
            "stop": "95",
            "targets": ["103"],
            "risk_per_unit": "5.4",
            "reward_risk": "0.5",
        },
    }


def test_a_denial_without_a_bracket_is_told_too() -> None:
    text = critique_text(replace(denied("UNKNOWN_SYMBOL"), bracket=None), 1, 0)
    assert "Judged" not in text
    assert json.loads(text.splitlines()[-1])["bracket"] is None


def test_the_model_knows_how_often_it_may_try() -> None:
    assert "2 more" in critique_text(denied("X"), 1, 2)
    assert "last try" in critique_text(denied("X"), 1, 0)


def test_every_call_of_an_unreadable_answer_gets_a_reply() -> None:
    message = said(("no_trade", "{}"), ("propose_plan", "{broken"), ("ohlcv", "{}"))
    replies = complaint_messages(message, Invalid("TWO_ANSWERS", "give one"), 1)
    assert sorted(m.tool_call_id for m in replies if isinstance(m, ToolMessage)) == [
        "c0", "c1", "c2",
    ]  # fmt: skip
    assert "TWO_ANSWERS" in replies[0].text
    assert [m.text for m in replies[1:]] == ["Not run: see the reply to your first call."] * 2


def test_a_complaint_about_plain_text_is_a_plain_message() -> None:
    (reply,) = complaint_messages(AIMessage("hm"), Invalid("NO_TOOL_CALL", "call a tool"), 0)
    assert isinstance(reply, HumanMessage)
    assert "call a tool" in reply.text


def test_a_complaint_asks_for_no_answer_that_the_moment_may_not_offer() -> None:
    (reply,) = complaint_messages(AIMessage("hm"), Invalid("NO_TOOL_CALL", "call a tool"), 0)
    assert [name for name in ANSWERS if name in reply.text] == ["no_trade"]


def test_a_message_without_calls_needs_no_receipt() -> None:
    assert answer_receipts(AIMessage("hm"), "text") == []
