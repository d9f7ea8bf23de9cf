"""What re-gating found, as documents for programs; the terminal's words are made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.document import DISCLAIMER
from app.walking import Ended, Record
from backtest.outcome import Outcome, difference
from backtest.regate import Judged, codes_changed
from backtest.resampling import Interval, reality_check
from backtest.walk import Walked
from domain.clock import iso
from journal.books import Journal
from journal.operator import acts_since
from policies.settings import Policy

ACTING = frozenset({"approved", "replan", "exit"})
"""Outcomes that leave an order intent."""


@dataclass(frozen=True)
class Regated:
    """A record under one policy."""

    judged: list[Judged]
    ended: Ended | None
    """What the walk came to."""


def document(
    journal: Journal,
    record: Record,
    policy: Policy,
    found: Regated,
    was: Ended | None,
    no_walk: str | None,
) -> dict[str, Any]:
    """One session under another policy."""
    return {
        "schema": "plangate.regate/1",
        "disclaimer": DISCLAIMER,
        **_head(journal, record),
        "other_policy_hash": policy.policy_hash,
        "flips": _flips(found.judged, was, found.ended),
        "codes": [
            {"code": code, "was": before, "now": after}
            for code, (before, after) in codes_changed(found.judged).items()
        ],
        "walk": _walk(was, found.ended),
        "no_walk": no_walk,
    }


def grid_document(
    journal: Journal,
    record: Record,
    found: Sequence[tuple[Mapping[str, str], Regated]],
    was: Ended | None,
    no_walk: str | None,
) -> dict[str, Any]:
    """One session under many policies; ranked by what was earned where there is one currency."""
    rows = [_trial(values, one, was) for values, one in found]
    apart = [_apart(was, one.ended) for _, one in found]
    ranked = all(one is not None for one in apart) and bool(apart)
    best = max(range(len(rows)), key=lambda n: rows[n]["more_than_own"]) if ranked else None
    return {
        "schema": "plangate.regate_grid/1",
        "disclaimer": DISCLAIMER,
        **_head(journal, record),
        "walk_of_own_policy": [_purse(one) for one in was.outcomes] if was else None,
        "trials": rows,
        "best": None if best is None else rows[best]["values"],
        "best_by": "more_than_own",
        "reality_check_p": reality_check([one for one in apart if one is not None]),
        "no_walk": no_walk,
    }


def _head(journal: Journal, record: Record) -> dict[str, Any]:
    config, plans = journal.config(), [plan for _, plans in record for plan in plans]
    why = Counter(plan.why for plan in plans if plan.why)
    return {
        "session": journal.session,
        "market": config["market"],
        "from": iso(record[0][0].as_of),
        "to": iso(record[-1][0].as_of),
        "policy_hash": config["policy_hash"],
        "decisions_count": len(record),
        "plans_count": len(plans),
        "judged_count": len(plans) - sum(why.values()),
        "not_judged": dict(why),
        "by_hand_count": len(acts_since(journal.database, journal.session, 0)),
    }


def _flips(found: Sequence[Judged], was: Ended | None, now: Ended | None) -> list[dict[str, Any]]:
    """Every decision that comes out otherwise, as it stood or on the walk, oldest first."""
    before, after = _by_run(was), _by_run(now)
    rows = []
    for one in found:
        run_id = one.decision.run_id
        walked = None
        if run_id in before and run_id in after:
            walked = (before[run_id].outcome, after[run_id].outcome)
        if one.flip is None and (walked is None or _acts(walked[0]) == _acts(walked[1])):
            continue
        codes = [] if walked is None else _last_codes(after[run_id])
        rows.append(
            {
                "run_id": run_id,
                "as_of": iso(one.decision.as_of),
                "symbol": one.decision.symbol,
                "flip": one.flip,
                "because": [{"code": f.code, "sentence": f.sentence} for f in one.because],
                "no_longer": list(one.no_longer),
                "walked": None if walked is None else {"was": walked[0], "now": walked[1]},
                "walked_codes": codes,
            }
        )
    return rows


def _acts(outcome: str) -> bool:
    return outcome in ACTING


def _by_run(ended: Ended | None) -> dict[str, Walked]:
    return {one.decision.run_id: one for one in ended.walked} if ended else {}


def _last_codes(walked: Walked) -> list[str]:
    return list(walked.verdicts[-1].codes) if walked.verdicts else []


def _walk(was: Ended | None, now: Ended | None) -> dict[str, Any] | None:
    if was is None or now is None:
        return None
    pairs = list(zip(was.outcomes, now.outcomes, strict=True))
    return {
        "market": now.source,
        "filled_on": now.base_timeframe,
        "decisions_count": len(now.walked),
        "unknown_count": sum(one.outcome == "unknown" for one in now.walked),
        "was": [_purse(one) for one in was.outcomes],
        "now": [_purse(one) for one in now.outcomes],
        "difference": [_difference(*pair) for pair in pairs],
    }


def _purse(outcome: Outcome) -> dict[str, Any]:
    row = asdict(outcome)
    del row["earned"]
    return {
        **row,
        "net_interval": _ends(outcome.net_interval),
        "drawdown_interval": _ends(outcome.drawdown_interval),
    }


def _difference(was: Outcome, now: Outcome) -> dict[str, Any]:
    more, interval = difference(was, now)
    return {"currency": now.currency, "net": more, "interval": _ends(interval)}


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _trial(values: Mapping[str, str], one: Regated, was: Ended | None) -> dict[str, Any]:
    flips = Counter(judged.flip for judged in one.judged if judged.flip)
    row: dict[str, Any] = {"values": dict(values), "flips": dict(flips)}
    if was is None or one.ended is None:
        return {**row, "outcomes": None, "more_than_own": None, "interval": None, "unknown": None}
    only = len(was.outcomes) == 1
    more, interval = difference(was.outcomes[0], one.ended.outcomes[0]) if only else (None, None)
    return {
        **row,
        "outcomes": [_purse(outcome) for outcome in one.ended.outcomes],
        "more_than_own": more,
        "interval": _ends(interval),
        "unknown": sum(walked.outcome == "unknown" for walked in one.ended.walked),
    }


def _apart(was: Ended | None, now: Ended | None) -> list[float] | None:
    """What a trial earned more, moment by moment; None where there is no one currency."""
    if was is None or now is None or len(was.outcomes) != 1:
        return None
    before, after = was.outcomes[0].earned, now.outcomes[0].earned
    return [b - a for a, b in zip(before, after, strict=True)]
