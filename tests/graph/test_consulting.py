"""Second opinions through the real graph: who is asked what, when, and what their votes come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agent.consensus import Terms
from agent.models import NamedModel
from agent.opinions import Opinions, Voter
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from domain.errors import AccessRefused, Unreachable
from graph.recording import plan_of
from graph.run import Runner
from tests.graph.room import SLOT, proposal, scripted, session_of, wired_session
from traces import events as ev
from traces.opinion_events import VoteCast, VotesCounted

ASK: Step = [("ohlcv", {"bars": 5}), ("regime", {})]
ABSTAIN: Step = [("no_trade", {"reason": "nothing to do"})]


def voter(name: str, *steps: Step, personality: str | None = None) -> tuple[Voter, ScriptedModel]:
    model = ScriptedModel(steps)
    return Voter(name, Planner([NamedModel(name, model)], (), max_attempts=1), personality), model


class Told:
    """What a decision with second opinions came to."""

    def __init__(
        self, final: dict[str, Any], events: Sequence[Any], drafts: Sequence[Any], said: str
    ) -> None:
        self.final, self.events, self.drafts, self.said = final, events, drafts, said

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


async def decide(
    home: Path,
    lead: list[Step],
    *others: tuple[Voter, ScriptedModel],
    repeats: Sequence[Step] = (),
    terms: Terms | None = None,
    **caps: Any,
) -> Told:
    """One decision of `lead`; every scripted step has to be played."""
    itself = voter("itself", *repeats)
    opinions = Opinions(
        tuple(one for one, _ in others),
        itself[0] if repeats else None,
        len(repeats),
        terms or Terms(),
    )
    async with wired_session(home) as wired:
        context, model = scripted(wired, lead, **caps)
        context = replace(context, opinions=opinions)
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        for each in (model, itself[1], *(asked for _, asked in others)):
            each.assert_finished()
        recorded = context.recorder.store.events(final["run_id"])
        drafts = [plan_of(context, pair[0]).draft for pair in final["versions"]]
        (document,) = context.journal.decisions()
        final["document"] = document
        said = "\n".join(message.text for asked in model.calls for message in asked)
        return Told(final, [item.event for item in recorded], drafts, said)


async def test_voters_see_the_data_and_nothing_of_the_one_who_drafted(tmp_path: Path) -> None:
    one = voter("one", proposal(5290), personality="contrarian")
    lead = [ASK, proposal(5300, thesis="SECRET THOUGHT")]
    told = await decide(tmp_path, lead, one)
    (asked,) = one[1].calls
    system, situation, calls, *results = asked
    assert "You are a contrarian" in system.text
    assert "second opinion" in system.text
    assert "Instrument: BTC/USD" in situation.text
    assert isinstance(calls, AIMessage)
    assert [call["name"] for call in calls.tool_calls] == ["ohlcv", "regime"]
    assert [m.name for m in results if isinstance(m, ToolMessage)] == ["ohlcv", "regime"]
    assert not any("SECRET THOUGHT" in message.text for message in asked)
    assert '"ohlcv"' not in one[0].planner.tools_text()
    assert told.final["outcome"] == "approved"


async def test_what_is_sent_is_the_most_careful_of_what_was_agreed(tmp_path: Path) -> None:
    told = await decide(
        tmp_path,
        [proposal(5300)],
        voter("one", proposal(5290, horizon_bars=6)),
        voter("two", proposal(5310, confidence=0.65)),
    )
    final = told.final
    assert final["outcome"] == "approved"
    first, merged = told.drafts
    assert (first.targets[0].price, first.horizon_bars) == (5300, 24)
    assert (merged.targets[0].price, merged.horizon_bars) == (5290, 6)
    assert str(merged.confidence) == "0.65"
    assert final["model_calls"] == 3
    assert final["document"]["opinions"] == {
        "code": None, "agreed_count": 3, "asked_count": 3, "flips_count": 0, "repeats_count": 0,
    }  # fmt: skip
    assert [e.agrees for e in told.of(VoteCast)] == [True, True]
    assert [e.code for e in told.of(VotesCounted)] == [None]
    assert [e.approved for e in told.of(ev.Reviewed)] == [True, True]


@pytest.mark.parametrize(
    ("votes", "repeats", "code"),
    [
        ([ABSTAIN, ABSTAIN], [], "NO_QUORUM"),
        ([proposal(5300), "just words", Unreachable("gone")], [], "NO_QUORUM"),
        ([proposal(5400)], [], "DISPERSED"),
        ([], [proposal(5300), ABSTAIN], "UNSTABLE"),
        ([ASK], [], "NO_QUORUM"),
    ],
)
async def test_without_agreement_nothing_is_done_and_it_is_said_why(
    tmp_path: Path, votes: list[Step], repeats: list[Step], code: str
) -> None:
    others = [voter(f"v{index}", step) for index, step in enumerate(votes)]
    told = await decide(tmp_path, [proposal(5300)], *others, repeats=repeats)
    assert (told.final["outcome"], told.final["codes"]) == ("no_trade", [code])
    assert told.final["orders"] == []
    assert told.final["model_calls"] == 1 + len(votes) + len(repeats)
    assert told.of(ev.RunEnded)[0].reason == told.of(VotesCounted)[0].sentence


async def test_who_cannot_answer_is_in_the_trace_with_what_was_asked(tmp_path: Path) -> None:
    told = await decide(
        tmp_path, [proposal(5300)], voter("silent", Unreachable("gone")), voter("vague", "well")
    )
    silent, vague = told.of(VoteCast)
    assert (silent.answer, silent.complaint) == ("none", "Unreachable: gone")
    assert silent.input_tokens > 0
    assert silent.cost_usd is None
    assert vague.answer == "invalid"
    assert vague.complaint.startswith("NO_TOOL_CALL")
    assert told.final["input_tokens"] >= silent.input_tokens + vague.input_tokens
    assert told.final["cost_usd"] is None


async def test_a_voter_whose_key_is_refused_is_told_of_once(tmp_path: Path) -> None:
    refused = voter("shy", *[AccessRefused("no such key")] * 2)
    opinions = Opinions((refused[0],))
    said: list[str] = []
    async with wired_session(tmp_path) as wired:
        context, _ = scripted(wired, [proposal(5300), proposal(5300)])
        session = session_of(wired, said, replace(context, opinions=opinions))
        assert wired.window is not None
        first, end = wired.window
        slots = [first + context.timeframe.delta * n for n in (1, 2)]
        await session.replay(slots, end)
        assert [d["codes"] for d in context.journal.decisions()] == [["NO_QUORUM"]] * 2
    assert said == [
        "second opinion 'shy' is silent: model 'shy' cannot be asked: no such key",
    ]


async def test_a_steady_model_is_asked_again_in_other_words_and_goes_on(tmp_path: Path) -> None:
    told = await decide(tmp_path, [ASK, proposal(5300)], repeats=[proposal(5280)] * 3)
    assert told.final["outcome"] == "approved"
    assert len(told.final["versions"]) == 1, "what it says again changes no level"
    assert [e.repeat for e in told.of(VoteCast)] == ["order", "rounding", "mirror"]
    assert len({tuple(e.messages) for e in told.of(VoteCast)}) == 3


@pytest.mark.parametrize("answer", [ABSTAIN, proposal(5200)])
async def test_what_the_gate_or_the_model_itself_turns_down_costs_no_vote(
    tmp_path: Path, answer: Step
) -> None:
    told = await decide(tmp_path, [answer], voter("one"), max_revisions_count=0)
    assert told.of(VoteCast) == []
    assert told.final["model_calls"] == 1


async def test_after_a_denial_the_votes_stand(tmp_path: Path) -> None:
    """The merged target is too near; a lower limit mends it, and nobody is asked again."""
    told = await decide(
        tmp_path,
        [proposal(5300), proposal(5300, entry=5132)],
        voter("near", proposal(5205)),
        terms=Terms(max_dispersion_atr_ratio=9),
    )
    assert len(told.of(VoteCast)) == 1
    assert "others who would do the same" in told.said
    assert [e.approved for e in told.of(ev.Reviewed)] == [True, False, True]
    assert told.final["outcome"] == "approved"
    assert told.drafts[-1].targets[0].price == 5205
    assert told.drafts[-1].entry == 5132
    assert told.final["model_calls"] == 3


async def test_a_revised_draft_keeps_to_the_side_that_was_agreed(tmp_path: Path) -> None:
    turned = proposal(5050, side="short", invalidation=5190)
    told = await decide(
        tmp_path,
        [proposal(5300), turned],
        voter("near", proposal(5205)),
        terms=Terms(max_dispersion_atr_ratio=9),
    )
    assert (told.final["outcome"], told.final["codes"]) == ("no_trade", ["NO_QUORUM"])


@pytest.mark.parametrize(
    ("caps", "code"),
    [({"max_model_calls_count": 2}, "CALLS_CAP"), ({"max_tokens_count": 9_000}, "TOKENS_CAP")],
)
async def test_who_cannot_be_asked_within_the_caps_is_not_asked_at_all(
    tmp_path: Path, caps: dict[str, int], code: str
) -> None:
    told = await decide(tmp_path, [proposal(5300)], voter("one"), voter("two"), **caps)
    assert (told.final["outcome"], told.final["codes"]) == ("failed", [code])
    assert told.of(VoteCast) == []


async def test_a_decision_that_is_made_again_asks_the_same(tmp_path: Path) -> None:
    prompts: list[list[list[BaseMessage]]] = []
    for home in ("a", "b"):
        itself = voter("itself", *[proposal(5300)] * 3)
        opinions = Opinions((), itself[0], 3)
        async with wired_session(tmp_path / home) as wired:
            context, _ = scripted(wired, [ASK, proposal(5300)])
            await Runner(replace(context, opinions=opinions), None).decide("BTC/USD", SLOT)
        prompts.append(itself[1].calls)
    assert prompts[0] == prompts[1]
