"""A question put otherwise is the same question."""

from __future__ import annotations

import re
from random import Random

from langchain_core.messages import HumanMessage

from agent.perturbation import mirrored, reordered, reworded, rounded, shuffled_sections
from policies.explain import rules_text
from policies.settings import DEFAULTS
from tests.policies.cases import make_case


def test_numbers_keep_five_digits_and_nothing_else_moves() -> None:
    text = (
        'ema 5154.4567 at 2019-04-15T01:00:00.123Z [0.0001234567,123456.78,-3.14159265] "x":12.5, 7'
    )
    assert rounded(text) == (
        'ema 5154.5 at 2019-04-15T01:00:00.123Z [0.00012346,123460,-3.1416] "x":12.5, 7'
    )


def test_sections_change_places_and_keep_their_words() -> None:
    text = "Top\n\n## A\n\na\n\n## B\n\nb\n\n## C\n\nc\n"
    seen = {shuffled_sections(text, Random(seed)) for seed in range(30)}
    assert len(seen) == 6
    for each in seen:
        assert each.startswith("Top\n\n## ")
        assert sorted(each.split()) == sorted(text.split())
    assert shuffled_sections("no sections", Random(1)) == "no sections"


def test_both_sides_are_named_in_the_other_order() -> None:
    rules = rules_text(DEFAULTS, make_case().instrument)
    turned = mirrored(rules)
    assert "short or long" in turned
    assert turned.index("Short: every target < entry") < turned.index("Long: invalidation < entry")
    assert sorted(re.findall(r"\w+", turned)) == sorted(re.findall(r"\w+", rules))


def test_an_image_stays_what_it_is() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,1.2345678"}}
    message = HumanMessage([{"type": "text", "text": "1.2345678"}, image])
    assert reworded(message, rounded).content == [{"type": "text", "text": "1.2346"}, image]


def test_the_same_seed_lays_evidence_out_alike() -> None:
    assert reordered(range(9), Random("r/1")) == reordered(range(9), Random("r/1"))
    assert sorted(reordered(range(9), Random("r/1"))) == list(range(9))
