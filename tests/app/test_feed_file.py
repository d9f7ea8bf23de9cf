"""Files of feeds: strict, and clear about what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.feed_file import read_feed_file
from domain.clock import FixedClock
from domain.errors import ConfigError, DataError
from tests.e2e.command import ROOT

CLOCK = FixedClock(datetime(2026, 11, 20, tzinfo=UTC))


def test_the_live_example_is_read_and_needs_its_key():
    file = read_feed_file(ROOT / "examples" / "feeds" / "live.toml")
    assert file.spec.key_names == ("COINDESK_API_KEY",)
    with pytest.raises(ConfigError, match="'COINDESK_API_KEY' is not set"):
        file.open(CLOCK)


def test_what_a_file_says_is_what_its_hash_is_of(tmp_path: Path):
    one, other = tmp_path / "a.toml", tmp_path / "b.toml"
    one.write_text('[terms]\nBTC = ["bitcoin"]\n', encoding="utf-8")
    other.write_text('# the same\nterms = {BTC = ["bitcoin"]}\n', encoding="utf-8")
    assert read_feed_file(one).content_hash == read_feed_file(other).content_hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[news]]\nname='a'\nkind='rss'", "news.0.rss.url: Field required"),
        ("[[news]]\nname='a'\nkind='rss'\nurl='file:///etc/passwd'", "https:// or http://"),
        ("[[news]]\nname='a'\nkind='rss'\nurl='https://u:p@h/x'", "user or password"),
        ("[[news]]\nname='a'\nkind='rsss'\nurl='https://h/x'", "kind"),
        ("[[news]]\nname='a'\nkind='coindesk'\nkey='k'\nkey_env='ABC'", "coindesk.key"),
        ("[[news]]\nname='A b'\nkind='rss'\nurl='https://h/x'", "news.0.rss.name"),
        ("newz=1", "newz"),
        ("[[news]]\nname='a'\nkind='recorded'\nfolder='nowhere'", "is no folder"),
        ("[[macro]]\nname='a'\nkind='daily'\nfolder='.'", "has no closes"),
        ("[[sentiment]]\nname='a'\nkind='fear_greed'\n" * 2, "two feeds are named 'a'"),
        ("news = [", "is not TOML"),
    ],
)
def test_a_wrong_file_gets_one_clear_line(tmp_path: Path, text: str, said: str):
    file = tmp_path / "feeds.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, DataError)) as told:
        read_feed_file(file).open(CLOCK)
    assert said in str(told.value)
    assert "\n" not in str(told.value) or said == "is not TOML"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"kind":"news","title":"a"}', "line 1: news.known_at: Field required"),
        ('{"kind":"gossip"}', "line 1"),
        ("{", "line 1"),
        ('{"kind":"macro","asset":"vix","value":-1,"at":"2019-01-01T00:00:00Z",'
         '"known_at":"2019-01-01T00:00:00Z"}', "macro.value"),
        ('{"kind":"sentiment","value":5,"at":"2019-01-01","known_at":"2019-01-01T00:00:00"}',
         "sentiment.known_at"),
    ],
)  # fmt: skip
def test_a_broken_record_names_file_and_line(tmp_path: Path, line: str, said: str):
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "x.jsonl").write_text(line, encoding="utf-8")
    file = tmp_path / "feeds.toml"
    file.write_text("[[news]]\nname='a'\nkind='recorded'\nfolder='seen'", encoding="utf-8")
    with pytest.raises(DataError) as told:
        read_feed_file(file).open(CLOCK)
    assert said in str(told.value)
