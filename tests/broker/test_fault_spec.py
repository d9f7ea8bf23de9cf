"""The words for faults: named, ranged, the same text for the same faults."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from broker.chance import Act, Drawn, Silenced
from broker.fault_rates import Faults
from broker.fault_spec import PRESETS, WORDS, faults_of, read_faults
from broker.faults import FaultyBroker
from broker.patience import TRIES_COUNT, patiently
from domain.clock import FixedClock
from domain.errors import ConfigError, Unreachable
from tests.broker.kept_venue import KeptVenue
from tests.broker.test_faults import made
from tests.broker.venue import T


def test_names_presets_and_numbers_are_read() -> None:
    spec = read_faults("lost-reply=0.1, late=0.25,seed=3")
    assert (spec.seed, spec.text) == (3, "lost-reply=0.1,late=0.25,seed=3")
    assert spec.faults == Faults(
        lost_reply_fraction=0.1, late_news_fraction=0.25, hidden_fraction=0
    )
    hidden = read_faults("hidden=0.5,hidden-seconds=60").faults
    assert hidden.settles_within == timedelta(minutes=1)
    assert hidden.hidden_answers_count > 0


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_may_be_changed_and_its_text_reads_as_itself(preset: str) -> None:
    spec = read_faults(f"{preset},late=0.5,seed=9")
    assert spec.faults.late_news_fraction == 0.5
    assert read_faults(spec.text) == spec
    assert read_faults(f"seed=9,{preset}").seed == 9
    assert faults_of({"late": 0.5, "seed": 9, "preset": preset}, "x") == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no preset"),
        ("ruff", "'ruff' is no preset"),
        ("late", "'late' needs a number"),
        ("lates=0.1", "'lates' is no fault"),
        ("late=1.1", "late is '1.1', was expected within 0 to 1"),
        ("late=-0.1", "late is '-0.1'"),
        ("late=nan", "late is 'nan'"),
        ("late=", "late is ''"),
        ("late=0.1,seed=1.5", "seed is '1.5', was expected within 0 to 4294967295, whole"),
        ("late=0.1,outage-calls=0", "outage-calls is '0'"),
        ("late=0,seed=3", "no fault that ever happens"),
        ("late=0.1," * 200, "1000 at most"),
    ],
)
def test_a_wrong_word_is_refused_with_all_that_is_allowed(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_faults(text)
    assert words in str(refused.value)
    for word in WORDS:
        assert f"{word.name} ({word.range})" in str(refused.value)
    assert "Presets: rough, deaf, jumbled" in str(refused.value)


def test_a_table_with_what_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="late is True, a number was expected"):
        faults_of({"late": True}, "file")


def test_the_same_act_meets_the_same_fault_in_any_process() -> None:
    acts = [Act("send", f"order-{n}", T) for n in range(200)]
    first, second = Drawn(5), Drawn(5)
    for act in acts[:50]:  # what else was asked before does not matter
        second.happens("late", 0.5, act)
    met = [first.happens("lost-reply", 0.3, act) for act in acts]
    assert met == [second.happens("lost-reply", 0.3, act) for act in acts]
    assert 30 < sum(met) < 90
    assert met != [Drawn(6).happens("lost-reply", 0.3, act) for act in acts]


def test_an_attempt_is_not_lost_for_ever_and_a_fate_does_not_change() -> None:
    chance, act = Drawn(1), Act("find", "a", T)
    assert len({chance.happens("lost-reply", 0.5, act) for _ in range(20)}) == 2
    assert len({chance.fated("reject", 0.5, act) for _ in range(20)}) == 1
    later = act._replace(moment=T + timedelta(hours=1))
    assert chance.fated("reject", 0.5, later) == chance.fated("reject", 0.5, act)


async def test_a_hidden_order_is_shown_once_the_venue_has_had_the_time_it_asked_for() -> None:
    clock = FixedClock(T)
    venue = FaultyBroker(KeptVenue(), read_faults("hidden=1").faults, 7, clock)
    await venue.send(made())
    assert [await venue.find("a") for _ in range(5)] == [None] * 5
    assert list(await venue.working()) == []
    clock.advance_to(T + timedelta(seconds=30))
    assert await venue.find("a") is not None
    assert len(await venue.working()) == 1


async def test_each_fault_is_told_with_its_order_and_moment() -> None:
    told: list[tuple[str, str, str, datetime | None]] = []
    faults = Faults(lost_reply_fraction=1)
    venue = FaultyBroker(KeptVenue(), faults, 7, FixedClock(T), told.append)
    for act in (venue.send(made()), venue.find("a"), venue.working()):
        with pytest.raises(Silenced):
            await act
    assert [tuple(fault) for fault in told] == [
        ("lost-reply", "send", "a", T),
        ("lost-reply", "find", "a", T),
        ("lost-reply", "working", "", T),
    ]


async def test_patience_ends_and_is_only_for_faults_on_purpose() -> None:
    tries = 0

    async def silenced() -> None:
        nonlocal tries
        tries += 1
        raise Silenced("the answer did not arrive")

    async def down() -> None:
        nonlocal tries
        tries += 1
        raise Unreachable("no route")

    with pytest.raises(Unreachable, match=f"tried {TRIES_COUNT} times") as ended:
        await patiently(silenced)
    assert (tries, type(ended.value)) == (TRIES_COUNT, Unreachable)
    tries = 0
    with pytest.raises(Unreachable, match="no route"):
        await patiently(down)
    assert tries == 1
