from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import plangate
from tests.servers.postgres_server import schema_url

PASSWORD = "opensesame-4711"
WORDS = ("run", "BTC/USD", "--every", "4", "--from", "2019-05-10", "--session", "shared", "--json")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database on the server, with a password that it does not ask for."""
    return schema_url("e" + tmp_path.name.lower()[-40:]).replace(
        "//postgres:", f"//postgres:{PASSWORD}", 1
    )


def test_a_session_on_a_server_comes_out_as_in_a_file_and_tells_no_password(
    tmp_path: Path, url: str
) -> None:
    home, other, filed = (tmp_path / name for name in ("home", "other", "filed"))
    for folder in (home, other, filed):
        folder.mkdir()
    server = {"PLANGATE_DATABASE_URL": url}
    assert PASSWORD in url
    told = []
    first = plangate(home, *WORDS, "--to", "2019-05-11", **server)
    # Another machine, which shares nothing but the server, goes on with it.
    ran = plangate(other, *WORDS, "--to", "2019-05-12", **server)
    alone = plangate(filed, *WORDS, "--to", "2019-05-12")
    assert (first.code, ran.code, alone.code) == (0, 0, 0), (first.err, ran.err, alone.err)
    assert ran.out == alone.out
    run = ran.document["decisions"][0]["run_id"]
    for words in (
        ("report", "--session", "shared", "--json"),
        ("traces", "list", "--json"),
        ("traces", "show", run, "--session", "shared", "--json"),
        ("policy", "explain", "--json"),
        ("orders", "--session", "shared", "--json"),
    ):
        on_server, in_file = plangate(home, *words, **server), plangate(filed, *words)
        assert on_server.code == in_file.code == 0, on_server.err
        told += [on_server.out, on_server.err]
        if words[0] not in {"traces", "policy"}:  # these tell times of the wall clock
            assert on_server.out == in_file.out
    doctor = plangate(home, "doctor", **server)
    assert "postgresql:///postgres" in doctor.out
    for ran_too in (first, ran, doctor):
        told += [ran_too.out, ran_too.err]
    assert PASSWORD not in "".join(told)
    kept = [path for folder in (home, other) for path in folder.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if PASSWORD.encode() in path.read_bytes()]
    assert not (home / "plangate.db").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql+psycopg://me:{PASSWORD}@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x"),
        (f"mysql://me:{PASSWORD}@127.0.0.1/x", "expected postgresql+psycopg://"),
        (f"me:{PASSWORD}@127.0.0.1", "expected postgresql+psycopg://"),
        (f"postgresql+psycopg://me:{PASSWORD}@127.0.0.1:port/x", "expected postgresql+psycopg://"),
    ],
)
@pytest.mark.parametrize("words", [("report",), ("traces", "list")])
def test_an_address_of_no_use_is_said_without_its_password(
    tmp_path: Path, url: str, said: str, words: tuple[str, ...]
) -> None:
    ran = plangate(tmp_path, *words, PLANGATE_DATABASE_URL=url)
    assert ran.code in {2, 6}
    assert said in ran.err
    assert PASSWORD not in ran.out + ran.err
