"""What a user may get wrong: one clear line, the documented code, no traceback, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import plangate

HEADER = "timestamp,open,high,low,close,volume\n"
HOUR = 3_600_000
START = 1_672_531_200_000


def row(index: int, *, low: float = 99, high: float = 101, close: float = 100) -> str:
    return f"{START + index * HOUR},100,{high},{low},{close},5\n"


def write(folder: Path, rows: list[str]) -> Path:
    folder.mkdir()
    (folder / "BTCUSDT-1h.csv").write_text(HEADER + "".join(rows))
    return folder


GOOD = [row(i) for i in range(6)]


@pytest.mark.parametrize(
    ("name", "rows", "words"),
    [
        ("contradiction", [*GOOD[:3], row(2, close=99.5), *GOOD[3:]], "contradict"),
        ("future", [*GOOD, row(10**6)], "future"),
        ("nan", [*GOOD[:3], row(3, close=float("nan")), *GOOD[4:]], "nan"),
        ("negative", [*GOOD[:3], row(3, low=-1), *GOOD[4:]], "-1"),
        ("inverted", [*GOOD[:3], row(3, high=90, low=101), *GOOD[4:]], "high"),
        ("words", [*GOOD[:3], "yesterday,1,2,0,1,1\n"], "yesterday"),
        ("empty", [], "no "),
        (
            "seconds",
            [f"{(START + i * HOUR) // 1000},100,101,99,100,5\n" for i in range(5)],
            "second",
        ),
    ],
)
def test_a_malformed_csv_names_its_fault(
    tmp_path: Path, name: str, rows: list[str], words: str
) -> None:
    folder = write(tmp_path / name, rows)
    ran = plangate(tmp_path, "run", "BTC/USDT", "--market", f"files:{folder}", "--json")
    assert ran.code == 3, ran.err
    assert words in ran.err.lower()
    assert "BTCUSDT-1h.csv" in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "BTC/EUR"], 3, "BTC/USD"),
        (["run", "BTC/USDT", "--market", "files:nowhere"], 3, "nowhere"),
        (["run", "--market", "bax"], 2, "box"),
        (["run", "BTC/USDT", "--market", "ccxt:binanse"], 2, "binance"),
        (["run", "--timeframe", "7h"], 2, "4h"),
        (["run", "--from", "yesterday"], 2, "2023-02-01"),
        (["run", "--from", "2030-01-01"], 2, "2018"),
        (["run", "--from", "2019-05-01", "--to", "2019-04-01"], 2, "before"),
        (["run", "--capital", "lots"], 2, "lots"),
        (["run", "--capital", "NaN"], 2, "NaN"),
        (["run", "--capital", "-5"], 2, "-5"),
        (["run", "--every", "0"], 2, "every"),
        (["run", "--capital", "1_000"], 2, "1_000"),
        (["run", "--seed", "-1"], 2, "seed"),
        (["run", "--timeframe", "5m"], 2, "finer than the data"),
        (["run", "--to", "9999-12-31T23:59:59-23:59"], 2, "9999"),
        (["run", "--session", "../x"], 2, "letters"),
        (["run", "--model", "gpt"], 2, "openai:NAME"),
        (["run", "--model", "openai:gpt-4o"], 2, "OPENAI_API_KEY"),
        (["run", "--policy", "none.toml"], 2, "none.toml"),
        (["gate", "check", "none.json"], 2, "none.json"),
        (["report"], 6, "plangate run"),
        (["traces", "show", "x"], 6, "traces list"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_a_wrong_word_gets_one_clear_line_and_its_code(
    tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    ran = plangate(tmp_path, *words)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("risk_per_trade_fractoin = 0.01", "risk_per_trade_fraction"),
        ("risk_per_trade_fraction = 0.5", "risk_per_trade_fraction"),
        ("max_leverage_ratio = 50", "max_leverage_ratio"),
        ("risk_per_trade_fraction = nan", "risk_per_trade_fraction"),
        ("max_spread_bps = '10'", "max_spread_bps"),
        ("= broken", "TOML"),
    ],
)
def test_a_wrong_policy_refuses_to_start_and_names_the_key(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "policy.toml").write_text(line + "\n")
    ran = plangate(tmp_path, "run", "--policy", "policy.toml")
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_misspelt_variable_refuses_to_start(tmp_path: Path) -> None:
    ran = plangate(tmp_path, "run", PLANGATE_HOMES="x")
    assert ran.code == 2
    assert "PLANGATE_HOMES" in ran.err


def test_without_a_network_the_model_and_the_exchange_say_so(tmp_path: Path) -> None:
    closed = "http://127.0.0.1:9"
    model = plangate(
        tmp_path, "run", "--model", "openai:gpt-4o", "--base-url", f"{closed}/v1",
        "--from", "2019-05-01",
    )  # fmt: skip
    assert model.code == 4, model.err
    assert "did not answer" in model.err
    market = plangate(
        tmp_path, "run", "BTC/USDT:USDT", "--market", "ccxt:binanceusdm", "--market-url", closed
    )
    assert market.code == 4, market.err
    assert "Traceback" not in model.err + market.err
