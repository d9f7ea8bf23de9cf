"""ccxt's tree of errors against our table, and answers that are none, by the real client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import ccxt.async_support as ccxt
import pytest
from ccxt.base.errors import error_hierarchy

from domain.errors import (
    AccessRefused,
    ConfigError,
    DataError,
    PlangateError,
    UnknownSymbol,
    Unreachable,
)
from market.sources.exchange_client import LARGEST_ANSWER_BYTES, ExchangeClient
from market.sources.exchange_errors import REACTIONS, Answer, dated, reaction_to, retry_after_s
from tests.market.test_exchange_source import BTC, NOW, history
from tests.servers.exchange_server import ExchangeServer, Failure

HOUR = (BTC, "1h", None, 10)


def names(tree: dict[str, Any]) -> Iterator[str]:
    for name, below in tree.items():
        yield name
        yield from names(below)


class Seconds:
    """A monotonic clock that is moved by hand."""

    at_s = 50.0

    def __call__(self) -> float:
        return self.at_s


@asynccontextmanager
async def client(
    *, timeout_s: float = 10, seconds: Seconds | None = None
) -> AsyncIterator[tuple[ExchangeServer, ExchangeClient]]:
    async with ExchangeServer({BTC: history(9)}, NOW) as server:
        made = ExchangeClient(
            "binanceusdm", server.url, timeout_s, (0.01, 0.02), seconds or Seconds()
        )
        try:
            await made.open()
            server.requests.clear()
            yield server, made
        finally:
            await made.close()


def test_every_class_of_ccxt_has_a_reaction_and_no_other_has() -> None:
    assert set(REACTIONS) == set(names(error_hierarchy))
    real = {
        name
        for name, each in vars(ccxt).items()
        if isinstance(each, type) and issubclass(each, ccxt.BaseError)
    }
    assert real <= set(REACTIONS)


OUR_TYPES: dict[str, type[PlangateError]] = {
    "retry": Unreachable,
    "wait": Unreachable,
    "refused": AccessRefused,
    "symbol": UnknownSymbol,
    "data": DataError,
    "config": ConfigError,
}


async def test_each_class_becomes_the_error_that_its_reaction_names() -> None:
    async with client() as (_, made):
        for name, reaction in REACTIONS.items():
            raised = getattr(ccxt, name, None) or getattr(ccxt.base.errors, name)

            async def fails(*_: object, raised: Any = raised) -> None:
                raise raised("binanceusdm said so")

            made.api.fetch_ohlcv = fails
            with pytest.raises(OUR_TYPES[reaction]) as caught:
                await made.call("fetch_ohlcv", *HOUR)
            assert type(caught.value) is OUR_TYPES[reaction], name


def test_a_class_that_a_new_ccxt_adds_takes_the_reaction_of_its_parent() -> None:
    class Hiccup(ccxt.NetworkError):  # type: ignore[misc]
        pass

    assert reaction_to(Hiccup("x"), Answer(9)) == "retry"
    assert reaction_to(RuntimeError("x"), Answer(9)) == "data"


@pytest.mark.parametrize(
    ("failure", "expected", "attempts", "said"),
    [
        (Failure(418, '{"code":-1003,"msg":"banned"}'), Unreachable, 1, "too often"),
        (Failure(429, '{"code":-1003,"msg":"slow down"}'), Unreachable, 3, "ask again later"),
        (Failure(403, "<html>WAF</html>"), Unreachable, 1, "too often"),
        (Failure(451, "<html>not from here</html>"), AccessRefused, 1, "refused"),
        (Failure(502, "<html>bad gateway</html>"), Unreachable, 3, "no answer"),
        (Failure(503, ""), Unreachable, 3, "no answer"),
        (Failure(200, "<html>log in</html>"), Unreachable, 3, "answered a web page"),
        (Failure(200, '[[1672531200000,"1","2'), Unreachable, 3, "answered cut JSON"),
        (Failure(200, ""), Unreachable, 3, "answered nothing"),
        (Failure(200, "[[1,2]]", is_cut=True), Unreachable, 3, "no answer"),
        (Failure(400, '{"code":-1021,"msg":"Timestamp outside"}'), Unreachable, 3, "no answer"),
        (Failure(400, '{"code":-1121,"msg":"Invalid symbol."}'), UnknownSymbol, 1, BTC),
        (Failure(400, '{"code":-2015,"msg":"Invalid API-key"}'), AccessRefused, 1, "refused"),
        (Failure(400, '{"code":-4141,"msg":"Symbol is closed."}'), DataError, 1, "closed"),
    ],
)
async def test_an_answer_that_is_none_is_typed_and_asked_for_as_often_as_makes_sense(
    failure: Failure, expected: type[Exception], attempts: int, said: str
) -> None:
    async with client() as (server, made):
        server.broken = {"klines": failure}
        with pytest.raises(expected, match=said):
            await made.call("fetch_ohlcv", *HOUR)
        assert server.count("klines") == attempts


async def test_ten_megabytes_are_not_read_to_their_end() -> None:
    async with client() as (server, made):
        huge = json.dumps(["x" * 1_000] * 10_000)
        assert len(huge) > 10_000_000 > LARGEST_ANSWER_BYTES
        server.broken = {"klines": Failure(200, huge)}
        with pytest.raises(DataError, match="more than 4000000 bytes"):
            await made.call("fetch_ohlcv", *HOUR)
        assert server.count("klines") == 1
        server.broken = {}
        assert await made.call("fetch_ohlcv", *HOUR)


async def test_a_body_that_dawdles_runs_into_the_timeout() -> None:
    async with client(timeout_s=0.1) as (server, made):
        server.delays_s["klines"] = 0.3
        with pytest.raises(Unreachable, match="no answer"):
            await made.call("fetch_ohlcv", *HOUR)


async def test_the_wait_that_is_asked_for_is_told_and_kept() -> None:
    seconds = Seconds()
    async with client(seconds=seconds) as (server, made):
        server.failures = [Failure(429, "{}", {"Retry-After": "3600"})]
        with pytest.raises(Unreachable, match="after 3600 s") as caught:
            await made.call("fetch_ohlcv", *HOUR)
        assert caught.value.retry_after_s == 3600
        seconds.at_s += 600
        with pytest.raises(Unreachable, match="3000 s more") as again:
            await made.call("fetch_ticker", BTC)
        assert again.value.retry_after_s == 3000
        assert [name for name, _ in server.requests] == ["klines"]
        seconds.at_s += 3000
        assert await made.call("fetch_ohlcv", *HOUR)


async def test_a_short_wait_is_waited_for() -> None:
    async with client() as (server, made):
        server.failures = [Failure(503, "{}", {"Retry-After": "0"})]
        assert await made.call("fetch_ohlcv", *HOUR)
        assert server.count("klines") == 2


async def test_answers_that_arrive_together_keep_their_own_headers() -> None:
    import asyncio

    async with client() as (server, made):
        server.broken = {
            "klines": Failure(503, "{}", {"Retry-After": "77"}),
            "24hr": Failure(503, "{}", {"Retry-After": "11"}),
        }
        found = await asyncio.gather(
            made.call("fetch_ohlcv", *HOUR), made.call("fetch_ticker", BTC), return_exceptions=True
        )
        assert [getattr(each, "retry_after_s", None) for each in found] == [77, 11]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("120", 120),
        ("0.5", 0.5),
        ("-3", 0),
        ("soon", None),
        ("inf", None),
        ("Sun, 01 Jan 2023 00:01:30 GMT", 90),
        ("Sun, 01 Jan 2023 00:01:30 -0000", 90),
        ("Sat, 31 Dec 2022 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, expected: float | None) -> None:
    assert retry_after_s(header, datetime(2023, 1, 1, tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("yesterday", None),
        ("Sun, 01 Jan 2023 00:00:00 GMT", datetime(2023, 1, 1, tzinfo=UTC)),
        ("Sun, 01 Jan 2023 00:00:00 -0000", datetime(2023, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_date_of_an_answer_is_a_moment_or_nothing(
    header: str | None, expected: datetime | None
) -> None:
    assert dated(header) == expected


async def test_the_date_of_an_answer_tells_the_time_for_a_minute() -> None:
    seconds = Seconds()
    async with client(seconds=seconds) as (server, made):
        server.failures = [Failure(200, "[]", {"Date": "Sun, 01 Jan 2023 00:00:00 GMT"})]
        await made.call("fetch_ohlcv", *HOUR)
        lead, seen = made.dated_lead(), datetime.now(UTC) - datetime(2023, 1, 1, tzinfo=UTC)
        assert lead is not None
        assert abs((lead - seen).total_seconds()) < 30
        seconds.at_s += 61
        assert made.dated_lead() is None


async def test_a_redirected_exchange_keeps_its_own_map_of_errors() -> None:
    async with client() as (_, made):
        url = made.api.urls["api"]["fapiPrivate"] + "/order"
        body = '{"code":-2019,"msg":"Margin is insufficient."}'
        with pytest.raises(ccxt.InsufficientFunds):
            made.api.handle_errors(
                400, "Bad Request", url, "POST", {}, body, json.loads(body), {}, None
            )
