from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from domain.strict_json import content_hash
from tests.traces.handmade import PLAN, RUN, ended, opened, record_run, recorder, started
from traces.telemetry import append_line, decision_line


def test_one_line_holds_what_was_seen_decided_and_had(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    record_run(to)
    line = decision_line("made", RUN, to.store.events(RUN))
    assert line | {"snapshot": "-"} == {
        "session": "made",
        "run_id": RUN,
        "symbol": "BTC/USD",
        "as_of": "2019-05-12T14:00:00Z",
        "model": "rules",
        "policy_hash": "a1" * 16,
        "prompt_hash": "b2" * 16,
        "market": "box",
        "terms": None,
        "fork_of": None,
        "snapshot": "-",
        "last": "7012.5",
        "missing_count": 1,
        "sit_out": False,
        "chart": content_hash("aGFuZG1hZGU="),
        "answer": "plan",
        "side": "long",
        "entry": None,
        "invalidation": "6900",
        "confidence": "0.72",
        "plan_id": PLAN,
        "version": 2,
        "review_approved": True,
        "review_codes": [],
        "wanted_quantity": "0.25",
        "wanted_price": "7013.2",
        "outcome": "approved",
        "reason": "",
        "codes": [],
        "model_calls": 3,
        "tool_calls": 1,
        "input_tokens": 5200,
        "output_tokens": 410,
        "cost_usd": "0.0123",
        "duration_ms": 4321.0,
        "expected_price": "7012.5",
        "filled_price": "7014.6",
        "filled_quantity": "0.25",
        "slippage_bps": "2.956",
        "fee": "1.75365",
        "filled_at": "2019-05-12T14:01:00Z",
    }
    assert len(line["snapshot"]) == 32


def test_what_did_not_happen_is_absent_and_what_is_unknown_is_none(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    to.record(RUN, "observe", started())
    to.record(RUN, "record", ended("no_trade"))
    line = decision_line("made", RUN, to.store.events(RUN))
    assert line["cost_usd"] is None
    assert not {"plan_id", "filled_price", "side"} & set(line)


def test_lines_are_whole_json_even_when_many_write_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.jsonl"
    with ThreadPoolExecutor(8) as pool:
        for n in range(200):
            pool.submit(append_line, path, {"n": n, "text": "line\nbreak ü" * 50})
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(line["n"] for line in lines) == list(range(200))
    assert {line["schema"] for line in lines} == {"plangate.telemetry/1"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
