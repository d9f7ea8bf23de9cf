"""Documents made to keep a parser busy are refused before they are parsed."""

from __future__ import annotations

import pytest

from domain.errors import DataError
from market.feeds.markup_bounds import MAX_ATTRIBUTES_COUNT, MAX_TAGS_COUNT, require_bounded
from tests.market.feeds.samples import rss

ENTITY = '<!DOCTYPE r [<!ENTITY a "aaaa">]><rss>&a;</rss>'


def attributes(count: int, value: str = "1") -> bytes:
    given = " ".join(f'a{n}="{value}"' for n in range(count))
    return f"<rss {given}>".encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<rss>" + b"<b>" * MAX_TAGS_COUNT, "30001 tags"),
        (("<rss>" + "<b>" * MAX_TAGS_COUNT).encode("utf-16"), "30001 tags"),
        (attributes(MAX_ATTRIBUTES_COUNT + 1), "more than 100 attributes"),
        (attributes(MAX_ATTRIBUTES_COUNT + 1, ">"), "more than 100 attributes"),
        (attributes(MAX_ATTRIBUTES_COUNT + 1)[:-1] + b'"' * 100_000, "more than 100 attributes"),
        (ENTITY.encode("utf-32"), "declares XML entities"),
        (f'<?xml version="1.0" encoding="cp037"?>{ENTITY}'.encode("cp037"), "encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><+ACE-ENTITY', "encoding"),
        (b"<?xml encoding='unicode_escape'?>\\x3c!ENTITY", "encoding"),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="no-such"?><rss/>', "encoding"),
    ],
)
def test_what_would_take_minutes_or_hides_itself_is_refused(body: bytes, why: str):
    with pytest.raises(DataError, match=why):
        require_bounded(body, "feed")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "UTF-8", "utf-16", "utf-32", "iso-8859-1", "windows-1251", "shift_jis", "gb18030"],
)
def test_what_feeds_are_written_in_is_let_pass(encoding: str):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    picture = '<img src="data:image/png;base64,' + "A=" * 50 + '">'
    require_bounded((head + rss().decode().partition("?>")[2] + picture).encode(encoding), "feed")


def test_a_tag_with_as_many_attributes_as_are_read_is_let_pass():
    require_bounded(attributes(MAX_ATTRIBUTES_COUNT), "feed")
