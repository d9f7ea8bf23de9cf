"""`plangate tools`: the limits that hold, any tool by hand, and what was asked."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.command import plangate


def test_limits_are_shown_tried_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "tools.toml"
    text = "[tools.regime]\nallowed = false\n[tools.ohlcv]\ncost_units = 7\n"
    file.write_text(f"{text}[tools.news]\ncost_units = 2\n")
    # One file serves sessions with feeds and without.
    listed = plangate(tmp_path, "tools", "list", "--tools", str(file), "--json").document
    rows = {row["tool"]: row for row in listed["tools"]}
    assert (rows["regime"]["allowed"], rows["ohlcv"]["cost_units"]) == (False, 7)

    asked = plangate(tmp_path, "tools", "call", "ohlcv", "bars=2", "--tools", str(file), "--json")
    assert (asked.code, asked.document["cost_units"]) == (0, 7)
    assert len(asked.document["answer"]["rows"]) == 2
    hidden = plangate(tmp_path, "tools", "call", "regime", "--tools", str(file))
    assert (hidden.code, "NOT_ALLOWED" in hidden.out) == (3, True)

    words = ("run", "--from", "2019-04-15", "--to", "2019-04-16", "--every", "6", "--session", "s")
    assert plangate(tmp_path, *words, "--tools", str(file), "--json").code == 0
    other = plangate(tmp_path, *words, "--json")
    assert (other.code, "tools was" in other.err) == (6, True), "the limits belong to the session"
    stats = plangate(tmp_path, "tools", "stats", "--session", "s", "--json").document
    assert all(row["tool"] != "regime" or not row["answered_count"] for row in stats["tools"])


def test_a_file_that_is_wrong_is_told_by_key(tmp_path: Path) -> None:
    file = tmp_path / "tools.toml"
    file.write_text("[tools.ohlvc]\ncost_units = 7\n")
    ran = plangate(tmp_path, "run", "--tools", str(file))
    assert (ran.code, "did you mean 'ohlcv'" in ran.err) == (2, True)
