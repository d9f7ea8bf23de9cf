"""The deterministic executor's rules: same input, same verdict, byte for byte.

What is judged: settings (every limit), policy_file (a short_file) and presets, tightening and
personalities, facts (market and account), conditions (read off a snapshot), case.
The plan as orders: stop, costs, pricing (what an entry of any size costs), acceptable and reference
(which price will do), exposure, sizing, legs, bracket.
The judgement: rules/ (one file a family), rulebook (`RULES`), findings, arithmetic, gate
(`review(case) -> Verdict`), replan (new levels of an open position), exits (moved stops, stale
positions), trading_state (halts); before it: evidence (is each number what its source says).
What would pass: nearest, alternatives.
What is told: explain (the prompt's rules), limits (`policy explain`).
Trying the gate: specimen, probes, probe_list, selftest.
As JSON: door, case_fields, case_facts_model, case_model, case_defaults, case_document, document.
Imports no clock, network, randomness, logging or database.
"""
