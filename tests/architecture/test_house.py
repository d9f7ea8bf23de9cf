"""The house keeps its shape: small modules, names of our own, libraries in their rooms."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "domain", "policies", "traces", "market", "journal", "tools", "broker", "agent", "graph",
    "backtest", "app",
)  # fmt: skip
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 60


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_no_dependency_brings_a_package_of_our_name(room: str) -> None:
    assert set(packages_distributions().get(room, ["plangate"])) == {"plangate"}


def test_modules_are_small() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_MODULE_LINES
    }
    assert long == {}


def test_functions_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert long == []


def test_package_files_hold_one_docstring_and_no_code() -> None:
    for path in modules():
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert len(body) == 1, path
            assert isinstance(body[0], ast.Expr), path


def test_every_module_is_on_the_map_of_its_folder() -> None:
    unnamed = [
        str(path.relative_to(ROOT))
        for path in modules()
        if path.name != "__init__.py"
        and path.parent.name != "versions"
        and not re.search(rf"\b{path.stem}\b", (path.parent / "__init__.py").read_text("utf-8"))
    ]
    assert unnamed == []


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("langgraph", {"graph"}),
        ("langchain_openai", {"agent"}),
        ("openai", {"agent"}),
        ("ccxt", {"market", "broker"}),
        ("typer", {"app"}),
        ("sqlmodel", {"traces", "journal"}),
    ],
)
def test_a_library_stays_in_its_room(library: str, rooms: set[str]) -> None:
    found = {path.relative_to(ROOT).parts[0] for path in modules() if library in imports(path)}
    assert found <= rooms


@pytest.mark.parametrize("room", ["domain", "policies"])
def test_pure_rooms_read_no_clock_network_database_or_log(room: str) -> None:
    impure = {"time", "random", "logging", "socket", "sqlite3", "sqlalchemy", "httpx", "asyncio"}
    for path in sorted((ROOT / room).rglob("*.py")):
        assert not imports(path) & impure, path
        assert "datetime.now" not in path.read_text(encoding="utf-8"), path


def test_no_folder_holds_nothing() -> None:
    for room in ROOMS:
        for folder in [ROOT / room, *(p for p in (ROOT / room).rglob("*") if p.is_dir())]:
            if folder.name != "__pycache__":
                assert any(f.is_file() and f.name != "__init__.py" for f in folder.iterdir()), (
                    folder
                )


def test_no_forbidden_words_in_module_names() -> None:
    refused = ("util", "helper", "manager", "service", "handler")
    for path in modules():
        assert not any(word in path.stem for word in refused), path


def test_the_help_imports_nothing_heavy() -> None:
    heavy = "langgraph langchain_core langchain_openai ccxt pandas numpy ta talib sqlmodel pydantic"
    code = f"import sys, app.cli.main\nprint(sorted(set({heavy.split()!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_lock_names_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--hash=sha256:" in text
    assert not (ROOT / "uv.lock").exists()


def test_every_decision_is_on_the_list_of_decisions() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    titles = [page.read_text(encoding="utf-8").partition("\n")[0][2:] for page in pages]
    rows = [
        f"- {title.replace('. ', '. [', 1)}]({page.name})"
        for page, title in zip(pages, titles, strict=True)
    ]
    told = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert [line for line in told.splitlines() if line.startswith("- ")] == rows
    assert [int(page.name[:4]) for page in pages] == [int(t.partition(".")[0]) for t in titles]


def test_agents_page_is_short() -> None:
    assert len((ROOT / "AGENTS.md").read_text(encoding="utf-8").splitlines()) < 80


def test_no_step_of_a_decision_asks_a_model_without_its_money() -> None:
    asking = [
        ast.unparse(node)
        for path in sorted((ROOT / "graph").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("planner.ask")
    ]
    assert asking
    assert [call for call in asking if "allowance=" not in call] == []
