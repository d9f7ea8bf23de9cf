"""The deterministic executor's rules: same input, same verdict, byte for byte.

settings (every limit) · case (what a rule may see) · findings (how a comparison becomes a sentence)
· stop · costs · sizing · bracket (the plan as orders) · rules/ (one file a family) · gate (`RULES`,
`review(case) -> Verdict`) · explain (the rules for the prompt) · case_model, case_defaults and
document (a case from a JSON file, a verdict as JSON). Imports no clock, network, randomness,
logging or database.
"""
