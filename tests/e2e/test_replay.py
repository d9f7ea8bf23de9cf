"""`plangate replay` and bundles: what they say and how they end, over one small session."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.command import plangate, unasked


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    window = (
        "BTC/USD",
        "--market",
        "box",
        "--from",
        "2019-04-06T12:00",
        "--to",
        "2019-04-06T20:00",
    )
    words = ("--every", "2", "--policy", unasked(folder), "--session", "one")
    assert plangate(folder, "run", *window, *words).code == 0
    return folder


@pytest.fixture(scope="module")
def runs(home: Path) -> list[str]:
    return [row["run_id"] for row in plangate(home, "traces", "list", "--json").document["runs"]]


@pytest.fixture(scope="module")
def bundle(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "one.plangate"
    assert plangate(home, "traces", "export", "-o", str(path)).code == 0
    return path


def test_what_comes_out_as_it_was_recorded_is_called_exact(home: Path, runs: list[str]) -> None:
    one = plangate(home, "replay", runs[0])
    assert one.code == 0
    assert one.out.startswith(f"{runs[0]}: ")
    assert one.out.endswith("exact: 1 of 1 decision\n")
    every = plangate(home, "replay", "--all")
    assert (every.code, every.out) == (0, f"exact: {len(runs)} of {len(runs)} decisions\n")
    told = plangate(home, "replay", "--all", "--session", "one", "--json").document
    assert (told["schema"], told["exact_count"]) == ("plangate.replay/1", len(runs))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "give a run's id or a bundle, or --all"),
        (("--all", "--model", "rules"), 2, "for forks"),
        (("nope",), 6, "no run begins with 'nope'; see: plangate traces list"),
        (("nope.plangate",), 2, "cannot read 'nope.plangate': No such file"),
        (("2019", "--live-from", "nowhere"), 6, "runs begin with '2019'"),
    ],
)
def test_what_cannot_be_replayed_is_said(
    home: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = plangate(home, "replay", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in " ".join(ran.err.replace("│", "").split())


def test_a_changed_decision_differs_and_is_not_handed_on(
    home: Path, runs: list[str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(home, other)
    with closing(sqlite3.connect(other / "plangate.db")) as database, database:
        database.execute(
            "UPDATE trace_event SET body = replace(body, '\"model_calls\":', '\"model_calls\":1') "
            "WHERE kind = 'run_ended' AND run_id = ?",
            [runs[0]],
        )
    differs = plangate(other, "replay", "--all")
    assert differs.code == 10
    assert f"{runs[0]} differs at record: " in differs.out
    assert differs.out.endswith(f"exact: {len(runs) - 1} of {len(runs)} decisions, 1 differ\n")
    assert plangate(other, "traces", "verify").code == 9
    refused = plangate(other, "traces", "export", "-o", str(tmp_path / "x.plangate"))
    assert refused.code == 6
    assert f"run {runs[0]!r} was changed since it was recorded, and is not bundled" in refused.err
    assert not (tmp_path / "x.plangate").exists()


def test_a_bundle_is_verified_replayed_and_taken_in_elsewhere(
    home: Path, runs: list[str], bundle: Path, tmp_path: Path
) -> None:
    there = plangate(home, "traces", "export", "-o", str(bundle))
    assert (there.code, "is there already; name another file" in there.err) == (2, True)
    named = plangate(home, "traces", "export", "-o", str(tmp_path / "x.zip"))
    assert (named.code, "expected to end in .plangate" in named.err) == (2, True)
    sound = plangate(tmp_path, "traces", "verify", str(bundle))
    assert sound.code == 0
    assert sound.out.startswith(f"{len(runs)} runs of one, ")
    assert sound.out.endswith("nothing changed since they were recorded\n")
    again = plangate(tmp_path, "replay", str(bundle))
    assert (again.code, again.out) == (0, f"exact: {len(runs)} of {len(runs)} decisions\n")
    assert not (tmp_path / "plangate.db").exists()
    for new_count in (len(runs), 0):
        taken = plangate(tmp_path, "traces", "import", str(bundle))
        assert taken.code == 0
        assert taken.out.endswith(f" texts, {new_count} of them new here\n")
    assert plangate(home, "traces", "import", str(bundle)).out.endswith("0 of them new here\n")
    begun = plangate(tmp_path, "run", "--session", "one", "--decisions", "1")
    assert begun.code == 6
    assert "use another --session, or another state folder" in begun.err
    assert plangate(tmp_path, "replay", "--all").out.startswith("exact: ")


def test_a_bundle_in_which_a_byte_was_changed_is_refused(bundle: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.plangate"
    raw = bytearray(bundle.read_bytes())
    raw[len(raw) // 2] ^= 1
    changed.write_bytes(raw)
    for words, code in ((("traces", "verify"), 9), (("traces", "import"), 2), (("replay",), 2)):
        ran = plangate(tmp_path, *words, str(changed))
        assert (ran.code, ran.out) == (code, "")
        assert "changed.plangate" in ran.err
    assert not (tmp_path / "plangate.db").exists()
