"""Whether a model is fit to plan: asked as a session would ask it, and judged by the same reading.

Questions are sent with the session's own rules and every data tool: one that is to be answered with
`no_trade`, one with `propose_plan`, one about a picture where the model is said to see, and, by
hand, one in words, to see whether a complaint brings the model back. The second is offered no other
answer: a small model may rather abstain, and what counts is that it can fill a plan's form. Nothing
is traded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.tools import BaseTool

from agent.allowance import Allowance
from agent.answers import possible_answers
from agent.asking import Reply
from agent.critique import complaint_messages
from agent.eyes import Eyes
from agent.models import NamedModel
from agent.parse import Asked, Invalid, parse_answer
from agent.planner import Planner
from agent.prices import RULES
from agent.prompt import system_message
from app.clock import SystemClock
from app.health_check import Check
from app.home import state_home
from app.modelling import opened_models
from app.options import SessionOptions
from app.settings import load_settings
from app.sight_probe import MEND, number_question, number_read
from domain.errors import AccessRefused, ConfigError, Unreachable
from domain.plan import NoTrade, PlanDraft
from market.sources.box import BoxSource
from policies.explain import rules_text
from policies.settings import Policy
from tools.desk import Desk
from tools.limits import ToolLimits
from tools.standard import standard_tools
from traces.redact import Redactor

TIMEOUT_S = 300.0
"""For each question; a local model reads slowly the first time."""

FLAT_ANSWERS = possible_answers(plan_stands=False, position_open=False)
"""As where nothing stands."""

ROOM_TOKENS = 6_000
"""What a decision takes beside rules and tools: the market, what the tools answer, revisions."""

TEST = "This is a test of the connection, there is no market and nothing is traded. "
ABSTAIN = f"{TEST}Call the tool no_trade once, with the reason 'probe', and nothing else."
REFUSE = f"{TEST}Call no tool this time, only say these words: I cannot help with that."
PROPOSE = (
    f"{TEST}Call the tool propose_plan once and nothing else: side long, one target at price 110, "
    "invalidation 90, horizon_bars 12, thesis 'probe', confidence 0.5. Leave out what is optional."
)


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found of one model."""

    model: str
    checks: tuple[Check, ...]

    @property
    def broken(self) -> list[Check]:
        """What keeps it from planning."""
        return [check for check in self.checks if check.status == "broken"]


async def probe(options: SessionOptions) -> Probed:
    """Ask the model that the options name; those in its place are not asked.

    Raises:
        ConfigError: there is no such model, no key for it, or nothing to probe.
    """
    if options.model == RULES:
        raise ConfigError("model 'rules' is no language model; there is nothing to probe")
    tools = Desk(standard_tools(), ToolLimits(), SystemClock()).schemas
    async with opened_models(options, load_settings(), state_home()) as models:
        return await probed(models[0], tools, await _rules(), refusing=True)


async def probed(
    named: NamedModel,
    tools: Sequence[BaseTool],
    rules: BaseMessage,
    *,
    refusing: bool = False,
    allowance: Allowance | None = None,
) -> Probed:
    """Ask one model.

    Args:
        named: The model.
        tools: That it is offered.
        rules: The first message of a session's prompts; who reads it now need not read it again.
        refusing: Also see what becomes of an answer in words; two more calls.
        allowance: Where all but those count; None: nobody counts.

    Raises:
        OverBudget: the allowance has no room for them.
    """
    planner = Planner([named], tools, max_attempts=1)
    names = [tool.name for tool in tools]
    opening = [rules, HumanMessage(ABSTAIN)]
    longest = [rules, number_question(TEST)[0]] if Eyes(named.spec).open else opening
    found = [_key(named), _context(named, planner, longest), _price(named)]
    try:
        first = await planner.ask(
            opening, offers=[*names, *FLAT_ANSWERS], timeout_s=TIMEOUT_S, allowance=allowance
        )
        proposing = [rules, HumanMessage(PROPOSE)]
        second = await planner.ask(
            proposing, offers=[*names, "propose_plan"], timeout_s=TIMEOUT_S, allowance=allowance
        )
        found.append(_reachable(named))
        found.append(_answered(named, "tool calling", first, NoTrade, names))
        found.append(_answered(named, "schema", second, PlanDraft, names))
        if Eyes(named.spec).open:
            found.append(await _sight(planner, rules, names, allowance))
        if refusing:
            found.append(await _refusal(planner, rules, names))
    except (Unreachable, AccessRefused, ConfigError) as error:
        return Probed(named.name, (*found, _unasked(error)))
    return Probed(named.name, (*found, _speed(second)))


