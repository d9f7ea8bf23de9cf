from __future__ import annotations

import pytest

from tests.market.features_page import DOCS, PAGE, PARTS, PICTURES, page, pictures


def test_the_page_says_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "renew it: python -m tests.market.features_page"
    )


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_show_what_the_code_computes(name: str) -> None:
    picture = DOCS / "images" / f"feature-{name}.svg"
    assert picture.read_text(encoding="utf-8") == pictures()[name]


def test_every_field_that_is_shown_says_what_it_is() -> None:
    said = [field.description for _, model, _, _ in PARTS for field in model.model_fields.values()]
    assert sum(1 for words in said if words) > 60
