from __future__ import annotations

import json

import pytest

from app.cli.output import json_text

HOSTILE = '\x1b[31m \x9b31m \x7f \u202e \u200b \U000e0041 \ud800 ü \u2028 "\\ \n'


@pytest.mark.parametrize("indent", [None, 2])
def test_json_moves_no_terminal_and_means_the_same(indent: int | None) -> None:
    text = json_text({HOSTILE: [HOSTILE]}, indent=indent)
    assert json.loads(text) == {HOSTILE: [HOSTILE]}
    assert all(character == "\n" or character.isprintable() for character in text)
    assert "ü" in text
