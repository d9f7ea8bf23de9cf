"""B3: each step of a plan or order, as the database itself has noted it, against the whole table.

The table is written out here a second time, from `docs/lifecycles`; a status or step that is new
has to be entered on both sides.
"""

from __future__ import annotations

from tests.properties.order_flow_rows import LIVE, Picture

STEPS = {
    "plan": {
        "": {"approved"},
        "approved": {"working", "cancelled", "expired", "failed", "rejected"},
        "working": {"open", "cancelled", "expired", "failed"},
        "open": {"closing", "closed"},
        "closing": {"closed"},
    },
    "order": {
        "": {"pending"},
        "pending": {"sending", "cancelled", "denied", "expired"},
        "sending": {
            *("working", "cancelling", "filled", "cancelled"),
            *("denied", "rejected", "expired", "lost"),
        },
        "working": {"cancelling", "filled", "cancelled", "expired", "rejected"},
        "cancelling": {"filled", "cancelled", "expired", "rejected"},
    },
}
"""What may follow what; from what is not named here nothing follows."""


def judge_steps(now: Picture, before: Picture | None) -> None:
    """Every step since the last look is one of the table, and begins where the last one ended."""
    stand = {(s["kind"], s["name"]): s["new"] for s in before.steps} if before else {}
    for step in now.steps[len(before.steps) if before else 0 :]:
        kind, key, was, new = step["kind"], (step["kind"], step["name"]), step["was"], step["new"]
        assert stand.get(key, "") == was, f"B3 {kind} went on from {was}, was {stand.get(key)}"
        assert new in STEPS[kind].get(was, ()), f"B3 {kind} from {was!r} to {new!r}"
        stand[key] = new
    for name, plan in now.plans.items():
        assert stand["plan", name] == plan["status"], "B3 a plan's status without a step"
    for name, order in now.orders.items():
        assert stand["order", name] == order["status"], "B3 an order's status without a step"


def judge_versions(now: Picture) -> None:
    """Of each plan the versions are 1, 2, 3, ..., its head is one of them, and B4.

    An entry is sent only after those of every version before it are dead.
    """
    for name, plan in now.plans.items():
        found = [version["version"] for version in now.versions[name]]
        assert found == list(range(1, len(found) + 1)), f"B3 versions {found}"
        assert plan["version"] in found, "B3 a head that is no version"
        runs = [version["run_id"] for version in now.versions[name]]
        entries = [o for o in now.orders.values() if o["plan_id"] == name and o["leg"] == "entry"]
        entries.sort(key=lambda o: runs.index(o["run_id"]))
        sent = [o["status"] not in {"pending", "cancelled", "denied", "expired"} for o in entries]
        newest = max((n for n, was in enumerate(sent) if was), default=0)
        for earlier in entries[:newest]:
            assert earlier["status"] not in LIVE, "B4 a second entry before the first is dead"
