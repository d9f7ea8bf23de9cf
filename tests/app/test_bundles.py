"""A decision as a file, opened in an empty state folder, replayed, held fast in a test."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.bundles import assert_exact, exported, imported, replayed_bundle, verified_bundle
from app.replaying import replay_document
from domain.errors import ConfigError
from graph.run import Runner
from tests.graph.room import proposal, wired_session
from tests.graph.test_replay import ASK, SLOT, SYMBOL, own, scripted


async def _decide(home: Path) -> str:
    async with wired_session(home) as wired:
        context, _ = scripted(wired, [ASK, proposal(5160), proposal(5300)])
        final = await Runner(own(context), None).decide(SYMBOL, SLOT)
    run_id: str = final["run_id"]
    return run_id


def test_a_decision_is_replayed_from_its_bundle_in_an_empty_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.plangate"
    monkeypatch.setenv("PLANGATE_HOME", str(tmp_path / "from"))
    run_id = asyncio.run(_decide(tmp_path / "from"))
    done = exported([run_id[:14]], None, path)
    assert (done["runs_count"], done["sessions"]) == (1, ["s"])
    with pytest.raises(ConfigError, match="is there already"):
        exported([], "s", path)
    monkeypatch.setenv("PLANGATE_HOME", str(tmp_path / "empty"))
    document = asyncio.run(replayed_bundle(path, lambda _made, _total: None))
    assert (document["exact_count"], document["runs"][0]["outcome"]) == (1, "approved")
    assert verified_bundle(path)["events_count"] == done["events_count"]
    assert not (tmp_path / "empty").exists()
    assert_exact(path)
    assert imported(path)["added_count"] == 1
    told = replay_document(run_id, None, lambda _made, _total: None)
    assert (told["session"], told["exact_count"]) == ("s", 1)
