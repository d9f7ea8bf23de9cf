"""Feeds without their future say of each moment what whole ones say; a leak of theirs shows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from domain.clock import FixedClock, parse_moment
from market.feeds.daily import DailyFiles
from market.feeds.open import open_feeds
from market.feeds.protocol import Feeds
from market.feeds.recorded import RecordedFeed
from market.feeds.spec import read_spec
from market.feeds.tampered import TamperedFeed, tampered_feeds
from market.sources.tampered import Tampering

EXAMPLE = Path(__file__).parents[3] / "examples" / "feeds" / "offline.toml"
MOMENTS = [parse_moment(f"2019-04-0{day}T{hour:02}:00") for day in (1, 2, 3) for hour in (1, 9, 18)]


def opened() -> Feeds:
    import tomllib

    spec = read_spec(tomllib.loads(EXAMPLE.read_text()), "the example")
    return open_feeds(spec, EXAMPLE.parent, FixedClock(MOMENTS[0]), {})


async def told(feeds: Feeds, as_of: datetime) -> list[object]:
    return [
        *[await feed.items(as_of) for feed in feeds.news],
        *[await feed.readings(as_of) for feed in feeds.sentiment],
        *[await feed.observations(as_of) for feed in feeds.macro],
    ]


@pytest.mark.parametrize("how", ["ended", "corrupted"])
async def test_every_question_about_a_moment_has_the_same_answer(how: Tampering) -> None:
    whole, other = opened(), tampered_feeds(opened(), how)
    answers = [await told(whole, at) for at in MOMENTS]
    assert answers == [await told(other, at) for at in MOMENTS]
    assert answers[0] != answers[-1]
    assert [feed.name for feed in other.news] == [feed.name for feed in whole.news]


@pytest.mark.parametrize("how", ["ended", "corrupted"])
async def test_what_is_known_later_is_gone_or_garbage(how: Tampering) -> None:
    early, late = MOMENTS[0], MOMENTS[-1]
    for feed in (*opened().news, *opened().macro):
        assert isinstance(feed, RecordedFeed | DailyFiles)
        world = TamperedFeed(feed, how).world(early)
        later = [one for one in feed.known if early < one.known_at <= late]
        left = [one for one in world.known if early < one.known_at <= late]
        assert later
        assert (left == []) if how == "ended" else all(bad not in later for bad in left)
