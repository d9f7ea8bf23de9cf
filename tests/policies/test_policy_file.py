"""Every limit has a hard range, every refusal names it, and the presets lie in order within it."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import ConfigError
from policies.case_document import policy_document
from policies.policy_file import (
    _short,
    allowed,
    load_policy,
    parse_policy,
    policy_text,
    preset,
)
from policies.presets import PRESETS
from policies.settings import DEFAULTS, WORDS, Policy, window
from policies.short_file import MAX_FILE_BYTES
from policies.tightening import MANAGED, NUMBERS, TIGHTER, is_tighter

WHOLE = {name for name in NUMBERS if Policy.model_fields[name].annotation is int}


def bound(name: str, *kinds: str) -> Decimal:
    for part in Policy.model_fields[name].metadata:
        for kind in kinds:
            if hasattr(part, kind):
                return Decimal(getattr(part, kind))
    raise AssertionError(f"{name} has none of the bounds {kinds}")


def test_every_number_has_a_floor_a_ceiling_and_a_direction_in_which_it_is_tighter():
    for name in {*NUMBERS, *MANAGED}:
        assert bound(name, "gt", "ge") < bound(name, "lt", "le"), name
    assert set(TIGHTER) == set(NUMBERS)
    assert set(NUMBERS) | MANAGED | WORDS == set(Policy.model_fields)


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_beyond_its_range_refuses_with_key_value_and_range(name):
    low, high = bound(name, "gt", "ge"), bound(name, "lt", "le")
    for value in (low - 1, high + 1):
        with pytest.raises(ConfigError) as refused:
            parse_policy({name: int(value) if name in WHOLE else value}, where="the test")
        assert f"the test: {name} = {value}: expected " in str(refused.value)
        assert allowed(name) in str(refused.value)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["0.01", True, None, [1], Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_refuses_with_key_and_range(name, value):
    with pytest.raises(ConfigError) as refused:
        parse_policy({name: value}, where="the test")
    assert f"{name} = " in str(refused.value)
    assert allowed(name) in str(refused.value)


@pytest.mark.parametrize(("name", "value", "expected"), [
    ("symbols", "BTC/USD", 'a list of names such as ["BTC/USD"]'),
    ("sides", ["up"], '"long", "short" or both'),
    ("blackouts", ["tomorrow"], "a list of windows such as"),
    ("blackouts", ["2026-01-28T20:00:00Z/2026-01-28T18:00:00Z"], "a list of windows such as"),
    ("blackouts", ["2026-01-28/soon"], "a list of windows such as"),
    ("required_tools", 7, "a list of tool names"),
    ("stop_mode", "loose", '"widen" or "strict"'),
    ("majors", [1], "a list of base assets"),
])  # fmt: skip
def test_a_wrong_word_refuses_with_key_and_what_was_expected(name, value, expected):
    with pytest.raises(ConfigError) as refused:
        parse_policy({name: value}, where="the test")
    assert name in str(refused.value)
    assert expected in str(refused.value)


def test_every_wrong_key_is_complained_of_at_once():
    with pytest.raises(ConfigError) as refused:
        parse_policy({"max_spred_bps": 5, "cooldown_bars": -1, "zzz": 0}, where="the test")
    for part in ("did you mean 'max_spread_bps'?", "cooldown_bars = -1", "unknown key 'zzz'"):
        assert part in str(refused.value)


def test_the_stop_band_has_to_be_open():
    with pytest.raises(ConfigError, match="max_stop_atr_ratio 2 was expected above"):
        parse_policy({"min_stop_atr_ratio": 2, "max_stop_atr_ratio": 2}, where="the test")


def test_no_environment_variable_sets_a_limit(monkeypatch):
    for name in Policy.model_fields:
        monkeypatch.setenv(name, "0.0123")
        monkeypatch.setenv(f"PLANGATE_{name}".upper(), "0.0123")
    assert load_policy(None) == Policy()


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_is_known_by_its_name_and_stays_within_the_ceilings(name):
    policy = load_policy(Path(name))
    assert policy == preset(name) == parse_policy(dict(PRESETS[name]), where="test")
    for key in NUMBERS:
        assert bound(key, "gt", "ge") <= getattr(policy, key) <= bound(key, "lt", "le")


def test_conservative_is_tighter_than_balanced_and_balanced_than_aggressive():
    assert preset("balanced") == DEFAULTS
    for name, looser, tighter in (
        ("conservative", DEFAULTS, preset("conservative")),
        ("aggressive", preset("aggressive"), DEFAULTS),
    ):
        for key in set(PRESETS[name]) & set(NUMBERS):
            assert is_tighter(key, getattr(tighter, key), getattr(looser, key)), (name, key)
    assert set(preset("conservative").sides) < set(DEFAULTS.sides)


def test_a_missing_file_offers_the_presets():
    with pytest.raises(ConfigError, match="one of the presets conservative, balanced, aggressive"):
        load_policy(Path("no-such-file.toml"))


def test_a_window_begins_before_it_ends():
    start, end = window("2026-01-28T18:45:00Z/2026-01-28T20:00:00+00:00")
    assert (end - start).total_seconds() == 4500
    for text in ("2026-01-28", "2026-01-28/2026-01-28", "a/b"):
        with pytest.raises(ValueError, match=r"expected|Invalid"):
            window(text)


def test_margin_is_reckoned_at_the_smaller_of_the_two_leverages():
    assert Policy().margin_leverage_ratio == 2
    assert Policy(max_position_leverage_ratio=Decimal(1)).margin_leverage_ratio == 1


@pytest.mark.parametrize("text", ["1e1", "10.0", "1_0.00"])
def test_two_ways_to_write_one_limit_are_one_policy(text):
    written = parse_policy(
        tomllib.loads(f"max_spread_bps = {text}", parse_float=Decimal), where="the test"
    )
    assert written == Policy()
    assert written.policy_hash == Policy().policy_hash
    again = parse_policy(policy_document(written), where="the test")
    assert again.policy_hash == written.policy_hash


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_policy_written_as_a_file_is_read_back_the_same(tmp_path, name):
    text = policy_text(preset(name), "A title")
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    again = load_policy(path)
    assert (again, again.policy_hash) == (preset(name), preset(name).policy_hash)
    assert text.startswith("# A title\n")
    for key in Policy.model_fields:
        assert f"# Allowed: {allowed(key)}.\n{key} = " in text


def test_a_preset_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ConfigError, match="no preset 'yolo'; the presets are conservative, bal"):
        preset("yolo")


@pytest.mark.parametrize(("written", "read"), [
    ("1.0e30", "1.0E+30"), ("1.0e31", "Infinity"), ("-1.0e31", "-Infinity"), ("inf", "Infinity"),
    ("1.0e-30", "1.0E-30"), ("1.0e-31", "0"), ("1e99999999999999999999", "Infinity"),
])  # fmt: skip
def test_a_number_that_no_limit_could_take_is_cut_short(written, read):
    assert str(_short(written)) == read


def test_a_file_of_the_largest_size_is_read(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("max_spread_bps = 5\n" + "#" * (MAX_FILE_BYTES - 19), encoding="utf-8")
    assert path.stat().st_size == MAX_FILE_BYTES
    assert load_policy(path).max_spread_bps == 5
    path.write_text(path.read_text(encoding="utf-8") + "#", encoding="utf-8")
    with pytest.raises(ConfigError, match="is larger than 65536 bytes"):
        load_policy(path)


def test_a_complaint_names_the_file_and_every_place(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('sides = ["up"]\nmax_spread_bps = true', encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_policy(path)
    sides = 'expected a list with "long", "short" or both'
    assert str(refused.value) == (
        f"policy file {str(path)!r}: sides.0 = 'up': {sides}; sides = ['up']: {sides}; "
        "max_spread_bps = True: expected a number above 0 and at most 100, without quotes"
    )
    path.write_text("max_spread_bps =", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"policy file {str(path)!r} is not TOML")):
        load_policy(path)
    path.write_text("min_stop_atr_ratio = 3\nmax_stop_atr_ratio = 2", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"policy = \{'min_stop_atr_ratio': .*was expected above"):
        load_policy(path)


@pytest.mark.parametrize(("length", "shown"), [
    (78, f"'{'u' * 78}'"), (79, f"'{'u' * 79}… (81 characters)"),
])  # fmt: skip
def test_a_value_is_shown_to_eighty_characters(length, shown):
    with pytest.raises(ConfigError, match=re.escape(f"stop_mode = {shown}: expected")):
        parse_policy({"stop_mode": "u" * length}, where="it")


def test_a_value_that_cannot_be_written_down_is_said_to_be_too_large():
    with pytest.raises(ConfigError, match=r"= a value too large to show: expected"):
        parse_policy({"max_spread_bps": 10**5000}, where="it")


def test_a_policy_as_a_file_says_what_each_key_means():
    lines = policy_text(Policy(symbols=("ΒTC/USD",)), "A title").splitlines()
    assert lines[:3] == [
        "# A title",
        "# Every limit that the gate enforces. Check it: plangate policy check FILE",
        "# Paper trading only; no advice, no promise of profit.",
    ]
    for field in Policy.model_fields.values():
        assert f"# {' '.join(field.description.split())}" in lines
    assert 'symbols = ["ΒTC/USD"]' in lines


def test_a_key_is_only_likened_to_one_that_is_near():
    for key in ("max_spread", "sprd"):
        with pytest.raises(ConfigError) as refused:
            parse_policy({key: 1}, where="it")
        assert ("did you mean 'max_spread_bps'" in str(refused.value)) is (key == "max_spread")


def test_a_window_of_three_moments_is_none():
    with pytest.raises(ValueError, match=r"'2026-01-29/2026-01-30'"):
        window("2026-01-28/2026-01-29/2026-01-30")