async def _sight(
    planner: Planner, rules: BaseMessage, names: Sequence[str], allowance: Allowance | None
) -> Check:
    """Whether a model that is said to see does; one that takes no picture is told of as such."""
    asked, number = number_question(TEST)
    try:
        reply = await planner.ask(
            [rules, asked], offers=[*names, *FLAT_ANSWERS], timeout_s=TIMEOUT_S, allowance=allowance
        )
    except ConfigError as error:
        return Check("vision", "broken", f"{error}; {MEND}", 2)
    return number_read(reply.message, number, names)


async def _refusal(planner: Planner, rules: BaseMessage, names: Sequence[str]) -> Check:
    """A model may answer in words at any time; what counts is that a complaint is understood."""
    asked = [rules, HumanMessage(REFUSE)]
    reply = await planner.ask(asked, offers=[*names, *FLAT_ANSWERS], timeout_s=TIMEOUT_S)
    parsed = parse_answer(reply.message, names)
    if not isinstance(parsed, Invalid):
        return Check("refusal", "ok", "it calls a tool even when it is told not to")
    complaint = complaint_messages(reply.message, parsed, 1)
    again = await planner.ask(
        [*asked, reply.message, *complaint], offers=[*names, *FLAT_ANSWERS], timeout_s=TIMEOUT_S
    )
    if isinstance(parse_answer(again.message, names), Invalid):
        told = f"words are read as {parsed.code}, and a complaint does not bring it back: no trade"
        return Check("refusal", "note", told)
    return Check("refusal", "ok", f"words are read as {parsed.code}, a complaint brings it back")


async def _rules() -> BaseMessage:
    source = BoxSource()
    await source.open(["BTC/USD"])
    try:
        return system_message(rules_text(Policy(), source.instrument("BTC/USD")))
    finally:
        await source.close()


def _reachable(named: NamedModel) -> Check:
    address = named.spec.address if named.spec else None
    return Check("reachable", "ok", f"{address or 'its library'} answers")


def _key(named: NamedModel) -> Check:
    name = named.spec.key_name if named.spec else None
    return Check("key", "ok", f"{name} is set" if named.key else "none is needed")


def _context(named: NamedModel, planner: Planner, opening: Sequence[BaseMessage]) -> Check:
    """Whether rules, tools, a decision's own matter and the longest answer fit."""
    spec, counted = named.spec, planner.count(opening)
    limit, answer = (spec.context_tokens, spec.max_output_tokens or 0) if spec else (None, 0)
    what = "rules, tools and a chart" if Eyes(named.spec).open else "rules and tools"
    needed = f"{what} take {counted.tokens} tokens ({counted.source})"
    if limit is None:
        return Check("context", "note", f"{needed}; how long it may be was not said")
    if counted.tokens + answer >= limit:
        told = f"{needed}, the answer up to {answer}, context_tokens is {limit}; choose another"
        return Check("context", "broken", told, 2)
    if (room := limit - counted.tokens - answer) < ROOM_TOKENS:
        told = f"{needed} of {limit}; {room} are left for market and tools, which may take more"
        return Check("context", "note", told)
    return Check("context", "ok", f"{needed} of {limit}, {room} are left for market and tools")


def _price(named: NamedModel) -> Check:
    price = named.price
    if price is None:
        return Check("price", "note", "unknown; name it in the file of models to count money")
    told = f"{price.input} in, {price.cached} cached, {price.output} out, USD per million tokens"
    return Check("price", "ok", told)


def _unasked(error: Unreachable | AccessRefused | ConfigError) -> Check:
    code = 2 if isinstance(error, ConfigError) else 4
    return Check("reachable", "broken", str(error), code, {"error": type(error).__name__})


def _answered(
    named: NamedModel,
    name: str,
    reply: Reply,
    kind: type[NoTrade | PlanDraft],
    names: Sequence[str],
) -> Check:
    """Whether the answer is read as what was asked for; anything else is what it was read as.

    A server may answer with the key that it was asked with.
    """
    parsed = parse_answer(reply.message, names)
    if isinstance(parsed, kind):
        return Check(name, "ok", f"{kind.__name__} read strictly")
    if isinstance(parsed, Invalid):
        told = f"{parsed.code}: {parsed.complaint}"
    elif isinstance(parsed, Asked):
        told = f"it asked for {', '.join(call.name for call in parsed.calls)} instead"
    else:
        told = f"it answered with {type(parsed).__name__} instead"
    kept = Redactor({"key": named.key.get_secret_value()} if named.key else {}).text(told)
    return Check(name, "broken", f"{kept}; choose a model that calls tools", 2)


def _speed(reply: Reply) -> Check:
    rate = reply.usage.output_tokens / max(reply.latency_ms / 1000, 0.001)
    told = f"{reply.latency_ms:.0f} ms for {reply.usage.output_tokens} tokens, {rate:.0f} a second"
    facts = {"latency_ms": round(reply.latency_ms), "tokens_per_s": round(rate, 1)}
    return Check("speed", "ok", told, 0, facts)
