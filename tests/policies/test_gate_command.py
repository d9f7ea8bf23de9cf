"""The file that `plangate gate check` is given: UTF-8 text, whatever editor wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import plangate

EXAMPLE = Path(__file__).parents[2] / "examples" / "cases" / "approved-long.json"


def test_a_byte_order_mark_is_no_part_of_the_case(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8-sig")
    ran = plangate(tmp_path, "gate", "check", str(path))
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_another_encoding_is_a_config_error_and_no_verdict(tmp_path, encoding):
    path = tmp_path / "case.json"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding=encoding)
    ran = plangate(tmp_path, "gate", "check", str(path))
    assert ran.code == 2, ran.err
    assert "UTF-8" in ran.err
    assert "Traceback" not in ran.err
