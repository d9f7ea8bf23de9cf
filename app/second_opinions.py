"""A session's voters: the models behind the names of `--consensus`, and the limits they bring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from agent.models import NamedModel
from agent.opinions import Opinions, Voter
from agent.planner import Planner
from agent.prompt import prompt_hash
from agent.voter_prompt import voting_hash
from app.modelling import opened_voter
from app.opinion_options import VoterOption
from app.options import SessionOptions
from app.settings import Settings
from policies.personalities import policy_with
from policies.policy_file import load_policy
from policies.settings import Policy

ITSELF = "itself"
"""What the session's model is called where it is asked again."""
StandIn = Callable[[str], BaseChatModel]
"""A model in place of a voter's, by its name."""


def session_policy(options: SessionOptions, given: Policy | None) -> Policy:
    """The session's policy, tightened by the limits of every personality at the table.

    Raises:
        ConfigError: no such policy, or personalities that contradict it.
    """
    return policy_with(given or load_policy(options.policy), options.opinions.personalities)


@asynccontextmanager
async def opened_opinions(
    options: SessionOptions,
    settings: Settings,
    home: Path,
    models: Sequence[NamedModel],
    stand_in: StandIn | None = None,
) -> AsyncIterator[Opinions]:
    """Everybody who is asked, with the ways to answer and no data tools, until the block ends.

    A voter of another model is asked without those that its file names in its place: an opinion of
    somebody else is not the one that was asked for. Models that several share are one client.

    Args:
        options: What was asked for.
        settings: The environment.
        home: State folder.
        models: The session's own, in the order in which they are asked.
        stand_in: Models in place of those that the options name.

    Raises:
        ConfigError: no such model, no key for it, or a package that is missing.
        StateError: the local model's server did not start.
    """
    asked, shared = options.opinions, {one.name: one for one in models}
    again = VoterOption(ITSELF, asked.personality, None)
    async with AsyncExitStack() as stack:

        async def opened(voter: VoterOption) -> Voter:
            chosen, name = list(models), voter.model
            if stand_in is not None:
                chosen = [NamedModel(name or options.model, stand_in(voter.name))]
            elif name is not None:
                if name not in shared:
                    opening = opened_voter(name, options, settings, home)
                    shared[name] = await stack.enter_async_context(opening)
                chosen = [shared[name]]
            return Voter(voter.name, Planner(chosen, (), seed=options.seed), voter.personality)

        voters = tuple([await opened(voter) for voter in asked.voters])
        itself = await opened(again) if asked.repeats_count else None
        yield Opinions(voters, itself, asked.repeats_count, asked.terms, asked.personality)


def others_of(opinions: Opinions, models: Sequence[NamedModel]) -> list[NamedModel]:
    """The voters' models that are not the session's own, each once."""
    known = {id(one.model) for one in models}
    found = {id(m.model): m for voter in opinions.voters for m in voter.planner.models}
    return [one for key, one in found.items() if key not in known]


def prompts_hash(options: SessionOptions) -> str:
    """The hash of the session's prompts, with what personalities and voters are told."""
    shared, asked = prompt_hash(options.prompt, charts=options.vision), options.opinions
    others = bool(asked.voters) or asked.repeats_count > 0
    return voting_hash(shared, asked.personalities, others=others)
