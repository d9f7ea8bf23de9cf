"""The planner that needs no key: deterministic rules behind the tool-call protocol, not an LLM.

It is a chat model like any other and reads only the messages it is given, so that the whole machine
runs with it as it runs with a language model: it asks for data, proposes, reacts to denials, and
abstains. What it decides by is in `rules_setups` and `rules_revision`. It reports no token usage,
since no language model is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from agent.offline_model import OfflineModel
from agent.rules_reading import Facts, read_denial, read_facts, was_answered
from agent.rules_revision import revised
from agent.rules_setups import find_setup, proposal, turned_against

OHLCV_BARS = 64
"""Candles asked for: the longest rule looks 48 back."""

QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ohlcv", {"bars": OHLCV_BARS}),
    ("indicators", {}),
    ("regime", {}),
    ("order_book", {}),
    ("funding", {}),
)
"""Data tools and arguments of the first turn; `funding` only for perpetuals."""

NEEDED = ("ohlcv", "indicators", "regime")
"""Without these there is nothing to decide on."""

Calls = list[tuple[str, dict[str, Any]]]


class RulesModel(OfflineModel):
    """Deterministic: the same messages and tools give the same answer."""

    @property
    def _llm_type(self) -> str:
        return "rules"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # the base class's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # likewise
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=_answer(messages, kwargs))])


def _answer(messages: Sequence[BaseMessage], bound: dict[str, Any]) -> AIMessage:
    turn = sum(isinstance(message, AIMessage) for message in messages)
    calls = [
        {"name": name, "args": arguments, "id": f"rules_{turn}_{index}"}
        for index, (name, arguments) in enumerate(_decide(messages, _names(bound)))
    ]
    return AIMessage(
        "", tool_calls=calls, response_metadata={"model_name": "rules", "finish_reason": "stop"}
    )


def _names(bound: dict[str, Any]) -> set[str]:
    """Names of the tools that were bound."""
    return {str(tool["function"]["name"]) for tool in bound.get("tools") or ()}


def _decide(messages: Sequence[BaseMessage], tools: set[str]) -> Calls:
    facts = read_facts(messages)
    if was_answered(messages):
        return _after_denial(messages, facts)
    if not any(isinstance(message, ToolMessage) for message in messages):
        return _first_questions(facts, tools)
    return _from_data(facts)


def _first_questions(facts: Facts, tools: set[str]) -> Calls:
    asked = [
        (name, dict(arguments))
        for name, arguments in QUESTIONS
        if name in tools and (facts.perpetual or name != "funding")
    ]
    return asked or _abstain("no data tool that the rules can read is offered")


def _from_data(facts: Facts) -> Calls:
    read = {name.partition("#")[0] for name in facts.evidence}
    absent = [
        f"{name} ({facts.refused[name]})" if name in facts.refused else name
        for name in NEEDED
        if name not in read
    ]
    if absent:
        return _abstain(f"data are missing: {', '.join(absent)}")
    if facts.held is not None:
        return _with_position(facts, facts.held)
    regime = facts.regime or {}
    if regime.get("sit_out"):
        reasons = regime.get("sit_out_reasons")
        told = "; ".join(map(str, reasons)) if isinstance(reasons, list) else ""
        return _abstain(f"the regime says sit out: {told}")
    setup = find_setup(facts)
    if setup is None:
        return _abstain("no rule fires: neither a breakout with the trend nor a pullback")
    return [("propose_plan", proposal(setup, facts))]


def _with_position(facts: Facts, held: str) -> Calls:
    if turned_against(facts, held):
        why = "EMA 20 has crossed EMA 50 against it and the close is beyond both"
        return [("propose_exit", {"thesis": f"Rule exit: the {held} has lost its trend, {why}."})]
    return _abstain(f"holding the open {held}: its trend has not turned")


def _after_denial(messages: Sequence[BaseMessage], facts: Facts) -> Calls:
    denial = read_denial(messages)
    if denial is None:
        return _abstain("the last answer was not taken, and the reply has no numbers to mend it by")
    mended = revised(denial, facts)
    return _abstain(mended) if isinstance(mended, str) else [("propose_plan", mended)]


def _abstain(reason: str) -> Calls:
    return [("no_trade", {"reason": reason[:1900]})]
