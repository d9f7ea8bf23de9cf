"""What a run was decided by, apart from the world: kept with each run, so that a replay has it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from agent.consensus import Terms
from agent.prompt import prompt_hash
from agent.prompt_budget import PromptBudget
from agent.voter_prompt import voting_hash
from domain.candles import Timeframe
from domain.strict_json import exact, loads
from graph.attention import Attention
from graph.caps import Caps
from graph.context import RunContext
from policies.case_document import policy_document
from policies.settings import Policy

MOST_BYTES = 1_000_000
"""A text of terms is no longer."""


class Asked(BaseModel):
    """Somebody whose opinion is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    personality: str | None


class RunTerms(BaseModel):
    """The same for every run of a session, unless its policy file was changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    model: str
    policy: Policy
    caps: Caps
    symbols: tuple[str, ...]
    timeframe: Timeframe
    replay: bool
    """Whether time was the session's own."""
    charts: bool
    prompt: PromptBudget
    attention: Attention
    account: str
    """Enters the client order ids."""
    personality: str | None
    voters: tuple[Asked, ...]
    itself: bool
    """Whether the model is asked again."""
    repeats_count: int
    agreement: Terms

    @property
    def text(self) -> str:
        """As JSON in which each limit keeps its digits."""
        body = self.model_dump(mode="json", exclude={"policy"})
        return exact(body | {"policy": policy_document(self.policy)})

    def prompts_hash(self) -> str:
        """Of the prompts as this release has them."""
        shared = prompt_hash(self.prompt, charts=self.charts)
        named = (self.personality, *(voter.personality for voter in self.voters))
        personalities = dict.fromkeys(name for name in named if name)
        others = bool(self.voters) or self.repeats_count > 0
        return voting_hash(shared, personalities, others=others)


def read_terms(text: str) -> RunTerms:
    """From `RunTerms.text`.

    Raises:
        ValueError: it is none, or has limits that this release does not know.
    """
    return RunTerms.model_validate(loads(text, max_bytes=MOST_BYTES))


def terms_of(context: RunContext) -> RunTerms:
    """What runs of this context are decided by."""
    opinions = context.opinions
    return RunTerms(
        model=context.planner.model_name,
        policy=context.policy,
        caps=context.caps,
        symbols=context.symbols,
        timeframe=context.timeframe,
        replay=context.replay,
        charts=context.charts,
        prompt=context.prompt,
        attention=context.attention,
        account=context.account_name,
        personality=opinions.personality,
        voters=tuple(Asked(name=v.name, personality=v.personality) for v in opinions.voters),
        itself=opinions.itself is not None,
        repeats_count=opinions.repeats_count,
        agreement=opinions.terms,
    )
