"""The deterministic executor's rules: same input, same verdict, byte for byte.

settings (every limit) · case (what a rule may see) · stop · sizing · rules/ (one file a rule or
family) · gate (`RULES`, `review(case) -> Verdict`) · document (a case from a JSON file).
Imports no clock, network, randomness, logging or database.
"""
