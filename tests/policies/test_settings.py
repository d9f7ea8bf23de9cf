"""The operator's file: every limit has a ceiling, and a wrong key refuses to start."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.errors import ConfigError
from policies.policy_file import load_policy, parse_policy
from policies.settings import Policy


def test_without_a_file_the_defaults_hold():
    assert load_policy(None) == Policy()
    assert len(Policy().policy_hash) == 32


def test_a_file_changes_what_it_names_and_the_hash(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text('risk_per_trade_fraction = 0.005\nsymbols = ["BTC/USD"]\n')
    policy = load_policy(path)
    assert policy.risk_per_trade_fraction == Decimal("0.005")
    assert policy.symbols == ("BTC/USD",)
    assert policy.policy_hash != Policy().policy_hash


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("risk_per_trade_fractoin = 0.01", "did you mean 'risk_per_trade_fraction'"),
        ("zzz = 1", "unknown key 'zzz'$"),
        ("risk_per_trade_fraction = 0.021", "risk_per_trade_fraction = "),
        ("min_reward_risk_ratio = 0.9", "min_reward_risk_ratio"),
        ("max_leverage_ratio = 50", "max_leverage_ratio"),
        ("max_spread_bps = nan", "max_spread_bps"),
        ("min_stop_atr_ratio = 3\nmax_stop_atr_ratio = 2", "max_stop_atr_ratio 2 was expected"),
        ('sides = ["up"]', "sides"),
        ("max_spread_bps = ", "is not TOML"),
    ],
)
def test_a_wrong_file_refuses_with_the_key(tmp_path, text, complaint):
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_policy(path)


def test_a_missing_or_binary_file_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot read policy file"):
        load_policy(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_policy(tmp_path / "bytes.toml")


def test_something_else_than_a_table_is_refused():
    with pytest.raises(ConfigError, match="policy ="):
        parse_policy(7, where="test")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("max_spread_bps = " + "9" * 5000, "number too large"),
        ("max_spread_bps = 1e99999999999999999999", "= Infinity: expected a number"),
        ("max_open_positions_count = 1e999999999", "= Infinity: expected a whole number"),
        ("max_spread_bps = 0x" + "f" * 6000, "a value too large to show"),
        ("max_spread_bps = " + "9" * 4000, "4000 characters"),
        ("symbols = " + "[" * 3000, "nested too deeply"),
        ("#" * 70_000, "larger than 65536 bytes"),
    ],
)
def test_a_file_that_overwhelms_the_parser_is_a_config_error(tmp_path, text, complaint):
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_policy(path)


def test_a_byte_order_mark_is_no_part_of_the_policy(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("max_spread_bps = 5", encoding="utf-8-sig")
    assert load_policy(path).max_spread_bps == 5


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"risk_per_trade_fraction": "0.5"}, "a number above 0 and at most 0.02, without quotes"),
        ({"risk_per_trade_fraction": Decimal("0.5")}, "= 0.5: expected a number above 0 and at mo"),
        ({"max_open_positions_count": 0}, "a whole number of at least 1 and at most 50$"),
        ({"symbols": "BTC/USD"}, r'a list of names such as \["BTC/USD"\]'),
        ({"sides": []}, 'a list with "long", "short" or both'),
    ],
)
def test_a_refused_value_is_told_what_is_allowed(raw, expected):
    with pytest.raises(ConfigError, match=expected):
        parse_policy(raw, where="test")
