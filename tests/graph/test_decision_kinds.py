"""Every kind of decision that the docs promise is made by a model, through the graph."""

from __future__ import annotations

import re
from pathlib import Path

from agent.scripted_model import Step
from tests.graph.room import SLOT, proposal
from tests.graph.test_replan import SYMBOL, H, Room, leave, replan, room_in

PAGE = Path(__file__).parents[2] / "docs" / "planner.md"
ABSTAIN: Step = [("no_trade", {"reason": "nothing to do"})]
ADDING = "max_scale_ins_count = 1\nmax_symbol_notional_fraction = 0.9"


async def kind_of(room: Room, hour: int, answer: Step) -> str:
    """Decide and let an hour pass; what kind of decision it was, by what came of it."""
    journal = room.wired.context.journal
    held = journal.position(SYMBOL)
    final = await room.decide(SLOT + hour * H, answer)
    await room.wired.executor.advance(SLOT + (hour + 1) * H)
    match final["outcome"]:
        case "approved":
            return "open"
        case "no_trade":
            return "hold"
        case "replan":
            acts = {"replace": "REPLAN", "adjust": "adjust", "scale_in": "scale in"}
            return acts[journal.versions(journal.plans()[-1].plan.plan_id)[-1].plan.act]
        case "exit":
            if held is None:
                return "cancel"
            return "exit" if journal.position(SYMBOL) is None else "scale out"
    raise AssertionError((final["outcome"], final["codes"], final["reason"]))


async def test_all_kinds_of_the_docs_are_reached_and_no_other_is_in_their_table(
    tmp_path: Path,
) -> None:
    waiting = [
        ("open", proposal(5300, entry=5130)),
        ("REPLAN", replan(entry=5140, invalidation=5125)),
        ("cancel", leave()),
        ("hold", ABSTAIN),
    ]
    held = [
        ("open", proposal(5300)),
        ("adjust", replan(invalidation=5125)),
        ("scale in", replan(add=True, invalidation=5135, targets=[{"price": 5400}])),
        ("scale out", leave(fraction=0.5)),
        ("exit", leave()),
    ]
    for number, journey in enumerate((waiting, held)):
        async with room_in(tmp_path / str(number), ADDING) as room:
            made = [await kind_of(room, hour, step) for hour, (_, step) in enumerate(journey)]
        assert made == [name for name, _ in journey]
    _, _, below = PAGE.read_text(encoding="utf-8").partition("## What it may answer")
    table = re.findall(r"^\| ([A-Za-z ]+) \| `", below.partition("\n## ")[0], re.MULTILINE)
    assert sorted(table) == sorted({name for name, _ in waiting + held})
