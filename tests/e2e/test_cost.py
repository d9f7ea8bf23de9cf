"""`plangate cost` and the caps, from the command line."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from tests.e2e.command import plangate
from tests.servers.openai_server import OpenAIServer, Step

MODELS = """
[models.main]
kind = "vllm"
model = "gpt-4o"
base_url = "{url}"
max_output_tokens = 200
price = {{ input = 2.5, cached = 1.25, output = 10 }}

[models.free]
kind = "vllm"
model = "no-price"
base_url = "{url}"
"""
WINDOW = ("--from", "2019-04-15", "--to", "2019-04-15T12:00:00Z", "--every", "2")
NO: Step = {"calls": [("no_trade", {"reason": "quiet"})]}
ASKS: Step = {"calls": [("regime", {})]}


def run(home: Path, file: Path, model: str, *words: str) -> tuple[int, str]:
    done = plangate(
        home, "run", "--models", str(file), "--model", model, *WINDOW, "--no-probe", *words
    )
    return done.code, " ".join(done.err.split())


def test_what_models_cost_and_a_cap_that_ends_it(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    with OpenAIServer([ASKS, NO, NO, NO, NO]) as server:
        file.write_text(MODELS.format(url=server.base_url))
        session = ("--session", "s", "--decisions", "2")
        assert run(tmp_path, file, "main", *session, "--usd-per-session", "0.2")[0] == 0
        document = json.loads(plangate(tmp_path, "cost", "--json").out)
        assert (document["total"]["calls_count"], document["total"]["unsettled_count"]) == (3, 0)
        # 600 fresh at 2.5, 400 cached at 1.25, 50 out at 10, a million of each.
        assert Decimal(document["total"]["usd"]) == 3 * Decimal("0.0025")
        assert Decimal(document["usd_per_decision"]) == Decimal("0.00375")
        parts = {row["name"]: Decimal(row["usd"]) for row in document["by_tool"]}
        assert set(parts) == {"regime", "(the rest of the prompt)", "(answers)"}
        assert sum(parts.values()) == Decimal(document["total"]["usd"])
        assert 0 < parts["regime"] < parts["(the rest of the prompt)"]
        stats = plangate(tmp_path, "traces", "stats", "--session", "s", "--json").document
        assert Decimal(stats["tools"]["regime"]["usd"]) == parts["regime"]
        shown = plangate(tmp_path, "cost", "--symbol", "btc/usd").out
        assert "0.0075 USD for 3 calls of models; 0.00375 a decision (2), no plan accepted" in shown
        assert "0.0075 USD for 3 calls" in " ".join(plangate(tmp_path, "report").out.split())

        code, said = run(tmp_path, file, "main", "--session", "s", "--usd-per-session", "0.008")
        assert code == 2
        assert "of the 0.008 USD of the session 's' are spent or set aside" in said
        assert len(server.requests) == 3
        code, said = run(tmp_path, file, "free", "--usd-per-day", "1")
        assert code == 2
        assert "nobody named price and max_output_tokens of model 'free'" in said
        code, said = run(tmp_path, file, "main", "--usd-per-day", "a lot")
        assert (code, "--usd-per-day 'a lot' was expected to be US dollars" in said) == (2, True)


def test_nothing_was_spent_where_rules_planned(tmp_path: Path) -> None:
    assert plangate(tmp_path, "cost").code == 6
    assert plangate(tmp_path, "run", *WINDOW).code == 0
    told = plangate(tmp_path, "cost")
    assert (told.code, told.out) == (0, "")
    assert "rules cost nothing" in told.err
