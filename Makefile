# Needs python3 >= 3.11, pip and make; everything else is fetched into .tools and .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
UV := .tools/bin/uv
UV_VERSION := 0.13.8
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export UV_PYTHON_PREFERENCE := only-system

.PHONY: help run test check fmt fuzz machine crash mutate lock bench clean

help: ## what can be made here
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-7s %s\n", $$1, $$2}'

run: .venv/.ready ## a paper session over the shipped BTC candles with the rules planner, offline
	@.venv/bin/plangate run BTC/USD --market box --timeframe 1h --every 2 --from 2019-04-01 --to 2019-05-01

test: .venv/.ready ## the whole test suite
	@$(PY) -m pytest -n 3 --dist worksteal

check: .venv/.ready ## format, lint, types, import contracts
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

fmt: .venv/.ready ## format and fix what can be fixed
	@.venv/bin/ruff check --fix-only -q . ; .venv/bin/ruff format -q .

bench: .venv/.ready ## the benchmarks, as ratios against a peer in the same run
	@for b in benchmarks/bench_*.py; do echo "== $$b"; $(PY) $$b || exit 1; done

fuzz: .venv/.ready ## 100,000 plans through the gate, each judged by the independent oracle
	@RANDOM_EXAMPLES=1 FUZZ_CASES=100000 $(PY) -m pytest tests/fuzz -n 2

machine: .venv/.ready ## orders and money under everything at once: 1,000 examples of 50 steps
	@MACHINE_EXAMPLES=1000 MACHINE_STEPS=50 $(PY) -m pytest tests/properties/test_order_flow_machine.py -n 2 --timeout 3600

crash: .venv/.ready ## recovery from every state that a death can leave, and 600 kills
	@CRASH=full $(PY) -m pytest tests/crash tests/e2e/test_killed_session.py -n 2

mutate: .venv/.ready ## mutate policies/ and see which tests notice (half an hour); results in mutants/
	@.venv/bin/mutmut run --max-children 2 && .venv/bin/mutmut results

lock: $(UV) ## renew requirements.lock from pyproject.toml
	@$(UV) pip compile -q --universal --upgrade --generate-hashes --no-annotate --no-header --group dev pyproject.toml -o requirements.lock

clean: ## remove what make installed
	@rm -rf .venv .tools

$(UV):
	@python3 -m pip install -q --target .tools uv==$(UV_VERSION)

.venv/.ready: requirements.lock pyproject.toml | $(UV)
	@$(UV) venv -q --clear .venv
	@$(UV) pip sync -q --require-hashes --compile-bytecode requirements.lock
	@$(UV) pip install -q --no-deps -e .
	@touch $@
