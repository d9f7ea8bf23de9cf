"""The controls, one small file a family; each rule is a function that returns one finding.

integrity (numbers, symbol, side, repetition) · invalidation (wrong by its own words) · standing
(age, version, policy, evidence, confidence) · replan (how a plan that stands may change) · venue
(hours, maintenance, blackouts) · clock · freshness (quote, book, candle, funding) · volatility (and
gaps) · quote (crossed book, spread, movement) · collar · levels (stop and target sides, stop
distance) · reward · risk · funding · liquidation · liquidity (depth, slippage, unusual size) · size
· exposure (and margin) · account (positions, orders, losses) · pace (trades, orders, cooldown,
streak) · send (kill switch, state, reconciliation).

A rule on the case alone takes `(case)`, one on the bracket `(case, bracket)`. Each docstring gives
code, formula, unit, default and reason; a source where the rule or its number is not our own
judgement.
"""
