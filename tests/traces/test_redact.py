from __future__ import annotations

import hashlib
import json
import random
import time
import uuid

import pytest

from domain.orders import client_order_id
from tests.spellings import LETTERS, canaries, found, spellings
from traces.redact import Redactor


@pytest.mark.parametrize("name", spellings("x"))
def test_a_known_secret_is_found_in_every_spelling(name: str) -> None:
    secrets = canaries(40)
    redactor = Redactor({str(n): secret for n, secret in enumerate(secrets)})
    for secret in secrets:
        clean = redactor.text(f"before {spellings(secret)[name]} after")
        assert "[redacted:known:" in clean, name
        assert found(clean, secret) == []
        assert clean.startswith("before ")
        assert clean.endswith(" after")


@pytest.mark.parametrize("depth", range(6))
def test_a_known_secret_is_found_in_json_however_deep(depth: int) -> None:
    for secret in (
        *canaries(40),
        'a"b"c"d"e',
        "C:\\me\\key",
        "tab\tand\nline",
        '"quoted"',
        "\\\\\\\\",
    ):
        redactor = Redactor({"k": secret})
        text = f"before {secret} after"
        for _ in range(depth):
            text = json.dumps({"said": text}, ensure_ascii=depth % 2 == 0)
        clean = redactor.text(text)
        for _ in range(depth):
            clean = json.loads(clean)["said"]
        assert clean.startswith("before ")
        assert clean.endswith(" after")
        assert secret not in clean or not secret.strip("\\")


def test_the_fingerprint_is_keyed_and_tells_equal_secrets() -> None:
    first, second = Redactor({"a": "hunter2-hunter2"}), Redactor({"a": "hunter2-hunter2"})
    one, other = first.text("x hunter2-hunter2 y hunter2-hunter2").split(" y ")
    assert one.removeprefix("x ") == other
    assert first.text("hunter2-hunter2") != second.text("hunter2-hunter2")
    assert hashlib.blake2b(b"hunter2-hunter2").hexdigest()[:6] not in one


def test_the_longest_of_two_overlapping_secrets_is_taken_whole() -> None:
    redactor = Redactor({"short": "abcdef", "long": "abcdefghijkl"})
    assert "ghijkl" not in redactor.text("abcdefghijkl")


def test_known_values_too_short_to_be_secrets_leave_words_alone() -> None:
    assert Redactor({"KEY": "paper"}).text("a paper trade") == "a paper trade"


VENDOR_KEYS = {
    "anthropic": "sk-ant-api03-" + "aB3" * 20,
    "openrouter": "sk-or-v1-" + "0a" * 32,
    "openai": "sk-proj-" + "aB3_" * 12,
    "openai old": "sk-" + "aB3d" * 12,
    "google": "AIza" + "aB3_-" * 7,
    "telegram": "123456789:AA" + "b" * 33,
    "slack": "xoxb-123456789012-abcdef",
    "github": "ghp_" + "aB3d" * 9,
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXBhcnQ",
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB\n-----END RSA PRIVATE KEY-----",
    "bearer": "Bearer abc.def-0123456789",
    "basic": "basic dXNlcjpwYXNzd29yZDE=",
    "dsn": "postgres://trader:hunter22@db.example/one",
    "private_key": "0x" + "1a" * 32,
    "signature": "signature=" + "9f" * 32,
}


@pytest.mark.parametrize("kind", VENDOR_KEYS)
def test_vendors_key_formats_are_known(kind: str) -> None:
    secret = VENDOR_KEYS[kind]
    for text in (f"error: {secret} was refused", json.dumps({"error": f"bad {secret}"})):
        clean = Redactor({}).text(text)
        assert "[redacted:" in clean
        assert secret[8:] not in clean
        assert json.dumps(secret)[9:-1] not in clean


@pytest.mark.parametrize(
    "text",
    [
        '{"api_key": "pa55-w0rd!", "n": 1}',
        '{"X-MBX-APIKEY":"pa55-w0rd!"}',
        json.dumps({"arguments": json.dumps({"client_secret": "pa55-w0rd!"})}),
        "{'Authorization': 'pa55-w0rd!'}",
        "GET /order?symbol=BTC&access_token=pa55-w0rd!&x=1",
        "PASSWORD=pa55-w0rd!",
    ],
)
def test_values_under_keys_that_name_a_secret_are_replaced_in_text(text: str) -> None:
    clean = Redactor({}).text(text)
    assert "pa55" not in clean
    assert "[redacted:key:" in clean
    assert Redactor({}).text(clean).count("redacted") == 1


