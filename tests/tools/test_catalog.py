"""Each tool of the catalogue, read as the model reads it: through the desk, as JSON."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from langchain_core.tools import BaseTool

from domain.candles import Timeframe
from domain.clock import FixedClock, iso, parse_moment
from market.observe import Observer
from market.sources.recorded import RecordedMarket
from tests.tools.shop import AS_OF, BARS, HOUR, START, Shop, asked, data_of, refusal_of, request_to
from tools.catalog.cross_asset import cross_asset
from tools.catalog.funding import funding
from tools.catalog.indicators import indicators
from tools.catalog.ohlcv import MAX_BARS, ohlcv
from tools.catalog.order_book import order_book
from tools.catalog.regime import regime
from tools.desk import Desk
from tools.limits import ToolLimits
from tools.standard import standard_tools

OF_THE_MARKET = [t for t in standard_tools() if t.name not in {"position", "what_if"}]
ALL = pytest.mark.parametrize("tool", OF_THE_MARKET, ids=lambda tool: tool.name)


def rows_of(table: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    """Rows by their first column."""
    return {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["rows"]}


@ALL
async def test_every_answer_names_its_source_its_origin_and_its_age(tool: BaseTool):
    request = await request_to(Shop(perpetual=True, with_book=True), "BTC/USDT", "ETH/USDT")
    data = await data_of(tool, request)
    assert list(data)[:4] == ["id", "source", "origin", "known_at"]
    assert (data["source"], data["origin"]) == ("shop", "synthetic")
    assert AS_OF - timedelta(hours=8) < parse_moment(data["known_at"]) <= AS_OF
    assert data["symbol"] == "BTC/USDT"


@ALL
async def test_nothing_that_comes_later_changes_an_answer(tool: BaseTool):
    plain, spoilt = (Shop(perpetual=True, with_book=True) for _ in range(2))
    names = ("BTC/USDT", "ETH/USDT")
    before = await data_of(tool, await request_to(plain, *names))
    request = await request_to(spoilt, *names)
    for name in names:
        spoil_after(spoilt.market(name), 900)
    assert await data_of(tool, request) == before


def spoil_after(market: RecordedMarket, bar: int) -> None:
    """Overwrite every candle from `bar` on, in place."""
    for column in ("open", "high", "low", "close", "volume"):
        array = getattr(market.base, column)
        array.setflags(write=True)
        array[bar:] *= 7
        array.setflags(write=False)


@ALL
async def test_every_answer_fits_the_default_size_cap(tool: BaseTool):
    names = tuple(f"{base}/USDT" for base in ("BTC", "ETH", "SOL", "ADA", "XRP", "DOT", "LTC"))
    request = await request_to(Shop(perpetual=True, with_book=True), *names)
    most = {
        "ohlcv": {"bars": MAX_BARS},
        "indicators": {"names": ["adx", "ichimoku", "keltner", "ppo", "pvo", "vortex"]},
        "cross_asset": {"bars": 900},
    }
    desk = Desk([tool], ToolLimits(), FixedClock(AS_OF))
    told = await asked(desk, request, tool, **most.get(tool.name, {}))
    assert told.refusal is None, told.content


@pytest.mark.parametrize("tool", [ohlcv, indicators, regime, order_book, funding])
async def test_a_symbol_that_the_session_does_not_have_is_refused(tool: BaseTool):
    source = Shop(perpetual=True)
    await source.open(["DOGE/USDT"])
    request = await request_to(source, "BTC/USDT", "ETH/USDT")
    code, sentence = await refusal_of(tool, request, symbol="DOGE/USDT")
    assert code == "BAD_ARGUMENTS"
    assert "'DOGE/USDT', was expected to be one of BTC/USDT, ETH/USDT" in sentence


@pytest.mark.parametrize("tool", [ohlcv, indicators, regime, order_book, funding])
async def test_another_symbol_of_the_session_may_be_asked_about(tool: BaseTool):
    request = await request_to(Shop(perpetual=True), "BTC/USDT", "ETH/USDT")
    other = await data_of(tool, request, symbol="ETH/USDT")
    assert other["symbol"] == "ETH/USDT"


@pytest.mark.parametrize("tool", [ohlcv, indicators, cross_asset])
async def test_candles_finer_than_the_source_has_are_not_offered(tool: BaseTool):
    code, sentence = await refusal_of(tool, await request_to(Shop()), timeframe="5m")
    assert (code, sentence) == ("NOT_OFFERED", "shop has no 5m candles; its finest are 1h")


async def test_ohlcv_shows_the_newest_closed_candles_oldest_first():
    source = Shop()
    data = await data_of(ohlcv, await request_to(source), bars=3)
    assert data["columns"] == ["open_time", "open", "high", "low", "close", "volume"]
    opened = [parse_moment(row[0]) for row in data["rows"]]
    assert opened == [AS_OF - 3 * HOUR, AS_OF - 2 * HOUR, AS_OF - HOUR]
    newest = float(source.market("BTC/USDT").base.close[899])
    assert data["rows"][-1][4] == pytest.approx(newest, rel=1e-9)
    assert data["known_at"] == iso(AS_OF)


async def test_ohlcv_leaves_out_the_candle_that_is_still_forming():
    request = await request_to(Shop(), as_of=AS_OF + timedelta(minutes=59))
    data = await data_of(ohlcv, request, bars=1)
    assert parse_moment(data["rows"][0][0]) == AS_OF - HOUR


async def test_ohlcv_of_a_longer_timeframe_shows_whole_candles_only():
    request = await request_to(Shop(), as_of=AS_OF + 3 * HOUR)
    data = await data_of(ohlcv, request, timeframe="4h", bars=2)
    assert data["timeframe"] == "4h"
    assert [row[0] for row in data["rows"]] == ["2024-02-07T04:00:00Z", "2024-02-07T08:00:00Z"]


async def test_ohlcv_before_the_first_candle_is_an_empty_table_without_age():
    data = await data_of(ohlcv, await request_to(Shop(), as_of=START))
    assert (data["rows"], data["known_at"]) == ([], None)


async def test_indicators_say_the_same_as_the_snapshot():
    request = await request_to(Shop())
    shown = rows_of(await data_of(indicators, request))
    observer = Observer(request.source, Timeframe.H1, request.symbols)
    snapshot = await observer.snapshot("BTC/USDT", AS_OF)
    features = snapshot.decision_features
    assert features is not None
    for name, row in shown.items():
        assert row["now"] == pytest.approx(getattr(features, name), rel=1e-6)
    assert {"ema_20", "rsi_7", "atr_14", "realised_volatility"} <= set(shown)


async def test_indicators_of_some_bars_ago_are_what_was_said_then():
    source = Shop()
    now = rows_of(await data_of(indicators, await request_to(source)))
    for column, age in (("1_bar_ago", 1), ("5_bars_ago", 5)):
        then = rows_of(
            await data_of(indicators, await request_to(source, as_of=AS_OF - age * HOUR))
        )
        assert {name: row[column] for name, row in now.items()} == {
            name: row["now"] for name, row in then.items()
        }


async def test_indicators_of_the_wider_catalogue_are_added_by_name():
    data = await data_of(indicators, await request_to(Shop()), names=["sma", "donchian"])
    rows = rows_of(data)
    assert {"sma", "donchian.upper", "donchian.lower", "ema_20"} <= set(rows)
    base = Shop().load("BTC/USDT").base
    assert rows["donchian.upper"]["now"] == pytest.approx(float(base.high[880:900].max()))
    assert rows["sma"]["5_bars_ago"] == pytest.approx(float(base.close[695:895].mean()))


async def test_an_unknown_indicator_is_refused_with_near_misses():
    code, sentence = await refusal_of(indicators, await request_to(Shop()), names=["donchan"])
    assert code == "BAD_ARGUMENTS"
    assert "did you mean donchian" in sentence


async def test_indicators_that_warm_up_are_null_and_said_to_be():
    request = await request_to(Shop(), as_of=START + 60 * HOUR)
    data = await data_of(indicators, request)
    assert rows_of(data)["ema_20"]["now"] is None
    assert rows_of(data)["bollinger_middle"]["now"] is not None
    assert data["missing"] == ["warming up: 60 of 300 bars"]


async def test_indicators_of_the_first_candle_have_no_past():
    data = await data_of(indicators, await request_to(Shop(), as_of=START + HOUR))
    assert rows_of(data)["close"]["now"] is not None
    assert rows_of(data)["close"]["1_bar_ago"] is None


async def test_indicators_without_any_candle_fail_and_say_why():
    code, sentence = await refusal_of(indicators, await request_to(Shop(), as_of=START))
    assert code == "FAILED"
    assert "no 1h candle of BTC/USDT is closed at 2024-01-01T00:00:00Z" in sentence


async def test_the_regime_is_that_of_the_snapshot():
    request = await request_to(Shop(), "BTC/USDT", "ETH/USDT")
    data = await data_of(regime, request)
    snapshot = await Observer(request.source, Timeframe.H1, request.symbols).snapshot(
        "BTC/USDT", AS_OF
    )
    for name, value in snapshot.regime.model_dump(mode="json").items():
        assert data[name] == (pytest.approx(value, rel=1e-6) if type(value) is float else value)
    assert data["breadth_fraction"] is not None


async def test_the_regime_says_why_to_sit_out_and_what_is_missing():
    data = await data_of(regime, await request_to(Shop(), as_of=START + 60 * HOUR))
    assert data["sit_out"] is True
    assert data["sit_out_reasons"] == ["Indicators are warming up: 60 of 300 closed candles."]
    assert any("volatility percentile" in gap for gap in data["missing"])


async def test_the_book_of_the_source_shows_spread_depth_and_flow():
    data = await data_of(order_book, await request_to(Shop(perpetual=True, with_book=True)))
    assert data["book"] == "synthetic"
    assert (data["bid"], data["ask"], data["mid"]) == (99.99, 100.01, 100.0)
    assert data["spread_bps"] == 2.0
    assert data["depth_base"]["columns"] == [
        "within_bps", "bids", "asks", "imbalance", "book_ends_nearer"
    ]  # fmt: skip
    assert data["depth_base"]["rows"] == [
        [5, 3.0, 1.0, 0.5, False],
        [10, 3.0, 3.0, 0.0, True],
        [20, 8.0, 3.0, 0.4545455, True],
    ]
    assert data["trade_flow"]["buy_base"] == 3.0
    assert data["trade_flow"]["buy_share"] == 0.75
    assert data["open_interest_base"] == 1234.5
    assert data["missing"] == []


async def test_a_book_made_from_candles_is_called_modelled_and_is_that_of_the_snapshot():
    request = await request_to(Shop())
    data = await data_of(order_book, request)
    snapshot = await Observer(request.source, Timeframe.H1, request.symbols).snapshot(
        "BTC/USDT", AS_OF
    )
    assert snapshot.book is not None
    assert (data["book"], data["source"]) == ("modelled", "shop (modelled)")
    assert data["source"] == snapshot.provenance["book"].source
    assert (data["bid"], data["ask"]) == (float(snapshot.book.bid), float(snapshot.book.ask))
    assert data["trade_flow"] is None
    assert data["missing"] == ["trades: shop offers none", "open interest: shop offers none"]


async def test_a_book_that_cannot_even_be_modelled_is_not_offered():
    code, sentence = await refusal_of(order_book, await request_to(Shop(volume=0.0)))
    assert code == "NOT_OFFERED"
    assert "none can be modelled" in sentence
    early = await refusal_of(order_book, await request_to(Shop(), as_of=START))
    assert early[0] == "NOT_OFFERED"


async def test_funding_shows_the_rate_its_past_and_the_next_payment():
    request = await request_to(Shop(perpetual=True), as_of=AS_OF + timedelta(minutes=30))
    data = await data_of(funding, request)
    assert data["rate_fraction"] == 0.0001
    assert data["annualised_fraction"] == pytest.approx(0.0001 * 3 * 365)
    assert (data["interval_hours"], data["next_in_hours"]) == (8, 3.5)
    assert data["known_at"] == "2024-02-07T08:00:00Z"
    assert data["next_at"] == "2024-02-07T16:00:00Z"
    assert data["recent_rates_oldest_first"] == [0.0001] * 12
    assert data["recent_mean_fraction"] == pytest.approx(0.0001)


async def test_funding_of_spot_is_not_offered():
    told = await refusal_of(funding, await request_to(Shop()))
    assert told == ("NOT_OFFERED", "BTC/USDT is spot, which pays no funding")


async def test_funding_that_the_source_lacks_or_does_not_know_yet_is_not_offered():
    source = Shop(perpetual=True)
    early = await refusal_of(funding, await request_to(source, as_of=START + HOUR))
    assert early[0] == "NOT_OFFERED"
    assert "knows no funding rate of BTC/USDT at 2024-01-01T01:00:00Z" in early[1]
    told = await refusal_of(funding, await request_to(Shop(perpetual=True, with_funding=False)))
    assert told == ("NOT_OFFERED", "shop offers no funding rates")


async def test_cross_asset_compares_the_symbols_with_the_one_decided_on():
    source = Shop()
    data = await data_of(cross_asset, await request_to(source, "ETH/USDT", "BTC/USDT"), bars=100)
    rows = rows_of(data)
    btc, eth = (source.market(f"{base}/USDT").base.close[799:900] for base in ("BTC", "ETH"))
    assert list(rows) == ["ETH/USDT", "BTC/USDT"]
    row = rows["BTC/USDT"]
    assert row["common_bars"] == 100
    assert row["return_window"] == pytest.approx(float(btc[-1] / btc[0] - 1), rel=1e-5)
    assert row["return_24_bars"] == pytest.approx(float(btc[-1] / btc[-25] - 1), rel=1e-5)
    strength = btc[-1] / btc[0] - eth[-1] / eth[0]
    assert row["relative_strength"] == pytest.approx(float(strength), rel=1e-5)
    expected = np.corrcoef(np.diff(np.log(btc)), np.diff(np.log(eth)))[0, 1]
    assert row["correlation"] == pytest.approx(float(expected), rel=1e-5)
    assert rows["ETH/USDT"]["relative_strength"] == 0
    assert rows["ETH/USDT"]["correlation"] == pytest.approx(1)


async def test_cross_asset_shows_prices_in_btc():
    source = Shop()
    request = await request_to(source, "BTC/USDT", "ETH/USDT", "SOL/USDT", "ADA/EUR")
    ratios = rows_of((await data_of(cross_asset, request))["ratios"])
    btc, eth = (source.market(f"{base}/USDT").base.close for base in ("BTC", "ETH"))
    assert list(ratios) == ["ETH/BTC", "SOL/BTC"], "ADA is priced in another quote"
    assert ratios["ETH/BTC"]["ratio"] == pytest.approx(float(eth[899] / btc[899]), rel=1e-6)


async def test_cross_asset_names_what_no_source_here_has():
    data = await data_of(cross_asset, await request_to(Shop()))
    assert data["ratios"]["rows"] == []
    for name in ("btc_dominance", "spy", "qqq", "vix", "dxy", "gold", "eth_btc"):
        assert f"{name}: no feed of the session has it" in data["missing"]
    assert data["risk_appetite"] == {"score": None, "label": None}
    assert any(gap.startswith("ETH/BTC:") for gap in data["missing"])


async def test_cross_asset_pairs_only_candles_of_the_same_time():
    source = Shop()
    source.first_bars["NEW"] = 890
    source.first_bars["LATE"] = BARS - 5
    request = await request_to(source, "BTC/USDT", "NEW/USDT", "LATE/USDT")
    data = await data_of(cross_asset, request)
    rows = rows_of(data)
    assert rows["NEW/USDT"]["common_bars"] == 9
    assert rows["NEW/USDT"]["correlation"] is None, "nine returns are noise"
    assert rows["NEW/USDT"]["return_24_bars"] is None
    assert rows["BTC/USDT"]["common_bars"] == 168, "one young symbol does not shorten the others"
    assert "LATE/USDT" not in rows
    assert "LATE/USDT: no closed 1h candle" in data["missing"]


async def test_cross_asset_has_no_correlation_with_what_does_not_move():
    data = await data_of(cross_asset, await request_to(Shop(), "BTC/USDT", "STILL/USDT"))
    assert rows_of(data)["STILL/USDT"]["correlation"] is None
    assert rows_of(data)["STILL/USDT"]["return_window"] == 0


async def test_cross_asset_without_a_candle_of_the_decided_symbol_fails():
    code, sentence = await refusal_of(cross_asset, await request_to(Shop(), as_of=START))
    assert (code, "no 1h candle of BTC/USDT is closed yet" in sentence) == ("FAILED", True)


async def test_the_same_question_has_the_same_bytes_for_an_answer():
    contents = []
    for _ in range(2):
        request = await request_to(Shop(perpetual=True, with_book=True), "BTC/USDT", "ETH/USDT")
        desk = Desk(standard_tools(), ToolLimits(), FixedClock(AS_OF))
        contents.append([(await asked(desk, request, name)).content for name in desk.names])
    assert contents[0] == contents[1]
    assert all(json.loads(content) for content in contents[0])
