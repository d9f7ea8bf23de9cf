"""What an operator writes is read whole, or refused with a sentence that names it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import ConfigError
from policies.short_file import MAX_FILE_BYTES, parse_toml, read_short


def test_a_page_is_read_and_a_book_is_not(tmp_path: Path) -> None:
    path = tmp_path / "page.toml"
    path.write_bytes(b"x" * MAX_FILE_BYTES)
    assert len(read_short(path, "the page")) == MAX_FILE_BYTES
    path.write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(ConfigError, match="the page is larger than 65536 bytes"):
        read_short(path, "the page")


def test_a_file_that_is_not_there_is_told_with_what_else_there_is(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"cannot read the page: No such file .*; or take a preset"
    ):
        read_short(tmp_path / "none.toml", "the page", instead="; or take a preset")


def test_numbers_are_read_by_whom_they_are_for() -> None:
    assert parse_toml(b"\xef\xbb\xbfa = 0.1\n", "it") == {"a": 0.1}
    assert parse_toml(b"a = 0.1\n", "it", number=Decimal) == {"a": Decimal("0.1")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = ", "it is not TOML"),
        (b"\xff", "it is not TOML"),
        (b"a = " + b"[" * 5_000, "it is nested too deeply"),
        (b"a = " + b"9" * 5_000, "it holds a number too large or too small"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_toml(content, "it")
