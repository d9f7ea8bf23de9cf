"""Models by name: listed, asked one after the other, and a session that keeps to its own."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Ran, plangate
from tests.servers.openai_server import FIT_PLAN, OpenAIServer, Step, fit

SLOT = ("--from", "2019-04-15T01:00:00Z", "--to", "2019-04-15T03:00:00Z", "--decisions", "1")
KEY = "an-unusual-key-1234567"
ABSTAIN: Step = {"calls": [("no_trade", {"reason": "no edge"})]}


def models_file(folder: Path, first: str, second: str, extra: str = "") -> Path:
    path = folder / "models.toml"
    path.write_text(
        f"""
        [models.main]
        model = "theirs"
        base_url = "{first}"
        key_env = "MY_OWN_KEY"
        fallback = ["spare"]
        {extra}
        [models.spare]
        kind = "vllm"
        model = "mine"
        base_url = "{second}"
        price = {{ input = 1, output = 2 }}
        """,
        encoding="utf-8",
    )
    return path


def test_the_spare_model_answers_is_named_in_the_trace_and_no_key_is_written(
    tmp_path: Path,
) -> None:
    refuses: Step = {"status": 401, "error": {"message": f"bad key {KEY}"}}
    with (
        OpenAIServer(lambda _: refuses, probes=True) as first,
        OpenAIServer(lambda _: ABSTAIN) as second,
    ):
        path = models_file(tmp_path, first.base_url, second.base_url)
        asked = ("run", "--model", "main", "--models", str(path), *SLOT, "--session", "s")
        ran = plangate(tmp_path, *asked, "--json", MY_OWN_KEY=KEY)
        assert ran.code == 0, ran.err
        models_file(tmp_path, first.base_url, second.base_url, "timeout_s = 9")
        again = plangate(tmp_path, *asked, "--json", MY_OWN_KEY=KEY)
        assert again.code == 0, again.err
        models_file(tmp_path, first.base_url, second.base_url, "temperature = 1")
        other = plangate(tmp_path, *asked, "--json", MY_OWN_KEY=KEY)
    assert first.headers[0]["authorization"] == f"Bearer {KEY}"
    (decision,) = ran.document["decisions"]
    assert decision["outcome"] == "no_trade"
    assert ran.document["cost"]["usd"] == "0.0011"
    trace = plangate(tmp_path, "traces", "show", decision["run_id"])
    assert "answer    none of main: AccessRefused" in trace.out
    assert "by spare" in trace.out
    assert ran.err.count("model 'main' cannot be asked") == 1
    assert ran.err.count("model 'main' is not fit to plan: reachable") == 1
    assert (other.code, "models was" in other.err) == (6, True)
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert KEY.encode() not in kept
    assert KEY not in ran.out + ran.err + trace.out


def test_models_are_listed_with_their_key_looked_for_and_not_shown(tmp_path: Path) -> None:
    path = models_file(tmp_path, "http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1")
    shown = plangate(tmp_path, "model", "list", "--models", str(path), "--json", MY_OWN_KEY=KEY)
    document = json.loads(shown.out)
    _, main, spare = document["models"]
    assert (main["key_env"], main["key_found"], main["price_known"]) == ("MY_OWN_KEY", True, False)
    assert (spare["key_env"], spare["price_known"]) == (None, True)
    assert {row["name"] for row in document["kinds"]} >= {"ollama:NAME", "gemini:NAME"}
    told = plangate(tmp_path, "model", "list", "--models", str(path))
    assert "openai:theirs, then spare, price unknown" in told.out
    assert KEY not in shown.out + told.out


def test_a_wrong_file_key_or_address_is_told_before_anything_starts(tmp_path: Path) -> None:
    path = models_file(tmp_path, "http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1", 'modle = "x"')
    told = plangate(tmp_path, "model", "list", "--models", str(path))
    assert (told.code, "did you mean 'model'" in told.err) == (2, True)
    models_file(tmp_path, "http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1")
    keyless = plangate(tmp_path, "run", "--model", "main", "--models", str(path), *SLOT)
    assert (keyless.code, "'MY_OWN_KEY' is not set" in keyless.err) == (2, True)
    both = plangate(
        tmp_path, "run", "--model", "spare", "--models", str(path), *SLOT,
        "--base-url", "http://127.0.0.1:9/v1",
    )  # fmt: skip
    assert (both.code, "goes with KIND:NAME" in both.err) == (2, True)


def test_a_session_whose_model_sees_keeps_the_chart_and_writes_it(tmp_path: Path) -> None:
    keys = {"MY_OWN_KEY": KEY}
    with OpenAIServer(lambda _: ABSTAIN) as server:
        path = models_file(tmp_path, server.base_url, server.base_url, "vision = true")
        asked = ("run", "--model", "main", "--models", str(path), *SLOT, "--session", "s")
        ran = plangate(tmp_path, *asked, "--json", **keys)
        assert ran.code == 0, ran.err
        models_file(tmp_path, server.base_url, server.base_url)
        blind = plangate(tmp_path, *asked, "--no-probe", "--json", **keys)
    assert (blind.code, "vision was True, now None" in blind.err) == (6, True)
    (run,) = (decision["run_id"] for decision in ran.document["decisions"])
    chart = tmp_path / "chart.png"
    shown = plangate(tmp_path, "traces", "show", run, "--chart", str(chart))
    assert "chart     768x448" in shown.out
    (_, _, image) = server.requests[0]["messages"][1]["content"]
    data = base64.b64encode(chart.read_bytes()).decode()
    assert image["image_url"]["url"] == f"data:image/png;base64,{data}"
    nowhere = plangate(tmp_path, "traces", "show", run, "--chart", str(tmp_path / "no" / "c.png"))
    assert (nowhere.code, "cannot write" in nowhere.err) == (2, True)


def statuses(ran: Ran) -> dict[str, str]:
    return {check["name"]: check["status"] for check in ran.document["checks"]}


def test_a_fit_model_passes_with_two_calls_and_its_card_is_for_people_too(tmp_path: Path) -> None:
    with OpenAIServer(fit, probes=True) as server:
        asked = ("model", "probe", "openai:gpt-4o", "--base-url", server.base_url)
        ran = plangate(tmp_path, *asked, "--json", OPENAI_API_KEY=KEY)
        assert ran.code == 0, ran.err
        told = plangate(tmp_path, *asked, OPENAI_API_KEY=KEY)
        assert len(server.requests) == 6
    assert statuses(ran) == {
        "key": "ok", "context": "note", "price": "ok", "reachable": "ok", "tool calling": "ok",
        "schema": "ok", "refusal": "ok", "speed": "ok",
    }  # fmt: skip
    assert len(server.requests[0]["tools"]) > 10
    assert "OPENAI_API_KEY is set" in told.out
    assert KEY not in ran.out + told.out


def test_a_model_that_is_said_to_see_has_to_read_a_number_in_a_picture(tmp_path: Path) -> None:
    def blind(body: dict[str, Any]) -> Step:
        asked = body["messages"][-1]["content"]
        return fit(body) if isinstance(asked, str) else {"calls": [("no_trade", {"reason": "?"})]}

    def refuses(body: dict[str, Any]) -> Step:
        asked = body["messages"][-1]["content"]
        told = {"message": "this model takes no image_url"}
        return fit(body) if isinstance(asked, str) else {"status": 400, "error": told}

    found = []
    for answers in (fit, blind, refuses):
        with OpenAIServer(answers, probes=True) as server:
            path = models_file(tmp_path, server.base_url, server.base_url, "vision = true")
            asked = ("model", "probe", "main", "--models", str(path), "--json")
            ran = plangate(tmp_path, *asked, MY_OWN_KEY=KEY)
            (check,) = (one for one in ran.document["checks"] if one["name"] == "vision")
            found.append((ran.code, check["status"]))
    assert found == [(0, "ok"), (2, "broken"), (2, "broken")]
    assert "rules, tools and a chart take" in ran.out
    assert "takes no image_url" in check["detail"]
    assert "leave out vision = true" in check["detail"]


@pytest.mark.parametrize(
    ("step", "broken", "code", "words"),
    [
        ({"content": f"I got {KEY}."}, "tool calling", 2, "NO_TOOL_CALL"),
        ({"refusal": "I cannot"}, "tool calling", 2, "REFUSED"),
        ({"calls": [("ohlcv", {})]}, "schema", 2, "it asked for ohlcv instead"),
        ({"calls": [("propose_plan", {**FIT_PLAN, "size": 3})]}, "schema", 2, "UNKNOWN_FIELD"),
        ({"status": 401, "error": {"message": f"bad {KEY}"}}, "reachable", 4, "refused the key"),
        ({"status": 404, "error": {"message": "no such model"}}, "reachable", 2, "no such model"),
        ({"status": 503}, "reachable", 4, "did not answer"),
    ],
)
def test_an_unfit_model_fails_with_what_to_change(
    tmp_path: Path, step: Step, broken: str, code: int, words: str
) -> None:
    with OpenAIServer(lambda _: step, probes=True) as server:
        ran = plangate(
            tmp_path, "model", "probe", "openai:x", "--base-url", server.base_url, "--json",
            OPENAI_API_KEY=KEY,
        )  # fmt: skip
    assert ran.code == code, ran.err
    assert statuses(ran)[broken] == "broken"
    assert words in ran.out
    assert KEY not in ran.out + ran.err


def test_a_context_too_short_for_rules_and_tools_and_no_model_at_all(tmp_path: Path) -> None:
    with OpenAIServer(fit, probes=True) as server:
        path = models_file(tmp_path, server.base_url, server.base_url, "context_tokens = 1000")
        ran = plangate(
            tmp_path, "model", "probe", "main", "--models", str(path), "--json", MY_OWN_KEY=KEY
        )
    assert (ran.code, statuses(ran)["context"]) == (2, "broken")
    rules = plangate(tmp_path, "model", "probe", "rules")
    assert (rules.code, "nothing to probe" in rules.err) == (2, True)


def test_the_local_model_is_listed_and_where_it_is_not_installed_the_command_is_said(
    tmp_path: Path,
) -> None:
    rows = json.loads(plangate(tmp_path, "model", "list", "--json").out)["models"]
    (local,) = [row for row in rows if row["name"] == "local"]
    assert (local["installed"], local["licence"]) == (False, "Apache-2.0")
    ran = plangate(tmp_path, "run", "--model", "local", *SLOT)
    assert (ran.code, "run: plangate model install local" in ran.err) == (2, True)
    empty = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    nowhere = plangate(tmp_path, "model", "install", "local", **empty)
    assert (nowhere.code, "PIP_FIND_LINKS=FOLDER" in nowhere.err) == (4, True)
    assert "licence  Apache-2.0" in nowhere.err


def test_a_session_begins_only_with_a_model_that_is_fit_and_asks_once_a_day(
    tmp_path: Path,
) -> None:
    def run(*more: str) -> Ran:
        address = ("--model", "openai:gpt-4o", "--base-url", server.base_url)
        return plangate(tmp_path, "run", *address, *SLOT, "--json", *more)

    words = True
    answer: Step = {"content": "I would not trade."}
    with OpenAIServer(lambda body: answer if words else fit(body), probes=True) as server:
        refused = run()
        assert (refused.code, "NO_TOOL_CALL" in refused.err) == (2, True)
        assert "plangate model probe openai:gpt-4o" in refused.err
        assert len(server.requests) == 2
        assert run("--no-probe").document["decisions"][0]["codes"] == ["NO_TOOL_CALL"]
        words = False
        asked = len(server.requests)
        assert [run().code, run().code] == [0, 0]
        told = [body["messages"][-1]["content"] for body in server.requests[asked:]]
    assert sum(said.startswith("This is a test") for said in told) == 2


def test_a_fork_asks_a_model_of_the_file_within_its_money_and_is_replayed(tmp_path: Path) -> None:
    assert plangate(tmp_path, "run", *SLOT, "--session", "s").code == 0
    (run,) = plangate(tmp_path, "traces", "list", "--json").document["runs"]
    with OpenAIServer(lambda _: ABSTAIN) as server:
        path = tmp_path / "models.toml"
        path.write_text(
            f'[models.spare]\nkind = "vllm"\nmodel = "m"\nbase_url = "{server.base_url}"\n'
            "max_output_tokens = 500\nprice = { input = 1, output = 2 }\n",
            encoding="utf-8",
        )
        named = ("replay", run["run_id"], "--live-from", "plan", "--models", str(path))
        dear = plangate(tmp_path, *named, "--model", "spare", "--usd-per-decision", "0.000001")
        done = plangate(tmp_path, *named, "--model", "spare", "--usd-per-decision", "0.5", "--json")
    assert dear.code == 0, dear.err
    assert "is   failed MONEY_CAP" in dear.out
    assert done.code == 0, done.err
    assert done.document["decision"]["reason"] == "no edge"
    again = plangate(tmp_path, "replay", done.document["run_id"])
    assert (again.code, again.out.count("exact: 1 of 1")) == (0, 1)
    idle = plangate(tmp_path, "replay", run["run_id"], "--models", str(path))
    assert (idle.code, "as are --models" in " ".join(idle.err.split())) == (2, True)
    aside = plangate(tmp_path, "step", "--run", run["run_id"], "--policy", "aggressive")
    assert (aside.code, "change nothing: --policy;" in aside.err) == (2, True)
