from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.strict_json import JsonRefused, canonical, content_hash, loads


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"a": 1, "a": 2}', "DUPLICATE_KEY", "'a' stands twice"),
        ('{"a": NaN}', "NUMBER_INVALID", "NaN"),
        ('{"a": Infinity}', "NUMBER_INVALID", "Infinity"),
        ('{"a": -Infinity}', "NUMBER_INVALID", "-Infinity"),
        ('{"a": 1e999999999}', "NUMBER_INVALID", "out of bounds"),
        ('{"a": 1e-40}', "NUMBER_INVALID", "out of bounds"),
        ('{"a": 1234567890123.5}', "NUMBER_INVALID", "out of bounds"),
        ('{"a": 0.1234567890123456789}', "NUMBER_INVALID", "18 significant digits"),
        ('{"a": ' + "9" * 400 + "}", "NUMBER_INVALID", "400 characters"),
        ('{"a": 59_400}', "SCHEMA_INVALID", "not JSON"),
        ('{"a": ١٢٣}', "SCHEMA_INVALID", "not JSON"),
        ('{"a": 1', "SCHEMA_INVALID", "not JSON"),
        ("", "SCHEMA_INVALID", "not JSON"),
        ("[" * 100_000, "SCHEMA_INVALID", "bytes"),
        ("[" * 20 + "]" * 20, "SCHEMA_INVALID", "nested deeper"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "SCHEMA_INVALID", "nested"),
        ('{"a": "\ud800"}', "SCHEMA_INVALID", "Unicode"),
        ('{"a": "' + "x" * 70_000 + '"}', "SCHEMA_INVALID", "70009 bytes"),
    ],
)
def test_what_a_model_must_not_say_is_refused(text: str, code: str, words: str) -> None:
    with pytest.raises(JsonRefused, match=words.replace("(", r"\(")) as caught:
        loads(text)
    assert caught.value.code == code


def test_deep_nesting_under_a_large_byte_cap_is_refused_without_a_crash() -> None:
    with pytest.raises(JsonRefused, match="nested"):
        loads("[" * 60_000 + "]" * 60_000, max_bytes=1_000_000)


def test_numbers_are_exact() -> None:
    value = loads('{"price": 43210.10, "count": 3, "zero": 0.0, "neg": -1.5}')
    assert value == {
        "price": Decimal("43210.10"),
        "count": 3,
        "zero": Decimal("0.0"),
        "neg": Decimal("-1.5"),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_canonical_text_reads_back_and_hashes_alike(value: object) -> None:
    again = loads(canonical(value))
    assert again == value
    assert content_hash(again) == content_hash(value)


def test_the_order_of_keys_does_not_change_the_hash() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert len(content_hash("text")) == 32