@pytest.mark.parametrize("key", ["secret", "refreshToken", "Api-Key", "COOKIES", "dsn", "passwd"])
def test_no_spelling_of_a_key_hides_its_value(key: str) -> None:
    for name in (key, key.upper(), f"my_{key}_{'9' * 38}", f"{key}İıſ-K", f"token token {key}"):
        for given in (f'"{name}" : "pa55w0rd"', f"'{name}': 'pa55w0rd'", f"{name}=pa55w0rd"):
            inner = json.dumps(given, ensure_ascii=False)
            for text in (given, inner, f"{'price ' * 999}{given}"):
                assert "pa55" not in Redactor({}).text(text), text


def test_values_under_keys_that_name_a_secret_are_replaced_in_values() -> None:
    body = {"a": {"api-key": "pa55-w0rd!", "cookie": ["pa55-w0rd!"]}, "tokens": 12, "n": None}
    clean = Redactor({}).value(body)
    assert "pa55" not in json.dumps(clean)
    assert clean["tokens"] == 12
    assert clean["n"] is None


def test_a_text_does_not_hide_the_secret_of_the_next_one() -> None:
    texts = ['tokens": "', 'password": "pa55-w0rd!"']
    assert "pa55" not in str(Redactor({}).value(texts))
    assert "pa55" not in str(Redactor({}).value(dict(zip("ab", texts, strict=True))))


@pytest.mark.parametrize("first", ["tokens", "input_tokens", "token_count", "secret_tokens"])
def test_a_harmless_key_does_not_take_the_next_key_for_its_value(first: str) -> None:
    said = Redactor({}).text(f'{first}": "\npassword": "pa55-w0rd!"')
    assert "pa55" not in said
    assert "pa55" not in Redactor({}).text('password": "a", "password": "pa55-w0rd!"')


def test_a_secret_used_as_a_key_is_replaced_too() -> None:
    assert "hunter2-hunter2" not in str(
        Redactor({"a": "hunter2-hunter2"}).value({"hunter2-hunter2": 1})
    )


def test_json_with_something_redacted_is_still_json() -> None:
    source = random.Random(3)
    parts = [*VENDOR_KEYS.values(), "https://a", "me@home", "token", 'quote " and \\', "x:y@z", "ü"]
    for _ in range(500):
        body = {source.choice(parts): [source.choice(parts), {"key": source.choice(parts)}]}
        for text in (json.dumps(body), json.dumps({"inner": json.dumps(body)})):
            json.loads(Redactor({"k": "quote"}).text(text))


def test_what_we_write_ourselves_is_never_redacted() -> None:
    source = random.Random(5)
    redactor = Redactor({"OPENAI_API_KEY": "sk-proj-abcdefgh12345678"})
    for _ in range(500):
        digest = hashlib.blake2b(source.randbytes(8), digest_size=16).hexdigest()
        texts = [
            digest,
            f"task-{digest}",
            f"0x{digest}",
            client_order_id("paper", digest, 1, "entry"),
            str(uuid.UUID(int=source.getrandbits(128))),
            f"btc-usd-20190512t140000z-{digest[:8]}",
            f"{source.random() * 1e5:.8f}",
            str(source.random()),
            "2019-05-12T14:00:00Z",
            f"https://example.org/{digest}?page=2",
        ]
        assert redactor.text(" ".join(texts)) == " ".join(texts)
        assert redactor.value({"id": texts, digest: digest}) == {"id": texts, digest: digest}


@pytest.mark.parametrize(
    "prose",
    [
        "Basic understanding of risk-adjusted returns",
        "the token: BTC; tokens=1200 and token_count=15",
        '{"tokens_from":"provider","token":"BTC","input_tokens":"120000"}',
        "a bearer of bad news, high and right",
        "risk-management and ask-bid spread",
        "mail me@home about https://example.org: soon",
    ],
)
def test_ordinary_prose_is_left_alone(prose: str) -> None:
    assert Redactor({}).text(prose) == prose


def test_a_large_text_with_nothing_to_hide_is_quick() -> None:
    redactor = Redactor({str(n): secret for n, secret in enumerate(canaries(4, LETTERS))})
    text = ("the market is right, high volume, 7485.1 at 2019-05-12T14:00:00Z " * 1300)[:80_000]
    rounds = []
    for _ in range(7):
        start = time.process_time()
        redactor.text(text)
        rounds.append(time.process_time() - start)
    assert min(rounds) < 0.008
