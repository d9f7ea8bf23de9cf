"""The file of limits: what it may say, and what it is told when it says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError
from tools.limits import ToolLimits
from tools.limits_file import load_limits

SERVER = '[mcp.p]\ncommand = "x"\ntools = ["a"]\n'


def read(folder: Path, text: str) -> ToolLimits:
    file = folder / "tools.toml"
    file.write_text(text, encoding="utf-8")
    return load_limits(file)


def test_without_a_file_the_defaults_hold():
    assert load_limits(None) == ToolLimits()


def test_an_entry_of_a_tool_goes_before_the_default_key_by_key(tmp_path: Path):
    limits = read(
        tmp_path,
        "calls_per_decision_count = 5\n[default]\nmax_latency_s = 3\ncost_units = 2\n"
        '[tools.ohlcv]\ncost_units = 0\nwhen = "first_turn"\n',
    )
    assert limits.calls_per_decision_count == 5
    ohlcv, other = limits.of("ohlcv"), limits.of("funding")
    assert (ohlcv.cost_units, ohlcv.max_latency_s, ohlcv.when) == (0, 3, "first_turn")
    assert (other.cost_units, other.max_latency_s, other.when) == (2, 3, "always")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("calls = 3", "unknown key 'calls'"),
        ("[defualt]\n", "unknown key 'defualt', did you mean 'default'"),
        ("[default]\nper_minute = 3", "default.per_minute', did you mean 'per_minute_count'"),
        ("[tools.a]\nmax_latency = 3", "tools.a.max_latency', did you mean 'max_latency_s'"),
        ("[tools.a]\nmax_latency_s = '3'", "tools.a.max_latency_s = '3': Input should be"),
        ("[tools.a]\nmax_latency_s = inf", "less than or equal to 120"),
        ("[tools.a]\nallowed = 1", "tools.a.allowed = 1: Input should be a valid boolean"),
        ("[tools.a]\nwhen = 'never'", "tools.a.when = 'never'"),
        (SERVER + "env = ['A=B']", "mcp.p.env.0 = 'A=B'"),
        (SERVER + "url = 'http://x'", "expected either command or url"),
        (SERVER + "comand = 'x'", "mcp.p.comand', did you mean 'command'"),
        ("[mcp.p]\ncommand = 'x'", "mcp.p.tools is required"),
        ("[mcp.p]\nurl = 'ftp://x'\ntools = ['a']", "mcp.p.url = 'ftp://x'"),
        ("[langchain.g]\nobject = 'os.system'", "langchain.g.object = 'os.system'"),
        ("[", "is not TOML"),
        ("# " + "x" * 70_000, "larger than 65536 bytes"),
    ],
)
def test_what_a_file_may_not_say_is_told_by_key(tmp_path: Path, text: str, sentence: str):
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert sentence in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"cannot read tools file '.*none\.toml'"):
        load_limits(tmp_path / "none.toml")
